import { canonicalJson } from '../core/hash.ts';
import type { CaseRecord } from './comparison-result.ts';

/** By what a case is found again in another comparison: its question and what was expected, whatever its id. */
export function caseKey({ case: { question, expected } }: CaseRecord): string {
  return canonicalJson({ question, expected });
}
