import { seededRandom } from '../graph/seeded-random.ts';
import { loadTinyReference } from '../models/tiny-reference.fixture.ts';
import type { TrainingExample } from './examples.ts';
import type { PreferencePair } from './preferences.ts';
import type { PreferenceTrainingJob, TrainingJob } from './training-job.ts';

/** A task that can be learnt: each label is its predecessor plus one, or plus two, by the first token. */
export function countingExamples(count: number, seed: number): TrainingExample[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const stride = random() < 0.5 ? 1 : 2;
    const length = 5 + Math.floor(random() * 8);
    const start = 3 + Math.floor(random() * 20);
    const tokens = [stride, ...Array.from({ length }, (_, index) => start + index * stride)];
    return { tokens, labelSpans: [[3, tokens.length]] };
  });
}

/** The same task as a preference: counting on is chosen, counting back rejected. */
export function countingPairs(count: number, seed: number): PreferencePair[] {
  return countingExamples(count, seed).map(({ tokens }) => {
    const prompt = Array.from(tokens).slice(0, 3);
    const chosen = Array.from(tokens).slice(3);
    const [last] = prompt.slice(-1) as [number];
    return { prompt, chosen, rejected: chosen.map((_, index) => Math.max(0, last - 1 - index)) };
  });
}

const hyperparameters = { rank: 4, alpha: 8, learningRate: 0.02, epochs: 3 };

/** A training on the tiny model that takes a second. */
export async function tinyJob(overrides: Partial<TrainingJob> = {}): Promise<TrainingJob> {
  const { model } = await loadTinyReference();
  return {
    model,
    examples: countingExamples(22, 1),
    validation: countingExamples(6, 2),
    hyperparameters,
    threads: 1,
    ...overrides,
  };
}

/** The same with preferences. */
export async function tinyPreferenceJob(
  overrides: Partial<PreferenceTrainingJob> = {},
): Promise<PreferenceTrainingJob> {
  const { model } = await loadTinyReference();
  return {
    model,
    preferences: countingPairs(14, 1),
    validation: countingPairs(5, 2),
    hyperparameters,
    threads: 1,
    ...overrides,
  };
}

/** Trainings that must end the same whether or not they were killed and resumed. */
export const variants: Record<string, () => Promise<TrainingJob | PreferenceTrainingJob>> = {
  plain: () => tinyJob(),
  int8: () => tinyJob({ hyperparameters: { ...hyperparameters, frozenPrecision: 'int8' } }),
  dropout: () => tinyJob({ hyperparameters: { ...hyperparameters, dropout: 0.2 } }),
  'two passes a step': () =>
    tinyJob({
      hyperparameters: { ...hyperparameters, batchSize: 2, accumulate: 2, dropout: 0.1 },
      tokensPerPass: 20,
    }),
  'early stopping': () =>
    tinyJob({
      // What is validated is the opposite of what is taught, so patience ends it in the fifth step.
      validation: [{ tokens: [1, 50, 49, 48, 47, 46, 45, 44], labelSpans: [[3, 8]] }],
      hyperparameters: { ...hyperparameters, learningRate: 0.05, patience: 2 },
      evaluateEverySteps: 1,
    }),
  preferences: () => tinyPreferenceJob(),
};
