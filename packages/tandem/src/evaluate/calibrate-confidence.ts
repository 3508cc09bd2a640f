import { type AnsweringParts, createAnswerer } from '../answer/answerer.ts';
import { confidenceKey, fitConfidence } from '../answer/confidence.ts';
import { stringFieldSpan, valueAt } from '../answer/structured-output.ts';
import { hashJson } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Adapter } from '../core/types/adapter.ts';
import type { ArmName } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import { type ChosenPrompt, stored } from './choose-prompts.ts';
import type { ResultStore } from './types.ts';

/** Fewer validation answers than this and the raw probability is given as it is. */
const leastCases = 12;

/**
 * Fits each arm's confidence on validation cases: only the reply's first fields are generated, since that is all it takes to
 * know the probability of the compared field and whether it was right. Kept in the catalogue for `ask`.
 */
export async function calibrateConfidence(
  parts: AnsweringParts,
  options: {
    names: readonly ArmName[];
    prompts: readonly ChosenPrompt[];
    validation: readonly Case[];
    adapter: Adapter | undefined;
    store: ResultStore;
    common: string;
    signal?: AbortSignal | undefined;
    onProgress?: ProgressListener | undefined;
  },
): Promise<{ notes: { label: string; text: string }[] }> {
  const confidence = parts.settings.answer.output?.confidence;
  const { names, validation, adapter } = options;
  if (!confidence || validation.length < leastCases) return { notes: [] };
  const notes: { label: string; text: string }[] = [];
  const total = names.length * validation.length;
  let done = 0;
  for (const arm of names) {
    const trained = arm === 'tuned' || arm === 'hybrid';
    const answerer = await createAnswerer(parts, {
      arm,
      ...(trained && adapter && { adapterId: adapter.id }),
    });
    const variant = options.prompts.find((prompt) => prompt.arm === arm)?.variant;
    const probabilities: number[] = [];
    const right: boolean[] = [];
    for (const testCase of validation) {
      options.onProgress?.({
        stage: 'calibrating confidence',
        done: done++,
        total,
        unit: 'answers',
        detail: arm,
      });
      const key = hashJson({
        purpose: 'calibrate',
        common: options.common,
        arm,
        variant,
        adapter: trained ? adapter?.id : undefined,
        question: testCase.question,
      });
      const answer = await stored(options.store, key, arm, testCase, () =>
        answerer.answer(testCase.question, {
          maxTokens: 24,
          ...(variant && { variant }),
          ...(options.signal && { signal: options.signal }),
        }),
      );
      const span = answer && stringFieldSpan(answer.raw, confidence.of);
      if (!span || answer.rawConfidence === undefined) continue;
      probabilities.push(answer.rawConfidence);
      right.push(answer.raw.slice(span.start, span.end - 1) === valueAt(testCase.expected, confidence.of));
    }
    if (right.length < leastCases) continue;
    const fitted = fitConfidence(probabilities, right);
    await parts.catalog.calibrations.put(confidenceKey(arm, trained ? adapter?.id : undefined), fitted);
    notes.push({
      label: `Confidence of ${arm}`,
      text: `calibrated on ${fitted.cases} validation answers (${Math.round(fitted.share * 100)} % right): expected calibration error ${fitted.eceBefore.toFixed(2)} before, ${fitted.eceAfter.toFixed(2)} after, on the answers it was fitted to.`,
    });
  }
  options.onProgress?.({ stage: 'calibrating confidence', done: total, total, unit: 'answers' });
  return { notes };
}
