import { type AnsweringParts, createAnswerer } from '../answer/answerer.ts';
import { confidenceKey, fitConfidence } from '../answer/confidence.ts';
import { stringFieldSpan, valueAt } from '../answer/structured-output.ts';
import { hashJson } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Adapter } from '../core/types/adapter.ts';
import type { ArmName } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import { isTrained } from './arms.ts';
import type { ChosenPrompt } from './choose-prompts.ts';
import type { Provenance } from './comparison-result.ts';
import type { ResultStore } from './result-store.ts';
import { reuseAnswer } from './reuse-answer.ts';

/** Fewer validation answers than this and the raw probability is given as it is. */
const leastCases = 12;

/** What confidence is calibrated with. */
export interface Calibrating {
  names: readonly ArmName[];
  prompts: readonly ChosenPrompt[];
  validation: readonly Case[];
  /** Of tuned and hybrid. */
  adapter?: Adapter;
  store: ResultStore;
  /** Hash of what all arms share. */
  shared: string;
  signal: AbortSignal;
  onProgress?: ProgressListener | undefined;
}

/**
 * Fits each arm's confidence on validation cases: only the reply's first fields are generated, since that is all it takes to
 * know the probability of the compared field and whether it was right. Kept in the catalogue for `ask`.
 * @returns what was done, as the report's notes
 */
export async function calibrateConfidence(
  calibrating: Calibrating,
  parts: AnsweringParts,
): Promise<NonNullable<Provenance['notes']>> {
  const confidence = parts.settings.answer.output?.confidence;
  const { validation, onProgress } = calibrating;
  // A head's probabilities are brought to scale when it is trained.
  const names = calibrating.names.filter((name) => name !== 'head');
  if (!confidence || validation.length < leastCases) return [];
  const notes: NonNullable<Provenance['notes']> = [];
  const total = names.length * validation.length;
  let done = 0;
  const report = (detail?: string) =>
    onProgress?.({
      stage: 'calibrating confidence',
      done,
      total,
      unit: 'answers',
      ...(detail && { detail }),
    });
  for (const arm of names) {
    const onCase = () => {
      report(arm);
      done++;
    };
    const { probabilities, right } = await askForConfidence(
      { ...calibrating, arm, of: confidence.of, onCase },
      parts,
    );
    if (right.length < leastCases) continue;
    const fitted = fitConfidence(probabilities, right);
    const adapterId = isTrained(arm) ? calibrating.adapter?.id : undefined;
    await parts.catalog.calibrations.put(confidenceKey(arm, adapterId), fitted);
    notes.push({
      label: `Confidence of ${arm}`,
      text: `calibrated on ${fitted.cases} validation answers (${Math.round(fitted.share * 100)} % right): expected calibration error ${fitted.eceBefore.toFixed(2)} before, ${fitted.eceAfter.toFixed(2)} after, on the answers it was fitted to.`,
    });
  }
  report();
  return notes;
}

/** One arm's probabilities of the field `of`, and whether it was right each time. */
async function askForConfidence(
  given: Calibrating & { arm: ArmName; of: string; onCase: () => void },
  parts: AnsweringParts,
): Promise<{ probabilities: number[]; right: boolean[] }> {
  const { arm, of } = given;
  const adapterId = isTrained(arm) ? given.adapter?.id : undefined;
  const answerer = await createAnswerer(parts, { arm, ...(adapterId !== undefined && { adapterId }) });
  const variant = given.prompts.find((prompt) => prompt.arm === arm)?.variant;
  const probabilities: number[] = [];
  const right: boolean[] = [];
  for (const testCase of given.validation) {
    given.onCase();
    const key = hashJson({
      purpose: 'calibrate',
      common: given.shared,
      arm,
      variant,
      adapter: adapterId,
      question: testCase.question,
    });
    const answer = await reuseAnswer(given.store, { key, arm, testCase }, () =>
      answerer.answer(testCase.question, {
        maxTokens: 24,
        signal: given.signal,
        ...(variant && { variant }),
      }),
    );
    const span = answer && stringFieldSpan(answer.raw, of);
    if (!span || answer.rawConfidence === undefined) continue;
    probabilities.push(answer.rawConfidence);
    right.push(answer.raw.slice(span.start, span.end - 1) === valueAt(testCase.expected, of));
  }
  return { probabilities, right };
}
