import type { Passage } from '../core/types/document.ts';
import type { StoredChunk } from '../store/chunk-table.ts';
import type { Weights } from './fuse/ranking.ts';
import type { Shares } from './fuse/shares.ts';
import type { QueryPlan } from './plan.ts';
import type { Candidate } from './search/candidates.ts';
import type { Signals } from './signals/signals.ts';

/** What was found for a question. */
export interface Retrieval {
  query: string;
  /** What abbreviations of the query were spelt out as before it was embedded; absent when there were none. */
  spelledOut?: string[];
  /** What was searched in a conversation, where it is not the question alone. */
  rewritten?: string;
  /**
   * Where the question names several things: each, and how many of the `passages` are from documents about it. Where it is
   * several questions: each, and how many of the `passages` have, or are in, one of those found for it alone. `best` is the rank of the
   * one that answers it best, of things that are listed and of questions.
   */
  parts?: { name: string; passages: number; best?: number }[];
  /** Names and codes in the question that no document has: nothing here can be about them. */
  missing?: string[];
  /** At most `k`, best first, no two of them (nearly) the same span of a document. */
  passages: Passage[];
  /** Milliseconds. Searches run at the same time: `dense` and `lexical` are the longest of each kind. */
  timings: {
    understand?: number;
    embed: number;
    dense: number;
    lexical: number;
    fuse: number;
    rerank?: number;
  };
  explanation?: Explanation;
}

/** Why these passages, in this order. */
export interface Explanation {
  plan: QueryPlan;
  /** What each signal is worth for this question in this index; of several questions, for the whole. */
  weights: Weights;
  /** Whether these weights are what the project's own questions taught (`retrieve.ranking`). */
  isLearned: boolean;
  /** All passages that were compared, in no order. */
  compared: Compared[];
  /** In the order of `passages`: where each search found it, and what spoke for it. */
  passages: {
    id: string;
    ranks: Candidate['ranks'];
    signals: Signals;
    /** What the score is the sum of; of two searches fused, the score in the one of them that found it. */
    shares: Shares;
  }[];
}

/** A candidate that was compared with the others: its chunk, and all that spoke for it. */
export type Compared = Pick<Candidate, 'ranks' | 'scores' | 'signals'> & { chunk: StoredChunk };
