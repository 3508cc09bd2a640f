import type { Config } from '../core/config.ts';
import type { ProgressListener } from '../core/progress.ts';

/** A conversation as the model that will be served reads it, and the positions it is to learn: `[start, end)` in tokens. */
export interface TokenisedExample {
  tokens: readonly number[];
  labelSpans: readonly (readonly [start: number, end: number])[];
}

export interface TrainingJob {
  /** The GGUF file that is served, whose quantised weights are trained against. */
  baseFile: string;
  train: readonly TokenisedExample[];
  validation: readonly TokenisedExample[];
  hyperparameters: Config['tune'];
  /** Where checkpoints go; a job found there unfinished is gone on with. */
  checkpointDirectory: string;
}

export interface TrainedAdapter {
  /** Files written: PEFT safetensors with its config, and a GGUF LoRA that llama.cpp loads. */
  files: { peft: string; gguf: string };
  steps: number;
  /** Tokens of real text, padding left out. */
  tokens: number;
  trainLoss: number;
  validationLossBefore?: number;
  validationLossAfter?: number;
  /** Of training alone, over all sittings. */
  seconds: number;
  tokensPerSecond: number;
  /** Peak resident memory of the process, bytes. */
  peakMemoryBytes: number;
}

/** One way to train: here, on a worker, or through a hosted API. Same job in, same result out. */
export interface Trainer {
  readonly name: string;
  /** `tokensPerSecond` undefined: unknown before the first step. Money in US dollars. */
  estimate(job: TrainingJob): Promise<{ steps: number; tokens: number; memoryBytes: number; money: number }>;
  train(
    job: TrainingJob,
    options: {
      /** Folder that the adapter's files are written to. */
      outputDirectory: string;
      onProgress?: ProgressListener;
      /** Something worth keeping: a step's loss, a validation, a checkpoint. */
      onEvent?: (kind: string, data: Record<string, number>) => void;
      signal?: AbortSignal;
    },
  ): Promise<TrainedAdapter>;
}
