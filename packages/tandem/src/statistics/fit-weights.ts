import { fitSoftmax } from './softmax-regression.ts';

/** How weights are fitted. */
export interface FitWeightsOptions {
  /** How many classes there are. */
  classes: number;
  /** The penalty, on signals brought to a mean of 0 and a deviation of 1. */
  l2: number;
  /** Whether each class counts the same, however many rows it has (its rows are repeated). Default false. */
  isBalanced?: boolean;
  /** To what deviation each signal is brought, so that the penalty falls less on some. Default 1 for each. */
  deviations?: readonly number[];
}

/**
 * Multinomial logistic regression on a few signals of any scale: of each class one weight for each signal as it is, and the constant last.
 *
 * @param rows one value for each signal, as many in each row
 * @param labels the class of each row, from 0
 */
export function fitWeights(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  { classes, l2, isBalanced = false, deviations = [] }: FitWeightsOptions,
): number[][] {
  const width = rows[0]!.length;
  const signals = Array.from({ length: width }, (_, at) => {
    const { mean, deviation } = spreadOf(rows.map((row) => row[at]!));
    return { mean, unit: deviation / (deviations[at] ?? 1) };
  });
  const counts = Array.from({ length: classes }, (_, label) => labels.filter((own) => own === label).length);
  const most = Math.max(...counts);
  const repeated = labels.flatMap((label, row) =>
    Array<number>(isBalanced ? Math.round(most / counts[label]!) : 1).fill(row),
  );
  const { weights } = fitSoftmax(
    {
      features: {
        rows: repeated.length,
        columns: width + 1,
        data: Float64Array.from(
          repeated.flatMap((row) => [
            ...signals.map(({ mean, unit }, at) => (rows[row]![at]! - mean) / unit),
            1,
          ]),
        ),
      },
      labels: Int32Array.from(repeated, (row) => labels[row]!),
      classes,
    },
    { l2 },
  );
  return Array.from({ length: classes }, (_, label) => {
    const own = Array.from(weights.data.slice(label * (width + 1), (label + 1) * (width + 1)));
    const raw = signals.map(({ unit }, at) => own[at]! / unit);
    return [...raw, own[width]! - raw.reduce((sum, weight, at) => sum + weight * signals[at]!.mean, 0)];
  });
}

/** Of two classes: the weights of the logit of the second. */
export function fitLogit(
  rows: readonly (readonly number[])[],
  isSecond: readonly boolean[],
  options: Omit<FitWeightsOptions, 'classes'>,
): number[] {
  const [first, second] = fitWeights(rows, isSecond.map(Number), { ...options, classes: 2 });
  return second!.map((weight, at) => weight - first![at]!);
}

/** The sum of signals times their weights, and the constant. */
export function weigh(signals: readonly number[], weights: readonly number[]): number {
  return signals.reduce((sum, value, at) => sum + value * weights[at]!, weights[signals.length]!);
}

/** A signal that is the same in all rows has a deviation of 1, which leaves it at 0. */
function spreadOf(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}
