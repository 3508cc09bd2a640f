import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { armNames } from '../core/types/answer.ts';
import type { FormatName } from '../core/types/dataset-file.ts';
import { type CompareEstimate, compare } from '../evaluate/compare.ts';
import { comparisonJson } from '../evaluate/comparison-json.ts';
import { diffComparisons } from '../evaluate/over-time/diff-comparisons.ts';
import { decideGate, type Gate, openGate } from '../evaluate/over-time/gate.ts';
import { junitXml } from '../evaluate/over-time/junit.ts';
import { type StudyName, studyNames } from '../evaluate/studies/study.ts';
import { summarise } from '../evaluate/summary.ts';
import type { Project } from '../project/open-project.ts';
import { positiveInteger } from './arguments.ts';
import { withProject } from './command-context.ts';
import { formatOption, givenFile } from './given-file.ts';
import { duration } from './progress-bar.ts';

interface CompareFlags {
  arms?: string;
  adapter?: string;
  cases?: string;
  qa?: string;
  format?: FormatName;
  casesPerKind?: number;
  validationCases?: string;
  repeats?: number;
  with?: string;
  studyCases?: number;
  estimate?: boolean;
  purpose?: string;
  gate?: boolean;
  against?: string;
  leastGroups?: number;
  junit?: string;
}

export function addCompare(program: Command, signal: AbortSignal): void {
  program
    .command('compare')
    .description('Ask every arm the same held-out questions; writes report.html with a verdict.')
    .option(
      '--arms <list>',
      `comma-separated: ${armNames.join(',')}, and those of compare.arms (default: all that can answer)`,
    )
    .option('--adapter <id>', 'the adapter for tuned and hybrid (default: the latest)')
    .option(
      '--cases <file>',
      'held-out cases: {question, expected, group?}, in any format of docs/training.md',
    )
    .option('--qa <file>', 'the same as --cases')
    .addOption(formatOption())
    .option('--cases-per-kind <n>', 'at most so many cases of each kind', positiveInteger)
    .option(
      '--validation-cases <n>',
      'validation cases for choosing prompts and calibrating (default 24; 0: none)',
    )
    .option('--repeats <n>', 'ask each case this many times, at a temperature above 0', positiveInteger)
    .option('--with <list>', `study beside it, comma-separated: ${studyNames.join(',')}`)
    .option('--study-cases <n>', 'with --with: cases that are asked again (default 24)', positiveInteger)
    .option('--purpose <text>', 'why the held-out cases are looked at; recorded')
    .option('--gate', 'exit with 1 where the arm in use is shown worse than in the accepted comparison')
    .option('--against <run>', 'with --gate: the comparison to hold it against')
    .option(
      '--least-groups <n>',
      'with --gate: fewer groups in both are no pass (default 20)',
      positiveInteger,
    )
    .option('--junit <file>', 'write JUnit XML: a suite for each arm, a test for each case')
    .option('--estimate', 'estimate time and cost, and stop')
    .action(async (flags: CompareFlags, command: Command) => {
      const arms = flags.arms?.split(',').map((name) => name.trim());
      const validation = flags.validationCases === undefined ? undefined : Number(flags.validationCases);
      if (validation !== undefined && !(Number.isInteger(validation) && validation >= 0)) {
        throw new InvalidInputError({
          domain: 'cli',
          where: '--validation-cases',
          message: `--validation-cases is "${flags.validationCases}".`,
          hint: 'Give a whole number, 0 for none.',
        });
      }
      const cases = flags.cases ?? flags.qa;
      const studies = flags.with?.split(',').map((name) => parseStudy(name.trim()));
      await withProject(command, signal, async ({ project, json, print, onProgress }) => {
        const gate = await gateOf(flags, arms, project);
        const outcome = await compare(project, {
          ...(arms && { arms }),
          ...(flags.adapter !== undefined && { adapterId: flags.adapter }),
          ...(cases !== undefined && { cases: givenFile(cases, flags.format) }),
          ...(flags.casesPerKind !== undefined && { casesPerKind: flags.casesPerKind }),
          ...(validation !== undefined && { validationCases: validation }),
          ...(flags.repeats !== undefined && { repeats: flags.repeats }),
          ...(studies && { with: studies }),
          ...(flags.studyCases !== undefined && { studyCases: flags.studyCases }),
          ...(flags.purpose !== undefined && { purpose: flags.purpose }),
          ...(flags.estimate && { estimateOnly: true }),
          signal,
          onProgress,
          onEstimate: (estimate) => {
            onProgress.breakLine();
            if (!json) console.error(describeEstimate(estimate));
          },
          command: ['tandem', ...process.argv.slice(2)].join(' '),
        });
        if (!('result' in outcome)) {
          if (json) console.log(JSON.stringify(outcome.estimate));
          return;
        }
        const { result, files, runId } = outcome;
        const gated = gate && decideGate(gate, diffComparisons(gate.against.result, result));
        if (flags.junit !== undefined) await writeFile(flags.junit, junitXml(result, gated));
        if (gated && !gated.passed) process.exitCode = 1;
        print({ ...comparisonJson(result), runId, files, ...(gated && { gate: gated }) }, () =>
          [
            summarise(result),
            `Report: ${files.report}`,
            ...(flags.junit === undefined ? [] : [`JUnit: ${flags.junit}`]),
            ...(gated ? [gated.sentence] : []),
          ].join('\n\n'),
        );
      });
    });
}

function parseStudy(name: string): StudyName {
  const known = studyNames.find((each) => each === name);
  if (known) return known;
  throw new InvalidInputError({
    domain: 'cli',
    where: '--with',
    message: `There is no study called "${name}".`,
    hint: `Name one or more of ${studyNames.join(', ')}, with commas between them.`,
  });
}

/** What the comparison is to be held against: found before the first answer, which may be hours before the last. */
async function gateOf(
  { gate, against, leastGroups }: CompareFlags,
  arms: readonly string[] | undefined,
  project: Project,
): Promise<Gate | undefined> {
  if (!gate) {
    if (against === undefined && leastGroups === undefined) return undefined;
    throw new InvalidInputError({
      domain: 'cli',
      where: '--gate',
      message: `${against === undefined ? '--least-groups' : '--against'} is for --gate, which is not given.`,
      hint: 'Give --gate too.',
    });
  }
  const opened = await openGate(project, {
    ...(against !== undefined && { against }),
    ...(leastGroups !== undefined && { leastGroups }),
  });
  if (!arms || arms.some((name) => name === opened.arm)) return opened;
  throw new InvalidInputError({
    domain: 'cli',
    where: '--arms',
    message: `--gate is about ${opened.arm}, the arm in use, and --arms leaves it out.`,
    hint: `Add ${opened.arm} to --arms.`,
  });
}

export function describeEstimate({
  answers,
  stored,
  minutes,
  memoryBytes,
  money,
  basis,
}: CompareEstimate): string {
  const kept = stored > 0 ? `, ${stored} of them stored from before` : '';
  return `${answers} answers${kept}: about ${duration(minutes * 60)}, ${(memoryBytes / 1e9).toFixed(1)} GB of memory, ${money === 0 ? 'no money (all on this machine)' : "money by the provider's prices"}. (${basis})`;
}
