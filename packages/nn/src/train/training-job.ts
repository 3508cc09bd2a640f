import type { DecoderModel } from '../models/decoder-config.ts';
import type { AdapterLineage, LoraAdapter } from '../models/lora-adapter.ts';
import type { TrainingExample } from './examples.ts';
import type { Hyperparameters } from './hyperparameters.ts';
import type { MemoryPlan } from './memory-plan.ts';
import type { PreferencePair } from './preferences.ts';

/** The options that both LoRA trainings share, as plain data that can be sent to a worker thread. */
export interface TrainingSettings {
  /** Path of a model's weights, or a model in memory. */
  model: string | DecoderModel;
  hyperparameters?: Partial<Hyperparameters>;
  /**
   * The adapter to continue training, whose rank, alpha and targets must be those of the hyperparameters. Default: a
   * new one, A random and B zero.
   */
  initialAdapter?: LoraAdapter;
  /**
   * What is known of the model, and of the chat template that the examples were written with: compared with the initial
   * adapter's, and kept in the trained adapter. The architecture, and the hash of a model in one file, are found
   * without it.
   */
  lineage?: AdapterLineage;
  /** Steps between two measurements of the validation loss. Default: by the amount of data. */
  evaluateEverySteps?: number;
  /** Folder for the checkpoint; without it nothing is saved. */
  checkpointDirectory?: string;
  /** Seconds between two checkpoints. Default 60; one is written at the end of each epoch and when stopped in any case. */
  checkpointEverySeconds?: number;
  /** Continue from the folder's checkpoint if there is one. Default false: start from the beginning. */
  resume?: boolean;
  /** Default 2. */
  threads?: number;
  /**
   * The most tokens (with padding) in one pass through the graph, on which memory depends. Default: the memory plan's.
   * It changes the result only by rounding.
   */
  tokensPerPass?: number;
  /**
   * The memory that the process should stay within, in bytes: the fastest plan that is expected to is taken (see
   * {@link planMemory}).
   */
  memoryBytes?: number;
}

/** Supervised fine-tuning on examples. */
export interface TrainingJob extends TrainingSettings {
  examples: readonly TrainingExample[];
  /**
   * Held-out examples. Their loss is measured at the start, in between and at the end; the adapter with the lowest loss
   * is returned.
   */
  validation?: readonly TrainingExample[];
}

/**
 * Direct preference optimisation (Rafailov et al. 2023) against the model before training, with the initial adapter if
 * there is one.
 */
export interface PreferenceTrainingJob extends TrainingSettings {
  preferences: readonly PreferencePair[];
  /** As in {@link TrainingJob}. */
  validation?: readonly PreferencePair[];
}

/** How far a training is. Also suits listeners that know only stage, done, total, unit and detail. */
export interface TrainingProgress {
  stage: 'loading model' | 'measuring reference' | 'measuring validation loss' | 'training';
  /** In `unit`. */
  done: number;
  total: number;
  unit: 'steps' | 'examples' | 'pairs' | 'models';
  detail?: string;
  /**
   * Until the last step, validation included: estimated from the tokens of the remaining steps and the speed so far.
   */
  secondsLeft?: number;
  /** Mean loss of the labelled tokens (or pairs) of the step just done, before its update. */
  loss?: number;
  learningRate?: number;
  gradientNorm?: number;
  /** Tokens trained on so far, without padding. */
  tokens?: number;
  tokensPerSecond?: number;
  /** The latest validation loss. */
  validationLoss?: number;
  /** Of preferences: the share of validation pairs for which the chosen reply has gained on the rejected one. */
  validationAccuracy?: number;
  /** A checkpoint has just been written at the end of an epoch: after so many. The last epoch is told by the result. */
  savedEpochs?: number;
}

/** One measurement on the validation data. */
export interface Validation {
  step: number;
  loss: number;
  /** Of preferences: the share of pairs for which the chosen reply has gained on the rejected one. */
  accuracy?: number;
}

/** What happened in a training. */
export interface TrainingMetrics {
  steps: number;
  /** The steps of all epochs; more than `steps` where the training stopped early. */
  plannedSteps: number;
  /** Tokens trained on, without padding and without validation. */
  tokens: number;
  labelledTokens: number;
  seconds: number;
  /** Tokens per second of the steps themselves: loading and validation are not counted. */
  tokensPerSecond: number;
  /** Peak resident memory of the whole process. */
  peakMemoryBytes: number;
  /** How the training was fitted to the memory, and the memory expected. */
  plan: MemoryPlan;
  /** Mean loss of each step's labelled tokens (pairs), before its update. */
  losses: number[];
  validation: Validation[];
  /** The step whose adapter is returned: the last, or the one with the lowest validation loss. */
  bestStep: number;
  /** Why it ended: all epochs done, `maxMinutes` used up, or the validation loss no longer falling. */
  stoppedBy: 'epochs' | 'time' | 'patience';
  /** All hyperparameters, defaults included. */
  hyperparameters: Hyperparameters;
}

/** What a training gives. */
export interface TrainingResult {
  adapter: LoraAdapter;
  metrics: TrainingMetrics;
}

/** What a training calls while it runs. */
export interface TrainingHooks {
  onProgress?: (progress: TrainingProgress) => void;
  /** Called between passes; true stops the training after it has saved a checkpoint. */
  stopRequested?: () => boolean;
}
