import type { ProgressListener } from '../core/progress.ts';
import type { Settings } from '../core/settings.ts';
import type { Example } from '../core/types/example.ts';

/** The settings `tune` without those that only say who trains. */
export type Hyperparameters = Omit<
  Settings['tune'],
  'trainer' | 'worker' | 'hosted' | 'embedder' | 'reranker' | 'inheritAccess'
>;

export function hyperparametersOf({
  trainer: _trainer,
  worker: _worker,
  hosted: _hosted,
  embedder: _embedder,
  reranker: _reranker,
  inheritAccess: _inheritAccess,
  ...hyperparameters
}: Settings['tune']): Hyperparameters {
  return hyperparameters;
}

/** With those settled that follow from the amount of data where the settings give none. */
export type SettledHyperparameters = Hyperparameters & {
  learningRate: number;
  epochs: number;
  patience: number;
};

/** A conversation as the model that will be served reads it, and the positions it is to learn: `[start, end)` in tokens. */
export interface TokenisedExample {
  tokens: readonly number[];
  labelSpans: readonly (readonly [start: number, end: number])[];
}

/** Two replies to one prompt, of which one was preferred, as the served model reads them. */
export interface TokenisedPair {
  prompt: readonly number[];
  chosen: readonly number[];
  rejected: readonly number[];
}

export interface TrainingJob {
  /** The GGUF file that is served, whose quantised weights are trained against. */
  baseFile: string;
  /** What PEFT is to call the base: its repository on the Hub. Default: the file's base name. */
  baseModel?: string;
  /** Hashes of the base file and of the template the examples were written with, which the adapter's files are to carry. */
  lineage?: { baseSha256: string; templateSha256: string };
  train: readonly TokenisedExample[];
  validation: readonly TokenisedExample[];
  /** Trained on instead, by direct preference optimisation; `train` and `validation` are then their chosen sides. */
  preferences?: { train: readonly TokenisedPair[]; validation: readonly TokenisedPair[] };
  /** PEFT folder of an adapter that is trained on. */
  initialAdapter?: string;
  hyperparameters: SettledHyperparameters;
  /** Where checkpoints go; a job found there unfinished is continued. */
  checkpointDirectory: string;
}

/** The same dataset for a trainer that tokenises by itself, far from the weights. */
export interface ConversationJob {
  /** The provider's name of the model that is tuned. */
  baseModel: string;
  /** Of each one every reply is learnt that has not the weight 0. */
  train: readonly Example[];
  validation: readonly Example[];
  hyperparameters: Hyperparameters;
  checkpointDirectory: string;
}

/** What every training measures of itself. */
export interface TrainingOutcome {
  steps: number;
  /** Tokens of real text, padding left out. */
  tokens: number;
  /** Of the last tenth of the steps; a provider may give none. */
  trainLoss?: number;
  validationLossBefore?: number;
  validationLossAfter?: number;
  /** Of training alone, added up over interruptions. */
  seconds: number;
  tokensPerSecond: number;
  /** Peak resident memory of the process that trained, bytes; 0 where that was not this machine. */
  peakMemoryBytes: number;
}

export interface TrainedAdapter extends TrainingOutcome {
  /** Files written: PEFT safetensors with its config, and a GGUF LoRA that llama.cpp loads. */
  files: { peft: string; gguf: string };
}

/** A model that stays where it was trained and is asked for by name. */
export interface HostedModel extends TrainingOutcome {
  model: string;
  jobId: string;
}

export interface TrainerEstimate {
  steps: number;
  tokens: number;
  memoryBytes: number;
  /** US dollars; undefined where no price is known. */
  money: number | undefined;
  /** Where the figures come from, if there is more to say than their arithmetic. */
  basis?: string;
}

/** One way to train: here, on a worker, or through a hosted API. Same dataset in, same events and lineage out. */
export interface Trainer<Job = TrainingJob, Result = TrainedAdapter> {
  readonly name: string;
  estimate(job: Job): Promise<TrainerEstimate>;
  /** Continues what is found unfinished in the job's checkpoint folder. On abort the promise is rejected with the signal's reason. */
  train(
    job: Job,
    options: {
      /** Folder that the adapter's files are written to. */
      outputDirectory: string;
      onProgress?: ProgressListener;
      /** Something worth keeping: a step's loss, a validation, the checkpoint of an epoch. */
      onEvent?: (kind: string, data: Record<string, number | string>) => void;
      /** Of a local training; default 60. */
      checkpointEverySeconds?: number;
      signal?: AbortSignal;
    },
  ): Promise<Result>;
  /**
   * Ends what the job's checkpoint folder says is being trained on another machine. Returns false where nothing was. Absent: this trainer
   * trains nothing on other machines, so that removing the folder is enough.
   */
  cancel?(job: Pick<Job & { checkpointDirectory: string }, 'checkpointDirectory'>): Promise<boolean>;
}
