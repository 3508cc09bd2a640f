/** One collection, ingested and asked: what each way of searching puts where. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RerankingModelV4 } from '@ai-sdk/provider';
import { createTandem, ingest, openCatalog, type Tandem } from '../../packages/tandem/src/index.ts';
import { fuseRankings } from '../../packages/tandem/src/retrieve/fuse/fuse-rankings.ts';
import type { Ranking } from '../../packages/tandem/src/retrieve/fuse/ranking.ts';
import { weightsOf } from '../../packages/tandem/src/retrieve/fuse/ranking.ts';
import { scoreOf } from '../../packages/tandem/src/retrieve/fuse/shares.ts';
import type { Compared } from '../../packages/tandem/src/retrieve/retrieval.ts';
import { createRetriever } from '../../packages/tandem/src/retrieve/retriever.ts';
import { isSameSpan } from '../../packages/tandem/src/retrieve/select/select.ts';
import { noSignals } from '../../packages/tandem/src/retrieve/signals/signals.ts';
import { filesSource } from '../../packages/tandem/src/sources/files.ts';
import { discountedGain } from '../../packages/tandem/src/statistics/index.ts';
import type { StoredChunk } from '../../packages/tandem/src/store/chunk-table.ts';
import { openLanceStore } from '../../packages/tandem/src/store/lancedb/lance-store.ts';
import type { Collection, Question } from './collections.ts';
import { isFound } from './found.ts';

/** What was compared for one question, with what each search found; `wanted` are the ids of passages that answer. */
export interface Asked {
  id: string;
  group: string;
  /** What was searched: in a conversation, the question as Tandem understands it. */
  searched: string;
  candidates: Candidate[];
  /** Best first, as the product returns them; at most 10. */
  hybrid: string[];
  meaning: string[];
  words: string[];
  /** With a reranker: hybrid after it has read its best. */
  reranked?: string[];
}

export type Candidate = Pick<Compared, 'signals' | 'ranks'> & {
  id: string;
  isWanted: boolean;
  span: Pick<StoredChunk, 'documentId' | 'start' | 'end' | 'text' | 'headingPath'>;
};

export interface Measured {
  collection: Collection;
  separation: number;
  /** Mean characters of a passage that was returned. */
  characters: number;
  /** As many as `asked`, in the same order. */
  questions: readonly Question[];
  asked: Asked[];
  /** Milliseconds that the reranker took for a question, of all questions. */
  reranking: number[];
  chunks: { id: string; uri: string; text: string }[];
}

/** How many passages count. */
export const depth = 10;

/** Opens the index of a folder of documents in `work`; made once, brought in line at each call. */
export async function openIndexed(collection: Collection, work: string): Promise<Tandem> {
  const directory = join(work, collection.documents.replace(/[^A-Za-z0-9]+/g, '-').slice(-40));
  mkdirSync(directory, { recursive: true });
  const tandem = await createTandem({
    catalog: () => openCatalog(join(directory, 'catalog.sqlite')),
    store: () => openLanceStore(join(directory, 'index')),
    sources: [filesSource({ path: collection.documents, baseDirectory: collection.documents })],
  });
  await ingest(tandem);
  return tandem;
}

