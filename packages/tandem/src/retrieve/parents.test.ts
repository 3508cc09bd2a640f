import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Catalog } from '../catalog/catalog.ts';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import { ingest } from '../ingest/ingest.ts';
import { type LocalEmbedderModel, openLocalEmbedder } from '../models/local-embedder.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import type { LexicalIndex } from '../store/lexical-index.ts';
import type { VectorStore } from '../store/vector-store.ts';
import { createRetriever } from './retriever.ts';

/** Ten sentences of letters, which the small embedder reads as words; a parent has room for about four, a child for one. */
const sentences = Array.from({ length: 10 }, (_, at) => {
  const letter = (more: number) => String.fromCharCode(97 + ((at + more) % 20));
  return `${letter(0)} ${letter(1)} ${letter(4)} ${letter(0)}.`;
});
const text = `# x y\n\n## i\n\n${sentences.join(' ')}\n`;
const chunking = { maxTokens: 30, overlapTokens: 0, strategy: 'parent-child' as const, childTokens: 16 };

let folder: string;
let catalog: Catalog;
let store: VectorStore & LexicalIndex;
let embedder: LocalEmbedderModel;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-parents-'));
  catalog = await openCatalog(join(folder, 'catalog.sqlite'));
  store = await openLanceStore(join(folder, 'index'));
  embedder = await openLocalEmbedder({
    path: join(import.meta.dirname, '../../../nn/references/bert/embedder'),
    threads: 1,
  });
  await ingest({
    catalog,
    store,
    embedder,
    chunking,
    sources: [
      {
        id: 'memory',
        async *list() {
          yield { uri: 'x.md', changeMark: '1', mediaType: 'text/markdown' };
        },
        load: async () => ({ bytes: new TextEncoder().encode(text) }),
      },
    ],
  });
});
afterAll(async () => {
  await Promise.all([embedder, store, catalog].map((each) => each?.[Symbol.asyncDispose]()));
  rmSync(folder, { recursive: true, force: true });
});

test('a small chunk is found, and the larger one around it is handed on, once', async () => {
  const asChunks = await createRetriever({ catalog, store, embedder }).retrieve(sentences[3]!, { k: 10 });
  const asParents = await createRetriever({ catalog, store, embedder, chunking }).retrieve(sentences[3]!, {
    k: 10,
  });
  const document = (await catalog.documents.list())[0]!;
  const whole = (await catalog.documents.get(document.id))!.text;
  expect(asChunks.passages.length).toBeGreaterThan(asParents.passages.length);
  for (const [index, passage] of asParents.passages.entries()) {
    expect(passage.rank).toBe(index + 1);
    expect(passage.text).toBe(whole.slice(passage.start, passage.end));
    expect(passage.parent).toEqual({ start: passage.start, end: passage.end });
    // Parents do not overlap, and each holds the chunk that was found.
    for (const other of asParents.passages)
      if (other !== passage) expect(other.start >= passage.end || other.end <= passage.start).toBe(true);
    const found = asChunks.passages.find(({ id }) => id === passage.id)!;
    expect(found.start).toBeGreaterThanOrEqual(passage.start);
    expect(found.end).toBeLessThanOrEqual(passage.end);
  }
  expect(asParents.passages.some((passage) => passage.text.includes(sentences[3]!))).toBe(true);
  expect(asParents.passages.some((passage) => passage.text.length > 2 * sentences[3]!.length)).toBe(true);
});

test('a parent is what the model reads: k of them, though their children are found several times', async () => {
  const retriever = createRetriever({ catalog, store, embedder, chunking });
  const { passages } = await retriever.retrieve(sentences[3]!, { k: 2 });
  expect(passages).toHaveLength(2);
  expect(new Set(passages.map(({ start }) => start)).size).toBe(2);
});
