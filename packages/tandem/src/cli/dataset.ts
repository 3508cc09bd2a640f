import type { Command } from 'commander';
import { buildDataset } from '../dataset/build-dataset.ts';
import { withProject } from './command-context.ts';

export function addDataset(program: Command, signal: AbortSignal): void {
  const group = program.command('dataset').description('Training and held-out examples.');
  group
    .command('build')
    .description("Compose training examples from the project's questions, glossary and index.")
    .option('--glossary <file>', 'a CSV with the columns abbreviation and long_form')
    .action(async (options: { glossary?: string }, command: Command) => {
      await withProject(command, signal, async ({ project, print, onProgress }) => {
        const { id, train, validation, files, counts, unanswerable } = await buildDataset(project, {
          ...options,
          signal,
          onProgress,
        });
        print(
          { id, train: train.length, validation: validation.length, counts, unanswerable, files },
          (value) =>
            [
              `${value.train} training examples (${Object.entries(counts)
                .map(([kind, count]) => `${kind} ${count}`)
                .join(', ')}) and ${value.validation} for validation.`,
              ...(unanswerable > 0
                ? [
                    `${unanswerable} questions were left out: no indexed passage holds the first sentence of their answer.`,
                  ]
                : []),
              files.train,
            ].join('\n'),
        );
      });
    });
}
