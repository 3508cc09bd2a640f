import type { Settings } from '../../core/settings.ts';
import { type RelevanceParts, relevanceOf } from '../relevance.ts';
import { type AnswerStep, refuse } from '../step.ts';

/**
 * Looks whether anything that was found is about the question: a passage, or a sentence of one, must reach `retrieve.leastSimilarity`
 * (`relevanceOf` says how it is measured). Where nothing does, the reply is that the sources do not say, and no model is asked to make
 * something of it. This is the cheap half of "not in the sources": whether a passage on the subject really holds the answer is the
 * model's to say, and later verification's.
 */
export function assessStep(
  parts: RelevanceParts & { settings: Pick<Settings, 'retrieve' | 'answer'> },
): AnswerStep {
  const { retrieve, answer } = parts.settings;
  return {
    name: 'assess',
    async run({ request, retrieved, reply }, { signal }) {
      if (reply || !retrieved) return {};
      const { passages } = retrieved;
      const relevance =
        passages.length > 0 &&
        (await relevanceOf(request.searchFor ?? request.question, retrieved, parts, {
          enough: retrieve.leastSimilarity,
          signal,
        }));
      if (relevance === false) return refuse(answer.notInSources);
      // Found by words alone (an index without vectors): nothing to measure by, so the model decides.
      return relevance === undefined || relevance >= retrieve.leastSimilarity
        ? {}
        : refuse(answer.notInSources);
    },
  };
}
