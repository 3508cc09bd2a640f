import type { ProgressListener } from '../core/progress.ts';
import type { Settings } from '../core/settings.ts';
import type { Adapter } from '../core/types/adapter.ts';
import type { Example } from '../core/types/example.ts';
import type { Parity } from './parity.ts';
import type {
  ConversationJob,
  HostedModel,
  TokenisedExample,
  TrainingJob,
  TrainingOutcome,
} from './trainer.ts';
import type { TuneEstimate, TuneOptions } from './tune-options.ts';

// What goes from step to step of a training: prepare → plan → train → verify → register. All of it is plain data that can be written
// as JSON and sent to another machine; paths in a plan and in what comes of it are relative to the data folder.

/** What is asked for: the options of `tune` that decide what is trained. */
export type TrainingRequest = Pick<
  TuneOptions,
  | 'glossary'
  | 'mix'
  | 'preferences'
  | 'validationPreferences'
  | 'learningRateMultiplier'
  | 'from'
  | 'maxMinutes'
  | 'memory'
>;

/** What a step works with beside its data. */
export interface TrainingContext<Needed> {
  parts: Needed;
  /** Stops the step. */
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** What there is to learn, as the trainer will read it. */
export type PreparedTraining = PreparedTokens | PreparedConversations;

interface Prepared {
  request: TrainingRequest;
  /** SHA-256 of the training examples' (or pairs') canonical JSONL. */
  dataset: string;
  /** Where they were read from, absolute on the machine that prepared them. */
  files: { train: string; validation?: string };
  /**
   * Some conversation has more than one reply to learn, and all of them are learnt. Absent where each has one: such a training is the same as
   * that of earlier versions, which learnt only the last reply.
   */
  learns?: 'every reply';
  /** Some examples teach to write a search query for a question, or did those of the adapter that is trained further. */
  teachesRewriting: boolean;
  /** What is trained: its name in the settings, and the SHA-256 of its weights and of its chat template. */
  base: { model: string; hash: string; templateHash: string };
}

/** For a trainer of weights: tokens as the served model reads them. */
export interface PreparedTokens extends Prepared {
  trainer: 'local' | 'worker';
  base: Prepared['base'] & { fileName: string; parameters: number };
  train: readonly TokenisedExample[];
  validation: readonly TokenisedExample[];
  /** Trained on instead; `train` and `validation` are then their chosen sides. */
  preferences?: NonNullable<TrainingJob['preferences']>;
  /** The adapter that is trained further. */
  from?: Pick<Adapter, 'id' | 'directory'> & Pick<Adapter['lineage'], 'hyperparameters'>;
}

/** For a provider, which has its own tokenizer: conversations. */
export interface PreparedConversations extends Prepared {
  trainer: 'hosted';
  train: readonly Example[];
  validation: readonly Example[];
}

/** All that decides what comes of a training. */
export type TrainingPlan = WeightsPlan | HostedPlan;

interface Plan {
  /** SHA-256 of the data, settings and base: what is found unfinished or finished under it is this same training. */
  fingerprint: string;
  /** What the adapter will say of where it came from; the run and the commit are known when it is registered. */
  lineage: Omit<Adapter['lineage'], 'runId' | 'commit'>;
  /** What the run in the catalogue says that it was configured with. */
  config: Record<string, unknown>;
  estimate: TuneEstimate;
  teachesRewriting: boolean;
}

/** Of weights, trained on the machine that runs the plan. */
export interface WeightsPlan extends Plan {
  trainer: 'local' | 'worker';
  /** Of the worker trainer. */
  worker?: Settings['tune']['worker'];
  job: PlannedJob;
}

/** A `TrainingJob` without the places of one machine: see `placeJob`. */
export interface PlannedJob
  extends Pick<TrainingJob, 'baseModel' | 'train' | 'validation' | 'preferences' | 'hyperparameters'> {
  /** Without its folder. */
  baseFileName: string;
  /** PEFT folder of the adapter that is trained further, relative to the data folder. */
  initialAdapter?: string;
}

/** Of a provider's model, trained there. */
export interface HostedPlan extends Plan {
  trainer: 'hosted';
  hosted: Settings['tune']['hosted'];
  job: Omit<ConversationJob, 'checkpointDirectory'>;
}

/** What a trainer made. */
export type TrainingResult = TrainedFiles | TrainedModel;

/** An adapter's files, not registered yet. */
export interface TrainedFiles extends TrainingOutcome {
  /** Folder that becomes the adapter's, relative to the data folder. */
  directory: string;
  /** Within that folder: PEFT's folder, and the GGUF LoRA that llama.cpp loads. */
  files: { peft: string; gguf: string };
  /** The training diverged, and this is the best state before it. Steps count from 1, examples are places in the plan's list. */
  divergence?: { message: string; step: number; examples: number[] };
}

/** A model that stays at its provider. */
export interface TrainedModel extends HostedModel {
  provider: { name: string; baseURL: string };
}

/** What was found when what is served was compared with what was trained; or why there was nothing to compare. */
export type Verification = { parity: Parity } | { notMeasured: string };
