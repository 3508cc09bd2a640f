import { createRandom } from './random.ts';

/** P(right) = 1 / (1 + exp(a · score + b)). Plain data: store it as JSON. */
export interface PlattModel {
  kind: 'platt';
  a: number;
  b: number;
}

/** A non-decreasing step line through (x, y), linear between the points, flat outside them. Plain data. */
export interface IsotonicModel {
  kind: 'isotonic';
  x: number[];
  y: number[];
}

/**
 * Platt scaling: maximum likelihood of a and b with Platt's smoothed targets (Platt 1999), by Newton's method with
 * backtracking (Lin, Lin & Weng 2007). Scores may have any range. Needs at least one case; with only right or only wrong
 * ones the smoothed targets keep the result finite.
 */
export function fitPlatt(scores: readonly number[], right: readonly boolean[]): PlattModel {
  const positives = right.filter(Boolean).length;
  const negatives = right.length - positives;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (negatives + 2);
  const targets = right.map((isRight) => (isRight ? high : low));

  let a = 0;
  let b = Math.log((negatives + 1) / (positives + 1));
  let loss = plattLoss(scores, targets, a, b);
  for (let iteration = 0; iteration < 100; iteration++) {
    // A little on the diagonal keeps the step finite when all scores are equal.
    let haa = 1e-12;
    let hbb = 1e-12;
    let hab = 0;
    let ga = 0;
    let gb = 0;
    for (let i = 0; i < scores.length; i++) {
      const p = sigmoid(-(a * scores[i]! + b));
      const weight = p * (1 - p);
      const error = targets[i]! - p;
      haa += scores[i]! ** 2 * weight;
      hbb += weight;
      hab += scores[i]! * weight;
      ga += scores[i]! * error;
      gb += error;
    }
    if (Math.abs(ga) < 1e-10 && Math.abs(gb) < 1e-10) break;
    const determinant = haa * hbb - hab * hab;
    const stepA = -(hbb * ga - hab * gb) / determinant;
    const stepB = -(haa * gb - hab * ga) / determinant;
    const slope = ga * stepA + gb * stepB;
    let size = 1;
    while (size >= 1e-10) {
      const next = plattLoss(scores, targets, a + size * stepA, b + size * stepB);
      if (next <= loss + 1e-4 * size * slope) {
        a += size * stepA;
        b += size * stepB;
        loss = next;
        break;
      }
      size /= 2;
    }
    if (size < 1e-10) break;
  }
  return { kind: 'platt', a, b };
}

/**
 * Isotonic regression of right-or-wrong on the score by pooling adjacent violators (Barlow et al. 1972); equal scores are
 * pooled first. Wants a few hundred cases: with fewer, Platt's two numbers overfit less.
 */
export function fitIsotonic(scores: readonly number[], right: readonly boolean[]): IsotonicModel {
  const order = scores.map((_, i) => i).sort((i, j) => scores[i]! - scores[j]!);
  const points: { x: number; sum: number; weight: number }[] = [];
  for (const i of order) {
    const last = points.at(-1);
    if (last && last.x === scores[i]) {
      last.sum += Number(right[i]);
      last.weight++;
    } else points.push({ x: scores[i]!, sum: Number(right[i]), weight: 1 });
  }
  const blocks: { from: number; to: number; sum: number; weight: number }[] = [];
  for (const { x, sum, weight } of points) {
    blocks.push({ from: x, to: x, sum, weight });
    for (;;) {
      const upper = blocks.at(-1)!;
      const lower = blocks.at(-2);
      if (!lower || lower.sum * upper.weight < upper.sum * lower.weight) break;
      blocks.splice(-2, 2, {
        from: lower.from,
        to: upper.to,
        sum: lower.sum + upper.sum,
        weight: lower.weight + upper.weight,
      });
    }
  }
  const x: number[] = [];
  const y: number[] = [];
  for (const block of blocks) {
    x.push(block.from);
    y.push(block.sum / block.weight);
    if (block.to !== block.from) {
      x.push(block.to);
      y.push(block.sum / block.weight);
    }
  }
  return { kind: 'isotonic', x, y };
}

