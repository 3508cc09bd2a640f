import { type Command, Option } from 'commander';
import { counted } from '../core/counted.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { FormatName } from '../core/types/dataset-file.ts';
import { evalChunkers, evalRetrieval } from '../evaluate/eval-retrieval.ts';
import { signed } from '../evaluate/learnt/describe-learnt.ts';
import { evalLearnt } from '../evaluate/learnt/eval-learnt.ts';
import type { LearntEvaluation, PairedEvaluation } from '../evaluate/learnt/learnt-evaluation.ts';
import {
  failureCounts,
  failureKinds,
  type RetrievalEvaluation,
  type RetrievalFailure,
} from '../evaluate/retrieval.ts';
import { sourceAddresses } from '../project/sources.ts';
import type { Interval } from '../statistics/index.ts';
import { withProject } from './command-context.ts';
import { formatOption, givenFile } from './given-file.ts';

export function addEval(program: Command, signal: AbortSignal): void {
  const command = program.command('eval').description('Measure one part of the project on its own cases.');
  command
    .command('retrieval')
    .description(
      'Are the passages that hold the answers found? Recall, nDCG and MRR with intervals, and why not.',
    )
    .option('--cases <file>', 'cases with a source (default: dataset.cases)')
    .addOption(formatOption())
    .option('--mode <mode>', 'hybrid, dense or lexical', 'hybrid')
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
          format?: FormatName;
          mode: string;
          chunkers?: boolean;
          learnt?: boolean;
          failures?: boolean;
        },
        self: Command,
      ) => {
        const { mode } = options;
        if (mode !== 'hybrid' && mode !== 'dense' && mode !== 'lexical')
          throw new InvalidInputError({
            domain: 'cli',
            where: '--mode',
            message: `--mode is "${mode}".`,
            hint: 'Use hybrid, dense or lexical.',
          });
        await withProject(
          self,
          signal,
          async ({ project, print, onProgress }) => {
            const given = {
              mode,
              signal,
              onProgress,
              ...(options.cases !== undefined && { cases: givenFile(options.cases, options.format) }),
            } as const;
            if (options.learnt) {
              print(await evalLearnt(project, given), describeEvaluation);
              return;
            }
            if (options.chunkers) {
              print(await evalChunkers(project, given), (rows) =>
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
            print(await evalRetrieval(project, given), (evaluation) => {
              const { failures, cases, withoutSource, latency } = evaluation;
              const counted = failureCounts(failures).map(
                ({ kind, count }) => `${String(count).padStart(6)}  ${kind}: ${failureKinds[kind]}`,
              );
              return [
                heads(evaluation),
                cells(evaluation),
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
                ...counted,
                ...(options.failures
                  ? failures.map(
                      ({ id, kind, question, expected, first }) =>
                        `\n${id} (${kind}): ${question}\n  in ${placeOf(expected)}; first was ${first ? first.headingPath.join(' › ') : 'nothing'}`,
                    )
                  : []),
              ].join('\n');
            });
          },
          {
            addresses: (project) =>
              options.chunkers || options.learnt ? sourceAddresses(project) : Promise.resolve([]),
          },
        );
      },
    );
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
const cell = ({ value, low, high }: Interval) => `${value.toFixed(3)} ${low.toFixed(2)}–${high.toFixed(2)}`;
const footnote = ({ cases, groups, dependence }: RetrievalEvaluation) =>
  `${counted(cases, 'case')} of ${counted(groups, 'group')}; 95 % intervals by resampling groups.${dependence && ` ${dependence}`}`;
