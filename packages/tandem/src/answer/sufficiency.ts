import type { Config } from '../core/config.ts';
import type { Passage } from '../core/types/document.ts';

/**
 * Is any of the passages about the question at all? The cheap and non-generative first half of "not in the sources": the
 * best cosine of a passage must reach `retrieve.leastSimilarity`. Whether a passage on the subject really holds the answer is
 * the model's to say, and later verification's.
 */
export function isSufficient(passages: readonly Passage[], retrieve: Config['retrieve']): boolean {
  if (passages.length === 0) return false;
  const similarities = passages.map(({ scores }) => scores.dense).filter((score) => score !== undefined);
  // Found by words alone (an index without vectors): nothing to measure by, so the model decides.
  if (similarities.length === 0) return true;
  return Math.max(...similarities) >= retrieve.leastSimilarity;
}
