import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DirectoryLoader } from '@langchain/classic/document_loaders/fs/directory';
import { JSONLinesLoader } from '@langchain/classic/document_loaders/fs/json';
import { TextLoader } from '@langchain/classic/document_loaders/fs/text';
import { BaseDocumentLoader } from '@langchain/core/document_loaders/base';
import { Document } from '@langchain/core/documents';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sourceSchema } from '../../core/source-config.ts';
import { Listener } from '../listener.fixture.ts';
import { openSource } from '../open-source.ts';
import { fromLangChainLoader } from './langchain.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tandem-langchain-'));
});
afterEach(() => rm(folder, { recursive: true }));
const put = (name: string, text: string) => writeFile(path.join(folder, name), text);

test("LangChain's own loaders: a folder of texts keeps in line", async () => {
  await put('a.txt', 'Alpha.');
  await put('b.txt', 'Beta.');
  await put('lines.jsonl', '{"html":"One."}\n{"html":"Two."}\n');
  const loader = new DirectoryLoader(folder, {
    '.txt': (file) => new TextLoader(file),
    '.jsonl': (file) => new JSONLinesLoader(file, '/html'),
  });
  const config = sourceSchema.parse({ type: 'langchain', name: 'texts', loader, access: 'staff' });
  const source = await openSource(config, { baseDirectory: folder });
  await using opened = new AsyncDisposableStack();
  opened.defer(async () => source[Symbol.asyncDispose]?.());
  const listener = new Listener(source);
  const at = (name: string) => path.join(folder, name);
  expect((await listener.sync()).added.toSorted()).toEqual([
    at('a.txt'),
    at('b.txt'),
    at('lines.jsonl'),
    `${at('lines.jsonl')}#2`,
  ]);
  expect(listener.text(at('a.txt'))).toBe(`---\n"source": ${JSON.stringify(at('a.txt'))}\n---\nAlpha.`);
  const nothing = { added: [], changed: [], removed: [], failed: [] };
  expect(await listener.sync()).toEqual(nothing);
  await put('b.txt', 'Beta, changed.');
  await put('c.txt', 'Gamma.');
  await rm(at('a.txt'));
  expect(await listener.sync()).toEqual({
    ...nothing,
    added: [at('c.txt')],
    changed: [at('b.txt')],
    removed: [at('a.txt')],
  });
  expect((await listener.list()).entries[0]!.access).toBe('staff');
});

class Wiki extends BaseDocumentLoader {
  async load(): Promise<Document[]> {
    return [
      new Document({
        id: 'w1',
        pageContent: '---\naccess: public\n---\nText.',
        metadata: { name: 'Home: a page', label: 'board', id: 'x', n: 3, list: [1] },
      }),
      new Document({ pageContent: '  ', metadata: { source: 'empty' } }),
      new Document({ pageContent: 'Nameless.', metadata: {} }),
    ];
  }
}

test('a loader of one’s own: titles, labels, and a text that cannot give itself a label', async () => {
  await using source = fromLangChainLoader(new Wiki(), {
    name: 'wiki',
    titleField: 'name',
    accessField: 'label',
  });
  const listener = new Listener(source);
  const { entries, problems } = await listener.list();
  expect(entries.map(({ uri, access }) => [uri, access])).toEqual([['w1', 'board']]);
  expect(problems).toEqual([
    { uri: 'empty', kind: 'skipped', message: 'The loader gave a document without text.' },
    {
      uri: 'wiki',
      kind: 'failed',
      message:
        'It has no access label: there is nothing in metadata.label, and its source has no `access` for such.',
    },
  ]);
  await listener.sync();
  expect(listener.text('w1')).toBe(
    '---\n"title": "Home: a page"\n"n": "3"\n---\n---\naccess: public\n---\nText.',
  );
});

test('a loader that fails removes nothing and says why', async () => {
  await using source = fromLangChainLoader(new TextLoader(path.join(folder, 'none.txt')), { name: 'texts' });
  await expect(new Listener(source).list()).rejects.toThrow(/^The LangChain loader of texts failed: ENOENT/);
  expect(() => sourceSchema.parse({ type: 'langchain', name: 'y', loader: {} })).toThrow(
    /must be a LangChain document loader/,
  );
});
