import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { Catalog, IndexState } from '../catalog/catalog.ts';
import { IndexMissingError } from '../core/errors/index-missing-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Passage } from '../core/types/document.ts';
import { embedderIdentity } from '../ingest/embedder-identity.ts';
import { localToolsOf } from '../models/local-tools.ts';
import type { ChunkFilter, ScoredChunk, SearchOptions } from '../store/chunk-table.ts';
import type { LexicalIndex } from '../store/lexical-index.ts';
import type { VectorStore } from '../store/vector-store.ts';
import { fuseRankings } from './fuse.ts';
import { type Abbreviations, abbreviationsOf } from './spell-out.ts';

export interface RetrieverOptions {
  catalog: Catalog;
  store: VectorStore & LexicalIndex;
  /** The one that the index was made with. */
  embedder: EmbeddingModelV4;
  /** How many chunks each search gives to the fusion. Default 30. */
  candidates?: number;
}

export interface RetrieveOptions extends ChunkFilter {
  k: number;
  /** `hybrid` (default) fuses both; the others are for measuring what each brings. */
  mode?: 'hybrid' | 'dense' | 'lexical';
  signal?: AbortSignal;
}

export interface Retrieval {
  query: string;
  /** What abbreviations of the query were spelt out as before it was embedded; absent when there were none. */
  spelledOut?: string[];
  /** At most `k`, best first, no two of them (nearly) the same span of a document. */
  passages: Passage[];
  /** Milliseconds. `dense` and `lexical` run at the same time, `lexical` also while the query is embedded. */
  timings: { embed: number; dense: number; lexical: number; fuse: number };
}

export interface Retriever {
  /**
   * @throws InvalidInputError for an empty query
   * @throws IndexMissingError when nothing is ingested, or was with another embedder
   */
  retrieve(query: string, options: RetrieveOptions): Promise<Retrieval>;
}

/**
 * Query → passages: dense and full-text search side by side, fused by reciprocal rank. Every passage of a hybrid search has
 * its cosine, also where only the words found it.
 */
