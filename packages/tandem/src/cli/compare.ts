import type { Command } from 'commander';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { armNames } from '../core/types/answer.ts';
import { type CompareEstimate, compare } from '../evaluate/compare.ts';
import { comparisonJson } from '../evaluate/comparison-json.ts';
import { summarise } from '../evaluate/summary.ts';
import { positiveInteger } from './arguments.ts';
import { parseArm } from './ask.ts';
import { withProject } from './command-context.ts';
import { duration } from './progress-bar.ts';

interface CompareFlags {
  arms?: string;
  adapter?: string;
  cases?: string;
  qa?: string;
  casesPerKind?: number;
  validationCases?: string;
  estimate?: boolean;
  purpose?: string;
}

export function addCompare(program: Command, signal: AbortSignal): void {
  program
    .command('compare')
    .description('Ask every arm the same held-out questions; writes report.html with a verdict.')
    .option('--arms <list>', `comma-separated: ${armNames.join(',')} (default: all there is an adapter for)`)
    .option('--adapter <id>', 'the adapter for tuned and hybrid (default: the latest)')
    .option('--cases <file>', 'held-out cases: JSONL of {id, question, expected, group?}')
    .option('--qa <file>', 'the same as --cases')
    .option('--cases-per-kind <n>', 'at most so many cases of each kind', positiveInteger)
    .option(
      '--validation-cases <n>',
      'validation cases for choosing prompts and calibrating (default 24; 0: none)',
    )
    .option('--purpose <text>', 'why the held-out cases are looked at; recorded')
    .option('--estimate', 'estimate time and cost, and stop')
    .action(async (flags: CompareFlags, command: Command) => {
      const arms = flags.arms?.split(',').map((name) => parseArm(name.trim())!);
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
      await withProject(command, signal, async ({ project, json, print, onProgress }) => {
        const outcome = await compare(project, {
          ...(arms && { arms }),
          ...(flags.adapter !== undefined && { adapterId: flags.adapter }),
          ...(cases !== undefined && { cases }),
          ...(flags.casesPerKind !== undefined && { casesPerKind: flags.casesPerKind }),
          ...(validation !== undefined && { validationCases: validation }),
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
        print(
          {
            ...comparisonJson(outcome.result),
            runId: outcome.runId,
            files: outcome.files,
          },
          () => `${summarise(outcome.result)}\n\nReport: ${outcome.files.report}`,
        );
      });
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
