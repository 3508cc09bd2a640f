import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Catalog } from '../catalog/catalog.ts';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import type { Chunking } from '../index/chunking.ts';
import { ingest } from '../ingest/ingest.ts';
import { fetchModel } from '../models/fetch/fetch-model.ts';
import { type LocalEmbedderModel, openLocalEmbedder } from '../models/local-embedder.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import type { LexicalIndex } from '../store/lexical-index.ts';
import type { VectorStore } from '../store/vector-store.ts';
import { createRetriever, type Retriever } from './retriever.ts';

/** A few Markdown documents, embedded with MiniLM and indexed in a folder of their own. */
export interface SmallIndex {
  catalog: Catalog;
  store: VectorStore & LexicalIndex;
  embedder: LocalEmbedderModel;
  retriever: Retriever;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param documents uri → text */
export async function makeSmallIndex(
  documents: Readonly<Record<string, string>>,
  chunking: Chunking = { maxTokens: 64, overlapTokens: 0 },
): Promise<SmallIndex> {
  await using cleanup = new AsyncDisposableStack();
  const { path } = await fetchModel('local:all-minilm-l6-v2');
  const embedder = cleanup.use(await openLocalEmbedder({ path, threads: 2, modelId: 'all-minilm-l6-v2' }));
  const folder = mkdtempSync(join(tmpdir(), 'tandem-small-index-'));
  cleanup.defer(() => rmSync(folder, { recursive: true }));
  const catalog = cleanup.use(await openCatalog(join(folder, 'catalog.sqlite')));
  const store = cleanup.use(await openLanceStore(join(folder, 'index')));
  await ingest({
    catalog,
    store,
    embedder,
    chunking,
    sources: [
      {
        id: 'memory',
        async *list() {
          for (const uri of Object.keys(documents))
            yield { uri, changeMark: '1', mediaType: 'text/markdown' };
        },
        load: async ({ uri }) => ({ bytes: new TextEncoder().encode(documents[uri]) }),
      },
    ],
  });
  const opened = cleanup.move();
  return {
    catalog,
    store,
    embedder,
    retriever: createRetriever({ catalog, store, embedder, chunking }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
