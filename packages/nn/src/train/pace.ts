import { epochSteps, passCost } from './batches.ts';

/** What a training's steps cost, in tokens computed on (padding and each pass's fixed work included). */
export interface StepPlan {
  /** The examples of a step, counting steps from 0. */
  examplesOf(step: number): readonly number[];
  /** Cost of the steps from `from` up to, not including, `to`. */
  cost(from: number, to: number): number;
}

/**
 * Steps hold examples of similar length, so some are many times as long as others: time left is told from the tokens
 * they have, not from their number. Epochs are put in order when they are asked for; those to come are taken to cost
 * what the present one does (the same examples, divided otherwise).
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

/** Seconds left, from the pace of this sitting's steps so far; undefined before the first. */
export class Pace {
  #seconds = 0;
  #cost = 0;

  /** A step of this cost took so long. */
  add(seconds: number, cost: number): void {
    this.#seconds += seconds;
    this.#cost += cost;
  }

  secondsFor(cost: number): number | undefined {
    return this.#cost > 0 ? (this.#seconds / this.#cost) * cost : undefined;
  }
}
