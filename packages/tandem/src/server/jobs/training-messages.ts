import type { NetworkPolicy } from '../../models/network-policy.ts';
import type { TuningMethod } from '../schemas/fine-tuning.ts';
import type { JobError, SettledTraining, TunedWeights } from './job.ts';

/** What a training process is told to do: plain data. Paths are absolute. */
export interface TrainingSpec {
  jobId: string;
  /** The data folder, with the uploaded files' copies. */
  folder: string;
  catalog: string;
  /** The base's weights. */
  reference: string;
  network?: NetworkPolicy['mode'];
  /** An adapter to train further: the folder of the job that made it, and its id there. */
  from?: { folder: string; catalog: string; adapterId: string };
  training: { path: string; filename: string };
  validation?: { path: string; filename: string };
  method: TuningMethod;
  seed: number;
  /** Seconds; the ends of epochs are kept in any case. */
  checkpointEverySeconds?: number;
  /** What the training should stay within, such as `2GB`. */
  memory?: string;
}

/** What a training process tells while it works. */
export type TrainingReport =
  | { type: 'planned'; examples: number; steps: number; settled: SettledTraining }
  /** Found unfinished: steps that are done already, which the server may not have heard of. `losses[0]` is of step 1. */
  | { type: 'continued'; step: number; losses: number[]; validation: { step: number; loss: number }[] }
  | { type: 'step'; step: number; steps: number; loss: number; secondsLeft?: number }
  | { type: 'validation'; step: number; loss: number }
  /** The model at the end of an epoch was written to `file`, relative to the folder. */
  | { type: 'checkpoint'; step: number; file: string };

/** How a training process ended. `stopped`: asked to, with its checkpoint kept. `died`: without a word. */
export type TrainingEnd =
  | { type: 'succeeded'; weights: TunedWeights; step: number; tokens: number }
  | { type: 'failed'; error: JobError }
  | { type: 'stopped' }
  | { type: 'died'; how: string };

/** To the process. */
export type ToTraining = { type: 'train'; spec: TrainingSpec } | { type: 'stop' };
/** From it. */
export type FromTraining = TrainingReport | Exclude<TrainingEnd, { type: 'died' }>;

/** A training process, or what stands for one in a test. */
export interface RunningTraining {
  /** Ends it after a checkpoint. */
  stop(): void;
  /** Ends it at once. */
  kill(): void;
  /** Resolves when the process is gone. */
  ended: Promise<TrainingEnd>;
}

export type StartTraining = (
  spec: TrainingSpec,
  onReport: (report: TrainingReport) => void,
) => RunningTraining;
