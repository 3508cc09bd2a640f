import type { DecoderModel } from '../models/decoder-config.ts';
import type { AdapterLineage, LoraAdapter } from '../models/lora-adapter.ts';
import type { TrainingExample } from './examples.ts';
import type { Hyperparameters } from './hyperparameters.ts';
import type { MemoryPlan } from './memory-plan.ts';
import type { PreferencePair } from './preferences.ts';

/** What a training needs whatever it learns from, as plain data that can go to a worker thread. */
export interface TrainingSettings {
  /** Path of a model's weights, or a model in memory. */
  model: string | DecoderModel;
  hyperparameters?: Partial<Hyperparameters>;
  /** Matrices to begin from, of the rank and targets that the hyperparameters give. Default: A random, B zero. */
  initialAdapter?: LoraAdapter;
  /**
   * What is known of the model and of the template that the examples were written with: compared with the initial adapter's,
   * and kept in the trained one. The architecture, and the hash of a model in one file, are found without it.
   */
  lineage?: AdapterLineage;
  /** Steps between two measurements of the validation loss. Default: by the amount of data. */
  evaluateEverySteps?: number;
  /** Folder for the checkpoint; without it nothing is saved. */
  checkpointDirectory?: string;
  /** Seconds between two checkpoints. Default 60; one is written at the end and when stopped in any case. */
  checkpointEverySeconds?: number;
  /** Go on from the folder's checkpoint if there is one. Default false: begin anew. */
  resume?: boolean;
  /** Default 2. */
  threads?: number;
  /**
   * Most tokens (with padding) in one pass through the graph: what memory depends on. Default: the plan's; the result does
   * not depend on it beyond rounding.
   */
  tokensPerPass?: number;
  /** Bytes that the process should stay within: the fastest plan that is expected to is taken (see `planMemory`). */
  memoryBytes?: number;
}

/** Supervised fine-tuning. */
export interface TrainingJob extends TrainingSettings {
  examples: readonly TrainingExample[];
  /** Their loss is measured at the start, at times between and at the end; the adapter with the lowest is returned. */
  validation?: readonly TrainingExample[];
}

/** Direct preference optimisation (Rafailov et al. 2023) against the model as it is before: base and initial adapter. */
export interface PreferenceTrainingJob extends TrainingSettings {
  preferences: readonly PreferencePair[];
  /** As in {@link TrainingJob}. */
  validation?: readonly PreferencePair[];
}

/** Fits `ProgressListener`s that know only stage, done, total, unit and detail. */
export interface TrainingProgress {
  stage: 'loading model' | 'measuring reference' | 'measuring validation loss' | 'training';
  /** Steps, or validation examples. */
  done: number;
  total: number;
  unit: 'steps' | 'examples' | 'pairs' | 'models';
  detail?: string;
  /** Until the last step, validation included. From the tokens the steps to come have, at the pace of those done. */
  secondsLeft?: number;
  /** Of the step just done: mean loss of its labelled tokens (its pairs), before the update. */
  loss?: number;
  learningRate?: number;
  gradientNorm?: number;
  /** Trained on so far, without padding. */
  tokens?: number;
  tokensPerSecond?: number;
  /** The latest validation loss. */
  validationLoss?: number;
  /** Share of the validation pairs whose chosen reply has gained on the rejected one. */
  validationAccuracy?: number;
}

export interface Validation {
  step: number;
  loss: number;
  /** Of preferences: share of the pairs whose chosen reply has gained on the rejected one. */
  accuracy?: number;
}

export interface TrainingMetrics {
  steps: number;
  /** What all epochs would have taken; more than `steps` where the training was stopped before. */
  plannedSteps: number;
  /** Trained on, without padding and without validation. */
  tokens: number;
  labelledTokens: number;
  seconds: number;
  /** Tokens per second of the steps themselves: loading and validation are not counted. */
  tokensPerSecond: number;
  /** Peak resident memory of the whole process. */
  peakMemoryBytes: number;
  /** How the training was cut to memory, and what was expected of it. */
  plan: MemoryPlan;
  /** Mean loss of each step's labelled tokens (pairs), before its update. */
  losses: number[];
  validation: Validation[];
  /** The step whose adapter is returned: the last, or the one with the lowest validation loss. */
  bestStep: number;
  /** `patience`: the validation loss had stopped falling. */
  stoppedBy: 'epochs' | 'time' | 'patience';
  /** All that were used, defaults included. */
  hyperparameters: Hyperparameters;
}

export interface TrainingResult {
  adapter: LoraAdapter;
  metrics: TrainingMetrics;
}

export interface TrainingHooks {
  onProgress?: (progress: TrainingProgress) => void;
  /** Asked between passes; true stops the training after saving a checkpoint. */
  stopRequested?: () => boolean;
}