/** Puts all questions of a collection to its index; with a reranker once more. */
export async function measure(
  tandem: Tandem,
  collection: Collection,
  questions: readonly Question[],
  reranker?: RerankingModelV4,
): Promise<Measured> {
  const state = (await tandem.catalog.index.get())!;
  const at = { generation: state.generation, seq: state.committedSeq };
  const store = await tandem.store();
  const chunks: Measured['chunks'] = [];
  for await (const { chunk } of store.scan(at))
    chunks.push({ id: chunk.id, uri: chunk.uri, text: chunk.text });
  const retriever = await tandem.retriever();
  const withReranker =
    reranker &&
    createRetriever({
      catalog: tandem.catalog,
      store,
      embedder: await tandem.models.embedder(),
      reranker: { model: reranker },
    });
  const asked: Asked[] = [];
  const reranking: number[] = [];
  const lengths: number[] = [];
  for (const question of questions) {
    const { id, group, turns } = question;
    const found = await retriever.retrieve(question.question, {
      k: depth,
      explain: true,
      ...(turns && { turns }),
    });
    // What a conversation is about is told to every way of searching.
    const searched = found.rewritten ?? question.question;
    const dense = await retriever.retrieve(searched, { k: depth, mode: 'dense' });
    const lexical = await retriever.retrieve(searched, { k: depth, mode: 'lexical' });
    const ids = (passages: readonly { id: string }[]) => passages.map((passage) => passage.id);
    lengths.push(...found.passages.map(({ text }) => text.length));
    const candidates = new Map<string, Candidate>();
    const note = (chunk: StoredChunk | (typeof found.passages)[number], own?: Compared) => {
      if (candidates.has(chunk.id)) return;
      const { documentId, start, end, text, headingPath } = chunk;
      candidates.set(chunk.id, {
        id: chunk.id,
        signals: own?.signals ?? noSignals,
        ranks: own?.ranks ?? {},
        isWanted: isFound(chunk, question),
        span: { documentId, start, end, text, headingPath },
      });
    };
    for (const each of found.explanation!.compared) note(each.chunk, each);
    for (const passage of [...found.passages, ...dense.passages, ...lexical.passages]) note(passage);
    const reranked = await withReranker?.retrieve(question.question, { k: depth, ...(turns && { turns }) });
    if (reranked?.timings.rerank !== undefined) reranking.push(reranked.timings.rerank);
    for (const passage of reranked?.passages ?? []) note(passage);
    asked.push({
      id,
      group,
      searched,
      candidates: [...candidates.values()],
      hybrid: ids(found.passages),
      meaning: ids(dense.passages),
      words: ids(lexical.passages),
      ...(reranked && { reranked: ids(reranked.passages) }),
    });
  }
  return {
    collection,
    questions,
    separation: state.separation!.value,
    characters: lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length),
    asked,
    reranking,
    chunks,
  };
}

/** The best of scored candidates, no two the same span. */
export function bestOf(candidates: readonly Candidate[], score: (candidate: Candidate) => number): string[] {
  const chosen: Candidate[] = [];
  for (const { candidate } of candidates
    .map((candidate) => ({ candidate, score: score(candidate) }))
    .sort((a, b) => b.score - a.score)) {
    if (chosen.length === depth) break;
    if (!chosen.some(({ span }) => isSameSpan(span, candidate.span))) chosen.push(candidate);
  }
  return chosen.map(({ id }) => id);
}

/** Reciprocal rank fusion of the searches by meaning and by words. */
export function fused({ candidates }: Asked): string[] {
  const listOf = (kind: 'dense' | 'lexical') =>
    candidates
      .filter(({ ranks }) => ranks[kind] !== undefined)
      .sort((a, b) => a.ranks[kind]! - b.ranks[kind]!)
      .map(({ id }) => id);
  const places = new Map(
    fuseRankings([listOf('dense'), listOf('lexical')]).map(({ id, score }) => [id, score]),
  );
  return bestOf(candidates, ({ id }) => places.get(id) ?? 0);
}

/** The reference: w · cosine + (1 − w) · BM25 ÷ the best BM25. */
export const convex = ({ candidates }: Asked, w: number): string[] =>
  bestOf(candidates, ({ signals }) => w * signals.meaning + (1 - w) * signals.words);

/** As the product would rank with other weights. */
export function ranked({ candidates }: Asked, ranking: Ranking, separation: number): string[] {
  const hasPhrases = candidates.some(({ signals }) => signals.phrases > 0);
  const weights = weightsOf(ranking, { separation, hasPhrases });
  return bestOf(candidates, ({ signals }) => scoreOf(signals, weights));
}

/** Place of the first passage that answers, from 0; infinite beyond the last that counts. */
export function placeOf(ids: readonly string[], wanted: (id: string) => boolean): number {
  const at = ids.slice(0, depth).findIndex(wanted);
  return at < 0 ? Number.POSITIVE_INFINITY : at;
}

/** nDCG@10 of one question with one wanted place, by `placeOf`. */
export const gainOf = (place: number): number => discountedGain(place + 1);
