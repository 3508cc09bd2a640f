/** What a training of an embedder or a cross-encoder is given, and what it gives. */
import type { EmbedderPair } from './embedder-batches.ts';
import type { EncoderHyperparameters } from './encoder-hyperparameters.ts';
import type { TrainingHooks, TrainingProgress } from './training-job.ts';

/** Where a training keeps what it needs to go on after it was killed. */
export interface EncoderCheckpoints {
  /** Folder for the checkpoint; without it nothing is kept. */
  checkpointDirectory?: string;
  /**
   * Least seconds between two checkpoints. Default 60, or more where writing one takes long (it is as large as four models): it is
   * to take less than a twentieth of the time. One is written at the end and when stopped in any case.
   */
  checkpointEverySeconds?: number;
  /** Go on from the folder's checkpoint if there is one. Default false: begin anew. */
  resume?: boolean;
}

/** What a training needs, as plain data that can go to a worker thread. */
export interface EmbedderJob extends EncoderCheckpoints {
  /** Folder of a BERT sentence embedder, as `BertEncoder.load` takes it. */
  directory: string;
  /** Where the trained embedder is written, as a sentence-transformers folder. It must not exist yet. */
  outputDirectory: string;
  pairs: readonly EmbedderPair[];
  /** Held-out pairs: loss and recall@1 are measured at the start, at times between and at the end; the best is kept. */
  validation?: readonly EmbedderPair[];
  hyperparameters?: Partial<
    EncoderHyperparameters & { /** Factor on the cosines. Default 20. */ scale: number }
  >;
  /** Steps between two measurements. Default: an eighth of the training. */
  evaluateEverySteps?: number;
  /** Texts longer than the model reads are an error (default), or only their beginning is used. */
  onTooLong?: 'throw' | 'truncate';
  /** Default 2. */
  threads?: number;
  /** See {@link EncoderPassesOptions}. The result depends on neither beyond rounding. */
  tokensPerPass?: number;
  activationBytes?: number;
}

/** As an embedder's; `directory` may hold an embedder, which then gets a new head, or a cross-encoder to go on with. */
export interface CrossEncoderJob extends Omit<EmbedderJob, 'hyperparameters'> {
  hyperparameters?: Partial<
    EncoderHyperparameters & {
      /** Negatives drawn from other pairs' positives for a pair that names fewer of its own. Default 3. */
      negatives: number;
    }
  >;
}

export interface EmbedderResult {
  /** The folder written. */
  directory: string;
  metrics: EncoderMetrics;
}

export interface EncoderValidation {
  step: number;
  loss: number;
  /** Share of the held-out queries whose nearest (highest-scored) candidate is right. */
  recallAt1: number;
}

export interface EncoderMetrics {
  steps: number;
  /** What all epochs would have taken; more than `steps` where patience was over before. */
  plannedSteps: number;
  /** Without padding and without validation. */
  tokens: number;
  /** Pairs trained on, counting each as often as it was. */
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
  /** `patience`: the validation loss had stopped falling. */
  stoppedBy: 'epochs' | 'patience';
}

export interface EncoderProgress extends TrainingProgress {
  pairsPerSecond?: number;
  recallAt1?: number;
}

export type EncoderHooks = Omit<TrainingHooks, 'onProgress'> & {
  onProgress?: (progress: EncoderProgress) => void;
};
