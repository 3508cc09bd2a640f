import type { Command } from 'commander';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Explanation, Retrieval } from '../retrieve/retriever.ts';
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
    .option(
      '--where <key=value...>',
      'only documents with this in their metadata; values of one key are alternatives',
    )
    .option('--document <id...>', 'only in these documents')
    .option('--explain', 'how the question was read, which search found what, and what put it where it is')
    .action(
      async (
        query: string | undefined,
        options: {
          batch?: string;
          k?: number;
          mode: 'hybrid' | 'dense' | 'lexical';
          where?: string[];
          document?: string[];
          explain?: boolean;
        },
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
            const { passages, timings, spelledOut, explanation } = await retriever.retrieve(text, {
              k: options.k ?? project.config.retrieve.k,
              mode: options.mode,
              ...(options.where && { metadata: metadataFilter(options.where) }),
              ...(options.document && { documentIds: options.document }),
              ...(options.explain && { explain: true }),
              signal,
            });
            return {
              passages,
              timings,
              ...(spelledOut && { spelledOut }),
              // All that was compared is for programs that ask the library; two hundred passages are no explanation.
              ...(explanation && {
                explanation: {
                  plan: explanation.plan,
                  compared: explanation.compared.length,
                  passages: explanation.passages,
                },
              }),
            };
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
          print({ query, ...(await search(query)) }, ({ passages, explanation, timings }) =>
            passages.length === 0
              ? 'Nothing found.'
              : [
                  ...(explanation ? [planText(explanation, timings)] : []),
                  ...passages.map(({ id, rank, headingPath, uri, start, end, text, scores }) => {
                    const numbers = Object.entries(scores).map(
                      ([name, value]) => `${name} ${value.toFixed(3)}`,
                    );
                    const told = explanation?.passages.find((each) => each.id === id);
                    const why = told ? `\n   ${whyText(told)}` : '';
                    return `${rank}. ${headingPath.join(' › ')}\n   ${uri}:${start}–${end}   ${numbers.join(', ')}${why}\n   ${text.replace(/\s+/g, ' ').slice(0, 300)}`;
                  }),
                ].join('\n\n'),
          );
        });
      },
    );
}

/** `year=2021 year=2022 kind=leaflet` */
function metadataFilter(pairs: readonly string[]): Record<string, string[]> {
  const filter: Record<string, string[]> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1)
      throw new InvalidInputError({
        domain: 'cli',
        where: '--where',
        message: `--where ${pair} has no value.`,
        hint: 'Write --where key=value.',
      });
    const key = pair.slice(0, at);
    filter[key] = [...(filter[key] ?? []), pair.slice(at + 1)];
  }
  return filter;
}

type Told = Omit<Explanation, 'compared'> & { compared: number };

/** How the question was read. */
function planText({ plan, compared }: Told, timings: Retrieval['timings']): string {
  const named = plan.linked
    .slice(0, 4)
    .map(({ name, cover, documentId }) => `${name} (${Math.round(100 * cover)} % of it, ${documentId})`);
  return [
    `named: ${named.join('; ') || 'nothing that a document is called'}`,
    `asked: ${plan.bare ? 'what it is' : plan.asked.join(' | ')}`,
    `kinds of section: ${
      Object.entries(plan.kinds)
        .map(([kind, sure]) => `${kind} (${Math.round(100 * sure)} %)`)
        .join(', ') || 'none that is known'
    }`,
    `searched by meaning: ${[plan.full, ...plan.focused].join(' | ')}`,
    `searched by words: ${[plan.text, plan.condensed].filter((each) => each !== undefined).join(' | ')}`,
    `compared: ${compared} passages; ${Object.entries(timings)
      .map(([stage, ms]) => `${stage} ${ms.toFixed(0)} ms`)
      .join(', ')}`,
  ].join('\n');
}

/** Where each search had it, and the five things that spoke most for it. */
function whyText({ ranks, contributions }: Told['passages'][number]): string {
  const places = Object.entries(ranks).map(([search, rank]) => `${search} #${rank}`);
  const most = Object.entries(contributions)
    .filter(([, value]) => value > 0)
    .sort((a, b) => b[1] - a[1])
    .slice(0, 5)
    .map(([name, value]) => `${name} ${value.toFixed(2)}`);
  return `${places.join(', ') || 'among all passages of its document'}; ${most.join(' + ')}`;
}
