import type { Passage } from '../../core/types/document.ts';
import { embedderIdentity } from '../../index/embedder-identity.ts';
import type { Tandem } from '../../runtime/create-tandem.ts';
import { search } from '../../runtime/search.ts';
import { ApiError } from '../http/api-error.ts';
import type { SearchRequest, SearchResults } from '../schemas/vector-stores.ts';
import { type FileRows, mayRead, type StoreFile } from './file-rows.ts';
import { fileOfUri, uriOf } from './indexing.ts';
import { matchesFilter } from './matches-filter.ts';
import type { StoreIndexes } from './store-indexes.ts';

/** What a search is made with. */
export interface SearchContext {
  rows: FileRows;
  indexes: StoreIndexes;
  /** Access labels that the searcher holds; absent: all. */
  held: readonly string[] | undefined;
  signal: AbortSignal;
  /** The index was made with another embedder. */
  onOutdated(): void;
}

const defaultResults = 10;

/** The chunks that answer best, of files that are indexed, may be read and meet the filter; best first. */
export async function searchStore(
  store: string,
  request: SearchRequest,
  context: SearchContext,
): Promise<SearchResults> {
  const { rows, indexes, held } = context;
  const queries = [request.query].flat();
  const all = rows.all(store);
  const admitted = all.filter(
    (row) =>
      row.status === 'completed' &&
      mayRead(row, held) &&
      (!request.filters || matchesFilter(row.attributes, request.filters)),
  );
  const most = request.max_num_results ?? defaultResults;
  const found: Passage[] = [];
  for (const [chunking, own] of Map.groupBy(admitted, (row) => row.chunking))
    await indexes.use(store, chunking, async (tandem) => {
      if (!(await isSearchable(tandem, context))) return;
      const others = all.filter((row) => row.chunking === chunking && !own.includes(row));
      for (const query of queries) {
        const { passages } = await search(tandem, query, {
          k: most,
          ...(request.ranking_options?.ranker === 'none' && { mode: 'dense' as const }),
          ...documentsOf(own, others),
          ...(held && { access: held }),
          signal: context.signal,
        });
        found.push(...passages);
      }
    });
  const least = request.ranking_options?.score_threshold ?? 0;
  const byFile = new Map(admitted.map((row) => [row.file, row]));
  return {
    object: 'vector_store.search_results.page',
    search_query: queries,
    data: bestOf(found)
      .flatMap(({ uri, text, score }) => {
        const row = byFile.get(fileOfUri(uri));
        // Put into the index since the rows were read.
        if (!row || score < least) return [];
        const { file, filename, attributes } = row;
        return [{ file_id: file, filename, score, attributes, content: [{ type: 'text' as const, text }] }];
      })
      .slice(0, most),
    has_more: false,
    next_page: null,
  };
}

/** Nothing was indexed yet, or there is something to search. @throws ApiError 503 where it is being made anew */
async function isSearchable(tandem: Tandem, { indexes, onOutdated }: SearchContext): Promise<boolean> {
  const state = await tandem.catalog.index.get();
  if (!state || state.committedSeq === 0) return false;
  if (state.embedderHash === embedderIdentity(await indexes.embedder()).hash) return true;
  onOutdated();
  throw new ApiError(
    503,
    `The vector store was indexed with ${state.embedderName}, and is being indexed again with another embedder.`,
    { retryAfter: 10 },
  );
}

/** Which documents of an index are searched, as the shorter list; all of them need none. */
function documentsOf(
  own: readonly StoreFile[],
  others: readonly StoreFile[],
): { documentIds?: string[]; excludeDocumentIds?: string[] } {
  if (others.length === 0) return {};
  return own.length <= others.length
    ? { documentIds: own.map(uriOf) }
    : { excludeDocumentIds: others.map(uriOf) };
}

/** Each chunk once, with the best score that it has for any query: from 0 to 1, as a share of what a passage can be worth. */
function bestOf(passages: readonly Passage[]): Passage[] {
  const best = new Map<string, Passage>();
  for (const passage of passages) {
    const score = Math.min(1, Math.max(0, passage.score));
    const key = `${passage.uri}\n${passage.start}\n${passage.end}`;
    if ((best.get(key)?.score ?? -1) < score) best.set(key, { ...passage, score });
  }
  return [...best.values()].sort((a, b) => b.score - a.score);
}
