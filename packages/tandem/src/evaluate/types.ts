import type { ProgressListener } from '../core/progress.ts';
import type { Answer } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';

/** What the table says about an arm. `reference` rows are shown and compared against but never chosen. */
export interface ArmInfo {
  /** Unique in a comparison: `base`, `rag`, `tuned`, `hybrid`, or a reference row's own name such as `rag+glossary`. */
  name: string;
  /** What people read; the name where there is nothing better. */
  label: string;
  /** One sentence: what this arm is made of. */
  description: string;
  /** In the table as a yardstick, never the verdict's choice. */
  reference: boolean;
  /** Has passages in its prompt: citation and retrieval metrics apply. */
  retrieves: boolean;
  /** Needs a trained adapter: named among the costs. */
  trained: boolean;
}

/** An arm that can be asked. */
export interface ArmUnderTest extends ArmInfo {
  /**
   * Hash of everything that decides this arm's answers (model, adapter, prompt, grammar, index, k, generation options).
   * Stored answers are reused only for an equal fingerprint.
   */
  fingerprint: string;
  /** Rejects with a `TandemError` of category `user` when this question cannot be answered (context overflow). */
  answer(testCase: Case, signal: AbortSignal): Promise<Answer>;
}

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
  /** How the cases' values become one number. Only means are tested; medians and percentiles get an interval. */
  summary: 'mean' | 'median' | 'p95';
  /** `latency` metrics are measured in their own sequential pass. */
  pass: 'answers' | 'latency';
  /** Groups rows of the table: "the answer", "sources", "cost". */
  family: string;
  /** This value is the stated probability that the metric named here is 1: a reliability diagram is drawn of the two. */
  probabilityOf?: string;
}

export interface Metric extends MetricInfo {
  /** undefined: does not apply to this case or arm, and the case leaves this metric's n. */
  value(input: MetricInput): number | undefined;
  /** What a failed answer is worth; absent: the case leaves this metric's n. */
  whenFailed?: number;
}

/** A mean (median, percentile) with its 95 % interval from resampling groups. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
  /** Cases and groups that this number rests on. */
  cases: number;
  groups: number;
}

export interface ArmMetric extends Estimate {
  arm: string;
  metric: string;
}

/** `a − b` on the cases where both have a value. */
export interface PairComparison extends Estimate {
  a: string;
  b: string;
  metric: string;
  standardError: number;
  /** Two-sided sign-flip test by group; absent for medians and percentiles and where no case has both values. */
  p?: number;
  /** True when every assignment of signs was counted, not sampled. */
  exact?: boolean;
  /** After Holm over this test's family. */
  adjustedP?: number;
  /** What `adjustedP` was adjusted over. */
  family?: 'primary' | 'secondary' | 'reference' | 'kinds';
  /** The smallest true difference this n would show in 4 of 5 such comparisons (80 % power, 5 %, two-sided). */
  minimalDetectable: number;
}

/** All numbers over one set of cases: all of them, or those of one kind. */
export interface Slice {
  /** null: all cases. */
  kind: string | null;
  cases: number;
  groups: number;
  arms: ArmMetric[];
  pairs: PairComparison[];
}

/** A passage as the report shows it; kept once however many answers saw it. */
export interface StoredPassage {
  documentId: string;
  uri: string;
  title: string;
  start: number;
  end: number;
  text: string;
}

/** One arm's answer to one case, without the passages' text (see `ComparisonResult.passages`). */
export interface AnswerRecord {
  text: string;
  output?: Record<string, unknown>;
  raw: string;
  abstained: boolean;
  citations: Answer['citations'];
  danglingMarkers: number[];
  /** Keys into `ComparisonResult.passages`, by rank. */
  passages: { id: string; rank: number; score: number; holdsSource?: boolean }[];
  searchQuery?: string;
  confidence?: number;
  usage: Answer['usage'];
  timings: Answer['timings'];
  traceId: string;
}

export interface FailureRecord {
  /** One clear sentence. */
  message: string;
  hint?: string;
  code: string;
}

export interface CaseRecord {
  case: Case;
  /** `case.group`, or the case's own id. */
  group: string;
  /** By arm name: exactly one of `answer` and `failure`. */
  arms: Record<string, { answer?: AnswerRecord; failure?: FailureRecord; values: Record<string, number> }>;
}

/** The model all of it was measured on. */
export interface Subject {
  model: string;
  modelHash?: string;
  parameters?: string;
  embedder?: string;
  embedderHash?: string;
}

