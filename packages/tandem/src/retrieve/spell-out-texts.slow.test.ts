import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalog } from '../catalog/catalog.ts';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import { ingest } from '../ingest/ingest.ts';
import { fetchModel } from '../models/fetch/fetch-model.ts';
import { type LocalEmbedderModel, openLocalEmbedder } from '../models/local-embedder.ts';
import type { Source } from '../sources/source.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import type { LexicalIndex } from '../store/lexical-index.ts';
import type { VectorStore } from '../store/vector-store.ts';
import { createRetriever, type RetrieveOptions, type Retriever } from './retriever.ts';

let embedder: LocalEmbedderModel;
let folder: string;
let catalog: Catalog;
let store: VectorStore & LexicalIndex;
let retriever: Retriever;

const overview = `# Company overview

Our Business Continuity Plan (BCP) is reviewed yearly. Information Technology (IT) keeps the office running.
`;
const documents: Record<string, string> = {
  'overview.md': overview,
  'continuity.md':
    '# Business continuity plan\n\nThe owner is Henrike Vos. In a flood the staff moves to the Almelo site.\n',
  'board.md':
    '---\naccess: board\n---\n# Board minutes\n\nThe Zwolle Relocation Project (ZRP) starts in May.\n',
  ...Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [
      `note-${i}.md`,
      `# Note ${i}\n\nBCPL is a programming language. Owner of note ${i} is Person${i}. It needs a signature.\n`,
    ]),
  ),
};
const source: Source = {
  id: 'memory',
  async *list() {
    for (const [uri, text] of Object.entries(documents))
      yield { uri, changeMark: String(text.length), mediaType: 'text/markdown' };
  },
  load: async ({ uri }) => ({ bytes: new TextEncoder().encode(documents[uri]) }),
};
const ingestAll = () =>
  ingest({ catalog, store, embedder, sources: [source], chunking: { maxTokens: 64, overlapTokens: 24 } });

beforeAll(async () => {
  const { path } = await fetchModel('local:all-minilm-l6-v2');
  embedder = await openLocalEmbedder({ path, threads: 2, modelId: 'all-minilm-l6-v2' });
  folder = mkdtempSync(join(tmpdir(), 'tandem-spell-out-'));
  catalog = await openCatalog(join(folder, 'catalog.sqlite'));
  store = await openLanceStore(join(folder, 'index'));
  retriever = createRetriever({ catalog, store, embedder });
  await ingestAll();
});
afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
  await catalog?.[Symbol.asyncDispose]();
  await embedder?.[Symbol.asyncDispose]();
  if (folder) rmSync(folder, { recursive: true });
});

const ask = async (query: string, options: Partial<RetrieveOptions> = {}) => {
  const { passages, spelledOut } = await retriever.retrieve(query, { k: 2, ...options });
  return { found: passages.map(({ documentId }) => documentId), spelledOut };
};

test('what one document defines finds another that only has the long form', async () => {
  const spelledOut = ['Business Continuity Plan'];
  for (const query of ['who owns the BCP?', 'who owns the bcp', 'WHO OWNS THE BCP?'])
    for (const mode of ['hybrid', 'dense'] as const) {
      const told = await ask(query, { mode, k: 3 });
      expect(told.spelledOut).toEqual(spelledOut);
      expect(told.found).toContain('continuity.md');
      // Its title is what the abbreviation stands for, and the other one defines it.
      if (mode === 'hybrid') expect(told.found.slice(0, 2)).toContain('continuity.md');
    }
  expect((await ask('who owns the business continuity plan?')).spelledOut).toBeUndefined();
  expect((await ask('is it as they say, and who told us?')).spelledOut).toBeUndefined();
});

test('a text that one may not read tells nothing', async () => {
  expect((await ask('When does the ZRP start?')).spelledOut).toEqual(['Zwolle Relocation Project']);
  const { spelledOut } = await ask('When does the ZRP start?', { access: ['public'] });
  expect(spelledOut).toBeUndefined();
});

test('what a document says now is what counts', async () => {
  documents['overview.md'] = '# Company overview\n\nThe Basic Career Path (BCP) is for new people.\n';
  await ingestAll();
  expect((await ask('who owns the BCP?')).spelledOut).toEqual(['Basic Career Path']);
  delete documents['overview.md'];
  await ingestAll();
  expect((await ask('who owns the BCP?')).spelledOut).toBeUndefined();
  documents['overview.md'] = overview;
  await ingestAll();
  expect((await ask('who owns the BCP?')).spelledOut).toEqual(['Business Continuity Plan']);
});
