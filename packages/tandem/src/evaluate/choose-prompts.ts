import { type AnsweringParts, createAnswerer } from '../answer/answerer.ts';
import { promptVariants } from '../answer/prompt.ts';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { hashJson } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { PromptVariant } from '../core/settings.ts';
import type { Answer, ArmName } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import type { Metric, Provenance, ResultStore } from './types.ts';

export interface ChosenPrompt {
  arm: 'base' | 'rag';
  variant: PromptVariant;
  /** All that were tried, with their validation scores, as the report lists them. */
  tried: NonNullable<Provenance['prompts']>[number]['variants'];
}

/**
 * For base and rag, the prompt that does best on validation cases: by the primary metric, then by the mean of the graded text
 * metric, so that ties at zero are still told apart. Held-out cases have no part in it. The trained arms have one prompt,
 * the one they were trained with.
 */
export async function choosePrompts(
  parts: AnsweringParts,
  options: {
    names: readonly ArmName[];
    validation: readonly Case[];
    metrics: readonly Metric[];
    primary: string;
    store: ResultStore;
    common: string;
    signal?: AbortSignal | undefined;
    onProgress?: ProgressListener | undefined;
  },
): Promise<ChosenPrompt[]> {
  const { validation, metrics } = options;
  const arms = options.names.filter((name): name is 'base' | 'rag' => name === 'base' || name === 'rag');
  const primary = metrics.find(({ id }) => id === options.primary)!;
  const graded = metrics.find(({ id }) => id === 'token-f1') ?? primary;
  const total =
    arms.reduce((sum, arm) => sum + promptVariants(arm, parts.settings.answer).length, 0) * validation.length;
  const chosen: ChosenPrompt[] = [];
  let done = 0;
  for (const arm of arms) {
    const variants = promptVariants(arm, parts.settings.answer);
    if (variants.length === 1 || validation.length === 0) {
      chosen.push({ arm, variant: variants[0]!, tried: [] });
      continue;
    }
    const answerer = await createAnswerer(parts, { arm });
    const info = {
      name: arm,
      label: arm,
      description: '',
      reference: false,
      retrieves: arm === 'rag',
      trained: false,
    };
    const tried: { variant: PromptVariant; score: number; tieBreak: number }[] = [];
    for (const variant of variants) {
      const scores: number[] = [];
      const grades: number[] = [];
      for (const testCase of validation) {
        options.onProgress?.({
          stage: 'choosing prompts on validation cases',
          done,
          total,
          unit: 'answers',
          detail: `${arm} ${variant.id}`,
        });
        const key = hashJson({
          purpose: 'choose prompt',
          common: options.common,
          arm,
          variant,
          question: testCase.question,
        });
        const answer = await stored(options.store, key, arm, testCase, () =>
          answerer.answer(testCase.question, {
            variant,
            ...(options.signal && { signal: options.signal }),
          }),
        );
        done += 1;
        const value = (metric: Metric) =>
          (answer ? metric.value({ answer, testCase, arm: info }) : metric.whenFailed) ?? 0;
        scores.push(value(primary));
        grades.push(value(graded));
      }
      tried.push({ variant, score: mean(scores), tieBreak: mean(grades) });
    }
    options.onProgress?.({ stage: 'choosing prompts on validation cases', done, total, unit: 'answers' });
    const best = tried.reduce((a, b) =>
      b.score > a.score || (b.score === a.score && b.tieBreak > a.tieBreak) ? b : a,
    );
    const tie = tried.every(({ score }) => score === best.score);
    chosen.push({
      arm,
      variant: best.variant,
      tried: tried.map(({ variant, score, tieBreak }) => ({
        id: variant.id,
        score: tie ? tieBreak : score,
        metric: tie ? graded.name : primary.name,
        cases: validation.length,
        text: variant.system,
      })),
    });
  }
  return chosen;
}

/** The answer from the store, or made now and stored; undefined where the prompt does not fit the context. */
export async function stored(
  store: ResultStore,
  key: string,
  arm: string,
  testCase: Case,
  make: () => Promise<Answer>,
): Promise<Answer | undefined> {
  const row = store.get(key);
  if (row) return row.answer;
  try {
    const answer = await make();
    await store.put(key, { arm, caseId: testCase.id, pass: 'answers', answer });
    return answer;
  } catch (error) {
    if (!ContextOverflowError.isInstance(error)) throw error;
    await store.put(key, {
      arm,
      caseId: testCase.id,
      pass: 'answers',
      failure: { message: error.message, code: error.code },
    });
    return undefined;
  }
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
