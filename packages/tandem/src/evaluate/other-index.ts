import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { Catalog } from '../catalog/catalog.ts';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Settings } from '../core/settings.ts';
import { type IngestReport, ingest } from '../ingest/ingest.ts';
import type { Parts } from '../parts/parts.ts';
import type { Source } from '../sources/source.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import type { Store } from '../store/store.ts';

/** The same documents in an index beside the parts' own. */
export interface OtherIndex extends AsyncDisposable {
  catalog: Catalog;
  store: Store;
  chunks: number;
  /** Reads what has changed in the sources since. */
  ingestAgain(): Promise<IngestReport>;
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
    readThrough = (source) => source,
    signal,
    onProgress,
  }: {
    directory: string;
    chunking: Settings['chunk'];
    embedder: EmbeddingModelV4;
    /** What each source is read through. Default: as it is. */
    readThrough?: (source: Source) => Source;
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
  const { sources } = opening.use(await parts.openSources());
  const bringInLine = () =>
    ingest({
      catalog,
      store,
      chunking,
      embedder,
      sources: sources.map(readThrough),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
  const report = await bringInLine();
  const opened = opening.move();
  return {
    catalog,
    store,
    chunks: report.index.chunks,
    ingestAgain: bringInLine,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
