/** Medians and ranges of what was measured in turns. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** `1.03× (0.98–1.10)`: the median of the rounds' ratios, the smallest and the largest. */
export function describeRatios(ratios: readonly number[]): string {
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  return `${median(ratios).toFixed(2)}× (${least.toFixed(2)}–${most.toFixed(2)})`;
}
