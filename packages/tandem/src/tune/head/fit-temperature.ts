import type { Matrix } from '../../statistics/row-products.ts';
import { softmaxInPlace } from '../../statistics/softmax.ts';

/** Beyond these a temperature says only that the examples are all right, or all wrong. */
const [least, most] = [0.05, 20];

/**
 * The temperature by which logits are divided so that their probabilities have the least cross-entropy (Guo et al. 2017), on logits of
 * examples that the weights were not fitted to. Convex in 1 / temperature: found by halving, where the slope changes its sign.
 */
export function fitTemperature(logits: Matrix, labels: Int32Array): number {
  let [low, high] = [1 / most, 1 / least];
  if (slopeAt(logits, labels, low) >= 0) return most;
  if (slopeAt(logits, labels, high) <= 0) return least;
  for (let step = 0; step < 30; step++) {
    const middle = Math.sqrt(low * high);
    if (slopeAt(logits, labels, middle) > 0) high = middle;
    else low = middle;
  }
  return 1 / Math.sqrt(low * high);
}

/** Of the cross-entropy along `scale`: how far the mean logit is above that of the right class. */
function slopeAt({ columns, data }: Matrix, labels: Int32Array, scale: number): number {
  let slope = 0;
  for (const [i, label] of labels.entries()) {
    const row = data.subarray(i * columns, (i + 1) * columns);
    const probabilities = row.slice();
    softmaxInPlace(probabilities, 1 / scale);
    slope -= row[label]!;
    for (let k = 0; k < columns; k++) slope += probabilities[k]! * row[k]!;
  }
  return slope;
}
