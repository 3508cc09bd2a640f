/** Which examples each step has, and how a step is cut into passes through the graph. */
import { seededRandom } from '../graph/seeded-random.ts';

/** This many steps are filled from one group of examples that is sorted by length. */
const groupSteps = 32;

/**
 * The steps of one epoch, as indexes of examples: every example once, in an order that depends only on lengths, seed
 * and epoch. A step holds examples of similar length, because its loss is a mean over its labels: a glossary pair of
 * five labels beside replies of ninety would hardly count. (Examples are drawn at random, sorted in groups of 32 steps,
 * cut, and the steps shuffled.) Only the last step may be smaller.
 */
export function epochSteps(
  lengths: readonly number[],
  stepSize: number,
  seed: number,
  epoch: number,
): number[][] {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) + epoch * 7919);
  const order = shuffle(
    lengths.map((_, index) => index),
    random,
  );
  const whole = order.length - (order.length % stepSize);
  const steps: number[][] = [];
  for (let start = 0; start < whole; start += groupSteps * stepSize) {
    const group = order.slice(start, Math.min(whole, start + groupSteps * stepSize));
    group.sort((a, b) => lengths[a]! - lengths[b]! || a - b);
    for (let first = 0; first < group.length; first += stepSize) {
      steps.push(group.slice(first, first + stepSize));
    }
  }
  const rest = order.slice(whole);
  return [...shuffle(steps, random), ...(rest.length > 0 ? [rest] : [])];
}

/** The fixed cost of a pass, in tokens: adapters are folded into the weights in each. */
const passOverhead = 60;

/**
 * Cuts a step into passes of examples of similar length, each of at most `tokensPerPass` tokens with padding (one long
 * example may have more), at the lowest total cost. The cuts change only memory and time, not the result: the loss is a
 * sum over tokens, divided once.
 */
export function cutIntoPasses(
  examples: readonly number[],
  lengths: readonly number[],
  tokensPerPass: number,
): number[][] {
  const sorted = [...examples].sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  // best[end]: the least cost of the first `end` examples, and where their last pass starts.
  const best = [{ cost: 0, start: 0 }];
  for (let end = 1; end <= sorted.length; end++) {
    const longest = lengths[sorted[end - 1]!]!;
    let choice = { cost: Number.POSITIVE_INFINITY, start: end - 1 };
    for (let start = end - 1; start >= 0; start--) {
      const tokens = (end - start) * longest;
      if (tokens > tokensPerPass && start < end - 1) break;
      const cost = best[start]!.cost + tokens + passOverhead;
      if (cost < choice.cost) choice = { cost, start };
    }
    best.push(choice);
  }
  const result: number[][] = [];
  for (let end = sorted.length; end > 0; end = best[end]!.start) {
    result.unshift(sorted.slice(best[end]!.start, end));
  }
  return result;
}

/** The cost of a step's passes in tokens: their tokens with padding, and the fixed cost of each. */
export function passCost(
  examples: readonly number[],
  lengths: readonly number[],
  tokensPerPass: number,
): number {
  let cost = 0;
  for (const pass of cutIntoPasses(examples, lengths, tokensPerPass)) {
    cost += pass.length * Math.max(...pass.map((index) => lengths[index]!)) + passOverhead;
  }
  return cost;
}

/** Fisher–Yates. */
function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}
