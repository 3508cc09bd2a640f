import { dot, unit } from '../core/cosine.ts';
import type { ScoredChunk, SearchOptions, StoredChunk } from '../store/chunk-table.ts';
import type { LexicalIndex } from '../store/lexical-index.ts';
import type { VectorStore } from '../store/vector-store.ts';
import { contentWords } from '../text/content-words.ts';
import { type Evidence, noEvidence } from './evidence.ts';
import { termsIn } from './exact-terms.ts';
import type { LinkedName } from './names.ts';
import type { QueryPlan } from './plan.ts';
import type { QueryTerms } from './query-terms.ts';
import { kindsOfHeading } from './section-kinds.ts';
import type { SectionProfiles } from './section-profiles.ts';

export interface Candidate {
  chunk: StoredChunk;
  vector: Float32Array | undefined;
  scores: { dense?: number; lexical?: number; rerank?: number };
  /** From 1; which searches found it, and where. */
  ranks: { dense?: number; focused?: number; lexical?: number; condensed?: number; named?: number };
  evidence: Evidence;
}

export interface GatherOptions {
  plan: QueryPlan;
  /** Of `plan.full`, `plan.focused` and `plan.asked`, unit length. */
  vectors: { full: Float32Array; focused: Float32Array[]; asked: Float32Array[] };
  store: Pick<VectorStore, 'searchVector'> & Pick<LexicalIndex, 'searchTerms'>;
  search: SearchOptions;
  queryTerms: QueryTerms;
  profiles: SectionProfiles;
  embedHeadings(headings: string[]): Promise<Float32Array[]>;
}

/** Documents looked at as a whole: named in the question, and found by the searches without being named. */
const whole = { named: 6, found: 4, passages: 160 };

/**
 * All passages that may answer, with what speaks for each: found by meaning (the whole question, the name with what is asked), by
 * words (the whole question, the condensed one), and every passage of the documents that are named or were found best; which of a
 * document's sections is meant is decided by comparing them with each other.
 */
export async function gatherCandidates(options: GatherOptions): Promise<Candidate[]> {
  const { plan, vectors, store, search, profiles } = options;
  const byWords = async (text: string) =>
    store.searchTerms(await options.queryTerms(text, search), searchOptions);
  const searchOptions = { ...search, withVectors: true };
  // Of each thing that the question is about, the documents that are named best.
  const bySubject = plan.subjects.map(({ documentIds }) =>
    documentIds.slice(0, Math.max(2, Math.ceil(whole.named / plan.subjects.length))),
  );
  const named = [
    ...new Set([
      ...bySubject.flat(),
      ...plan.linked.slice(0, whole.named).map(({ documentId }) => documentId),
    ]),
  ].slice(0, whole.named + 2);
  const wholeDocuments = (documentIds: string[]) =>
    documentIds.length === 0
      ? Promise.resolve([])
      : store.searchVector(vectors.full, {
          ...searchOptions,
          limit: whole.passages,
          filter: { ...search.filter, documentIds },
        });
  const [dense, lexical, condensed, ofNamed, ...focused] = await Promise.all([
    store.searchVector(vectors.full, searchOptions),
    byWords(plan.text),
    plan.condensed === undefined ? undefined : byWords(plan.condensed),
    wholeDocuments(named),
    ...vectors.focused.map((vector) => store.searchVector(vector, searchOptions)),
  ]);

  const byId = new Map<string, Candidate>();
  const add = (found: readonly ScoredChunk[], list?: keyof Candidate['ranks']) => {
    for (const [index, { chunk, score, vector }] of found.entries()) {
      let candidate = byId.get(chunk.id);
      if (!candidate) {
        candidate = {
          chunk,
          vector: vector && unit(vector),
          scores: {},
          ranks: {},
          evidence: { ...noEvidence },
        };
        byId.set(chunk.id, candidate);
      }
      if (list)
        candidate.ranks[list] = Math.min(candidate.ranks[list] ?? Number.POSITIVE_INFINITY, index + 1);
      if (list === 'lexical') candidate.scores.lexical = score;
      if (list === 'condensed') candidate.evidence.condensed = score / (found[0]!.score || 1);
    }
  };
  add(dense, 'dense');
  for (const list of focused) add(list, 'focused');
  add(lexical, 'lexical');
  // Where nothing is to be condensed, the question is its own short form.
  add(condensed ?? lexical, 'condensed');
  add(ofNamed);

  const bestByDocument = new Map<string, number>();
  for (const { chunk, ranks } of byId.values()) {
    const best = [ranks.dense, ranks.focused, ranks.condensed].map((rank) => (rank ? 1 / (10 + rank) : 0));
    const sum = best.reduce((total, share) => total + share, 0);
    if (!named.includes(chunk.documentId))
      bestByDocument.set(chunk.documentId, Math.max(bestByDocument.get(chunk.documentId) ?? 0, sum));
  }
  const others = [...bestByDocument].sort((a, b) => b[1] - a[1]).slice(0, whole.found);
  const coded = documentsByCode(holdersOf(plan.exact, [...byId.values()])).keys();
  add(await wholeDocuments([...new Set([...others.map(([id]) => id), ...coded])]));

  const candidates = [...byId.values()];
  await weigh(candidates, options, profiles);
  return candidates;
}

