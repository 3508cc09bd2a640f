import { seededRandom } from '../graph/finite-differences.ts';
import { loadTinyReference } from '../models/tiny-reference.ts';
import type { TrainingExample } from './examples.ts';
import type { TrainingJob } from './training-job.ts';

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

/** For tests: a training of a second on the tiny model. */
export async function tinyJob(overrides: Partial<TrainingJob> = {}): Promise<TrainingJob> {
  const { model } = await loadTinyReference();
  return {
    model,
    examples: countingExamples(22, 1),
    validation: countingExamples(6, 2),
    hyperparameters: { rank: 4, alpha: 8, learningRate: 0.02, epochs: 3 },
    threads: 1,
    ...overrides,
  };
}
