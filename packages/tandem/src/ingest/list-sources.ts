import type { Catalog, DocumentProblem, ListedEntry } from '../catalog/catalog.ts';
import { sha256 } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Source } from '../sources/source.ts';

export interface IngestProblem {
  uri: string;
  /** `skipped`: not a kind of file that is read. `failed`: should have been ingested and could not be. */
  kind: 'skipped' | 'failed';
  message: string;
  hint?: string;
}

export interface Listing {
  problems: IngestProblem[];
  /** Could not be listed: uris, and folders with `/` at their end. */
  unlisted: string[];
  /** Entries passed over because their documents were forgotten on purpose. */
  forgotten: number;
  /** When the listing of each source began. */
  checks: { sourceId: string; checkedAt: string }[];
}

/** Lists all sources into `catalog.listing`, which holds what memory should not. What two sources list is the first one's. */
export async function listSources(
  sources: readonly Source[],
  { catalog, signal, onProgress }: { catalog: Catalog; signal?: AbortSignal; onProgress?: ProgressListener },
): Promise<Listing> {
  const listing: Listing = { problems: [], unlisted: [], forgotten: 0, checks: [] };
  const forgotten = await catalog.forgotten.hashes();
  const known = await catalog.documents.changeMarks();
  let listed = 0;
  let waiting: ListedEntry[] = [];
  const flush = async () => {
    listed = await catalog.listing.add(waiting);
    waiting = [];
    onProgress?.({ stage: 'listing sources', done: listed, unit: 'documents' });
  };

  await catalog.listing.begin();
  for (const [number, source] of sources.entries()) {
    listing.checks.push({ sourceId: source.id, checkedAt: new Date().toISOString() });
    const entries = source.list({
      onProblem: (problem) => {
        listing.problems.push({ ...problem });
        if (problem.kind === 'failed') listing.unlisted.push(problem.uri);
      },
      known,
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    for await (const entry of entries) {
      signal?.throwIfAborted();
      if (forgotten.size > 0 && forgotten.has(sha256(entry.uri))) {
        listing.forgotten++;
        continue;
      }
      const { uri, changeMark, access } = entry;
      const inShort = { uri, source: number, sourceId: source.id, changeMark, entry };
      waiting.push(access === undefined ? inShort : { ...inShort, access });
      if (waiting.length === entriesPerWrite) await flush();
    }
  }
  await flush();
  onProgress?.({ stage: 'listing sources', done: listed, total: listed, unit: 'documents' });
  return listing;
}

const entriesPerWrite = 500;

export function toIngestProblem({ uri, message, hint }: DocumentProblem): IngestProblem {
  return { uri, kind: 'failed', message, ...(hint !== undefined && { hint }) };
}
