import type { Command } from 'commander';
import { counted } from '../core/counted.ts';
import { buildDataset, type Dataset } from '../dataset/build-dataset.ts';
import type { FoundBy } from '../dataset/compose/find-answer.ts';
import { withProject } from './command-context.ts';

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
}
