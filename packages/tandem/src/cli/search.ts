import type { Command } from 'commander';
import { tableHead } from '../answer/prompt.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Turn } from '../retrieve/conversation.ts';
import { search as searchPassages } from '../runtime/search.ts';
import { parseMode, positiveInteger } from './arguments.ts';
import { runBatch } from './batch.ts';
import { withProject } from './command-context.ts';
import { type FilterFlags, filterOf, unknownInFilter, withFilterFlags } from './document-filter.ts';
import { notFound, planText, whyText } from './explain-search.ts';
import { textShownOf } from './shown-text.ts';

export function addSearch(program: Command, signal: AbortSignal): void {
  const command = program
    .command('search')
    .argument('[query]', 'what to look for')
    .description('Show the passages that a question would be answered from.')
    .option('--batch <file>', 'a JSONL file of {id, question, turns?}; writes a JSON line for each')
    .option('--k <n>', 'passages', positiveInteger)
    .option('--mode <mode>', "hybrid, dense (meaning) or lexical (words); default: the config's");
  withFilterFlags(command)
    .option('--explain', 'how the question was read, which search found what, and why it has its place')
    .action(
      async (
        query: string | undefined,
        options: FilterFlags & {
          batch?: string;
          k?: number;
          mode?: string;
          explain?: boolean;
        },
        command: Command,
      ) => {
        const given = parseMode(options.mode);
        const filter = filterOf(options);
        await withProject(command, signal, async ({ project, print, onProgress }) => {
          const mode = given ?? project.settings.retrieve.mode ?? 'hybrid';
          if (options.explain && mode !== 'hybrid') {
            throw new InvalidInputError({
              domain: 'cli',
              where: '--explain',
              message: `--explain tells how hybrid search reads a question and weighs passages; --mode ${mode} does neither.`,
              hint: `Leave out --explain (the passages are in the order of their ${mode} score), or give --mode hybrid.`,
            });
          }
          const search = async (text: string, turns?: readonly Turn[]) => {
            const { passages, timings, spelledOut, parts, missing, explanation } = await searchPassages(
              project,
              text,
              {
                ...filter,
                ...(options.k !== undefined && { k: options.k }),
                mode,
                ...(turns && { turns }),
                ...(options.explain && { explain: true }),
                signal,
              },
            );
            return {
              passages,
              timings,
              ...(spelledOut && { spelledOut }),
              ...(parts && { parts }),
              ...(missing && { missing }),
              // Only programs that call the library get all candidates; two hundred passages explain nothing to a person.
              ...(explanation && {
                explanation: {
                  plan: explanation.plan,
                  weights: explanation.weights,
                  isLearned: explanation.isLearned,
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
              async ({ id, question, turns }) => ({
                id,
                passages: (await search(question, turns)).passages.map(
                  ({ id, rank, documentId, uri, start, end, text, score }) => ({
                    id,
                    rank,
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
          onProgress({ stage: 'searching', done: 0, total: 1, unit: 'questions' });
          const found = await search(query);
          const unknown =
            found.passages.length === 0
              ? await unknownInFilter(filter, project.catalog.documents)
              : undefined;
          const show = await textShownOf(found.passages, project.catalog.documents);
          print(
            { query, ...found, ...(unknown !== undefined && { unknown }) },
            ({ passages, explanation, timings, ...rest }) => {
              const lacking = notFound({ ...rest, passages });
              const shown = passages.map((passage) => {
                const { id, rank, headingPath, uri, start, end, score, scores } = passage;
                const told = explanation?.passages.find((each) => each.id === id);
                const why = told
                  ? whyText(told, passage, explanation!, score)
                  : Object.entries(scores)
                      .map(([name, value]) => `${name} ${value.toFixed(3)}`)
                      .join(', ');
                const head = tableHead(passage);
                const text = [...(head === undefined ? [] : [show(passage, head)]), show(passage)]
                  .join(' ')
                  .slice(0, 300);
                return `${rank}. ${headingPath.join(' › ')}\n   ${uri}:${start}–${end}\n   ${why}\n   ${text}`;
              });
              return [
                ...(explanation ? [planText(explanation, timings)] : []),
                ...(passages.length === 0 ? [`Nothing found.${unknown ? ` ${unknown}` : ''}`] : shown),
                ...(lacking.length > 0 ? [lacking.join('\n')] : []),
              ].join('\n\n');
            },
          );
        });
      },
    );
}
