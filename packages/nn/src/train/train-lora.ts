import type { LogitsJob, LogitsResult, LossJob, LossResult } from './job.ts';
import { runInThread } from './run-in-thread.ts';
import type { PreferenceTrainingJob, TrainingJob, TrainingProgress, TrainingResult } from './training-job.ts';

interface Listening {
  signal?: AbortSignal;
  onProgress?: (progress: TrainingProgress) => void;
}

/**
 * Trains a LoRA adapter for a decoder, a GGUF file or a Hugging Face folder, in a worker thread.
 *
 *     const { adapter, metrics } = await trainLora({
 *       model: 'SmolLM2-135M-Instruct.Q4_1.gguf',
 *       examples: [{ tokens, labelSpans: [[40, 120]] }],
 *       checkpointDirectory: 'run', resume: true,
 *       onProgress: ({ stage, done, total, detail }) => console.log(stage, done, total, detail),
 *     });
 *
 * The same input gives the same adapter, bit for bit on the same machine with the same threads, whether or not it was
 * interrupted and resumed between (not so with `maxMinutes`). On abort the promise is rejected with the signal's
 * reason, after the current pass, when the checkpoint is on disk.
 *
 * @throws InvalidExampleError, InvalidHyperparameterError, UnsupportedModelError, FileFormatError for bad input;
 *   CheckpointMismatchError when `resume` finds another training's checkpoint; TrainingDivergedError when the loss is
 *   no longer a number; FileWriteError when the checkpoint cannot be written.
 */
export function trainLora(options: TrainingJob & Listening): Promise<TrainingResult> {
  const { signal, onProgress, ...job } = options;
  return runInThread({ kind: 'train', job }, { signal, onProgress });
}

/**
 * Trains a LoRA adapter on pairs of replies of which one was preferred, by direct preference optimisation (Rafailov et
 * al. 2023): the model learns to find the chosen reply more likely than the rejected one, relative to what it found before.
 * Thumbs up and down can so become training, best after a supervised one whose adapter is `initialAdapter`.
 *
 *     const { adapter, metrics } = await trainPreferences({
 *       model: 'SmolLM2-135M-Instruct.Q4_1.gguf',
 *       preferences: [{ prompt, chosen, rejected }], // token ids
 *     });
 *
 * The loss at the start is log 2. Checkpoints, resuming, aborting and errors are those of {@link trainLora}.
 */
export function trainPreferences(options: PreferenceTrainingJob & Listening): Promise<TrainingResult> {
  const { signal, onProgress, ...job } = options;
  return runInThread({ kind: 'train', job }, { signal, onProgress });
}

/** Mean cross-entropy of the examples' labelled tokens under the model, with or without an adapter. */
export function evaluateLoss(options: LossJob & Listening): Promise<LossResult> {
  const { signal, onProgress, ...job } = options;
  return runInThread({ kind: 'loss', job }, { signal, onProgress });
}

/**
 * Logits of every sequence at the positions asked for, [positions, vocabulary] each: for comparing with another
 * implementation. Give all sequences at once: each call loads the model.
 */
export function decoderLogits(options: LogitsJob & { signal?: AbortSignal }): Promise<LogitsResult> {
  const { signal, ...job } = options;
  return runInThread({ kind: 'logits', job }, { signal });
}
