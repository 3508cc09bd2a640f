/** What a training of an embedder or a cross-encoder is given, and what it returns. */
import type { EmbedderPair } from './embedder-batches.ts';
import type { EncoderHyperparameters } from './encoder-hyperparameters.ts';
import type { TrainingHooks, TrainingProgress } from './training-job.ts';

/** Where an encoder training keeps its state, to continue after it was stopped or killed. */
export interface EncoderCheckpoints {
  /** Folder for the checkpoint; without it nothing is kept. */
  checkpointDirectory?: string;
  /**
   * Seconds between two checkpoints. Default 60, or more where writing takes long: a checkpoint is as large as four
   * models, and writing it should take less than a twentieth of the time. One is written at the end and when stopped in
   * any case.
   */
  checkpointEverySeconds?: number;
  /** Continue from the folder's checkpoint if there is one. Default false: start from the beginning. */
  resume?: boolean;
}

/** A training of an embedder, as plain data that can be sent to a worker thread. */
export interface EmbedderJob extends EncoderCheckpoints {
  /** Folder of a BERT sentence embedder, as `BertEncoder.load` takes it. */
  directory: string;
  /** Where the trained embedder is written, as a sentence-transformers folder. It must not exist yet. */
  outputDirectory: string;
  pairs: readonly EmbedderPair[];
  /**
   * Held-out pairs. Loss and recall@1 are measured at the start, in between and at the end; the weights with the lowest
   * loss are kept.
   */
  validation?: readonly EmbedderPair[];
  hyperparameters?: Partial<
    EncoderHyperparameters & { /** Factor on the cosines. Default 20. */ scale: number }
  >;
  /** Steps between two measurements. Default: an eighth of the training. */
  evaluateEverySteps?: number;
  /** For texts longer than the model reads: `throw` (default) an error, or `truncate` them to their beginning. */
  onTooLong?: 'throw' | 'truncate';
  /** Default 2. */
  threads?: number;
  /** See `EncoderPassesOptions`. They change the result only by rounding. */
  tokensPerPass?: number;
  activationBytes?: number;
}

/**
 * A training of a cross-encoder. `directory` may hold an embedder, which then gets a new head, or a cross-encoder,
 * which is trained further.
 */
export interface CrossEncoderJob extends Omit<EmbedderJob, 'hyperparameters'> {
  hyperparameters?: Partial<
    EncoderHyperparameters & {
      /**
       * How many negatives a pair has at least: where it names fewer, others are drawn from the positives of other
       * pairs. Default 3.
       */
      negatives: number;
    }
  >;
}

/** What a training of an embedder or a cross-encoder gives. */
export interface EmbedderResult {
  /** The folder written. */
  directory: string;
  metrics: EncoderMetrics;
}

/** One measurement on the validation pairs. */
export interface EncoderValidation {
  step: number;
  loss: number;
  /** The share of held-out queries whose nearest (highest-scored) candidate is right. */
  recallAt1: number;
}

/** What happened in a training. */
export interface EncoderMetrics {
  steps: number;
  /** The steps of all epochs; more than `steps` where the validation loss had stopped falling before. */
  plannedSteps: number;
  /** Tokens trained on, without padding and without validation. */
  tokens: number;
  /** Pairs trained on; a pair counts once for each time. */
  pairs: number;
  seconds: number;
  /** Pairs and tokens per second of the steps themselves: loading and validation are not counted. */
  pairsPerSecond: number;
  tokensPerSecond: number;
  /** Peak resident memory of the whole process. */
  peakMemoryBytes: number;
  losses: number[];
  validation: EncoderValidation[];
  /** The step whose weights are kept: the one with the lowest validation loss, or the last. */
  bestStep: number;
  /** Why it ended: all epochs done, or the validation loss no longer falling. */
  stoppedBy: 'epochs' | 'patience';
}

/** How far a training is. */
export interface EncoderProgress extends TrainingProgress {
  pairsPerSecond?: number;
  recallAt1?: number;
}

/** What a training calls while it runs. */
export type EncoderHooks = Omit<TrainingHooks, 'onProgress'> & {
  onProgress?: (progress: EncoderProgress) => void;
};
