import type { EmbeddingModelV4, RerankingModelV4 } from '@ai-sdk/provider';
import type { Catalog, IndexState } from '../catalog/catalog.ts';
import { embeddedText } from '../chunk/embedded-text.ts';
import { dot, unit } from '../core/cosine.ts';
import { IndexMissingError } from '../core/errors/index-missing-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { searchModes } from '../core/settings.ts';
import type { Passage } from '../core/types/document.ts';
import type { Chunking } from '../index/chunking.ts';
import { embedderIdentity } from '../index/embedder-identity.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { declarationOf } from '../models/reranker-declaration.ts';
import type { ChunkFilter, ScoredChunk, SearchOptions, Snapshot, StoredChunk } from '../store/chunk-table.ts';
import type { LexicalIndex } from '../store/lexical-index.ts';
import type { VectorStore } from '../store/vector-store.ts';
import { carryOver, type RewriteQuestion, type Turn } from './conversation.ts';
import { bestPassages, countParts, type Found, fuseFound } from './found.ts';
import { addFreshness } from './freshness.ts';
import { generalRanking, type Ranking, weightsOf } from './fuse/ranking.ts';
import { scoreOf, sharesOf } from './fuse/shares.ts';
import { type Knowledge, knowledgeOf } from './knowledge.ts';
import { sectionsFor } from './learn/asked-sections.ts';
import type { LearnedRanking } from './learn/learned-ranking.ts';
import { parentsOf } from './parents.ts';
import { mergeParts } from './parts.ts';
import { packPassages, withNeighbours } from './passages.ts';
import { planQuery } from './plan.ts';
import { queryTermsFor } from './query-terms.ts';
import { listIn, questionsIn } from './question-parts.ts';
import type { Retrieval } from './retrieval.ts';
import { type Candidate, gatherCandidates } from './search/candidates.ts';
import { embedQueries } from './search/embed-query.ts';
import { isSameSpan, selectPassages } from './select/select.ts';
import { longFormsOf, type Meaning, spellOut } from './spell-out.ts';

/** By all there is, by meaning alone, or by words alone. */
export type SearchMode = (typeof searchModes)[number];

/** What a retriever is made of. */
export interface RetrieverOptions {
  /** Says what is indexed, and with which embedder. */
  catalog: Catalog;
  /** Where the chunks are. */
  store: VectorStore & LexicalIndex;
  /** The one that the index was made with. */
  embedder: EmbeddingModelV4;
  /** How questions are searched where they do not say so themselves. Default `hybrid`. */
  mode?: SearchMode;
  /** How many chunks each search brings. Default 60. */
  candidates?: number;
  /** What abbreviations stand for, beside those that documents list; several entries may share one. */
  glossary?: readonly { abbreviation: string; longForm: string }[];
  /** Writes standalone questions in a conversation; default: names or the last question are taken over, see `carryOver`. */
  rewrite?: RewriteQuestion;
  /**
   * How the index was cut. Where small chunks are searched and larger ones read (`parent-child`), the larger ones are returned.
   */
  chunking?: Chunking;
  /**
   * Reads the question together with each of the best `candidates` (default 20) of a hybrid search; its scores from 0 to 1 are
   * added to what speaks for them.
   */
  reranker?: { model: RerankingModelV4; candidates?: number };
  /** How a hybrid search weighs what speaks for a passage. Default: `generalRanking`. */
  ranking?: Ranking;
  /** What a project's own questions taught; takes the place of `ranking`. */
  learned?: LearnedRanking;
  /**
   * Compare each passage's heading with the question also where the ranking gives headings no weight: `explanation.compared` then has
   * the signal that such a weight is learnt from. It costs an embedding for each new heading.
   */
  compareHeadings?: boolean;
}

