import { type Command, Option } from 'commander';
import { counted } from '../core/counted.ts';
import { evalModes, nameOfMode } from '../evaluate/eval-modes.ts';
import { evalChunkers, evalRetrieval } from '../evaluate/eval-retrieval.ts';
import { evalLearnt } from '../evaluate/learnt/eval-learnt.ts';
import type { LearntEvaluation, PairedEvaluation } from '../evaluate/learnt/learnt-evaluation.ts';
import {
  failureCounts,
  failureKinds,
  type RetrievalEvaluation,
  type RetrievalFailure,
} from '../evaluate/retrieval.ts';
import { signed } from '../evaluate/retrieval-difference.ts';
import { sourceAddresses } from '../project/sources.ts';
import type { Interval } from '../statistics/index.ts';
import { parseMode } from './arguments.ts';
import { withProject } from './command-context.ts';

export function addEval(program: Command, signal: AbortSignal): void {
  const command = program.command('eval').description('Measure one part of the project on its own cases.');
  command
    .command('retrieval')
    .description(
      'Are the passages that hold the answers found? Recall, nDCG and MRR with intervals, and why not.',
    )
    .option('--cases <file>', 'JSONL of cases with a source (default: dataset.cases)')
    .option('--mode <mode>', 'one alone: hybrid, dense (meaning) or lexical (words); default: all three')
    .option('--chunkers', 'the same for each way of cutting documents, each with an index of its own')
    .addOption(
      new Option(
        '--learnt',
        'does what was learnt from your questions pay? With and without the ranking, the reranker and the embedder',
      ).conflicts(['chunkers', 'mode', 'failures']),
    )
    .option('--failures', 'list each failure')
    .action(
      async (
        options: {
          cases?: string;
          mode?: string;
          chunkers?: boolean;
          learnt?: boolean;
          failures?: boolean;
        },
        self: Command,
      ) => {
        const mode = parseMode(options.mode);
        await withProject(
          self,
          signal,
          async ({ project, print, onProgress }) => {
            const given = {
              signal,
              onProgress,
              ...(options.cases !== undefined && { cases: options.cases }),
            } as const;
            if (options.learnt) {
              print(await evalLearnt(project, given), describeEvaluation);
              return;
            }
            if (options.chunkers) {
              print(await evalChunkers(project, { ...given, ...(mode && { mode }) }), (rows) =>
                [
                  `${'chunker'.padEnd(14)}${'chunks'.padStart(8)}  ${heads(rows[0]!.evaluation)}`,
                  ...rows.map(
                    ({ strategy, chunks, evaluation }) =>
                      `${strategy.padEnd(14)}${String(chunks).padStart(8)}  ${cells(evaluation)}`,
                  ),
                  footnote(rows[0]!.evaluation),
                ].join('\n'),
              );
              return;
            }
            if (mode) {
              const evaluation = await evalRetrieval(project, { ...given, mode });
              print(evaluation, () =>
                [heads(evaluation), cells(evaluation), ...below(evaluation, options)].join('\n'),
              );
              return;
            }
            const { used, others, summary } = await evalModes(project, given);
            print({ ...used.evaluation, mode: used.mode, others, summary }, () =>
              [
                `${''.padEnd(modeWidth)}${heads(used.evaluation)}`,
                ...[used, ...others].map(
                  ({ mode: each, evaluation }) =>
                    `${`${nameOfMode[each]}${each === used.mode ? ' (in use)' : ''}`.padEnd(modeWidth)}${cells(evaluation)}`,
                ),
                ...others.map(
                  ({ mode: each, difference }) =>
                    `${nameOfMode[each]} less ${nameOfMode[used.mode]}: recall@1 ${range(difference.recallAt1)}, nDCG@10 ${range(difference.ndcg)}`,
                ),
                '',
                summary,
                '',
                ...below(used.evaluation, options),
              ].join('\n'),
            );
          },
          {
            addresses: (project) =>
              options.chunkers || options.learnt ? sourceAddresses(project) : Promise.resolve([]),
          },
        );
      },
    );
}

