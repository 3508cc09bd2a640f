import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { Catalog } from '../catalog/catalog.ts';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Settings } from '../core/settings.ts';
import { ingest } from '../ingest/ingest.ts';
import type { Parts } from '../parts/parts.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import type { Store } from '../store/store.ts';

/** The same documents in an index beside the parts' own. */
export interface OtherIndex extends AsyncDisposable {
  catalog: Catalog;
  store: Store;
  chunks: number;
}

/**
 * Opens an index of its own in a folder, and brings it in line with the parts' sources: cut or embedded otherwise than the one that is
 * searched, which stays as it is. It is made the first time and kept.
 */
export async function openOtherIndex(
  parts: Pick<Parts, 'catalog' | 'openSources'>,
  {
    directory,
    chunking,
    embedder,
    signal,
    onProgress,
  }: {
    directory: string;
    chunking: Settings['chunk'];
    embedder: EmbeddingModelV4;
    signal?: AbortSignal;
    onProgress?: ProgressListener;
  },
): Promise<OtherIndex> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'catalog.sqlite');
  // The catalogue has cached vectors: no text is embedded twice by the same embedder.
  if (!existsSync(file)) await parts.catalog.copyTo(file);
  await using opening = new AsyncDisposableStack();
  const catalog = opening.use(await openCatalog(file));
  const store = opening.use(await openLanceStore(join(directory, 'index')));
  await using sources = await parts.openSources();
  const report = await ingest({
    catalog,
    store,
    chunking,
    embedder,
    sources: sources.sources,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const opened = opening.move();
  return {
    catalog,
    store,
    chunks: report.index.chunks,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
