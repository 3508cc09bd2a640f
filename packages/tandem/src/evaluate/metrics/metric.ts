import type { Answer } from '../../core/types/answer.ts';
import type { Case } from '../../core/types/example.ts';
import type { ArmInfo } from '../arm.ts';

/** What a metric is told besides answer and case. */
export interface MetricInput {
  answer: Answer;
  testCase: Case;
  arm: ArmInfo;
}

export interface MetricInfo {
  id: string;
  name: string;
  /** One sentence: what is counted, over which cases. */
  description: string;
  /** `share` and `score` lie in 0–1; the others are counts. */
  unit: 'share' | 'score' | 'words' | 'tokens' | 'ms';
  direction: 'higher' | 'lower' | 'none';
  /**
   * How the cases' values become one number. Only means are tested; the others get an interval. The last two are of cases together (`sumsOf`): what a case's value says
   * of them is whether it counts, and how well it did.
   */
  summary: 'mean' | 'median' | 'p95' | 'calibration error' | 'macro F1 of outcomes';
  /** `latency` metrics are measured in their own sequential pass. */
  pass: 'answers' | 'latency';
  /** Groups rows of the table: "the answer", "sources", "cost". */
  family: string;
  /**
   * Its mean over the cases that have an answer and its mean over those that have none are joined by a weight of the comparison's
   * (`compare.unanswerableWeight`). The metrics named here show the two apart.
   */
  joined?: { answerable?: string; unanswerable?: string };
  /** This value is the stated probability that the metric named here is 1: a reliability diagram is drawn of the two. */
  probabilityOf?: string;
  /** Of a calibration error: the metric whose values are the probabilities. */
  errorOf?: string;
}

export interface Metric extends MetricInfo {
  /** undefined: does not apply to this case or arm, and the case leaves this metric's n. */
  value(input: MetricInput): number | undefined;
  /**
   * What it asks of an answer that has a few fields alone: the one field at this path, whether all that is expected is right, or what the answer
   * cost. Absent: it is about what such an answer does not have (its text, its passages, its form), and does not apply.
   */
  about?: { field: string } | 'all that is expected' | 'cost';
  /** What a failed answer is worth; absent: the case leaves this metric's n. */
  whenFailed?: number;
}
