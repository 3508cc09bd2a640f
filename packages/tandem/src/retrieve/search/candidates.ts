import { dot, unit } from '../../core/cosine.ts';
import type { ScoredChunk, SearchOptions, StoredChunk } from '../../store/chunk-table.ts';
import type { LexicalIndex } from '../../store/lexical-index.ts';
import type { VectorStore } from '../../store/vector-store.ts';
import { termsOf } from '../../text/terms.ts';
import { headingKey } from '../learn/asked-sections.ts';
import type { QueryPlan } from '../plan.ts';
import type { QueryTerms } from '../query-terms.ts';
import { codesIn } from '../signals/codes.ts';
import { nameStrength } from '../signals/names.ts';
import { phrasesOf } from '../signals/phrases.ts';
import { noSignals, type Signals } from '../signals/signals.ts';

/** A passage that may answer, with what speaks for it. */
export interface Candidate {
  chunk: StoredChunk;
  scores: { dense?: number; lexical?: number; rerank?: number };
  /** From 1; which searches found it, and where. */
  ranks: { dense?: number; lexical?: number };
  signals: Signals;
}

export interface GatherOptions {
  plan: QueryPlan;
  /** Of `plan.full`, unit length. */
  vector: Float32Array;
  store: Pick<VectorStore, 'searchVector'> & Pick<LexicalIndex, 'searchTerms'>;
  search: SearchOptions;
  queryTerms: QueryTerms;
  /** Of a document: its words are analysed by it. */
  languageOf(documentId: string): string | undefined;
  /** In the collection. */
  documents: number;
  /** Absent where headings count nothing. */
  embedHeadings?: (headings: string[]) => Promise<Float32Array[]>;
  /** Heading → how often questions like this one were answered below it. */
  sections?: ReadonlyMap<string, number> | undefined;
}

/** Documents named in the question that are looked at, and passages of them. */
const named = { documents: 4, passages: 40 };

/** All passages that may answer: found by meaning, by words, and those of documents that the question names. */
export async function gatherCandidates(options: GatherOptions): Promise<Candidate[]> {
  const { plan, vector, store, search } = options;
  const withVectors = { ...search, withVectors: true };
  const namedIds = plan.linked.slice(0, named.documents).map(({ documentId }) => documentId);
  const [dense, lexical, ofNamed] = await Promise.all([
    store.searchVector(vector, withVectors),
    options.queryTerms(plan.full, search).then((terms) => store.searchTerms(terms, withVectors)),
    namedIds.length === 0
      ? []
      : store.searchVector(vector, {
          ...withVectors,
          limit: named.passages,
          filter: { ...search.filter, documentIds: namedIds },
        }),
  ]);

  const byId = new Map<string, { candidate: Candidate; vector: Float32Array | undefined }>();
  const add = (found: readonly ScoredChunk[], list?: keyof Candidate['ranks']) => {
    for (const [index, { chunk, score, vector: own }] of found.entries()) {
      let entry = byId.get(chunk.id);
      if (!entry) {
        const candidate = { chunk, scores: {}, ranks: {}, signals: { ...noSignals } };
        byId.set(chunk.id, (entry = { candidate, vector: own }));
      }
      if (list) entry.candidate.ranks[list] = index + 1;
      if (list === 'lexical') entry.candidate.scores.lexical = score;
    }
  };
  add(dense, 'dense');
  add(lexical, 'lexical');
  add(ofNamed);

  const best = lexical[0]?.score || 1;
  for (const { candidate, vector: own } of byId.values()) {
    const { scores, signals } = candidate;
    // Also where only words found it.
    if (own) signals.meaning = scores.dense = dot(vector, unit(own));
    signals.words = (scores.lexical ?? 0) / best;
  }
  const candidates = [...byId.values()].map(({ candidate }) => candidate);
  await compare(candidates, options);
  return candidates;
}

async function compare(
  candidates: readonly Candidate[],
  { plan, vector, languageOf, documents, embedHeadings, sections }: GatherOptions,
): Promise<void> {
  const links = new Map(plan.linked.map((link) => [link.documentId, nameStrength(link, documents)]));
  for (const { chunk, signals } of candidates) {
    signals.names = links.get(chunk.documentId) ?? 0;
    signals.sections = sections?.get(headingKey(chunk.headingPath) ?? '') ?? 0;
  }
  if (embedHeadings) {
    const pathOf = ({ chunk }: Candidate) => chunk.headingPath.slice(1).join(': ');
    const paths = [...new Set(candidates.map(pathOf))].filter((path) => path !== '');
    const vectors = await embedHeadings(paths);
    const similarity = new Map(paths.map((path, at) => [path, dot(vector, vectors[at]!)]));
    for (const candidate of candidates) candidate.signals.headings = similarity.get(pathOf(candidate)) ?? 0;
  }

  // What only meaning found has none of the question's words, or is far down among those that have.
  const compared = candidates.filter(({ ranks }) => ranks.lexical !== undefined || ranks.dense === undefined);
  const termsOfChunk = new Map(
    compared.map(({ chunk }) => [chunk, fieldTermsOf(chunk, languageOf(chunk.documentId))]),
  );
  const codes = codesIn(
    plan.exact.map(({ term }) => term),
    new Map([...termsOfChunk].map(([chunk, fields]) => [chunk, new Set(fields.flat())])),
  );
  const phrasesIn = new Map<string | undefined, ReturnType<typeof phrasesOf>>();
  for (const { chunk, signals } of compared) {
    const language = languageOf(chunk.documentId);
    if (!phrasesIn.has(language)) phrasesIn.set(language, phrasesOf(termsOf(plan.full, language)));
    signals.phrases = phrasesIn.get(language)?.(termsOfChunk.get(chunk)!) ?? 0;
    signals.codes = codes.get(chunk) ?? 0;
  }
}

/** The terms of a chunk's prefix and text: fields, whose words are not side by side. */
function fieldTermsOf(
  { prefix, headingPath, text }: StoredChunk,
  language: string | undefined,
): readonly (readonly string[])[] {
  const key = `${language} ${prefix ?? headingPath.join(' ')} ${text}`;
  let terms = remembered.get(key);
  if (terms) return terms;
  terms = [prefix ?? headingPath.join(' '), text].map((field) => termsOf(field, language));
  if (remembered.size === mostRemembered) remembered.clear();
  remembered.set(key, terms);
  return terms;
}

/** Questions to one collection find the same passages again and again, and cutting words takes longest. */
const remembered = new Map<string, readonly (readonly string[])[]>();
const mostRemembered = 2000;
