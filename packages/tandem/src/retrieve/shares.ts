import { type Evidence, evidenceNames } from './evidence.ts';
import type { Ranking } from './ranking.ts';

/** What a passage's score is made of. They add up to it; what is below 0 counts against the passage. */
export interface Shares {
  /** The question says what the document is called. */
  name: number;
  /** Cosines, and the place in the search by meaning. */
  meaning: number;
  /** BM25, the place in the search by words, and codes that are there as they are written. */
  words: number;
  /** What its heading says, beside what is asked. */
  section: number;
  /** Where in its section and document it is, and whether it only lists names. */
  place: number;
  reranker: number;
  /** Passages of its section, document or subject that are shown above it. */
  repeats: number;
}

/** Sums up nineteen weighted numbers in five groups, by what they measure, with what was added and subtracted after them. */
export function sharesOf(
  {
    evidence,
    rerank = 0,
    score,
  }: { evidence: Evidence /** The reranker's score. */; rerank?: number | undefined; score: number },
  { weights, reranked }: Ranking,
  /** What the sum of weighed evidence is divided by. */
  scale: number,
): Shares {
  const shares: Shares = { name: 0, meaning: 0, words: 0, section: 0, place: 0, reranker: 0, repeats: 0 };
  for (const name of evidenceNames) shares[groupOf[name]] += (weights[name] * evidence[name]) / scale;
  shares.reranker = (reranked * rerank) / scale;
  shares.repeats = score - Object.values(shares).reduce((sum, share) => sum + share, 0);
  return shares;
}

const groupOf: Record<keyof Evidence, keyof Shares> = {
  dense: 'meaning',
  focused: 'meaning',
  asked: 'meaning',
  denseRank: 'meaning',
  document: 'meaning',
  lexical: 'words',
  condensed: 'words',
  lexicalRank: 'words',
  exact: 'words',
  named: 'name',
  cover: 'name',
  verbatim: 'name',
  meant: 'name',
  heading: 'section',
  section: 'section',
  kind: 'section',
  first: 'place',
  lead: 'place',
  listing: 'place',
};
