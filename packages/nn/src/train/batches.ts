/** Which examples make up each step, and how a step is cut into passes through the graph. */
import { seededRandom } from '../graph/seeded-random.ts';

/** Examples that are sorted by length together before they are cut into steps, in steps. */
const groupSteps = 32;

/**
 * The steps of one epoch: every example once, in an order that depends only on lengths, seed and epoch. A step holds
 * examples of similar length (drawn at random, sorted in groups of 32 steps, cut, and the steps put in random order): the
 * loss is a mean over a step's labels, and a glossary pair of five labels beside replies of ninety would hardly count.
 * Only the last step may be smaller.
 */
export function epochSteps(
  lengths: readonly number[],
  stepSize: number,
  seed: number,
  epoch: number,
): number[][] {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) + epoch * 7919);
  const order = shuffled(
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
  return [...shuffled(steps, random), ...(rest.length > 0 ? [rest] : [])];
}

/** What one more pass costs beside its tokens, in tokens: adapters are folded into the weights anew in each. */
const passOverhead = 60;

/**
 * Cuts a step into passes of examples of similar length, each of at most `tokensPerPass` tokens with padding (one long
 * example may have more), so that the least is computed. Where the cuts lie does not change the result: the loss is a
 * sum over tokens, divided once; only memory and time.
 */
export function passes(
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

/** What the passes of a step cost, in tokens: theirs with padding, and the fixed work of each. */
export function passCost(
  examples: readonly number[],
  lengths: readonly number[],
  tokensPerPass: number,
): number {
  let cost = 0;
  for (const pass of passes(examples, lengths, tokensPerPass)) {
    cost += pass.length * Math.max(...pass.map((index) => lengths[index]!)) + passOverhead;
  }
  return cost;
}

/** Fisher–Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}
