import type { Command } from 'commander';
import { counted } from '../core/counted.ts';
import type { FormatName } from '../core/types/dataset-file.ts';
import { buildDataset, type Dataset } from '../dataset/build-dataset.ts';
import type { FoundBy } from '../dataset/compose/find-answer.ts';
import { checks } from '../dataset/lint/checks.ts';
import { lintDataset } from '../dataset/lint/lint-dataset.ts';
import { withProject } from './command-context.ts';
import { describeChecks, describeLint } from './describe-lint.ts';
import { formatOption, givenFile } from './given-file.ts';

const wordsFor: Record<FoundBy, string> = {
  verbatim: 'word for word',
  source: 'where the question says',
  similar: 'by words and meaning',
};

function describeFound(found: Record<FoundBy, number>): string {
  const parts = Object.entries(wordsFor)
    .filter(([by]) => found[by as FoundBy] > 0)
    .map(([by, words]) => `${found[by as FoundBy]} ${words}`);
  return parts.length > 0
    ? `Answers found in the documents: ${parts.join(', ')}.`
    : 'No answers were looked for.';
}

function describeDocuments({ questions, dropped }: NonNullable<Dataset['fromDocuments']>): string {
  const reasons = Object.entries(dropped)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${reason} ${count}`);
  return `${counted(questions, 'question')} made of the documents${reasons.length > 0 ? `; dropped: ${reasons.join(', ')}` : ''}.`;
}

function describeFeedback({ examples, heldOut }: NonNullable<Dataset['fromFeedback']>): string {
  return `${counted(examples, 'rated answer')} to learn from${heldOut > 0 ? `; ${heldOut} not, because a held-out case asks the same` : ''}.`;
}

export function addDataset(program: Command, signal: AbortSignal): void {
  const group = program.command('dataset').description('Training and held-out examples.');
  group
    .command('build')
    .description("Compose training examples from the project's questions, glossary and index.")
    .option('--glossary <file>', 'a CSV with the columns abbreviation and long_form')
    .action(async (options: { glossary?: string }, command: Command) => {
      await withProject(command, signal, async ({ project, print, onProgress }) => {
        const built = await buildDataset(project, { ...options, signal, onProgress });
        const { train, validation, places: _, documents: _documents, ...told } = built;
        const { counts, unanswerable, files } = told;
        print({ ...told, train: train.length, validation: validation.length }, (value) =>
          [
            `${value.train} training examples (${Object.entries(counts)
              .map(([kind, count]) => `${kind} ${count}`)
              .join(', ')}) and ${value.validation} for validation.`,
            ...(value.found ? [describeFound(value.found)] : []),
            ...(value.fromDocuments ? [describeDocuments(value.fromDocuments)] : []),
            ...(value.fromFeedback ? [describeFeedback(value.fromFeedback)] : []),
            ...(unanswerable > 0
              ? [
                  `${unanswerable} ${unanswerable === 1 ? 'question is' : 'questions are'} not shown with passages: no indexed passage holds the answer.`,
                ]
              : []),
            files.train,
          ].join('\n'),
        );
      });
    });
  group
    .command('lint')
    .description(
      'Look through training data and cases for what makes a model worse, a comparison unfair or a secret public.',
    )
    .argument('[file]', "questions or examples in any format (default: the project's own, with its cases)")
    .addOption(formatOption())
    .option('--only <checks>', `comma-separated: ${checks.map(({ name }) => name).join(',')} (default: all)`)
    .option('--fix', 'write FILE.fixed.jsonl, in which what loses nothing is mended')
    .option('--checks', 'list the checks and what each finds')
    .action(async (file: string | undefined, flags: LintFlags, command: Command) => {
      if (flags.checks) {
        console.log(describeChecks());
        return;
      }
      await withProject(command, signal, async ({ project, print, onProgress }) => {
        const report = await lintDataset(project, {
          ...(file !== undefined && { file: givenFile(file, flags.format) }),
          ...(flags.only !== undefined && { only: flags.only.split(',').map((name) => name.trim()) }),
          ...(flags.fix && { fix: true }),
          signal,
          onProgress,
        });
        print(report, (value) => describeLint(value, process.cwd()));
        if (report.errors > 0) process.exitCode = 1;
      });
    });
}

interface LintFlags {
  format?: FormatName;
  only?: string;
  fix?: boolean;
  checks?: boolean;
}
