import type { Adapter } from '../core/types/adapter.ts';
import type { BuildDatasetOptions } from '../dataset/build-dataset.ts';
import type { Parity } from './parity.ts';

/** How an adapter is trained, where it is not to be what the settings say. */
export interface TuneOptions extends Omit<BuildDatasetOptions, 'seed'> {
  /** Training stops after so many minutes, and keeps what it has learnt. */
  maxMinutes?: number;
  /** What training here should stay within, such as `1.5GB`. */
  memory?: string;
  /**
   * A JSONL file of preference pairs (OpenAI's form), or the word `feedback` for those that ratings of answers make: trains on
   * them, by direct preference optimisation, instead of examples.
   */
  preferences?: string;
  /** Id of the adapter to train on further, of the same base and template. Default: a new one. */
  from?: string;
  /** Drop an interrupted run instead of going on with it, which is what happens by default. */
  fresh?: boolean;
  /** Told before the first step. */
  onEstimate?: (estimate: TuneEstimate) => void;
  /** Stop after the estimate. */
  estimateOnly?: boolean;
}

/** What a training will take, told before its first step. */
export interface TuneEstimate {
  examples: number;
  /** Tokens of all epochs. */
  tokens: number;
  steps: number;
  /** Undefined where only a provider could know. */
  minutes: number | undefined;
  memoryBytes: number;
  /** US dollars; undefined where no price is known. */
  money: number | undefined;
  basis: string;
}

/** What a training came to. */
export interface TunedAdapter {
  adapter: Adapter;
  /** Absent where the weights are not here. */
  parity?: Parity;
  /** The same data, settings and base had been trained before, and that adapter is what is given. */
  reused: boolean;
}
