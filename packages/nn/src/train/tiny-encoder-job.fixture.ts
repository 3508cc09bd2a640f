import path from 'node:path';
import { seededRandom } from '../graph/seeded-random.ts';
import { runCrossEncoderTraining } from './cross-encoder-training.ts';
import type { EmbedderPair } from './embedder-batches.ts';
import { runEmbedderTraining } from './embedder-training.ts';
import type { EmbedderJob, EmbedderResult, EncoderHooks } from './encoder-job.ts';

/** A BERT of some thousand weights, whose words are letters. */
export const tinyEmbedder = path.join(import.meta.dirname, '../../references/bert/embedder');

/** A task that can be learnt: a text of letters is answered by the same letters, each one further on. */
export function shiftedPairs(count: number, seed: number): EmbedderPair[] {
  const random = seededRandom(seed);
  const letter = (at: number) => String.fromCharCode(97 + (at % 20));
  return Array.from({ length: count }, () => {
    const letters = Array.from({ length: 3 + Math.floor(random() * 5) }, () => Math.floor(random() * 20));
    return {
      query: letters.map(letter).join(' '),
      positive: letters.map((at) => letter(at + 1)).join(' '),
      negatives: [letters.map((at) => letter(at + 2)).join(' ')],
    };
  });
}

/** Trainings of a second that must end the same whether or not they were killed and resumed. */
export const encoderVariants: Record<
  string,
  (
    job: Pick<EmbedderJob, 'outputDirectory' | 'checkpointDirectory'>,
    hooks?: EncoderHooks,
  ) => Promise<EmbedderResult>
> = {
  embedder: (given, hooks = {}) => runEmbedderTraining({ ...job, ...given }, hooks),
  int8: (given, hooks = {}) =>
    runEmbedderTraining(
      { ...job, ...given, hyperparameters: { ...job.hyperparameters, products: 'int8' } },
      hooks,
    ),
  lora: (given, hooks = {}) =>
    runEmbedderTraining(
      { ...job, ...given, hyperparameters: { ...job.hyperparameters, method: 'lora', rank: 4 } },
      hooks,
    ),
  'cross-encoder': (given, hooks = {}) => runCrossEncoderTraining({ ...job, ...given }, hooks),
};

const job = {
  directory: tinyEmbedder,
  pairs: shiftedPairs(48, 1),
  validation: shiftedPairs(10, 2),
  hyperparameters: { batchSize: 8, epochs: 4, learningRate: 0.01, weightDecay: 0.01 },
  threads: 1,
  checkpointEverySeconds: 0,
  resume: true,
};