/** The probability, in [0, 1], that a case with this score is right. */
export function calibrate(model: PlattModel | IsotonicModel, score: number): number {
  if (model.kind === 'platt') return sigmoid(-(model.a * score + model.b));
  const { x, y } = model;
  if (x.length === 0) return Number.NaN;
  if (score <= x[0]!) return y[0]!;
  const above = x.findIndex((edge) => edge >= score);
  if (above < 0) return y.at(-1)!;
  const share = (score - x[above - 1]!) / (x[above]! - x[above - 1]!);
  return y[above - 1]! + share * (y[above]! - y[above - 1]!);
}

/** Mean squared distance of probability and outcome (Brier 1950): 0 is perfect, 0.25 is always saying one half. */
export function brierScore(probabilities: readonly number[], right: readonly boolean[]): number {
  return probabilities.reduce((sum, p, i) => sum + (p - Number(right[i])) ** 2, 0) / probabilities.length;
}

export interface ReliabilityBin {
  /** `[from, to)`; the last bin includes 1. */
  from: number;
  to: number;
  cases: number;
  /** Mean probability said and share that was right; NaN in an empty bin. */
  said: number;
  right: number;
}

/** Cases sorted into bins of equal width by the probability said: the data of a reliability diagram. */
export function reliabilityBins(
  probabilities: readonly number[],
  right: readonly boolean[],
  bins = 10,
): ReliabilityBin[] {
  const sums = Array.from({ length: bins }, () => ({ cases: 0, said: 0, right: 0 }));
  probabilities.forEach((p, i) => {
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.floor(p * bins)))]!;
    bin.cases++;
    bin.said += p;
    bin.right += Number(right[i]);
  });
  return sums.map(({ cases, said, right: hits }, i) => ({
    from: i / bins,
    to: (i + 1) / bins,
    cases,
    said: said / cases,
    right: hits / cases,
  }));
}

/** Expected calibration error (Naeini et al. 2015): |said − right| averaged over the bins, weighted by their cases. */
export function expectedCalibrationError(
  probabilities: readonly number[],
  right: readonly boolean[],
  bins = 10,
): number {
  return reliabilityBins(probabilities, right, bins)
    .filter((bin) => bin.cases > 0)
    .reduce((sum, bin) => sum + (bin.cases / probabilities.length) * Math.abs(bin.said - bin.right), 0);
}

/**
 * The calibration error that these very probabilities would show if they were true: outcomes are drawn by them (Bröcker & Smith 2007). Of few cases it is far above 0,
 * so that an error means something only where it is above this.
 *
 * @returns its mean over the draws, and what 19 of 20 of them stay within
 */
export function calibrationErrorIfTrue(
  probabilities: readonly number[],
  { bins = 10, draws = 1000, seed = 1 }: { bins?: number; draws?: number; seed?: number } = {},
): { mean: number; most: number } {
  const random = createRandom(seed);
  const errors = Float64Array.from({ length: draws }, () =>
    expectedCalibrationError(
      probabilities,
      probabilities.map((probability) => random.next() < probability),
      bins,
    ),
  ).sort();
  return {
    mean: errors.reduce((sum, error) => sum + error, 0) / draws,
    most: errors[Math.ceil(0.95 * draws) - 1]!,
  };
}

function plattLoss(scores: readonly number[], targets: readonly number[], a: number, b: number): number {
  let loss = 0;
  for (let i = 0; i < scores.length; i++) {
    const f = a * scores[i]! + b;
    // −t·log p − (1 − t)·log(1 − p) with p = sigmoid(−f), written so that neither exponential overflows.
    loss +=
      f >= 0 ? targets[i]! * f + Math.log1p(Math.exp(-f)) : (targets[i]! - 1) * f + Math.log1p(Math.exp(f));
  }
  return loss;
}

/** The share, in [0, 1], that a logit stands for. */
export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}
