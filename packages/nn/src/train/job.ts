import type { DecoderModel } from '../models/decoder-config.ts';
import type { AdapterLineage, LoraAdapter } from '../models/lora-adapter.ts';
import type { CrossEncoderJob, EmbedderJob } from './encoder-job.ts';
import type { TrainingExample } from './examples.ts';
import type { PreferenceTrainingJob, TrainingJob } from './training-job.ts';

/** What the worker thread can be asked to do, as plain data. */
export type Job =
  | { kind: 'train'; job: TrainingJob | PreferenceTrainingJob }
  | { kind: 'loss'; job: LossJob }
  | { kind: 'logits'; job: LogitsJob }
  | { kind: 'embedder'; job: EmbedderJob }
  | { kind: 'cross-encoder'; job: CrossEncoderJob };

/** Measures the loss of examples under a model. */
export interface LossJob {
  /** Path of a model's weights, or a model in memory. */
  model: string | DecoderModel;
  examples: readonly TrainingExample[];
  /** Default: none, the model alone. */
  adapter?: LoraAdapter | undefined;
  /** What is known of the model: compared with the adapter's own. */
  lineage?: AdapterLineage;
  /** Default 2. */
  threads?: number;
  /** As in training. Default 1024. */
  tokensPerPass?: number;
}

/** What a {@link LossJob} gives. */
export interface LossResult {
  /** Mean cross-entropy over the labelled tokens, in nats. */
  loss: number;
  labelledTokens: number;
}

/** Computes logits, for comparing with another implementation. */
export interface LogitsJob {
  /** Path of a model's weights, or a model in memory. */
  model: string | DecoderModel;
  /** Token ids of each sequence. */
  sequences: readonly ArrayLike<number>[];
  /** For each sequence the positions wanted. Default: all. */
  positions?: readonly ArrayLike<number>[];
  /** Default: none, the model alone. */
  adapter?: LoraAdapter | undefined;
  /** What is known of the model: compared with the adapter's own. */
  lineage?: AdapterLineage;
  /** Default 2. */
  threads?: number;
}

/** For each sequence the logits at the positions asked for: [positions, vocabulary], row-major. */
export type LogitsResult = Float32Array[];