async function weigh(
  candidates: readonly Candidate[],
  { plan, vectors, embedHeadings }: GatherOptions,
  profiles: SectionProfiles,
): Promise<void> {
  const paths = candidates.map(({ chunk }) => chunk.headingPath.slice(1).join(': '));
  const distinct = [...new Set(paths)].filter((path) => path !== '');
  const headingVectors = new Map(
    (await embedHeadings(distinct)).map((vector, at) => [distinct[at]!, vector]),
  );
  const most = (list: readonly number[]) => (list.length > 0 ? Math.max(...list) : 0);
  // The same for all passages below one heading.
  const ofPath = new Map(
    distinct.map((path, at) => {
      const vector = headingVectors.get(path)!;
      const chunk = candidates[paths.indexOf(distinct[at]!)]!.chunk;
      return [
        path,
        {
          heading: most(vectors.asked.map((asked) => dot(asked, vector))),
          section: most(vectors.asked.map((asked) => profiles.similarity(asked, chunk.headingPath.slice(1)))),
          kind: most(kindsOfHeading(chunk.headingPath.slice(1)).map((kind) => plan.kinds[kind] ?? 0)),
        },
      ];
    }),
  );
  const linked = new Map(plan.linked.map((link) => [link.documentId, link]));
  const strengthOf = ({ weight, cover }: LinkedName) => weight * cover;
  const bestLink = most(plan.linked.map(strengthOf));
  /** Beside the best name of the same thing; a thing that is much less sure than the surest counts less. */
  const shareOf = (link: LinkedName) => {
    const subject = plan.subjects.find(({ documentIds }) => documentIds.includes(link.documentId));
    const leader = subject && linked.get(subject.documentIds[0]!);
    return leader
      ? (strengthOf(link) / strengthOf(leader)) * Math.min(1, subject.share / 0.6)
      : strengthOf(link) / bestLink;
  };
  // Where even the best-named document has only half of its name there, nothing may be named at all.
  const sureness = Math.min(1, Math.max(0, (most(plan.linked.map(({ cover }) => cover)) - 0.3) / 0.4));
  const bestLexical = most(candidates.map(({ scores }) => scores.lexical ?? 0)) || 1;
  const document = new Map<string, number>();
  const firstOf = new Map<string, Candidate>();
  // An abbreviation that no document lists is, if anywhere, in the text: then words are what names a document. A code does not:
  // it is in a document, or it is not.
  const byWords = plan.subjects.length === 0 && plan.exact.length === 0 && hasAbbreviation(plan.text);
  const listing = nameListing();
  for (const [index, candidate] of candidates.entries()) {
    const { chunk, vector, scores, ranks, evidence } = candidate;
    const cosine = vector ? dot(vectors.full, vector) : 0;
    if (vector) scores.dense = cosine;
    evidence.dense = cosine;
    evidence.focused =
      vectors.focused.length > 0 && vector
        ? most(vectors.focused.map((query) => dot(query, vector)))
        : cosine;
    // "What is it?" is like every section and none.
    evidence.asked = vector && !plan.bare ? most(vectors.asked.map((query) => dot(query, vector))) : 0;
    const path = paths[index]!;
    const told = ofPath.get(path);
    if (told) Object.assign(evidence, plan.bare ? { kind: told.kind } : told);
    evidence.listing = listing(chunk);
    evidence.lexical = (scores.lexical ?? 0) / bestLexical;
    evidence.denseRank = ranks.dense ? 60 / (60 + ranks.dense) : 0;
    evidence.lexicalRank = ranks.lexical ? 60 / (60 + ranks.lexical) : 0;
    const link = linked.get(chunk.documentId);
    if (link) {
      evidence.named = sureness * shareOf(link);
      evidence.cover = sureness * link.cover;
      evidence.verbatim = Number(link.verbatim);
    }
    if (byWords) evidence.named = Math.max(evidence.named, evidence.lexical);
    document.set(chunk.documentId, Math.max(document.get(chunk.documentId) ?? -1, cosine));
    const section = `${chunk.documentId}\u0000${path}`;
    const before = firstOf.get(section);
    if (!before || chunk.ordinal < before.chunk.ordinal) firstOf.set(section, candidate);
  }
  // A report on N5921D writes the number once; what it says of the cause is about it all the same.
  const holders = holdersOf(plan.exact, candidates);
  for (const [documentId, share] of documentsByCode(holders))
    for (const { chunk, evidence } of candidates)
      if (chunk.documentId === documentId) evidence.named = Math.max(evidence.named, share);
  // A document without a section of that kind may answer at its beginning, or anywhere.
  const surest = most(Object.values(plan.kinds));
  const general = new Map<string | undefined, boolean>();
  const isGeneral = ({ headingPath }: Candidate['chunk']) => {
    const heading = headingPath.length > 1 ? headingPath.at(-1) : undefined;
    let is = general.get(heading);
    if (is === undefined) {
      is = kindsOfHeading(headingPath.slice(1)).includes('meaning');
      general.set(heading, is);
    }
    return is;
  };
  for (const own of Map.groupBy(candidates, ({ chunk }) => chunk.documentId).values()) {
    if (own.some(({ evidence }) => evidence.kind > 0)) continue;
    const beginnings = own.filter(({ chunk }) => isGeneral(chunk));
    for (const { evidence } of beginnings.length > 0 ? beginnings : own) evidence.kind = surest / 2;
  }
  const openings = new Map<string, string>();
  for (const [index, { chunk }] of candidates.entries())
    if (chunk.ordinal === 0) openings.set(chunk.documentId, paths[index]!);
  for (const [index, { chunk, evidence }] of candidates.entries()) {
    evidence.lead = Number(plan.bare && openings.get(chunk.documentId) === paths[index]);
  }
  for (const { chunk, evidence } of candidates) {
    evidence.document = document.get(chunk.documentId)!;
    evidence.meant = evidence.named * Math.max(0, evidence.document);
  }
  for (const { evidence } of firstOf.values()) evidence.first = evidence.kind;
  for (const having of holders)
    for (const { evidence } of having) evidence.exact += Math.min(1, few / having.length) / plan.exact.length;
}

