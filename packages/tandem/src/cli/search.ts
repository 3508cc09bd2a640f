import type { Command } from 'commander';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { positiveInteger } from './arguments.ts';
import { runBatch } from './batch.ts';
import { withProject } from './command-context.ts';

export function addSearch(program: Command, signal: AbortSignal): void {
  program
    .command('search')
    .argument('[query]', 'what to look for')
    .description('Show the passages that would be put beside a question.')
    .option('--batch <file>', 'a JSONL file of {id, question}; writes a JSON line for each')
    .option('--k <n>', 'passages', positiveInteger)
    .option('--mode <mode>', 'hybrid, dense or lexical', 'hybrid')
    .action(
      async (
        query: string | undefined,
        options: { batch?: string; k?: number; mode: 'hybrid' | 'dense' | 'lexical' },
        command: Command,
      ) => {
        if (!['hybrid', 'dense', 'lexical'].includes(options.mode)) {
          throw new InvalidInputError({
            domain: 'cli',
            where: '--mode',
            message: `--mode is "${options.mode}".`,
            hint: 'Use hybrid, dense or lexical.',
          });
        }
        await withProject(command, signal, async ({ project, print, onProgress }) => {
          const retriever = await project.retriever();
          const search = async (text: string) => {
            const { passages, timings } = await retriever.retrieve(text, {
              k: options.k ?? project.config.retrieve.k,
              mode: options.mode,
              signal,
            });
            return { passages, timings };
          };
          if (options.batch !== undefined) {
            await runBatch(
              options.batch,
              { signal, onProgress, stage: 'searching' },
              async ({ id, question }) => ({
                id,
                passages: (await search(question)).passages.map(
                  ({ documentId, uri, start, end, text, score }) => ({
                    documentId,
                    uri,
                    start,
                    end,
                    text,
                    score,
                  }),
                ),
              }),
            );
            return;
          }
          if (query === undefined) {
            throw new InvalidInputError({
              domain: 'cli',
              where: 'search',
              message: 'There is nothing to search for.',
              hint: 'Write it in quotes after `search`, or give --batch FILE.',
            });
          }
          print({ query, ...(await search(query)) }, ({ passages }) =>
            passages.length === 0
              ? 'Nothing found.'
              : passages
                  .map(({ rank, headingPath, uri, start, end, text, scores }) => {
                    const numbers = Object.entries(scores).map(
                      ([name, value]) => `${name} ${value.toFixed(3)}`,
                    );
                    return `${rank}. ${headingPath.join(' › ')}\n   ${uri}:${start}–${end}   ${numbers.join(', ')}\n   ${text.replace(/\s+/g, ' ').slice(0, 300)}`;
                  })
                  .join('\n\n'),
          );
        });
      },
    );
}
