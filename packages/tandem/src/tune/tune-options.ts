import type { Adapter } from '../core/types/adapter.ts';
import type { BuildDatasetOptions } from '../dataset/build-dataset.ts';
import type { Parity } from './parity.ts';
import type { SettledHyperparameters } from './trainer.ts';

/** What is trained, and how. */
export interface TuneOptions extends Omit<BuildDatasetOptions, 'seed'> {
  /** Stop after so many minutes of training, at the end of a schedule that is fitted to them. Default: the settings'. */
  maxMinutes?: number;
  /** What training here should stay within, such as `1.5GB`. Default: the settings'. */
  memory?: string;
  /**
   * A JSONL file of preference pairs (OpenAI's form), or the word `feedback` for those that ratings of answers make: trains on
   * them, by direct preference optimisation, instead of examples.
   */
  preferences?: string;
  /**
   * A JSONL file of preference pairs to measure on; with it all pairs of `preferences` are learnt. Default: a tenth of those, from 20 on.
   */
  validationPreferences?: string;
  /** Times the learning rate of the settings, or that which follows from the amount of data. Default 1. Of the local trainer alone. */
  learningRateMultiplier?: number;
  /** Seconds between two checkpoints, beside those at the ends of epochs. Default 60. Of the local trainer alone. */
  checkpointEverySeconds?: number;
  /** Id of the adapter to train on further, of the same base and template. Default: a new one. */
  from?: string;
  /** Train in any case: an interrupted run is dropped instead of continued, and what is finished is trained again. */
  fresh?: boolean;
  /** Called before the first step. */
  onEstimate?: (estimate: TuneEstimate) => void;
  /** Each step's loss (`step`), each validation, each checkpoint at the end of an epoch (`epoch`): what the run in the catalogue keeps. */
  onEvent?: (kind: string, data: Record<string, number | string>) => void;
  /** Give the estimate, and train nothing. */
  estimateOnly?: boolean;
}

/** What a training will take. */
export interface TuneEstimate {
  examples: number;
  /** Tokens of all epochs. */
  tokens: number;
  steps: number;
  /** Undefined where only a provider could know. */
  minutes: number | undefined;
  /** 0 where it is not trained on this machine. */
  memoryBytes: number;
  /** US dollars; undefined where no price is known. */
  money: number | undefined;
  /** Where the figures come from. */
  basis: string;
  /** What is trained here: its name, by what decides its result, and how. Absent where a provider settles that. */
  training?: { fingerprint: string; hyperparameters: SettledHyperparameters };
}

/** What came of a training. */
export interface TunedAdapter {
  adapter: Adapter;
  /** Absent where the weights are not here. */
  parity?: Parity;
  /** The same data, settings and base had been trained before, and this is that adapter. */
  reused: boolean;
}
