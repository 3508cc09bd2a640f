import type { RetrievalEvaluation } from '../retrieval.ts';
import type { RetrievalDifference } from '../retrieval-difference.ts';

/** What can be learnt or trained from a project's own questions for its searches. */
export type LearntKind = 'ranking' | 'reranker' | 'embedder';

/** Searches of the same cases with and without something; the intervals are 95 %, by groups. */
export interface PairedEvaluation {
  with: Pick<RetrievalEvaluation, 'recall' | 'ndcg'>;
  without: Pick<RetrievalEvaluation, 'recall' | 'ndcg'>;
  /** With it less without it, case by case. */
  difference: RetrievalDifference;
  /** By the interval of the difference in nDCG@10: wholly above 0, wholly below, or neither. */
  verdict: 'pays' | 'costs' | 'no difference found';
  /** What is not as in the project as configured, on both sides. */
  note?: string;
}

/** A ranking, a reranker or an embedder that the project has: with and without it, all else as configured. */
export interface LearntPart extends PairedEvaluation {
  kind: LearntKind;
  /** As its setting names it, or would. */
  reference: string;
  isConfigured: boolean;
}

/** What each thing that was learnt or trained from a project's questions brings in its searches. */
export interface LearntEvaluation {
  /** As the settings are. */
  configured: RetrievalEvaluation;
  parts: LearntPart[];
  /**
   * All that go together against none of them; empty where there are fewer than two. A ranking goes with the embedder that it was learnt
   * with: where that is not the tuned one, ranking and reranker are one set, reranker and embedder the other.
   */
  together: (PairedEvaluation & { kinds: LearntKind[] })[];
  /** What is there and could not be compared, and why in a sentence. */
  leftOut: { kind: LearntKind; reference: string; why: string }[];
  /** What came of it, in sentences. */
  summary: string;
}