/** How one question is searched, and which documents may be found. */
export interface RetrieveOptions extends ChunkFilter {
  /** How many passages come back at most. */
  k: number;
  /** `hybrid` uses all there is; `dense` (meaning) and `lexical` (words) are one search each. Default: the retriever's. */
  mode?: SearchMode;
  /**
   * The question as a model rewrote it for the search. Both are searched and their rankings fused: a rewrite that lost something
   * cannot lose the passage that the question would have found.
   */
  searchQuery?: string;
  /** What was said before, oldest first: "and is it hereditary?" is then about what was spoken of. */
  turns?: readonly Turn[];
  /** So many chunks of the same section before and after each passage are joined to it. Default 0. */
  neighbours?: number;
  /** At most so many of the embedder's tokens in all passages together; the best that fit are kept whole. */
  maxTokens?: number;
  /** Tell which query went where and what spoke for each passage. Hybrid only. */
  explain?: boolean;
  signal?: AbortSignal;
}

/** Finds passages for questions in one index. */
export interface Retriever {
  /**
   * @throws InvalidInputError for an empty query
   * @throws IndexMissingError when nothing is ingested, or was with another embedder
   */
  retrieve(query: string, options: RetrieveOptions): Promise<Retrieval>;
}

/**
 * Query → passages. The question is read first (which documents does it name, misspelt or not; what do its abbreviations stand for) and
 * searched by meaning and by words; the passages found, and those of documents that are named, are then compared by what speaks for
 * each (`signals/`). How much meaning counts beside words depends on how well the embedder tells this index's passages apart. Every passage of a hybrid search has its cosine to the question, also where only words found
 * it.
 *
 * @example
 * const retriever = createRetriever({
 *   catalog: tandem.catalog,
 *   store: await tandem.store(),
 *   embedder: await tandem.models.embedder(),
 * });
 * const { passages } = await retriever.retrieve('How many days of leave?', { k: 3 });
 */
