import type { Constraints } from '../core/settings.ts';
import type { Answer } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import type { ArmInfo } from './arm.ts';
import type { Estimate } from './estimate.ts';
import type { Means } from './means.ts';
import type { MetricInfo } from './metrics/metric.ts';
import type { FailureRecord } from './result-store.ts';
import type { Studies } from './studies/study.ts';

export type { Estimate } from './estimate.ts';

/** One metric of one arm. */
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
  /** Two-sided, of `test`; absent for medians and percentiles and where no case has both values. */
  p?: number;
  /** True when every assignment of signs was counted, not sampled. */
  exact?: boolean;
  /** McNemar's exact test of yes-or-no values with one case a group, else the sign-flip test by group. Older results do not have it. */
  test?: 'McNemar' | 'sign flip';
  /** After Holm over this test's family. */
  adjustedP?: number;
  /** What `adjustedP` was adjusted over. */
  family?: 'primary' | 'secondary' | 'reference' | 'kinds';
  /** The smallest true difference this n would show in 4 of 5 such comparisons (80 % power, 5 %, two-sided). */
  minimalDetectable: number;
  /** How much the two differ within groups (`pairedDiscordance`), at least what agreeing groups cannot rule out; of means only. */
  discordance?: number;
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
  problems?: Answer['problems'];
  outcome?: Answer['outcome'];
  sufficiency?: Answer['sufficiency'];
  claims?: Answer['claims'];
  revision?: Answer['revision'];
  /** Keys into `ComparisonResult.passages`, by rank. */
  passages: { id: string; rank: number; score: number; holdsSource?: boolean }[];
  searchQuery?: string;
  confidence?: number;
  usage: Answer['usage'];
  timings: Answer['timings'];
  traceId: string;
}

/** One case with every arm's answer to it, and what each metric made of that answer. */
export interface CaseRecord {
  case: Case;
  /** Of the cases that are about the same: what is resampled, see `independentGroups`. */
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

/** How it was made, for the report's reader. Parts that are absent are not shown. */
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

/** Whether an arm keeps to one constraint. */
export interface ConstraintEvidence {
  arm: string;
  constraint: keyof Constraints;
  /** What was measured, in the constraint's unit (a share, seconds, dollars); absent where it is no number or was not measured. */
  measured?: number;
  bound?: number;
  /** null: it could not be measured, which rules no arm out. */
  holds: boolean | null;
  /** One line: the measured value against the bound. */
  sentence: string;
}

/** What an arm costs, in US dollars. */
export interface ArmCost {
  arm: string;
  perQuestion: number;
  /** Training, whatever is asked. */
  perMonth: number;
  /** At the volume that was stated. */
  total: number;
  /** What it is made of, as a sentence: prices with their dates. */
  basis: string;
}

/** From so many questions a month on, one arm costs less than another. */
export interface BreakEven {
  /** Costs less below. */
  below: string;
  /** Costs less above. */
  above: string;
  questionsPerMonth: number;
}

/** Which arm to choose, in words that follow from the numbers. */
export interface Verdict {
  /** Names the model it was measured on, and that a larger one may reverse it. */
  firstLine: string;
  /**
   * `better`: one arm beats every other. `no difference`: several arms lead and the numbers do not part them though they
   * would have shown a difference worth having. `undecided`: so few cases cannot decide. `only one left`: all others break a constraint.
   */
  outcome: 'better' | 'no difference' | 'undecided' | 'only one left';
  /** The arm to use; absent when undecided. */
  choice?: string;
  /** Where undecided: about how many independent groups would show a difference worth having, four times in five (`groupsNeeded`). */
  groupsNeeded?: number;
  /** What arms do whatever they are asked: decline, say one thing, fall into loops, cite [1]. A useless one is never the choice. */
  habits: {
    arm: string;
    kind: 'declines' | 'same answer' | 'loops' | 'cites first';
    sentence: string;
    isUseless: boolean;
  }[];
  /** Arms that no other arm was shown to beat, best first. */
  leaders: string[];
  headline: string;
  /** What the headline rests on, one paragraph each, some with lines below: constraints, metrics, yardsticks, costs, limits, what would change it. */
  reasons: { title: string; text: string; lines?: string[] }[];
  /** Each arm against each constraint that is set. Older results do not have it. */
  evidence?: ConstraintEvidence[];
  /** What would turn the choice, one line each. Older results do not have it. */
  wouldChange?: string[];
  /** Where a volume is stated: what each arm costs a month, and the volumes at which two cost the same. */
  costs?: ArmCost[];
  breakEvens?: BreakEven[];
  kinds: {
    kind: string;
    outcome: Verdict['outcome'];
    leaders: string[];
    text: string;
  }[];
  /**
   * Every "better than" that the words rest on: `better` beat `than` on `metric` in a paired test after Holm, with an
   * interval that excludes zero. `kind` null: over all cases. What is not listed here was not shown.
   */
  claims: { metric: string; better: string; than: string; kind: string | null }[];
}

/** How the numbers are made. */
export interface ComparisonOptions {
  seed: number;
  /** Of the bootstrap. */
  resamples: number;
  /** Of the intervals: 0.95. */
  level: number;
  /** Cases of the sequential latency pass. */
  latencyCases: number;
  /** How often each case was asked, where that was more than once: first all cases, then all of them again. */
  repeats?: number;
  /** What right refusals count for in joined metrics, where no few cases would count too much by it (`weightOfUnanswerable`). */
  unanswerableWeight: number;
}

/** An answer that an arm could not give. */
export type FailedAnswer = { arm: string; caseId: string } & FailureRecord;

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
  options: ComparisonOptions;
  /** What an arm must keep to. Older results do not have it, nor what it is checked against. */
  constraints?: Constraints;
  means?: Means;
  kinds: string[];
  cases: CaseRecord[];
  passages: Record<string, StoredPassage>;
  /** First all cases, then one per kind. */
  slices: Slice[];
  failures: FailedAnswer[];
  /** What was studied beside it, where that was asked for (`compare --with`). */
  studies?: Studies;
  verdict: Verdict;
  provenance: Provenance;
}

/** The same before a verdict is drawn from its numbers. */
export type UndecidedComparison = Omit<ComparisonResult, 'verdict'>;
