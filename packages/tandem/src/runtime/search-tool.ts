import { type Tool, tool } from 'ai';
import { z } from 'zod';
import { type SearchOptions, search } from './search.ts';

const inputSchema = z.object({
  query: z
    .string()
    .min(1)
    .describe('What to look for: a question or some words, in the language of the documents.'),
});

/** A passage as a model is shown it: what it says, and where. */
export interface FoundPassage {
  /** From 1, the best first. */
  rank: number;
  uri: string;
  title: string;
  /** Headings that it stands below. */
  section: string;
  text: string;
  documentId: string;
  /** `[start, end)` in the document's text. */
  start: number;
  end: number;
}

/**
 * Search in the documents as an AI SDK tool, for models that decide by themselves what to look up.
 *
 * @param options as of `search`: how many passages, and which documents may be found. A model cannot change them.
 *
 * @example
 * const { text } = await generateText({
 *   model: openai('gpt-5'),
 *   tools: { search: searchTool(tandem, { k: 5 }) },
 *   stopWhen: stepCountIs(4),
 *   prompt: 'How many days of leave do I have?',
 * });
 */
export function searchTool(
  parts: Parameters<typeof search>[0],
  options: Omit<SearchOptions, 'signal'> & { description?: string } = {},
): Tool<z.infer<typeof inputSchema>, FoundPassage[]> {
  const { description = 'Search in the documents. Gives passages with where they stand.', ...searchOptions } =
    options;
  return tool({
    description,
    inputSchema,
    execute: async ({ query }, { abortSignal }): Promise<FoundPassage[]> => {
      const { passages } = await search(parts, query, {
        ...searchOptions,
        ...(abortSignal && { signal: abortSignal }),
      });
      return passages.map(({ rank, uri, title, headingPath, text, documentId, start, end }) => ({
        rank,
        uri,
        title,
        section: headingPath.join(' › '),
        text,
        documentId,
        start,
        end,
      }));
    },
  });
}
