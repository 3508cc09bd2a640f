import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Catalog } from '../catalog/catalog.ts';
import { openMemoryCatalog } from '../catalog/sqlite-catalog.ts';
import type { EmbedderLanguages } from '../models/embedder-languages.ts';
import { attachLocalTools, type LocalEmbedderTools } from '../models/local-tools.ts';
import { checkEmbedderLanguage } from './embedder-language.ts';

let catalog: Catalog;
beforeEach(async () => {
  catalog = await openMemoryCatalog();
  await catalog.index.reset({ configurationHash: 'c', embedderHash: 'e', embedderName: 'n', dimensions: 3 });
});
afterEach(() => catalog[Symbol.asyncDispose]());

const texts: Record<string, string> = {
  en: 'The harbour office opens at eight in the morning.',
  th: 'สำนักงานท่าเรือเปิดแปดโมงเช้า',
  ru: 'Портовая контора открывается в восемь утра.',
};

async function put(...languages: (string | undefined)[]): Promise<void> {
  await catalog.index.commit({
    seq: 1,
    put: languages.map((language, at) => ({
      id: `d${at}`,
      uri: `d${at}.md`,
      sourceId: 's',
      title: 't',
      mediaType: 'text/markdown',
      text: texts[language ?? 'en'] ?? '',
      blocks: [],
      metadata: {},
      aliases: [],
      contentHash: `h${at}`,
      changeMark: 'm',
      access: 'public',
      accessFromSource: false,
      chunkCount: 1,
      addedSeq: 1,
      indexedAt: '2026-01-01T00:00:00Z',
      readAt: '2026-01-01T00:00:00Z',
      changedAt: '2026-01-01T00:00:00Z',
      textHashes: [],
      definitions: [],
      ...(language !== undefined && { language }),
    })),
    remove: [],
    problems: [],
    resolved: [],
  });
}

const hosted = (): EmbeddingModelV4 => ({
  specificationVersion: 'v4',
  provider: 'p',
  modelId: 'reader',
  maxEmbeddingsPerCall: 1,
  supportsParallelCalls: false,
  doEmbed: () => Promise.reject(new Error('not asked')),
});
/** Knows words in Latin letters, spells Cyrillic and has no Thai. */
const local = (languages?: EmbedderLanguages) =>
  attachLocalTools<EmbeddingModelV4, LocalEmbedderTools>(hosted(), {
    contextLength: 512,
    maxDocumentTokens: 510,
    maxQueryTokens: 510,
    dimensions: 3,
    baseHash: 'a'.repeat(64),
    path: '/models/reader',
    prefixes: { query: '', document: '' },
    countTokens: (text) => (/\p{Script=Cyrillic}/u.test(text) ? text.length : 1),
    countUnknown: (text) => (/\p{Script=Thai}/u.test(text) ? 1 : 0),
    ...(languages && { languages }),
  });
const check = (embedder: EmbeddingModelV4) => checkEmbedderLanguage({ catalog, embedder });

test('most documents in a language that it does not read', async () => {
  await put('th', 'th', 'th', 'en', undefined);
  const warning = await check(local(['en']));
  expect(warning?.message).toBe(
    'Most of your documents are in Thai; the embedder reader reads English. Search by meaning will not help there, words decide.',
  );
  expect(warning?.hint).toMatch(/^Use a multilingual embedder, such as local:\S+ or local:\S+ /);
});

test('a share of them, in several languages', async () => {
  await put('th', 'ru', 'en', 'en', 'en');
  expect((await check(local(['en'])))?.message).toContain('40 % of your documents are in Russian and Thai;');
});

test('nothing where it reads them, where they are few, where nothing is known, or where it is hosted', async () => {
  await put(...Array(19).fill('en'), 'th', undefined);
  expect(await check(local(['en']))).toBeUndefined();
  expect(await check(local(['en', 'th']))).toBeUndefined();
  expect(await check(local('many'))).toBeUndefined();
  expect(await check(hosted())).toBeUndefined();
});

test('documents of unknown language say nothing', async () => {
  await put(undefined, undefined);
  expect(await check(local(['en']))).toBeUndefined();
});

test('where nobody says which languages it reads, its tokenizer is measured on the documents', async () => {
  await put('th', 'ru', 'en');
  const warning = await check(local());
  expect(warning?.message).toMatch(/^Most of your documents are in Russian and Thai; .*its tokenizer/);
  expect(warning?.message).not.toContain('English');
});