/** For each code the candidates that have it. */
const holdersOf = (codes: readonly string[], candidates: readonly Candidate[]): Candidate[][] =>
  codes.map((code) => candidates.filter(({ chunk }) => termsIn(chunk, [code]).length > 0));

/** Documents that have a code which few others have: each its share. */
function documentsByCode(holders: readonly Candidate[][]): Map<string, number> {
  const shares = new Map<string, number>();
  for (const having of holders) {
    const documents = new Set(having.map(({ chunk }) => chunk.documentId));
    if (documents.size > fewDocuments) continue;
    for (const id of documents) shares.set(id, Math.max(shares.get(id) ?? 0, 1 / documents.size));
  }
  return shares;
}

/** A code in more documents than these names none of them. */
const fewDocuments = 3;

/** A code in more passages than these says less about which of them is meant. */
const few = 5;

/** "ABL", "HbS", "SCA17"; capitals in a question that is all capitals are no sign. */
function hasAbbreviation(text: string): boolean {
  return (
    text !== text.toUpperCase() && /(?<![\p{L}\p{N}])\p{Lu}[\p{Ll}\p{N}]?\p{Lu}[\p{L}\p{N}]*/u.test(text)
  );
}

/** "Also called: …" and no more: nearly all of its words are its document's names, which are in its prefix. */
function nameListing(): (chunk: Candidate['chunk']) => number {
  // Passages of one document have one prefix.
  const named = new Map<string, ReadonlySet<string>>();
  const namesIn = (prefix: string) => {
    let names = named.get(prefix);
    if (!names) named.set(prefix, (names = new Set(contentWords(`${prefix} also called known synonyms`))));
    return names;
  };
  return ({ text, prefix, title }) => {
    // What is longer says more than names.
    if (text.length > 600) return 0;
    const said = contentWords(text);
    if (said.length === 0) return 0;
    const names = namesIn(`${title} ${prefix ?? ''}`);
    return Number(said.filter((word) => names.has(word)).length >= 0.7 * said.length);
  };
}
