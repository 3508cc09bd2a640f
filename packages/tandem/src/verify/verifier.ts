import type { CheckedVerdict } from '../core/types/answer.ts';

/** A claim, and the sentences that may bear it out. */
export interface ClaimToCheck {
  claim: string;
  evidence: readonly string[];
}

/** A verifier's judgement of one claim. */
export interface ClaimVerdict {
  verdict: CheckedVerdict;
  /** That the evidence supports the claim, from 0 to 1. */
  probability: number;
  /** Places in `evidence` of the sentences that it rests on, in order: those that support it, or say otherwise; of `not found` none. */
  supporting: number[];
}

/** What checks claims against evidence. */
export interface Verifier {
  /** Stands beside each verdict. */
  readonly name: string;
  /**
   * Whether a claim takes long: an answer's claims are then read once or twice each, with the evidence that has most of their words, and for all other
   * evidence words decide.
   */
  readonly isCostly?: boolean;
  /** That it reads (ISO 639-1); absent or `many`: any. With a costly one, claims about documents that are known to be in another language are left to words. */
  readonly languages?: 'many' | readonly string[] | undefined;
  /** One verdict for each claim, in the order given. Without evidence a claim is not found. */
  verify(claims: readonly ClaimToCheck[], options?: { signal?: AbortSignal }): Promise<ClaimVerdict[]>;
}
