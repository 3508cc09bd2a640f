import type { ProgressListener } from '../core/progress.ts';
import { isHit, overlapOf } from '../core/span-overlap.ts';
import type { Passage } from '../core/types/document.ts';
import type { Case } from '../core/types/example.ts';
import type { RetrievalCase } from '../dataset/cases.ts';
import { describeDependence, independentGroups } from '../dataset/independent-groups.ts';
import type { MissingPlace } from '../dataset/missing-place.ts';
import type { Retrieval } from '../retrieve/retrieval.ts';
import { discountedGain, type Interval, intervalOf } from '../statistics/index.ts';
import { termsOf } from '../text/terms.ts';

export interface RetrievalEvaluationOptions {
  /** Only those with a `source` (the span that holds the answer), or one that is `notIndexed`, count. */
  cases: readonly RetrievalCase[];
  retrieve(question: string): Promise<Pick<Retrieval, 'passages' | 'explanation'>>;
  /** The index's own passages that overlap the case's source, in any order: what could have been found. */
  passagesOf(
    source: NonNullable<Case['source']>,
  ): Promise<readonly Pick<Passage, 'id' | 'start' | 'end' | 'text' | 'prefix'>[]>;
  /** The language in which the words of a document are searched; words are taken for English without it. */
  languageOf?(documentId: string): Promise<string | undefined>;
  /** Cut-offs; the greatest is how many passages are looked at. Default 1, 3, 5, 10. */
  ks?: readonly number[];
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** Why a case's answer is not among the passages. */
export const failureKinds = {
  'not indexed': 'The index has no passage of the document or section that holds the answer.',
  'cut by chunking':
    'A passage with a part of the answer was found, but it has less than half of it, and most of that passage is something else.',
  'ranked too low': 'The passage was among those compared, and others were put before it.',
  'right document, wrong section': 'Other passages of the right document were found.',
  vocabulary:
    'Not found, and the question shares no word with the passage: another wording, an abbreviation or a lay term.',
  'not found': 'Not found although words are shared.',
} as const;

/** Why an answer was not found; what each means is in `failureKinds`. */
export type FailureKind = keyof typeof failureKinds;

/** A case whose answer is not among the passages looked at. */
export interface RetrievalFailure {
  id: string;
  question: string;
  kind: FailureKind;
  /** Where the answer stands, and what came first instead. Of one that is not indexed, the sections that there are, and the nearest. */
  expected: { documentId: string; start?: number; end?: number } & Partial<MissingPlace>;
  first?: Pick<Passage, 'id' | 'headingPath' | 'uri'>;
}

/** Where a case's source was found. */
export interface RankedCase {
  id: string;
  group: string;
  /** From 1; absent where none of the passages looked at is of the source. */
  rank?: number;
}

/** How well retrieval finds what the cases say is the answer; the intervals are 95 %, by groups. */
export interface RetrievalEvaluation {
  cases: number;
  groups: number;
  /** Which cases are not as independent as the file says, in words; empty where all are. */
  dependence: string;
  /** Cases that do not say where their answer stands: nothing to measure by, and not among `cases`. */
  withoutSource: string[];
  /** Cases with a passage of the source among the first k; by k. */
  recall: Record<number, Interval>;
  /**
   * Discounted by the logarithm of the rank of the first passage of the source, 1 for rank 1 (Järvelin & Kekäläinen 2002, one
   * relevant item).
   */
  ndcg: Interval;
  /** Mean reciprocal rank of that passage, 0 beyond the last place looked at. */
  mrr: Interval;
  /** Each case with the group that it is resampled with, and the rank of the first passage of its source, where one was found. */
  ranks: RankedCase[];
  /** The cases without a passage of the source among the first `max(ks)`. */
  failures: RetrievalFailure[];
  /** Milliseconds. */
  latency: { p50: number; p95: number };
}

/**
 * Recall, nDCG and MRR of a retriever on cases, with intervals by resampling the cases' groups, and each failure with its reason.
 */
export async function evaluateRetrieval(
  options: RetrievalEvaluationOptions,
): Promise<RetrievalEvaluation | undefined> {
  const { cases, ks = [1, 3, 5, 10], signal, onProgress } = options;
  const measured = cases.filter(({ source, notIndexed }) => source ?? notIndexed);
  const most = Math.max(...ks);
  const ranks: number[] = [];
  const times: number[] = [];
  const failures: RetrievalFailure[] = [];
  for (const [done, { id, question, source, notIndexed }] of measured.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ stage: 'searching', done, total: measured.length, unit: 'cases' });
    const before = performance.now();
    const { passages, explanation } = await options.retrieve(question);
    times.push(performance.now() - before);
    const seen = passages.slice(0, most);
    const at = source
      ? seen.findIndex((passage) => passage.documentId === source.documentId && isHit(passage, source))
      : -1;
    ranks.push(at < 0 ? Number.POSITIVE_INFINITY : at + 1);
    if (at >= 0) continue;
    const [first] = passages;
    failures.push({
      id,
      question,
      kind: source
        ? kindOf({
            question,
            source,
            passages: seen,
            right: await options.passagesOf(source),
            compared: explanation?.compared,
            language: await options.languageOf?.(source.documentId),
          })
        : 'not indexed',
      expected: source ?? notIndexed!,
      ...(first && { first: { id: first.id, headingPath: first.headingPath, uri: first.uri } }),
    });
  }
  if (measured.length === 0) return undefined;
  const groups = independentGroups(measured);
  const interval = (values: number[]) => intervalOf({ values, groups }, { bounds: [0, 1] })!;
  times.sort((a, b) => a - b);
  const quantile = (q: number) => times[Math.min(times.length - 1, Math.floor(q * times.length))]!;
  return {
    cases: measured.length,
    groups: new Set(groups).size,
    dependence: describeDependence(measured, groups),
    withoutSource: cases.filter(({ source, notIndexed }) => !source && !notIndexed).map(({ id }) => id),
    recall: Object.fromEntries(ks.map((k) => [k, interval(ranks.map((rank) => Number(rank <= k)))])),
    ndcg: interval(ranks.map((rank) => discountedGain(rank))),
    mrr: interval(ranks.map((rank) => 1 / rank)),
    ranks: measured.map(({ id }, at) => ({
      id,
      group: groups[at]!,
      ...(Number.isFinite(ranks[at]) && { rank: ranks[at]! }),
    })),
    failures,
    latency: { p50: quantile(0.5), p95: quantile(0.95) },
  };
}

