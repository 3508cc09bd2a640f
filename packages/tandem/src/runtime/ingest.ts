import type { ProgressListener } from '../core/progress.ts';
import { type IngestReport, ingest as ingestSources } from '../ingest/ingest.ts';
import type { OpenedSources, Parts } from '../parts/parts.ts';
import { ownSource } from '../sources/own-source.ts';
import type { Source } from '../sources/source.ts';
import { observeSource, type SourceSummary } from '../sources/summary.ts';

/** The parts that documents are ingested with. */
export type IngestParts = Pick<
  Parts,
  'catalog' | 'models' | 'settings' | 'store' | 'openSources' | 'whileOpen'
>;

/** From where documents are ingested, and what to call with the progress. */
export interface IngestOptions {
  /** Instead of the parts' own. The index is brought in line with exactly these: what was ingested from others is removed. */
  sources?: readonly Source[];
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** What an ingest did, and what it found in each source. */
export interface IngestResult extends IngestReport {
  /** In the order in which they were listed. */
  sources: SourceSummary[];
}

/**
 * Brings the index in line with the sources: reads what changed, embeds what was never embedded, removes what is gone. Can be stopped at any
 * moment; the next ingest continues from there.
 * @throws LockedError while something else writes, SourceError when no source can be listed, InterruptedError, DiskFullError
 *
 * @example
 * const { index } = await ingest(tandem);
 * console.log(index.documents, index.chunks);
 */
export async function ingest(parts: IngestParts, options: IngestOptions = {}): Promise<IngestResult> {
  return parts.whileOpen(async (signal) => {
    await using opened = options.sources
      ? ({
          sources: options.sources.map(ownSource),
          [Symbol.asyncDispose]: async () => {},
        } satisfies OpenedSources)
      : await parts.openSources();
    return ingestOpened(parts, opened.sources, { ...options, signal });
  }, options.signal);
}

/** The same from sources that are open and stay so. */
export async function ingestOpened(
  parts: Pick<IngestParts, 'catalog' | 'models' | 'settings' | 'store'>,
  sources: readonly Source[],
  { signal, onProgress }: Pick<IngestOptions, 'signal' | 'onProgress'>,
): Promise<IngestResult> {
  const observed = sources.map((source) => observeSource(source));
  const report = await ingestSources({
    catalog: parts.catalog,
    store: await parts.store(),
    embedder: await parts.models.embedder(),
    sources: observed.map(({ source }) => source),
    chunking: parts.settings.chunk,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  return { ...report, sources: observed.map(({ summary }) => summary()) };
}
