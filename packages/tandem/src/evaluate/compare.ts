import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { InterruptedError } from '../core/errors/interrupted-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { hashJson, sha256 } from '../core/hash.ts';
import type { Answer } from '../core/types/answer.ts';
import type { Case } from '../core/types/example.ts';
import { createRandom, shuffled } from '../statistics/index.ts';
import { holdsSource } from './metrics/source-overlap.ts';
import { kindsOf, summariseSlices } from './slices.ts';
import type {
  AnswerRecord,
  ArmInfo,
  ArmsComparison,
  ArmUnderTest,
  CaseRecord,
  ComparisonResult,
  MetricInfo,
  StoredAnswer,
  StoredPassage,
} from './types.ts';
import { decideVerdict } from './verdict.ts';

/** How many answers a comparison has to make: for an estimate before it starts. */
export interface ComparisonPlan {
  /** Answers of the main pass, and how many of them are stored already. */
  answers: number;
  stored: number;
  /** Answers of the sequential latency pass, the warm-up of each arm included, and how many are stored. */
  latencyAnswers: number;
  latencyStored: number;
}

export function planComparison(options: ArmsComparison): ComparisonPlan {
  const plan = prepare(options);
  const stored = (jobs: readonly Job[]) => jobs.filter((job) => options.store.get(job.key)).length;
  const latencyStored = stored(plan.latency);
  return {
    answers: plan.main.length,
    stored: stored(plan.main),
    latencyAnswers: plan.latency.length + (latencyStored < plan.latency.length ? options.arms.length : 0),
    latencyStored,
  };
}

/**
 * Puts the same cases to every arm and says, with intervals, which one does best. Arms take turns on each case in an order
 * drawn anew for it, so that nothing that changes with time favours one of them; latency is measured afterwards, one answer
 * at a time, on a sample of the cases. Each answer is stored as soon as it is there: the same call goes on where an
 * interrupted one stopped, and an arm whose fingerprint is unchanged is not asked again.
 *
 * A question that does not fit an arm's context is a failed answer of that arm, counted and listed; any other error stops
 * the comparison. Throws `InvalidInputError` on cases, arms or metrics that cannot be compared and `InterruptedError` when
 * `signal` aborts.
 */
export async function compare(options: ArmsComparison): Promise<ComparisonResult> {
  const startedAt = new Date().toISOString();
  const { main, latency, settings, id } = prepare(options);
  const signal = options.signal ?? new AbortController().signal;

  const answered = await answerAll(main, { options, signal, stage: 'answering cases' });
  if (latency.some((job) => !options.store.get(job.key))) await warmUp(options, latency, signal);
  const timed = await answerAll(latency, { options, signal, stage: 'measuring latency' });

  const passages: Record<string, StoredPassage> = {};
  const cases = options.cases.map((testCase): CaseRecord => {
    const arms: CaseRecord['arms'] = {};
    for (const arm of options.arms) {
      const row = answered.get(jobName(arm.name, testCase.id))!;
      const timing = timed.get(jobName(arm.name, testCase.id));
      arms[arm.name] = {
        ...(row.answer && { answer: recordOf(row.answer, testCase, passages) }),
        ...(row.failure && { failure: row.failure }),
        values: valuesOf({ options, arm, testCase, row, timing }),
      };
    }
    return { case: testCase, group: testCase.group ?? testCase.id, arms };
  });

  const arms = options.arms.map((arm) => ({ ...infoOf(arm), fingerprint: arm.fingerprint }));
  const metrics = options.metrics.map(metricInfoOf);
  const undecided: Omit<ComparisonResult, 'verdict'> = {
    version: 1,
    id,
    startedAt,
    finishedAt: new Date().toISOString(),
    project: options.project,
    subject: options.subject,
    arms,
    metrics,
    primary: options.primary,
    worthHaving: options.worthHaving ?? 0.1,
    options: settings,
    kinds: kindsOf(cases),
    cases,
    passages,
    slices: summariseSlices(cases, { arms, metrics, primary: options.primary.metric, ...settings }),
    failures: options.arms.flatMap((arm) =>
      cases.flatMap((record) => {
        const failure = record.arms[arm.name]!.failure;
        return failure ? [{ arm: arm.name, caseId: record.case.id, ...failure }] : [];
      }),
    ),
    provenance: options.provenance ?? {},
  };
  return { ...undecided, verdict: decideVerdict(undecided) };
}

interface Job {
  key: string;
  arm: ArmUnderTest;
  testCase: Case;
  pass: StoredAnswer['pass'];
}

