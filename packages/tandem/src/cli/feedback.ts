import { readFile } from 'node:fs/promises';
import { Argument, type Command, Option } from 'commander';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { rateAnswer } from '../dataset/feedback.ts';
import { withProject } from './command-context.ts';

export function addFeedback(program: Command, signal: AbortSignal): void {
  program
    .command('feedback')
    .description('Rate an answer; `tandem tune --preferences feedback` trains on the ratings.')
    .argument('<trace>', 'the id of its trace, as `ask` prints it')
    .addArgument(
      new Argument('<rating>', 'up, down, or none to take a rating back').choices(['up', 'down', 'none']),
    )
    .addOption(
      new Option('--better <text>', 'the whole reply that should have come instead').conflicts('betterFile'),
    )
    .option('--better-file <file>', 'the same, from a text file')
    .action(
      async (
        traceId: string,
        rating: 'up' | 'down' | 'none',
        flags: { better?: string; betterFile?: string },
        command: Command,
      ) => {
        await withProject(command, signal, async ({ project, print }) => {
          const better = flags.betterFile === undefined ? flags.better : await textOf(flags.betterFile);
          const kept = await rateAnswer(project, traceId, {
            rating,
            ...(better !== undefined && { better }),
          });
          print(kept ?? { traceId, rating: 'none' }, () =>
            kept
              ? `${traceId} is rated ${kept.rating}${kept.better === undefined ? '' : ', with a better text'}. Next: tandem tune --preferences feedback.`
              : `The rating of ${traceId} is taken back.`,
          );
        });
      },
    );
}

async function textOf(path: string): Promise<string> {
  try {
    // A text file ends with a line end that no reply has.
    return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new InvalidInputError({
      domain: 'cli',
      where: '--better-file',
      message: `${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      hint: 'Give the path of a text file with the better reply.',
      cause: error,
    });
  }
}
