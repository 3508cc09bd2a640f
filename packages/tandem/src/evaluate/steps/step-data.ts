import type { Constraints } from '../../core/settings.ts';
import type { Case } from '../../core/types/example.ts';
import type { ArmInfo } from '../arm.ts';
import type {
  CaseRecord,
  ComparisonOptions,
  FailedAnswer,
  Provenance,
  StoredPassage,
  Subject,
} from '../comparison-result.ts';
import type { Means } from '../means.ts';
import type { MetricInfo } from '../metrics/metric.ts';
import type { StoredAnswer } from '../result-store.ts';

// What the steps of a comparison hand to one another:
//
//   selectCases → SelectedCases → collectAnswers → CollectedAnswers → measureAnswers → MeasuredCases
//     → summariseSlices → UndecidedComparison → decideVerdict → Verdict → writeReport
//
// All of it is plain JSON: it can be written to a file, or sent to another machine, between any two steps.

/** The questions of a comparison. */
export interface SelectedCases {
  /** Put to every arm; the numbers are of these alone. */
  cases: Case[];
  /** For choosing prompts and calibrating confidence; none of them is among `cases`. */
  validation: Case[];
  /** What was checked so that no case was trained on; absent where no arm is trained. */
  leakage?: Provenance['leakage'];
}

/** What a comparison is of and how its numbers are made: settled before the first answer. */
export interface ComparisonSetup {
  project: string;
  subject: Subject;
  metrics: MetricInfo[];
  /** Id of the metric that the verdict rests on, and why that one. */
  primary: { metric: string; why: string };
  /** Differences of the primary metric below this are not worth having; in the metric's unit. */
  worthHaving: number;
  options: ComparisonOptions;
  /** What an arm must keep to, and what that is checked against beside the numbers. */
  constraints?: Constraints;
  means?: Means;
  provenance: Provenance;
}

/** What `collectAnswers` is to ask. */
export interface QuestionsToAsk {
  setup: ComparisonSetup;
  cases: Case[];
}

/** Every arm's answer to every case. */
export interface CollectedAnswers {
  setup: ComparisonSetup;
  /** ISO 8601. */
  startedAt: string;
  arms: (ArmInfo & { fingerprint: string })[];
  cases: Case[];
  /** One of each arm for each case. */
  answers: StoredAnswer[];
  /** One of each arm for each case of the latency sample, made one at a time. */
  timed: StoredAnswer[];
}

/** Every answer with what each metric made of it. */
export interface MeasuredCases {
  setup: ComparisonSetup;
  startedAt: string;
  arms: CollectedAnswers['arms'];
  cases: CaseRecord[];
  /** The text of each passage that an answer saw, kept once. */
  passages: Record<string, StoredPassage>;
  failures: FailedAnswer[];
}