export function createRetriever(options: RetrieverOptions): Retriever {
  const { catalog, store, embedder, candidates = 60, learned } = options;
  const ranking = learned?.ranking ?? options.ranking ?? generalRanking;
  const comparesHeadings = options.compareHeadings || ranking.headings !== 0;
  const identity = embedderIdentity(embedder);
  if (learned && learned.embedderHash !== identity.hash)
    throw new InvalidInputError({
      domain: 'retrieve',
      where: 'retrieve.ranking',
      message: `The ranking was learnt with another embedder than ${identity.name}.`,
      hint: 'Learn it again with this one, or leave retrieve.ranking out.',
    });
  const knowledge = knowledgeOf({ catalog, store, embedder, glossary: options.glossary ?? [] });
  const queryTerms = queryTermsFor({ catalog, store });
  const withParents =
    options.chunking?.strategy === 'parent-child'
      ? parentsOf({ catalog, embedder, chunking: options.chunking })
      : undefined;
  const headingVectors = new Map<string, Promise<Float32Array>>();

  async function retrieve(
    query: string,
    {
      k,
      mode = options.mode ?? 'hybrid',
      explain = false,
      searchQuery = '',
      turns = [],
      neighbours = 0,
      maxTokens,
      signal,
      ...filter
    }: RetrieveOptions,
  ): Promise<Retrieval> {
    const text = query.trim();
    const rewritten = searchQuery.trim();
    if (text === '')
      throw new InvalidInputError({
        domain: 'retrieve',
        message: 'The question is empty.',
        hint: 'Write what you are looking for.',
      });
    const isRewritten = rewritten !== '' && rewritten !== text;
    // A passage that is far down in both searches may be the best of the two together.
    const depth = isRewritten ? Math.max(2 * k, 10) : k;
    // Several of the chunks found may have one parent: k different ones are promised.
    const chunks = withParents ? 3 * depth : depth;
    for (;;) {
      signal?.throwIfAborted();
      const state = await indexState();
      const search: SearchOptions = {
        at: { generation: state.generation, seq: state.committedSeq },
        // Overlapping chunks are dropped below, and k different spans are promised.
        limit: Math.max(candidates, 2 * chunks),
        filter,
        ...(signal && { signal }),
      };
      const asked = { k: chunks, mode, explain, search, known: () => knowledge.at(state) };
      const own = await retrieveInConversation(text, turns, asked);
      const found = isRewritten
        ? fuseWithRewrite(own, await retrieveInConversation(rewritten, turns, asked))
        : own;
      // A commit in between may have deleted for good what this snapshot still had: look again at the new one.
      const now = await catalog.index.get();
      if (now?.committedSeq === state.committedSeq && now.generation === state.generation)
        return await prepareResult(found, { query, k, neighbours, maxTokens, at: search.at, signal });
    }
  }

  /** Parents for children, the best `k`, neighbours joined, no more than fits; then what is said of them is true of these. */
  async function prepareResult(
    { parts, explanation, ...found }: Found,
    {
      query,
      k,
      neighbours,
      maxTokens,
      at,
      signal,
    }: {
      query: string;
      k: number;
      neighbours: number;
      maxTokens: number | undefined;
      at: Snapshot;
      signal: AbortSignal | undefined;
    },
  ): Promise<Retrieval> {
    let passages = withParents ? await withParents(found.passages, signal) : found.passages;
    passages = bestPassages(passages, { k, parts });
    if (neighbours > 0)
      passages = await withNeighbours(passages, {
        store,
        at,
        textOf: async (id) => (await catalog.documents.get(id))?.text,
        before: neighbours,
        after: neighbours,
      });
    if (maxTokens !== undefined) passages = packWithin(passages, maxTokens);
    const why = new Map(explanation?.passages.map((each) => [each.id, each]));
    return {
      query,
      ...found,
      ...(parts && { parts: countParts(parts, passages) }),
      passages: await addFreshness(catalog, passages),
      ...(explanation && {
        explanation: { ...explanation, passages: passages.map(({ id }) => why.get(id)!) },
      }),
    };
  }

  function packWithin(passages: readonly Passage[], maxTokens: number): Passage[] {
    const tools = localToolsOf(embedder);
    if (!tools)
      throw new InvalidInputError({
        domain: 'retrieve',
        where: 'maxTokens',
        message: `${identity.name} is not on this machine, so the tokens of passages cannot be counted with it.`,
        hint: 'Leave maxTokens out and use `packPassages` with a count of your own.',
      });
    return packPassages(passages, { maxTokens, countTokens: (text) => tools.countTokens(text) }).passages;
  }

  /**
   * The turns before say what "it" is: their names or the last question are taken over, or a language model writes the
   * question again.
   */
  async function retrieveInConversation(
    text: string,
    turns: readonly Turn[],
    search: Search,
  ): Promise<Found> {
    const { filter, signal } = search.search;
    const carried = turns.length > 0 ? carryOver(text, turns, (await search.known()).names, filter) : [];
    const standalone = carried.length > 0 ? `${text} (${carried.join('; ')})` : text;
    const written =
      turns.length > 0 && options.rewrite
        ? await options.rewrite(text, turns, { ...(signal && { signal }) })
        : standalone;
    const found = await searchIn(search.mode, standalone, search);
    if (written === standalone || written.trim() === '')
      return { ...found, ...(standalone !== text && { rewritten: standalone }) };
    // What a model left out must not be lost: both are searched, and their rankings fused.
    const other = await searchIn(search.mode, written.trim(), search);
    return { ...fuseFound([found, other]), rewritten: written.trim() };
  }

  async function searchIn(mode: SearchMode, text: string, search: Search): Promise<Found> {
    if (mode === 'lexical') return await byWords(text, search);
    const known = await search.known();
    return mode === 'dense'
      ? await byMeaning(text, { ...search, known })
      : await hybrid(text, { ...search, known });
  }

  async function indexState(): Promise<IndexState> {
    const state = await catalog.index.get();
    if (!state || state.committedSeq === 0)
      throw new IndexMissingError({
        domain: 'retrieve',
        message: 'Nothing has been ingested yet.',
        hint: 'Ingest the documents first.',
      });
    if (state.embedderHash !== identity.hash)
      throw new IndexMissingError({
        domain: 'retrieve',
        message: `The index was made with the embedder ${state.embedderName}, and it is now asked with ${identity.name}.`,
        hint: 'Ingest again, which embeds the documents with it, or set the old embedder.',
      });
    return state;
  }

  /** Abbreviations that documents list, where a question with them spelt out is still one that the embedder reads whole. */
  function meaningsIn(text: string, known: Knowledge, filter: ChunkFilter = {}): Meaning[] {
    const tools = localToolsOf(embedder);
    const found = known.abbreviations.meanings(text, filter);
    return tools && tools.countTokens(spellOut(text, longFormsOf(found))) > tools.maxQueryTokens ? [] : found;
  }

  /** A question that is several is searched as a whole and as each of them. */
  async function hybrid(text: string, search: HybridSearch): Promise<Found> {
    const parts = await partsOf(text, search);
    if (parts.length < 2) return await asOne(text, search);
    const [whole, ...own] = await Promise.all(
      [text, ...parts].map((each) => asOne(each, { ...search, explain: true })),
    );
    return mergeParts(
      whole!,
      parts.map((name, at) => ({ name, found: own[at]! })),
      search,
    );
  }

  async function partsOf(text: string, { known, search }: HybridSearch): Promise<string[]> {
    const questions = questionsIn(text, known.names, search.filter);
    if (questions.length > 0) return questions;
    const items = listIn(text);
    if (
      items.some(
        (item) =>
          known.names.link(item, { ...(search.filter && { filter: search.filter }), limit: 1 }).length > 0,
      )
    )
      return [];
    // Where a passage is about two of them, they may be one thing: the symptoms of an illness.
    const hits = await Promise.all(
      items.map(async (item) => {
        const found = await store.searchTerms(await queryTerms(item, search), { ...search, limit: 30 });
        return found.filter(({ score }) => score >= 0.6 * found[0]!.score).map(({ chunk }) => chunk.id);
      }),
    );
    const all = hits.flat();
    return hits.filter((own) => own.length > 0).length > 1 && new Set(all).size === all.length ? items : [];
  }

  async function asOne(text: string, { k, explain, search, known }: HybridSearch): Promise<Found> {
    const timings = {
      understand: 0,
      embed: 0,
      dense: 0,
      lexical: 0,
      fuse: 0,
      ...(options.reranker && { rerank: 0 }),
    };
    const timed = async <T>(stage: keyof Retrieval['timings'], work: () => Promise<T>): Promise<T> => {
      const before = performance.now();
      const result = await work();
      timings[stage] = Math.max(timings[stage] ?? 0, performance.now() - before);
      return result;
    };
    const { signal, filter } = search;
    let before = performance.now();
    const meanings = meaningsIn(text, known, filter);
    const plan = planQuery(text, { names: known.names, meanings, ...(filter && { filter }) });
    timings.understand = performance.now() - before;

    const asked = ranking.sections !== 0 ? learned?.asked : undefined;
    const [vector, unnamed] = await timed('embed', () =>
      embedQueries(embedder, [plan.full, ...(asked ? [plan.unnamed] : [])], signal),
    );
    const found = await gatherCandidates({
      plan,
      vector: vector!,
      store: {
        searchVector: (vector, options) => timed('dense', () => store.searchVector(vector, options)),
        searchTerms: (terms, options) => timed('lexical', () => store.searchTerms(terms, options)),
      },
      search,
      queryTerms,
      languageOf: known.languageOf,
      documents: known.documents,
      ...(asked && unnamed && { sections: sectionsFor(unnamed, asked) }),
      ...(comparesHeadings && {
        embedHeadings: (headings: string[]) => embedHeadings(headings, signal),
      }),
    });

    before = performance.now();
    const weights = weightsOf(ranking, {
      separation: known.separation,
      hasPhrases: found.some(({ signals }) => signals.phrases > 0),
    });
    const scored = found.map((candidate) => ({ ...candidate, score: scoreOf(candidate.signals, weights) }));
    const { reranker } = options;
    const selected = selectPassages(scored, {
      k: reranker ? Math.max(k, reranker.candidates ?? 20) : k,
      turns: ranking.turns,
      subjects: plan.subjects,
    });
    timings.fuse = performance.now() - before;
    const chosen =
      reranker && readsAll(reranker.model, selected, known)
        ? await timed('rerank', () => reranked(reranker.model, plan.full, selected, signal))
        : selected;
    const parts = plan.subjects.map(({ name, documentIds, isListed }) => ({
      name,
      isOwed: isListed,
      has: ({ documentId }: Passage) => documentIds.includes(documentId),
    }));
    // Words that are in no document's names may be in its text; "2.4.2" must not pass for the 2.4.1 that documents know.
    const strange = await Promise.all(
      known.names
        .unknown(text)
        .slice(0, mostAsked)
        .map(async (word) => ({ text: word, terms: await queryTerms(word, search) })),
    );
    const codes = plan.exact.slice(0, mostAsked).map(({ text, term }) => ({ text, terms: [term] }));
    const missing = await withoutHits([...strange, ...codes], search);
    return {
      ...(meanings.length > 0 && { spelledOut: longFormsOf(meanings) }),
      ...(parts.length > 1 && { parts }),
      ...(missing.length > 0 && { missing }),
      passages: chosen.map(({ item, score }, index) =>
        passageOf(item.chunk, {
          rank: index + 1,
          score,
          scores: { ...item.scores, fused: score, named: item.signals.names },
        }),
      ),
      timings,
      ...(explain && {
        explanation: {
          plan,
          weights,
          isLearned: learned !== undefined,
          compared: found.map(({ chunk, ranks, scores, signals }) => ({ chunk, ranks, scores, signals })),
          passages: chosen.map(({ item: { chunk, ranks, scores, signals }, score }) => ({
            id: chunk.id,
            ranks,
            signals,
            shares: sharesOf(signals, weights, {
              score,
              ...(scores.rerank !== undefined && { reranker: ranking.reranked * scores.rerank }),
            }),
          })),
        },
      }),
    };
  }

  /** All of them, after the reranker has read them; what it does not score stays as it was. `bestPassages` takes the best. */
  async function reranked(
    model: RerankingModelV4,
    question: string,
    selected: readonly { item: Candidate & { score: number }; score: number }[],
    signal: AbortSignal | undefined,
  ) {
    const { ranking: read } = await model.doRerank({
      query: question,
      documents: {
        type: 'text',
        values: selected.map(({ item: { chunk } }) =>
          embeddedText({ prefix: chunk.prefix ?? '', text: chunk.text }),
        ),
      },
      ...(signal && { abortSignal: signal }),
    });
    // A model that does not say what its scores are gives logits where one is no share.
    const logits =
      (declarationOf(model).scores ??
        (read.some(({ relevanceScore }) => relevanceScore < 0 || relevanceScore > 1)
          ? 'logits'
          : 'shares')) === 'logits';
    const scores = new Map(
      read.map(({ index, relevanceScore }) => [
        index,
        logits ? 1 / (1 + Math.exp(-relevanceScore)) : relevanceScore,
      ]),
    );
    return selected
      .map(({ item, score }, index) => {
        const rerank = scores.get(index);
        return rerank === undefined
          ? { item, score }
          : {
              item: { ...item, scores: { ...item.scores, rerank } },
              score: score + ranking.reranked * rerank,
            };
      })
      .sort((a, b) => b.score - a.score);
  }

  /** Those that no document has a term of. A question has few that are worth asking about. */
  async function withoutHits(
    asked: readonly { text: string; terms: readonly string[] }[],
    search: SearchOptions,
  ): Promise<string[]> {
    const found = await Promise.all(
      asked.map(async ({ text, terms }) => ({
        text,
        somewhere: (await store.searchTerms(terms, { ...search, limit: 1 })).length > 0,
      })),
    );
    return found.filter(({ somewhere }) => !somewhere).map(({ text }) => text);
  }

  async function byMeaning(text: string, { k, search, known }: HybridSearch): Promise<Found> {
    const timings = { embed: 0, dense: 0, lexical: 0, fuse: 0 };
    const meanings = meaningsIn(text, known, search.filter);
    let before = performance.now();
    const [vector] = await embedQueries(embedder, [spellOut(text, longFormsOf(meanings))], search.signal);
    timings.embed = performance.now() - before;
    before = performance.now();
    const found = await store.searchVector(vector!, search);
    timings.dense = performance.now() - before;
    return {
      ...(meanings.length > 0 && { spelledOut: longFormsOf(meanings) }),
      passages: distinct(found, k, ({ score }) => ({ dense: score })),
      timings,
    };
  }

  /** What answers are made from needs its cosines too, to tell whether it has to do with the question at all. */
  async function byWords(text: string, { k, search }: Search): Promise<Found> {
    const withVectors = options.mode === 'lexical';
    const before = performance.now();
    const [found, [vector]] = await Promise.all([
      queryTerms(text, search).then((terms) => store.searchTerms(terms, { ...search, withVectors })),
      withVectors ? embedQueries(embedder, [text], search.signal) : [],
    ]);
    const timings = { embed: 0, dense: 0, lexical: performance.now() - before, fuse: 0 };
    return {
      passages: distinct(found, k, ({ score, vector: own }) => ({
        lexical: score,
        ...(vector && own && { dense: dot(vector, unit(own)) }),
      })),
      timings,
    };
  }

  /** Headings recur: each is embedded once. */
  async function embedHeadings(headings: string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const missing = headings.filter((heading) => !headingVectors.has(heading));
    if (headingVectors.size > 20_000) headingVectors.clear();
    if (missing.length > 0) {
      const embedding = embedQueries(embedder, missing, signal);
      for (const [at, heading] of missing.entries()) {
        const vector = embedding.then((vectors) => vectors[at]!);
        vector.catch(() => headingVectors.delete(heading));
        headingVectors.set(heading, vector);
      }
    }
    return await Promise.all(
      headings.map(
        (heading) =>
          headingVectors.get(heading) ??
          embedQueries(embedder, [heading], signal).then(([vector]) => vector!),
      ),
    );
  }

  return { retrieve };
}