function prepare(options: ArmsComparison) {
  check(options);
  const settings = {
    seed: options.seed ?? 1,
    resamples: options.resamples ?? 4000,
    level: 0.95,
    latencyCases: Math.min(options.latencyCases ?? 12, options.cases.length),
  };
  const random = createRandom(settings.seed);
  const turns = (cases: readonly Case[], pass: Job['pass'], keyOf: (arm: ArmUnderTest, c: Case) => string) =>
    cases.flatMap((testCase) =>
      shuffled(options.arms, random).map((arm): Job => ({ key: keyOf(arm, testCase), arm, testCase, pass })),
    );

  const main = turns(options.cases, 'answers', (arm, testCase) =>
    hashJson({ arm: arm.fingerprint, question: testCase.question, case: testCase.id }),
  );
  const timedCases = spreadOverKinds(options.cases, settings.latencyCases, settings.seed);
  // Times can be compared only when they were taken together on one machine: any arm's change makes all of them stale.
  const together = hashJson({
    arms: options.arms.map((arm) => arm.fingerprint),
    machine: options.provenance?.machine ?? null,
    cases: timedCases.map((testCase) => [testCase.id, testCase.question]),
  });
  const latency = turns(timedCases, 'latency', (arm, testCase) =>
    hashJson({ together, arm: arm.name, case: testCase.id }),
  );
  const id = hashJson({
    cases: options.cases,
    arms: options.arms.map((arm) => [arm.name, arm.fingerprint, arm.reference]),
    metrics: options.metrics.map(metricInfoOf),
    primary: options.primary.metric,
    settings,
  });
  return { main, latency, settings, id };
}

async function answerAll(
  jobs: readonly Job[],
  context: { options: ArmsComparison; signal: AbortSignal; stage: string },
): Promise<Map<string, StoredAnswer>> {
  const { options, signal, stage } = context;
  const rows = new Map<string, StoredAnswer>();
  const report = (detail?: string) =>
    options.onProgress?.({
      stage,
      done: rows.size,
      total: jobs.length,
      unit: 'answers',
      ...(detail && { detail }),
    });
  for (const { key, arm, testCase, pass } of jobs) {
    let row = options.store.get(key);
    if (!row) {
      report(`${arm.label}: ${testCase.id}`);
      row = {
        arm: arm.name,
        caseId: testCase.id,
        pass,
        ...(await askOnce(arm, testCase, signal, rows.size)),
      };
      await options.store.put(key, row);
    }
    rows.set(jobName(arm.name, testCase.id), row);
  }
  if (jobs.length > 0) report();
  return rows;
}

async function askOnce(
  arm: ArmUnderTest,
  testCase: Case,
  signal: AbortSignal,
  done: number,
): Promise<Pick<StoredAnswer, 'answer' | 'failure'>> {
  const interrupted = (cause?: unknown) =>
    new InterruptedError({
      message: `The comparison was stopped after ${done} answers, which are kept.`,
      domain: 'evaluate',
      cause,
    });
  if (signal.aborted) throw interrupted(signal.reason);
  try {
    return { answer: await arm.answer(testCase, signal) };
  } catch (error) {
    if (signal.aborted) throw interrupted(error);
    if (!ContextOverflowError.isInstance(error)) throw error;
    return {
      failure: { message: error.message, code: error.code, ...(error.hint && { hint: error.hint }) },
    };
  }
}

/** One answer of each arm that is thrown away: the first one loads models and fills caches. */
async function warmUp(options: ArmsComparison, latency: readonly Job[], signal: AbortSignal): Promise<void> {
  const timed = new Set(latency.map((job) => job.testCase.id));
  const testCase = options.cases.find((candidate) => !timed.has(candidate.id)) ?? latency[0]!.testCase;
  for (const arm of options.arms) await askOnce(arm, testCase, signal, 0);
}

function valuesOf(input: {
  options: ArmsComparison;
  arm: ArmUnderTest;
  testCase: Case;
  row: StoredAnswer;
  timing: StoredAnswer | undefined;
}): Record<string, number> {
  const { options, arm, testCase, row, timing } = input;
  const values: Record<string, number> = {};
  for (const metric of options.metrics) {
    const measured = metric.pass === 'latency' ? timing : row;
    if (!measured) continue;
    const value = metric.value({ answer: measured.answer ?? emptyAnswer(arm, testCase), testCase, arm });
    // For a failed answer the empty one only tells whether the metric applies to this case and arm at all.
    const counted = measured.answer || value === undefined ? value : metric.whenFailed;
    if (counted !== undefined) values[metric.id] = counted;
  }
  return values;
}

