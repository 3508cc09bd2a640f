import { fitSoftmax } from '../../packages/tandem/src/statistics/softmax-regression.ts';

/** The weights of logistic regression, the bias last. */
export function logisticWeights(features: readonly number[][], are: readonly boolean[]): number[] {
  const columns = features[0]!.length + 1;
  const { weights } = fitSoftmax(
    {
      features: {
        rows: features.length,
        columns,
        data: Float64Array.from(features.flatMap((row) => [...row, 1])),
      },
      labels: Int32Array.from(are.map(Number)),
      classes: 2,
    },
    { l2: 1 },
  );
  return Array.from({ length: columns }, (_, at) => weights.data[columns + at]! - weights.data[at]!);
}
