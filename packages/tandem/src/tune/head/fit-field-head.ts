import type { FieldHead, FieldHeadFigures } from '../../decide/head.ts';
import { createRandom, expectedCalibrationError, shuffled } from '../../statistics/index.ts';
import { type Matrix, zeros } from '../../statistics/row-products.ts';
import { softmaxInPlace } from '../../statistics/softmax.ts';
import { fitSoftmax, type LabelledRows, logitsOf } from '../../statistics/softmax-regression.ts';
import { fitTemperature } from './fit-temperature.ts';

/** A question's vector, what it should be answered with, and the group it belongs to. */
export interface LabelledVector {
  vector: Float32Array;
  /** One of the choices. */
  choice: string;
  group: string;
}

/** Tried from strong to weak; on features of unit variance. */
const strengths = [100, 30, 10, 3, 1, 0.3] as const;
const folds = 3;
/** More examples make the choice among strengths no better, and it takes most of the time. */
const mostForChoosing = 2000;

/** What a head is fitted with beside its examples. */
export interface FitFieldHeadOptions {
  path: string;
  choices: readonly string[];
  seed: number;
  signal?: AbortSignal | undefined;
  onProgress?: (done: number, total: number) => void;
}

/**
 * A multinomial logistic regression over vectors, brought to scale. The strength of its penalty is the one with the least cross-entropy on
 * folds left out, of whole groups, with each choice spread over all folds; the temperature is fitted to the logits of the same folds, or of
 * one fold of all examples where the strength was chosen on a draw of them. The same examples and seed give the same head.
 *
 * @example
 * const examples = ['refund', 'delivery'].flatMap((choice, at) =>
 *   [0.9, 1].map((x) => ({ vector: Float32Array.of(at * x, (1 - at) * x), choice, group: `${choice} ${x}` })),
 * );
 * const { head } = fitFieldHead(examples, { path: 'intent', choices: ['refund', 'delivery'], seed: 7 });
 */
export function fitFieldHead(
  examples: readonly LabelledVector[],
  options: FitFieldHeadOptions,
): { head: FieldHead; figures: FieldHeadFigures } {
  const { path, choices, seed, signal } = options;
  const scale = scaleOf(examples.map(({ vector }) => vector));
  const labelOf = new Map(choices.map((choice, at) => [choice, at]));
  const rowsOf = (some: readonly LabelledVector[]): LabelledRows => ({
    features: featuresOf(some, scale),
    labels: Int32Array.from(some, ({ choice }) => labelOf.get(choice)!),
    classes: choices.length,
  });
  const drawn = drawGroups(examples, seed);
  const { l2, ...ofDrawn } = chooseStrength(foldsOf(drawn, seed, rowsOf), options);
  const fit = (rows: LabelledRows, start?: Matrix) =>
    fitSoftmax(rows, { l2, tolerance: 1e-3, ...(start && { start }), ...(signal && { signal }) }).weights;
  // What was fitted to a draw alone is less sure than what will be used: one fold of all examples says more of that.
  const leaveOneOut = (): LeftOut & { weights: Matrix } => {
    const { train, test } = foldsOf(examples, seed, rowsOf)[0]!;
    const weights = fit(train);
    return { logits: logitsOf(test.features, weights), labels: test.labels, weights };
  };
  const apart = drawn.length < examples.length ? leaveOneOut() : { ...ofDrawn, weights: undefined };
  const { temperature, figures } = bringToScale(apart);
  const weights = fit(rowsOf(examples), apart.weights);
  const seen = new Set(examples.map(({ choice }) => choice));
  return {
    head: { path, choices, temperature, ...unscaled(weights, scale) },
    figures: {
      path,
      questions: examples.length,
      groups: new Set(examples.map(({ group }) => group)).size,
      unseenChoices: choices.filter((choice) => !seen.has(choice)),
      l2,
      temperature,
      folds: figures,
    },
  };
}

/** Logits of examples that the weights were not fitted to, and what would be right. */
interface LeftOut {
  logits: Matrix;
  labels: Int32Array;
}

/** The strengths in turn, each begun at the weights of the one before, until two in a row are no better. */
function chooseStrength(
  folded: readonly Fold[],
  { choices, signal, onProgress }: FitFieldHeadOptions,
): LeftOut & { l2: number } {
  const labels = Int32Array.from(folded.flatMap(({ test }) => [...test.labels]));
  const starts: (Matrix | undefined)[] = folded.map(() => undefined);
  let best: { l2: number; loss: number; logits: Matrix } | undefined;
  let worse = 0;
  for (const [at, l2] of strengths.entries()) {
    const logits = zeros(labels.length, choices.length);
    let row = 0;
    for (const [place, { train, test }] of folded.entries()) {
      onProgress?.(at * folded.length + place, strengths.length * folded.length);
      const start = starts[place];
      const { weights } = fitSoftmax(train, {
        l2,
        tolerance: 3e-3,
        ...(start && { start }),
        ...(signal && { signal }),
      });
      starts[place] = weights;
      logits.data.set(logitsOf(test.features, weights).data, row * choices.length);
      row += test.labels.length;
    }
    const loss = crossEntropy(logits, labels);
    if (!best || loss < best.loss) {
      best = { l2, loss, logits };
      worse = 0;
    } else if (++worse === 2) break;
  }
  return { l2: best!.l2, logits: best!.logits, labels };
}