function kindOf({
  question,
  source,
  passages,
  right,
  compared,
  language,
}: {
  question: string;
  source: NonNullable<Case['source']>;
  passages: readonly Passage[];
  right: readonly Pick<Passage, 'id' | 'start' | 'end' | 'text' | 'prefix'>[];
  compared: readonly { chunk: { id: string } }[] | undefined;
  language: string | undefined;
}): FailureKind {
  if (right.length === 0) return 'not indexed';
  const own = passages.filter(({ documentId }) => documentId === source.documentId);
  if (own.some((passage) => overlapOf(passage, source) > 0)) return 'cut by chunking';
  if (own.length > 0) return 'right document, wrong section';
  // Where no passage has enough of the answer, each with a part of it was worth finding.
  const hits = right.filter((passage) => isHit(passage, source));
  const wanted = hits.length > 0 ? hits : right;
  const ids = new Set(wanted.map(({ id }) => id));
  if (compared?.some(({ chunk }) => ids.has(chunk.id))) return 'ranked too low';
  const asked = new Set(termsOf(question, language));
  const shares = wanted.some(({ prefix = '', text }) =>
    termsOf(`${prefix} ${text}`, language).some((term) => asked.has(term)),
  );
  return shares ? 'not found' : 'vocabulary';
}

/** How many failures there are of each kind, most first. */
export function failureCounts(failures: readonly RetrievalFailure[]): { kind: FailureKind; count: number }[] {
  return (Object.keys(failureKinds) as FailureKind[])
    .map((kind) => ({ kind, count: failures.filter((failure) => failure.kind === kind).length }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
}