export function createRetriever({ catalog, store, embedder, candidates = 30 }: RetrieverOptions): Retriever {
  const identity = embedderIdentity(embedder);
  let known: { of: string; abbreviations: Promise<Abbreviations> } | undefined;

  /** Read anew after each commit. */
  function abbreviationsAt({ generation, committedSeq }: IndexState): Promise<Abbreviations> {
    const of = `${generation}.${committedSeq}`;
    if (known?.of !== of) {
      const tools = localToolsOf(embedder);
      // A word that is one token to the embedder is one that it has met.
      const isWord = tools && ((word: string) => tools.countTokens(word) === 1);
      known = { of, abbreviations: catalog.documents.list().then((list) => abbreviationsOf(list, isWord)) };
    }
    return known.abbreviations;
  }

  async function retrieve(
    query: string,
    { k, mode = 'hybrid', signal, ...filter }: RetrieveOptions,
  ): Promise<Retrieval> {
    const text = query.trim();
    if (text === '')
      throw new InvalidInputError({
        domain: 'retrieve',
        message: 'The question is empty.',
        hint: 'Write what you are looking for.',
      });
    for (;;) {
      const state = await indexState();
      const found = await search(text, { state, k, mode, filter, ...(signal && { signal }) });
      // A commit in between may have deleted for good what this snapshot still had: look again at the new one.
      const now = await catalog.index.get();
      if (now?.committedSeq === state.committedSeq && now.generation === state.generation)
        return { ...found, query };
      signal?.throwIfAborted();
    }
  }

  async function indexState(): Promise<IndexState> {
    const state = await catalog.index.get();
    if (!state || state.committedSeq === 0)
      throw new IndexMissingError({
        domain: 'retrieve',
        message: 'Nothing has been ingested into this project yet.',
        hint: 'Run `tandem ingest` first.',
      });
    if (state.embedderHash !== identity.hash)
      throw new IndexMissingError({
        domain: 'retrieve',
        message: `The index was made with the embedder ${state.embedderName}, and the project now has ${identity.name}.`,
        hint: 'Run `tandem ingest` to embed the documents anew, or set the old embedder in the config.',
      });
    return state;
  }

  async function spellOut(
    text: string,
    { state, mode, filter }: { state: IndexState; mode: RetrieveOptions['mode']; filter: ChunkFilter },
  ): Promise<{ meanings: string[]; spelledOut: string }> {
    const tools = localToolsOf(embedder);
    const found = mode === 'lexical' ? [] : (await abbreviationsAt(state)).meanings(text, filter);
    const spelledOut = `${text} (${found.join('; ')})`;
    // A long question that fits as it is must not fail for what was added to it; two tokens are the embedder's own.
    if (found.length === 0 || (tools && tools.countTokens(spelledOut) > tools.contextLength - 2))
      return { meanings: [], spelledOut: text };
    return { meanings: found, spelledOut };
  }

  async function search(
    text: string,
    options: {
      state: IndexState;
      k: number;
      mode: NonNullable<RetrieveOptions['mode']>;
      filter: ChunkFilter;
      signal?: AbortSignal;
    },
  ): Promise<Omit<Retrieval, 'query'>> {
    const { state, k, mode, filter, signal } = options;
    const timings = { embed: 0, dense: 0, lexical: 0, fuse: 0 };
    const searchOptions: SearchOptions = {
      at: { generation: state.generation, seq: state.committedSeq },
      // Overlapping chunks are dropped below, and k different spans are promised.
      limit: Math.max(candidates, 2 * k),
      filter,
      ...(signal && { signal }),
    };
    const timed = async <T>(stage: keyof typeof timings, work: () => Promise<T>): Promise<T> => {
      const before = performance.now();
      const result = await work();
      timings[stage] = performance.now() - before;
      return result;
    };

    const { meanings, spelledOut } = await spellOut(text, options);
    const embedding =
      mode === 'lexical' ? undefined : timed('embed', () => embedQuery(embedder, spelledOut, signal));
    const [dense, lexical] = await Promise.all([
      embedding?.then((vector) => timed('dense', () => store.searchVector(vector, searchOptions))) ?? [],
      mode === 'dense'
        ? []
        : timed('lexical', () =>
            store.searchText(text, { ...searchOptions, withVectors: mode === 'hybrid' }),
          ),
    ]);

    const before = performance.now();
    const vector = await embedding;
    const byId = new Map<string, { found: ScoredChunk; scores: Passage['scores'] }>();
    for (const found of dense) byId.set(found.chunk.id, { found, scores: { dense: found.score } });
    for (const found of lexical) {
      const scores = byId.get(found.chunk.id)?.scores ?? {};
      if (vector && found.vector) scores.dense ??= cosine(vector, found.vector);
      byId.set(found.chunk.id, { found, scores: { ...scores, lexical: found.score } });
    }
    const rankings = [dense, lexical].map((list) => list.map(({ chunk }) => chunk.id));
    const passages: Passage[] = [];
    for (const { id, score } of fuseRankings(rankings)) {
      if (passages.length === k) break;
      const { found, scores } = byId.get(id)!;
      const { access: _access, addedSeq: _addedSeq, ...chunk } = found.chunk;
      if (passages.some((passage) => isSameSpan(passage, chunk))) continue;
      const own = mode === 'hybrid' ? score : found.score;
      passages.push({
        ...chunk,
        rank: passages.length + 1,
        score: own,
        scores: mode === 'hybrid' ? { ...scores, fused: score } : scores,
      });
    }
    timings.fuse = performance.now() - before;
    return { ...(meanings.length > 0 && { spelledOut: meanings }), passages, timings };
  }

  return { retrieve };
}

async function embedQuery(
  embedder: EmbeddingModelV4,
  text: string,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const { embeddings } = await embedder.doEmbed({
    values: [text],
    providerOptions: { tandem: { role: 'query' } },
    ...(signal && { abortSignal: signal }),
  });
  return Float32Array.from(embeddings[0]!);
}

/** More than half of the shorter one is in the other, or they say the same (a sentence repeated in two sections). */
function isSameSpan(
  a: Pick<Passage, 'documentId' | 'start' | 'end' | 'text'>,
  b: Pick<Passage, 'documentId' | 'start' | 'end' | 'text'>,
): boolean {
  if (a.documentId !== b.documentId) return false;
  const overlap = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return overlap > Math.min(a.end - a.start, b.end - b.start) / 2 || words(a.text) === words(b.text);
}

const words = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return dot / Math.sqrt(aa * bb);
}
