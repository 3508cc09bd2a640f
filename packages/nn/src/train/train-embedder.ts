import type { EmbedderJob, EmbedderResult, EncoderProgress } from './encoder-job.ts';
import { runInThread } from './run-in-thread.ts';

/**
 * Fine-tunes a BERT sentence embedder in a worker thread, and writes a folder that `BertEncoder.load` and
 * sentence-transformers load. Negatives are the other texts of the batch (sentence-transformers'
 * MultipleNegativesRankingLoss) and those that the pairs name.
 *
 *     const { metrics } = await trainEmbedder({
 *       directory: 'all-MiniLM-L6-v2', outputDirectory: 'my-embedder',
 *       pairs: [{ query: 'What is MI?', positive: 'Myocardial infarction is …', negatives: ['Mitral insufficiency is …'] }],
 *       onProgress: ({ stage, done, total, detail }) => console.log(stage, done, total, detail),
 *     });
 *
 * The same input gives the same weights, bit for bit on the same machine with the same number of threads. With
 * `checkpointDirectory` and `resume`, a training that was killed or aborted continues where it was and ends with the
 * same weights. On abort the promise is rejected with the signal's reason, after the current pass, and no model is
 * written.
 *
 * @throws InvalidExampleError, InvalidHyperparameterError, UnsupportedModelError, FileFormatError for bad input;
 *   TrainingDivergedError when the loss or its gradient is no longer a finite number; CheckpointMismatchError when
 *   `resume` finds another training's checkpoint; FileWriteError when the result cannot be written.
 */
export function trainEmbedder(
  options: EmbedderJob & { signal?: AbortSignal; onProgress?: (progress: EncoderProgress) => void },
): Promise<EmbedderResult> {
  const { signal, onProgress, ...job } = options;
  return runInThread({ kind: 'embedder', job }, { signal, onProgress });
}
