import type { Command } from 'commander';
import { counted } from '../core/counted.ts';
import { formatInterval, formatValue } from '../evaluate/format.ts';
import { acceptComparison } from '../evaluate/over-time/accept-comparison.ts';
import { type ComparisonDiff, diffComparisons } from '../evaluate/over-time/diff-comparisons.ts';
import { findDrift } from '../evaluate/over-time/find-drift.ts';
import { describeChange } from '../evaluate/over-time/gate.ts';
import { type ListedComparison, listComparisons } from '../evaluate/over-time/list-comparisons.ts';
import type { QuestionDrift } from '../evaluate/over-time/question-drift.ts';
import { readComparison } from '../evaluate/over-time/read-comparison.ts';
import { positiveInteger } from './arguments.ts';
import { withProject } from './command-context.ts';
import { userName } from './user-name.ts';

export function addRuns(program: Command, signal: AbortSignal): void {
  const runs = program
    .command('runs')
    .description('Comparisons over time: list them, hold one against another, accept one.')
    .option('--limit <n>', 'the latest so many (default 20)', positiveInteger)
    .action(async ({ limit = 20 }: { limit?: number }, command: Command) => {
      await withProject(command, signal, async ({ project, print }) => {
        print(await listComparisons(project, { limit }), describeList);
      });
    });

  runs
    .command('diff')
    .argument('<before>', 'a run, as `tandem runs` lists it')
    .argument('<after>', 'a later one')
    .description('What became of each arm: the paired difference on the cases that are in both.')
    .action(async (before: string, after: string, _options: object, command: Command) => {
      await withProject(command, signal, async ({ project, print }) => {
        const [first, second] = [await readComparison(before, project), await readComparison(after, project)];
        print(diffComparisons(first.result, second.result), describeDiff);
      });
    });

  runs
    .command('accept')
    .argument('<run>', 'a run, as `tandem runs` lists it')
    .description('Mark a comparison as the one that later ones are held against.')
    .option('--reason <text>', 'why; recorded')
    .action(async (runId: string, { reason }: { reason?: string }, command: Command) => {
      await withProject(command, signal, async ({ project, print }) => {
        const acceptance = await acceptComparison(project, {
          runId,
          ...userName(),
          ...(reason !== undefined && { why: reason }),
        });
        print(
          acceptance,
          () =>
            `${runId} is the accepted comparison now: \`tandem compare --gate\` holds later ones against it.`,
        );
      });
    });

  runs
    .command('drift')
    .description('Whether the questions asked of late are still like the cases, by the embedder.')
    .option('--cases <file>', "held-out cases (default: the project's)")
    .option('--latest <n>', 'so many of the latest questions (default 500)', positiveInteger)
    .action(async ({ cases, latest }: { cases?: string; latest?: number }, command: Command) => {
      await withProject(command, signal, async ({ project, print }) => {
        const drift = await findDrift(project, {
          ...(cases !== undefined && { cases }),
          ...(latest !== undefined && { latest }),
          signal,
        });
        print(drift, describeDrift);
      });
    });
}

function describeList(runs: readonly ListedComparison[]): string {
  if (runs.length === 0) return 'Nothing has been compared yet: `tandem compare`.';
  return runs.map(describeListed).join('\n');
}

function describeListed({
  runId,
  startedAt,
  status,
  result,
  isAccepted,
  acceptance,
}: ListedComparison): string {
  const mark = isAccepted ? '  accepted' : acceptance ? '  accepted before' : '';
  const head = `${runId}  ${startedAt.slice(0, 16).replace('T', ' ')}`;
  if (!result)
    return `${head}  ${status === 'done' ? 'its comparison.json is gone' : `not finished (${status})`}${mark}`;
  const { model, cases, groups, primary, arms, verdict } = result;
  const values = arms.map(({ arm, reference, value }) => {
    const text = `${arm} ${formatValue(value, primary.unit)}`;
    return reference ? `[${text}]` : text;
  });
  return [
    `${head}  ${model}${mark}`,
    `    ${primary.name}: ${values.join(', ')} (${counted(cases, 'case')}, ${counted(groups, 'group')})`,
    `    ${verdict.arm === null ? 'no arm chosen' : `use ${verdict.arm}`} (${verdict.outcome})`,
  ].join('\n');
}

function describeDiff(diff: ComparisonDiff): string {
  const { models, onlyBefore, onlyAfter } = diff;
  return [
    diff.sentence,
    ...(models.before === models.after
      ? []
      : [`Of different models: ${models.before}, then ${models.after}.`]),
    ...diff.arms.map((change) => `  ${describeChange(change, diff)}`),
    ...(onlyBefore.length > 0 ? [`Only in the first: ${onlyBefore.join(', ')}.`] : []),
    ...(onlyAfter.length > 0 ? [`Only in the second: ${onlyAfter.join(', ')}.`] : []),
  ].join('\n');
}

function describeDrift({ share, expected, cases, isShown, farthest }: QuestionDrift): string {
  const percent = (value: number) => formatValue(value, 'share');
  return [
    `${percent(share.value)} of ${counted(share.cases, 'different question')} (95 % ${formatInterval(share, 'share')}) are farther from every case than ${percent(1 - expected)} of the ${counted(cases, 'case')} are from one another; about ${percent(expected)} would be if they were alike.`,
    isShown
      ? 'What is asked has moved away from the cases: add such questions before the next comparison.'
      : 'No drift shown.',
    ...farthest.map(
      ({ question, nearest, distance }) =>
        `  ${distance.toFixed(2)}  ${question}\n        nearest case: ${nearest}`,
    ),
  ].join('\n');
}