/** How it was made, for the report's reader. Whoever runs the comparison fills it in; absent parts are not shown. */
export interface Provenance {
  commit?: string;
  /** True when the working tree differed from `commit`. */
  dirty?: boolean;
  machine?: { system: string; cpu: string; cores: number; memoryBytes: number; node: string };
  command?: string;
  seeds?: Record<string, number>;
  /** Prompt variants tried on validation cases, the chosen one among them. */
  prompts?: {
    arm: string;
    chosen: string;
    variants: { id: string; score: number; metric: string; cases: number; text?: string }[];
  }[];
  grammar?: { used: boolean; note?: string };
  retrieval?: {
    index: string;
    embedder: string;
    k: number;
    chunks?: number;
    documents?: number;
    note?: string;
  };
  training?: {
    adapterId: string;
    /** Training examples of each kind of the mix. */
    mix: Record<string, number>;
    hyperparameters: Record<string, unknown>;
    /** Base, template and dataset hashes, run id. */
    lineage: Record<string, string>;
    metrics?: Record<string, number>;
  };
  leakage?: {
    checkedExamples: number;
    checkedCases: number;
    findings: number;
    reviewed: { what: string; reason: string }[];
  };
  /** Every look at the dev cases, this one included. */
  devLooks?: { at: string; purpose: string }[];
  /** Anything else worth a line. */
  notes?: { label: string; text: string }[];
}

/** Which arm to choose, in words that follow from the numbers. */
export interface Verdict {
  /** Names the model it was measured on, and that a larger one may reverse it. */
  firstLine: string;
  /**
   * `better`: one arm beats every other. `no difference`: several arms lead and the numbers do not part them though they
   * would have shown a difference worth having. `undecided`: so few cases cannot decide.
   */
  outcome: 'better' | 'no difference' | 'undecided';
  /** The arm to use; absent when undecided. */
  choice?: string;
  /** Arms that no other arm was shown to beat, best first. */
  leaders: string[];
  headline: string;
  /** What the headline rests on, one paragraph each: primary metric, other metrics, yardsticks, costs, limits. */
  reasons: { title: string; text: string }[];
  kinds: {
    kind: string;
    outcome: 'better' | 'no difference' | 'undecided';
    leaders: string[];
    text: string;
  }[];
  /**
   * Every "better than" that the words rest on: `better` beat `than` on `metric` in a paired test after Holm, with an
   * interval that excludes zero. `kind` null: over all cases. What is not listed here was not shown.
   */
  claims: { metric: string; better: string; than: string; kind: string | null }[];
}

/** `comparison.json`: plain JSON, all that the report and the terminal table are made from. */
export interface ComparisonResult {
  version: 1;
  /** Hash of cases, arms' fingerprints, metrics and options. */
  id: string;
  startedAt: string;
  finishedAt: string;
  project: string;
  subject: Subject;
  arms: (ArmInfo & { fingerprint: string })[];
  metrics: MetricInfo[];
  primary: { metric: string; why: string };
  /** Differences of the primary metric below this are not worth having; in the metric's unit. */
  worthHaving: number;
  options: { seed: number; resamples: number; level: number; latencyCases: number };
  kinds: string[];
  cases: CaseRecord[];
  passages: Record<string, StoredPassage>;
  /** First all cases, then one per kind. */
  slices: Slice[];
  failures: ({ arm: string; caseId: string } & FailureRecord)[];
  verdict: Verdict;
  provenance: Provenance;
}

/** Where finished answers wait for the rest, so that a run that was cut off goes on. */
export interface ResultStore {
  get(key: string): StoredAnswer | undefined;
  /** Resolves once the row is on the disk. */
  put(key: string, row: StoredAnswer): Promise<void>;
}

export interface StoredAnswer {
  arm: string;
  caseId: string;
  pass: 'answers' | 'latency';
  answer?: Answer;
  failure?: FailureRecord;
}

export interface ArmsComparison {
  project: string;
  cases: Case[];
  arms: ArmUnderTest[];
  metrics: Metric[];
  /** Id of the metric the verdict rests on, and why that one. */
  primary: { metric: string; why: string };
  /** The smallest difference of the primary metric that would change your choice, in its unit. Default 0.1. */
  worthHaving?: number;
  subject: Subject;
  provenance?: Provenance;
  store: ResultStore;
  /** Cases of the sequential latency pass, taken evenly from all kinds; 0 leaves it out. Default 12. */
  latencyCases?: number;
  seed?: number;
  /** Resamples of the bootstrap. Default 4,000. */
  resamples?: number;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}
