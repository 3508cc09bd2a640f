import { sha256 } from '../../core/hash.ts';
import type { Answer } from '../../core/types/answer.ts';
import type { Case } from '../../core/types/example.ts';
import { independentGroups } from '../../dataset/independent-groups.ts';
import type { ArmInfo } from '../arm.ts';
import type { AnswerRecord, CaseRecord, StoredPassage } from '../comparison-result.ts';
import { expectsOnly } from '../metrics/expects-only.ts';
import type { Metric } from '../metrics/metric.ts';
import { holdsSource } from '../metrics/source-overlap.ts';
import type { StoredAnswer } from '../result-store.ts';
import type { CollectedAnswers, MeasuredCases } from './step-data.ts';

/** Gives each answer its value on every metric, and keeps of it what the report shows. A failed answer is counted and listed. */
export function measureAnswers(collected: CollectedAnswers, metrics: readonly Metric[]): MeasuredCases {
  const { setup, startedAt, arms } = collected;
  const answers = new Map(collected.answers.map((row) => [nameOf(row.arm, row.caseId), row]));
  const timed = new Map(collected.timed.map((row) => [nameOf(row.arm, row.caseId), row]));
  const passages: Record<string, StoredPassage> = {};
  const groups = independentGroups(collected.cases);
  const cases = collected.cases.map((testCase, at): CaseRecord => {
    const records: CaseRecord['arms'] = {};
    for (const arm of arms) {
      const name = nameOf(arm.name, testCase.id);
      const row = answers.get(name)!;
      records[arm.name] = {
        ...(row.answer && { answer: recordAnswer(row.answer, testCase, passages) }),
        ...(row.failure && { failure: row.failure }),
        values: measure({ metrics, arm, testCase, row, timing: timed.get(name) }),
      };
    }
    return { case: testCase, group: groups[at]!, arms: records };
  });
  const failures = arms.flatMap((arm) =>
    cases.flatMap((record) => {
      const { failure } = record.arms[arm.name]!;
      return failure ? [{ arm: arm.name, caseId: record.case.id, ...failure }] : [];
    }),
  );
  return { setup, startedAt, arms, cases, passages, failures };
}

function measure(input: {
  metrics: readonly Metric[];
  arm: ArmInfo;
  testCase: Case;
  row: StoredAnswer;
  timing: StoredAnswer | undefined;
}): Record<string, number> {
  const { metrics, arm, testCase, row, timing } = input;
  const values: Record<string, number> = {};
  for (const metric of metrics) {
    const measured = metric.pass === 'latency' ? timing : row;
    if (!measured || !isAsked(metric, arm, testCase)) continue;
    const value = metric.value({ answer: measured.answer ?? emptyAnswer(arm, testCase), testCase, arm });
    // For a failed answer the empty one only tells whether the metric applies to this case and arm at all.
    const counted = measured.answer || value === undefined ? value : metric.whenFailed;
    if (counted !== undefined) values[metric.id] = counted;
  }
  return values;
}

/** Of an arm that answers with some fields alone: whether the metric is about what it answers with. */
function isAsked({ about }: Metric, { answersOnly }: ArmInfo, testCase: Case): boolean {
  if (answersOnly === undefined || about === 'cost') return true;
  if (about === 'all that is expected') return expectsOnly(testCase, answersOnly);
  return about !== undefined && answersOnly.includes(about.field);
}

function emptyAnswer(arm: ArmInfo, testCase: Case): Answer {
  return {
    question: testCase.question,
    arm: 'base',
    text: '',
    raw: '',
    outcome: 'answer',
    abstained: false,
    citations: [],
    danglingMarkers: [],
    passages: [],
    usage: { promptTokens: 0, completionTokens: 0 },
    timings: { generate: 0, total: 0 },
    traceId: `none (${arm.name} failed)`,
  };
}

/** The passages' text goes into `passages`; the record refers to it. */
function recordAnswer(answer: Answer, testCase: Case, passages: Record<string, StoredPassage>): AnswerRecord {
  return {
    text: answer.text,
    ...(answer.output && { output: answer.output }),
    raw: answer.raw,
    abstained: answer.abstained,
    citations: answer.citations,
    danglingMarkers: answer.danglingMarkers,
    ...(answer.problems && { problems: answer.problems }),
    ...(answer.outcome && { outcome: answer.outcome }),
    ...(answer.sufficiency && { sufficiency: answer.sufficiency }),
    ...(answer.claims && { claims: answer.claims }),
    ...(answer.revision && { revision: answer.revision }),
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

/** An arm's answer to a case, among all answers. */
function nameOf(arm: string, caseId: string): string {
  return JSON.stringify([arm, caseId]);
}
