/** A mean (median, percentile) with its 95 % interval by groups. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
  /** Cases and groups that this number rests on. */
  cases: number;
  groups: number;
}
