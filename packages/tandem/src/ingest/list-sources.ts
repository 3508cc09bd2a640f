import type { Catalog, DocumentProblem, ListedEntry } from '../catalog/catalog.ts';
import { SourceError } from '../core/errors/source-error.ts';
import { TandemError } from '../core/errors/tandem-error.ts';
import { sha256 } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Source } from '../sources/source.ts';

/** A document, or a whole source, that could not be read: what happened and what to do. */
export interface IngestProblem {
  uri: string;
  /**
   * `skipped`: not a kind of file that is read. `failed`: should have been ingested and could not be. `partial`: was
   * ingested, and a piece of it could not be read; reported when it is read, not again while it is unchanged.
   */
  kind: 'skipped' | 'failed' | 'partial';
  message: string;
  hint?: string;
}

export interface Listing {
  problems: IngestProblem[];
  /** Could not be listed: uris, and folders with `/` at their end. */
  unlisted: string[];
  /** Entries passed over because their documents were forgotten on purpose. */
  forgotten: number;
  /** When the listing of each source that could be listed began. */
  checks: { sourceId: string; checkedAt: string }[];
  /** Ids of the sources that could not be listed. It is unknown whether their documents are still there. */
  unavailable: string[];
}

/**
 * Lists all sources into `catalog.listing`, since memory may not hold them all. What two sources list belongs to the first. A
 * source that cannot be listed is a problem, and the others are still listed.
 * @throws what went wrong first, when no source could be listed; at once whatever is no Tandem error, as it is a mistake of
 * ours: a source of a user's own throws none (`sources/own-source.ts`)
 */
export async function listSources(
  sources: readonly Source[],
  { catalog, signal, onProgress }: { catalog: Catalog; signal?: AbortSignal; onProgress?: ProgressListener },
): Promise<Listing> {
  const listing: Listing = { problems: [], unlisted: [], forgotten: 0, checks: [], unavailable: [] };
  const errors: TandemError[] = [];
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
    const check = { sourceId: source.id, checkedAt: new Date().toISOString() };
    const entries = source.list({
      onProblem: (problem) => {
        listing.problems.push({ ...problem });
        if (problem.kind === 'failed') listing.unlisted.push(problem.uri);
      },
      known,
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    try {
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
      listing.checks.push(check);
    } catch (error) {
      signal?.throwIfAborted();
      if (!TandemError.isInstance(error) || endsAll.has(error.code)) throw error;
      errors.push(error);
      listing.unavailable.push(source.id);
      listing.problems.push(toIngestProblem({ uri: source.id, message: error.message, hint: error.hint }));
    }
  }
  await flush();
  if (errors.length > 0 && errors.length === sources.length) throw noneListed(errors);
  onProgress?.({ stage: 'listing sources', done: listed, total: listed, unit: 'documents' });
  return listing;
}

function noneListed([first, ...others]: TandemError[]): unknown {
  if (others.length === 0) return first;
  return new SourceError({
    uri: SourceError.isInstance(first) ? first.uri : '',
    message: `None of the ${others.length + 1} sources can be listed. ${[first!, ...others].map(({ message }) => message).join(' ')}`,
    ...(first!.hint !== undefined && { hint: first!.hint }),
    cause: first,
  });
}

const entriesPerWrite = 500;
/** What is wrong with this machine is wrong for every source. */
const endsAll = new Set(['disk_full', 'locked', 'interrupted']);

export function toIngestProblem({
  uri,
  message,
  hint,
}: Pick<DocumentProblem, 'uri' | 'message' | 'hint'>): IngestProblem {
  return { uri, kind: 'failed', message, ...(hint !== undefined && { hint }) };
}
