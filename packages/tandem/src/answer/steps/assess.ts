import type { Settings } from '../../core/settings.ts';
import type { Passage } from '../../core/types/document.ts';
import { type AnswerStep, refuse } from '../step.ts';

/**
 * Looks whether anything that was found is about the question. Where nothing is, the reply is that the sources do not say, and no model is
 * asked to make something of it.
 */
export function assessStep(settings: Pick<Settings, 'retrieve' | 'answer'>): AnswerStep {
  return {
    name: 'assess',
    run({ retrieved, reply }) {
      if (reply || !retrieved || isSufficient(retrieved.passages, settings.retrieve)) return {};
      return refuse(settings.answer.notInSources);
    },
  };
}

/**
 * Is any of the passages about the question at all? The cheap and non-generative first half of "not in the sources": the
 * best cosine of a passage must reach `retrieve.leastSimilarity`. Whether a passage on the subject really holds the answer is
 * the model's to say, and later verification's.
 */
export function isSufficient(passages: readonly Passage[], retrieve: Settings['retrieve']): boolean {
  if (passages.length === 0) return false;
  const similarities = passages.map(({ scores }) => scores.dense).filter((score) => score !== undefined);
  // Found by words alone (an index without vectors): nothing to measure by, so the model decides.
  if (similarities.length === 0) return true;
  return Math.max(...similarities) >= retrieve.leastSimilarity;
}