/** What stands below an evaluation's figures: what they rest on, and what was not found, and why. */
function below(evaluation: RetrievalEvaluation, { failures: listed }: { failures?: boolean }): string[] {
  const { failures, cases, withoutSource, latency } = evaluation;
  return [
    footnote(evaluation),
    `${latency.p50.toFixed(0)} ms at the median, ${latency.p95.toFixed(0)} ms for the slowest twentieth.`,
    ...(withoutSource.length > 0
      ? [
          withoutSource.length === 1
            ? '1 more case has no source and was left out.'
            : `${withoutSource.length} more cases have no source and were left out.`,
        ]
      : []),
    '',
    `Not found: ${failures.length} of ${cases}.`,
    ...failureCounts(failures).map(
      ({ kind, count }) => `${String(count).padStart(6)}  ${kind}: ${failureKinds[kind]}`,
    ),
    ...failures.flatMap(describeMissingPlace),
    ...(listed
      ? failures.map(
          ({ id, kind, question, expected, first }) =>
            `\n${id} (${kind}): ${question}\n  in ${placeOf(expected)}; first was ${first ? first.headingPath.join(' › ') : 'nothing'}`,
        )
      : []),
  ];
}

/** At most so many headings are listed. */
const mostSections = 40;

/** A place that the documents do not have is a slip in the cases: what they have instead. */
function describeMissingPlace({ id, kind, expected }: RetrievalFailure): string[] {
  const { documentId, section, sections, nearest } = expected;
  if (kind !== 'not indexed' || expected.start !== undefined) return [];
  const like = nearest === undefined ? '' : ` The nearest is "${nearest}".`;
  if (!sections) return [`\n${id}: there is no document ${documentId}.${like}`];
  if (sections.length === 0) return [`\n${id}: ${documentId} has no headings, and none is "${section}".`];
  const more = sections.length - mostSections;
  const all = sections.slice(0, mostSections).map((each) => `"${each}"`);
  return [
    `\n${id}: ${documentId} has no section "${section}".${like} It has: ${all.join(', ')}${more > 0 ? `, and ${more} more` : ''}.`,
  ];
}

function describeEvaluation(evaluation: LearntEvaluation): string {
  const { configured, parts, together, leftOut, summary } = evaluation;
  const row = (name: string, cells: string[]) =>
    `${name.padEnd(26)}${cells.map((cell) => cell.padEnd(18)).join('')}`.trimEnd();
  const paired = (name: string, { with: withIt, without, difference: { ndcg } }: PairedEvaluation) =>
    row(name, [
      ...[withIt, without].flatMap((each) => [cell(each.recall[1]!), cell(each.ndcg)]),
      `${signed(ndcg.value)} ${signed(ndcg.low)} to ${signed(ndcg.high)}`,
    ]);
  return [
    row('', ['recall@1', 'nDCG@10', 'without: recall@1', 'nDCG@10', 'difference in nDCG@10']),
    row('as configured', [cell(configured.recall[1]!), cell(configured.ndcg)]),
    ...parts.map((part) => paired(`${part.kind}${part.isConfigured ? '' : ' (not configured)'}`, part)),
    ...together.map((all) => paired(all.kinds.join(', '), all)),
    footnote(configured),
    '',
    summary,
    ...(parts.length + leftOut.length === 0
      ? ['`tandem tune --ranking`, `--reranker` and `--embedder` learn from dataset.questions.']
      : []),
    ...parts
      .filter(({ isConfigured, verdict }) => !isConfigured && verdict === 'pays')
      .map(({ kind, reference }) =>
        kind === 'embedder'
          ? `To use the embedder, set models.embedder to "${reference}" and run tandem ingest.`
          : `To use the ${kind}, set retrieve.${kind} to "${reference}".`,
      ),
  ].join('\n');
}

const placeOf = ({ documentId, section, start, end }: RetrievalFailure['expected']) =>
  start === undefined
    ? `${documentId}${section === undefined ? '' : `, section "${section}"`}`
    : `${documentId}:${start}–${end}`;

const modeWidth = 24;
const width = 20;
const heads = ({ recall }: RetrievalEvaluation) =>
  [...Object.keys(recall).map((k) => `recall@${k}`), 'nDCG@10', 'MRR']
    .map((head) => head.padEnd(width))
    .join('')
    .trimEnd();
const cells = ({ recall, ndcg, mrr }: RetrievalEvaluation) =>
  [...Object.values(recall), ndcg, mrr]
    .map((interval) => cell(interval).padEnd(width))
    .join('')
    .trimEnd();
const range = ({ value, low, high }: Interval) => `${signed(value)} (${signed(low)} to ${signed(high)})`;
const cell = ({ value, low, high }: Interval) => `${value.toFixed(3)} ${low.toFixed(2)}–${high.toFixed(2)}`;
const footnote = ({ cases, groups, dependence }: RetrievalEvaluation) =>
  `${counted(cases, 'case')} of ${counted(groups, 'group')}; 95 % intervals by groups.${dependence && ` ${dependence}`}`;