/** Whether none of the passages is in a language that the reranker says it does not read: what it would say of one is noise. */
function readsAll(
  model: RerankingModelV4,
  selected: readonly { item: Candidate }[],
  { languageOf }: Pick<Knowledge, 'languageOf'>,
): boolean {
  const { languages = 'many' } = declarationOf(model);
  return (
    languages === 'many' ||
    selected.every(({ item: { chunk } }) => languages.includes(languageOf(chunk.documentId) ?? languages[0]!))
  );
}

/** Strange words, and codes, of a question that are looked for: each costs a search. */
const mostAsked = 4;

/** One question's search. What is known of the index is asked for only where it is needed. */
interface Search {
  k: number;
  mode: SearchMode;
  explain: boolean;
  search: SearchOptions;
  known(): Promise<Knowledge>;
}

type HybridSearch = Omit<Search, 'known'> & { known: Knowledge };

/** The best `k`, none of them (nearly) the same span as a better one. */
function distinct(
  found: readonly ScoredChunk[],
  k: number,
  scoresOf: (found: ScoredChunk) => Passage['scores'],
): Passage[] {
  const passages: Passage[] = [];
  for (const each of found) {
    if (passages.length === k) break;
    const { chunk, score } = each;
    if (passages.some((passage) => isSameSpan(passage, chunk))) continue;
    passages.push(passageOf(chunk, { rank: passages.length + 1, score, scores: scoresOf(each) }));
  }
  return passages;
}

/** A question and what it was rewritten to. What is said of it is of its own words. */
function fuseWithRewrite(own: Found, other: Found): Found {
  const { spelledOut: _own, missing, ...rest } = fuseFound([other, own]);
  const spelledOut = [...new Set([other, own].flatMap((each) => each.spelledOut ?? []))];
  return {
    ...rest,
    ...(spelledOut.length > 0 && { spelledOut }),
    // A rewrite spells names as the documents do: if it found documents for all of its names, none is missing.
    ...(missing && other.missing && { missing }),
  };
}

function passageOf(chunk: StoredChunk, place: Pick<Passage, 'rank' | 'score' | 'scores'>): Passage {
  const { access: _access, addedSeq: _addedSeq, ...rest } = chunk;
  return { ...rest, ...place };
}