function emptyAnswer(arm: ArmInfo, testCase: Case): Answer {
  return {
    question: testCase.question,
    arm: 'base',
    text: '',
    raw: '',
    abstained: false,
    citations: [],
    danglingMarkers: [],
    passages: [],
    usage: { promptTokens: 0, completionTokens: 0 },
    timings: { generate: 0, total: 0 },
    traceId: `none (${arm.name} failed)`,
  };
}

function recordOf(answer: Answer, testCase: Case, passages: Record<string, StoredPassage>): AnswerRecord {
  return {
    text: answer.text,
    ...(answer.output && { output: answer.output }),
    raw: answer.raw,
    abstained: answer.abstained,
    citations: answer.citations,
    danglingMarkers: answer.danglingMarkers,
    passages: answer.passages.map((passage) => {
      const { documentId, uri, title, start, end, text } = passage;
      // Two arms may read different indexes, in which one id can name different text.
      const known = passages[passage.id];
      const id = known && known.text !== text ? `${passage.id}~${sha256(text).slice(0, 8)}` : passage.id;
      passages[id] = { documentId, uri, title, start, end, text };
      return {
        id,
        rank: passage.rank,
        score: passage.score,
        ...(testCase.source && { holdsSource: holdsSource(passage, testCase.source) }),
      };
    }),
    ...(answer.searchQuery !== undefined && { searchQuery: answer.searchQuery }),
    ...(answer.confidence !== undefined && { confidence: answer.confidence }),
    usage: answer.usage,
    timings: answer.timings,
    traceId: answer.traceId,
  };
}

function check({ cases, arms, metrics, primary }: ArmsComparison): void {
  const fail = (message: string, hint: string) => {
    throw new InvalidInputError({ message, hint, domain: 'evaluate' });
  };
  if (cases.length === 0)
    fail('There are no cases to compare on.', 'Name a file of cases (--cases FILE.jsonl).');
  const repeated = (names: string[]) => names.find((name, i) => names.indexOf(name) !== i);
  const twice = repeated(cases.map((testCase) => testCase.id));
  if (twice !== undefined)
    fail(`Two cases have the id "${twice}".`, 'Give every case an id of its own: answers are kept by it.');
  if (arms.length === 0) fail('There is no arm to compare.', 'Name at least one arm (--arms base,rag).');
  const arm = repeated(arms.map((candidate) => candidate.name));
  if (arm !== undefined) fail(`The arm "${arm}" is named twice.`, 'Name each arm once.');
  const metric = repeated(metrics.map((candidate) => candidate.id));
  if (metric !== undefined)
    fail(`Two metrics have the id "${metric}".`, 'Give compared fields and style rules different names.');
  const chosen = metrics.find((candidate) => candidate.id === primary.metric);
  if (!chosen || chosen.direction === 'none' || chosen.summary !== 'mean')
    fail(
      `The verdict cannot rest on the metric "${primary.metric}".`,
      `Take one of: ${metrics
        .filter((candidate) => candidate.direction !== 'none' && candidate.summary === 'mean')
        .map((candidate) => candidate.id)
        .join(', ')}.`,
    );
}

/** A sample of as many of each kind as of any other, as far as they go, in the order of the cases. */
function spreadOverKinds(cases: readonly Case[], count: number, seed: number): Case[] {
  const random = createRandom(seed + 1);
  const byKind = new Map<string, Case[]>();
  for (const testCase of shuffled(cases, random)) {
    const kind = testCase.kind ?? '';
    byKind.set(kind, [...(byKind.get(kind) ?? []), testCase]);
  }
  const queues = [...byKind.values()];
  const taken = new Set<Case>();
  for (let turn = 0; taken.size < count; turn++) {
    const next = queues[turn % queues.length]!.shift();
    if (next) taken.add(next);
  }
  return cases.filter((testCase) => taken.has(testCase));
}

function jobName(arm: string, caseId: string): string {
  return JSON.stringify([arm, caseId]);
}

function infoOf({ name, label, description, reference, retrieves, trained }: ArmUnderTest): ArmInfo {
  return { name, label, description, reference, retrieves, trained };
}

function metricInfoOf(metric: MetricInfo): MetricInfo {
  const { id, name, description, unit, direction, summary, pass, family, probabilityOf } = metric;
  return {
    id,
    name,
    description,
    unit,
    direction,
    summary,
    pass,
    family,
    ...(probabilityOf && { probabilityOf }),
  };
}