function bringToScale({ logits, labels }: LeftOut): {
  temperature: number;
  figures: FieldHeadFigures['folds'];
} {
  const temperature = fitTemperature(logits, labels);
  const before = judgeLogits(logits, labels, 1);
  const after = judgeLogits(logits, labels, temperature);
  return {
    temperature,
    figures: {
      questions: labels.length,
      accuracy: after.accuracy,
      eceBefore: before.ece,
      eceAfter: after.ece,
    },
  };
}

/** What is fitted, and what it is judged on. */
interface Fold {
  train: LabelledRows;
  test: LabelledRows;
}

function foldsOf(
  examples: readonly LabelledVector[],
  seed: number,
  rowsOf: (some: readonly LabelledVector[]) => LabelledRows,
): Fold[] {
  const foldOf = dealGroups(examples, seed);
  const part = (isIn: (fold: number) => boolean) => rowsOf(examples.filter((_, at) => isIn(foldOf[at]!)));
  return [...new Set(foldOf)].map((fold) => ({
    train: part((other) => other !== fold),
    test: part((other) => other === fold),
  }));
}

/** Whole groups in a drawn order, until there are enough examples. */
function drawGroups(examples: readonly LabelledVector[], seed: number): readonly LabelledVector[] {
  if (examples.length <= mostForChoosing) return examples;
  const byGroup = Map.groupBy(examples, ({ group }) => group);
  const drawn: LabelledVector[] = [];
  for (const group of shuffled([...byGroup.values()], createRandom(seed))) {
    if (drawn.length >= mostForChoosing) break;
    drawn.push(...group);
  }
  return drawn;
}

/** The fold of each example: groups of one choice go to the folds in turn, in a drawn order. */
function dealGroups(examples: readonly LabelledVector[], seed: number): number[] {
  const byGroup = Map.groupBy(
    examples.map(({ group, choice }, at) => ({ group, choice, at })),
    ({ group }) => group,
  );
  const drawn = shuffled([...byGroup.values()], createRandom(seed + 1));
  const byChoice = Map.groupBy(drawn, ([first]) => first!.choice);
  const result = new Array<number>(examples.length).fill(0);
  let turn = 0;
  for (const groups of byChoice.values())
    for (const group of groups) {
      for (const { at } of group) result[at] = turn % folds;
      turn += 1;
    }
  return result;
}

/** Mean of each dimension, and one number that brings their mean variance to 1: strengths then mean the same for every embedder. */
function scaleOf(vectors: readonly Float32Array[]): { mean: Float64Array; spread: number } {
  const dimensions = vectors[0]!.length;
  const mean = new Float64Array(dimensions);
  for (const vector of vectors) for (let j = 0; j < dimensions; j++) mean[j]! += vector[j]! / vectors.length;
  let squares = 0;
  for (const vector of vectors) for (let j = 0; j < dimensions; j++) squares += (vector[j]! - mean[j]!) ** 2;
  return { mean, spread: Math.sqrt(squares / (vectors.length * dimensions)) || 1 };
}

type Scale = ReturnType<typeof scaleOf>;

/** Scaled, with a last column of ones. */
function featuresOf(examples: readonly LabelledVector[], { mean, spread }: Scale): Matrix {
  const features = zeros(examples.length, mean.length + 1);
  for (const [i, { vector }] of examples.entries()) {
    const at = i * features.columns;
    for (let j = 0; j < mean.length; j++) features.data[at + j] = (vector[j]! - mean[j]!) / spread;
    features.data[at + mean.length] = 1;
  }
  return features;
}

/** The same logits from vectors as the embedder gives them. */
function unscaled(
  { rows, columns, data }: Matrix,
  { mean, spread }: Scale,
): Pick<FieldHead, 'weights' | 'biases'> {
  const dimensions = columns - 1;
  const weights = new Float32Array(rows * dimensions);
  const biases = new Float32Array(rows);
  for (let k = 0; k < rows; k++) {
    let bias = data[k * columns + dimensions]!;
    for (let j = 0; j < dimensions; j++) {
      const weight = data[k * columns + j]! / spread;
      weights[k * dimensions + j] = weight;
      bias -= weight * mean[j]!;
    }
    biases[k] = bias;
  }
  return { weights, biases };
}

function crossEntropy(logits: Matrix, labels: Int32Array): number {
  let loss = 0;
  for (const [i, label] of labels.entries()) {
    const row = logits.data.slice(i * logits.columns, (i + 1) * logits.columns);
    softmaxInPlace(row);
    loss -= Math.log(Math.max(row[label]!, Number.MIN_VALUE));
  }
  return loss / labels.length;
}

function judgeLogits(
  logits: Matrix,
  labels: Int32Array,
  temperature: number,
): { accuracy: number; ece: number } {
  const said: number[] = [];
  const right: boolean[] = [];
  for (const [i, label] of labels.entries()) {
    const row = logits.data.slice(i * logits.columns, (i + 1) * logits.columns);
    softmaxInPlace(row, temperature);
    const probability = row.reduce((most, each) => Math.max(most, each), 0);
    said.push(probability);
    right.push(row[label] === probability);
  }
  return {
    accuracy: right.filter(Boolean).length / right.length,
    ece: expectedCalibrationError(said, right),
  };
}
