import { epochSteps, passCost } from './batches.ts';

/**
 * The steps of a training and their costs, in tokens computed on (padding and the fixed cost of each pass included).
 */
export interface StepPlan {
  /** The examples of a step. Steps count from 0, over all epochs. */
  examplesOf(step: number): readonly number[];
  /** The cost of the steps `[from, to)`. */
  cost(from: number, to: number): number;
}

/**
 * Plans all steps. Steps hold examples of similar length, so one step may cost many times as much as another: the time
 * left is estimated from the tokens of the remaining steps, not from their number. An epoch is put in order when it is
 * first asked for. Later epochs are taken to cost as much as the present one: they have the same examples in other
 * steps.
 */
export function planSteps(options: {
  /** Tokens that an example takes in a pass. */
  lengths: readonly number[];
  stepSize: number;
  seed: number;
  tokensPerPass: number;
}): StepPlan {
  const { lengths, stepSize, seed, tokensPerPass } = options;
  const stepsPerEpoch = Math.ceil(lengths.length / stepSize);
  let current: { epoch: number; steps: number[][]; costUpTo: number[] } | undefined;
  const epochAt = (epoch: number) => {
    if (current?.epoch !== epoch) {
      const steps = epochSteps(lengths, stepSize, seed, epoch);
      const costUpTo = [0];
      for (const step of steps) costUpTo.push(costUpTo.at(-1)! + passCost(step, lengths, tokensPerPass));
      current = { epoch, steps, costUpTo };
    }
    return current;
  };
  return {
    examplesOf: (step) => epochAt(Math.floor(step / stepsPerEpoch)).steps[step % stepsPerEpoch]!,
    cost(from, to) {
      const { epoch, costUpTo } = epochAt(Math.floor(from / stepsPerEpoch));
      const first = epoch * stepsPerEpoch;
      const inEpoch = Math.min(to, first + stepsPerEpoch);
      const later = Math.max(0, to - inEpoch);
      return (
        costUpTo[inEpoch - first]! - costUpTo[from - first]! + (later / stepsPerEpoch) * costUpTo.at(-1)!
      );
    },
  };
}

/** Estimates the seconds for a given cost from the speed of this process's steps so far. */
export class Pace {
  #seconds = 0;
  #cost = 0;

  /** Adds a finished step. */
  add(seconds: number, cost: number): void {
    this.#seconds += seconds;
    this.#cost += cost;
  }

  /** Undefined before the first step. */
  secondsFor(cost: number): number | undefined {
    return this.#cost > 0 ? (this.#seconds / this.#cost) * cost : undefined;
  }
}
