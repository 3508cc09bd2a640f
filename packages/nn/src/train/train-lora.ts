import type { LogitsJob, LogitsResult, LossJob, LossResult } from './job.ts';
import { runInThread } from './run-in-thread.ts';
import type { PreferenceTrainingJob, TrainingJob, TrainingProgress, TrainingResult } from './training-job.ts';

interface Listeners {
  signal?: AbortSignal;
  onProgress?: (progress: TrainingProgress) => void;
}

/**
 * Trains a LoRA adapter for a decoder, from a GGUF file or a Hugging Face folder, in a worker thread.
 *
 *     const { adapter, metrics } = await trainLora({
 *       model: 'SmolLM2-135M-Instruct.Q4_1.gguf',
 *       examples: [{ tokens, labelSpans: [[40, 120]] }],
 *       checkpointDirectory: 'run', resume: true,
 *       onProgress: ({ stage, done, total, detail }) => console.log(stage, done, total, detail),
 *     });
 *
 * The same input gives the same adapter, bit for bit on the same machine with the same number of threads, whether or
 * not the training was interrupted and resumed (except with `maxMinutes`). On abort the promise is rejected with the
 * signal's reason, after the current pass, when the checkpoint is on disk.
 *
 * @throws InvalidExampleError, InvalidHyperparameterError, UnsupportedModelError, FileFormatError for bad input;
 *   CheckpointMismatchError when `resume` finds another training's checkpoint; TrainingDivergedError when the loss or
 *   its gradient is no longer a finite number; FileWriteError when the checkpoint cannot be written.
 */
export function trainLora(options: TrainingJob & Listeners): Promise<TrainingResult> {
  const { signal, onProgress, ...job } = options;
  return runInThread({ kind: 'train', job }, { signal, onProgress });
}

/**
 * Trains a LoRA adapter on pairs of replies of which one was preferred, by direct preference optimisation (Rafailov et
 * al. 2023): the chosen reply becomes more likely and the rejected one less, relative to the model before. So thumbs up
 * and down can become training data. This works best after a supervised training whose adapter is the `initialAdapter`.
 *
 *     const { adapter, metrics } = await trainPreferences({
 *       model: 'SmolLM2-135M-Instruct.Q4_1.gguf',
 *       preferences: [{ prompt, chosen, rejected }], // token ids
 *     });
 *
 * The loss at the start is log 2. Checkpoints, resuming, aborting and errors are as in {@link trainLora}.
 */
export function trainPreferences(options: PreferenceTrainingJob & Listeners): Promise<TrainingResult> {
  const { signal, onProgress, ...job } = options;
  return runInThread({ kind: 'train', job }, { signal, onProgress });
}

/**
 * Measures the mean cross-entropy of the examples' labelled tokens under the model, with or without an adapter, in a
 * worker thread. Errors for bad input are those of {@link trainLora}.
 */
export function evaluateLoss(options: LossJob & Listeners): Promise<LossResult> {
  const { signal, onProgress, ...job } = options;
  return runInThread({ kind: 'loss', job }, { signal, onProgress });
}

/**
 * The logits of every sequence at the positions asked for, [positions, vocabulary] each, computed in a worker thread:
 * for comparing with another implementation. Pass all sequences at once, because each call loads the model. Errors for
 * bad input are those of {@link trainLora}.
 */
export function decoderLogits(options: LogitsJob & { signal?: AbortSignal }): Promise<LogitsResult> {
  const { signal, ...job } = options;
  return runInThread({ kind: 'logits', job }, { signal });
}
