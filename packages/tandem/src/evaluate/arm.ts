import type { Answer } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';

/** What the table says about an arm. `reference` rows are shown and compared against but never chosen. */
export interface ArmInfo {
  /** Unique in a comparison: `base`, `rag`, `tuned`, `hybrid`, or a reference row's own name such as `rag+glossary`. */
  name: string;
  /** What people read; the name where there is nothing better. */
  label: string;
  /** One sentence: what this arm is made of. */
  description: string;
  /** In the table as a yardstick, never the verdict's choice. */
  reference: boolean;
  /** Has passages in its prompt: citation and retrieval metrics apply. */
  retrieves: boolean;
  /** Needs a trained adapter: named among the costs. */
  trained: boolean;
  /** The chat model, where it is another than the comparison's. */
  model?: string;
  /** false: its answers do not say how many tokens they took. */
  countsTokens?: false;
  /**
   * Paths of the only fields that it answers with. What else a case expects is not asked of it: metrics of other fields and of the text, and of
   * the answer as a whole where the case expects more than these, do not apply (`Metric.about`). Absent: it answers with everything.
   */
  answersOnly?: readonly string[];
}

/** An arm that can be asked. */
export interface ArmUnderTest extends ArmInfo {
  /**
   * Hash of everything that decides this arm's answers (model, adapter, prompt, grammar, index, k, generation options).
   * Stored answers are reused only for an equal fingerprint.
   */
  fingerprint: string;
  /** Rejects with a `TandemError` of category `user` when this question cannot be answered (context overflow). */
  answer(testCase: Case, signal: AbortSignal): Promise<Answer>;
}
