import { type Tool, tool } from 'ai';
import { z } from 'zod';
import type { Passage } from '../core/types/document.ts';
import { type SearchOptions, search } from './search.ts';

/** What a model says to search. */
export const searchInput = z.object({
  query: z
    .string()
    .min(1)
    .describe('What to look for: a question or some words, in the language of the documents.'),
});

export type SearchInput = z.output<typeof searchInput>;

/** How the search is described to a model that may choose it. */
export const searchDescription = 'Search in the documents. Gives passages with where they stand.';

/** A passage as a model is shown it: what it says, and where. */
export interface FoundPassage {
  /** From 1, the best first. */
  rank: number;
  uri: string;
  title: string;
  /** Headings above it. */
  section: string;
  text: string;
  documentId: string;
  /** `[start, end)` in the document's text. */
  start: number;
  end: number;
}

/** The options of `search`, and how the tool is described to the model. */
export interface SearchToolOptions extends Omit<SearchOptions, 'signal'> {
  /** When the model should use it. */
  description?: string;
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
 *   stopWhen: isStepCount(4),
 *   prompt: 'How many days of leave do I have?',
 * });
 */
export function searchTool(
  parts: Parameters<typeof search>[0],
  options: SearchToolOptions = {},
): Tool<SearchInput, FoundPassage[]> {
  const { description = searchDescription, ...searchOptions } = options;
  return tool({
    description,
    inputSchema: searchInput,
    execute: async ({ query }, { abortSignal }) => {
      const { passages } = await search(parts, query, {
        ...searchOptions,
        ...(abortSignal && { signal: abortSignal }),
      });
      return passages.map(foundPassage);
    },
  });
}

/** What a model is shown of a passage. */
export const foundPassage = ({
  rank,
  uri,
  title,
  headingPath,
  text,
  documentId,
  start,
  end,
}: Passage): FoundPassage => ({
  rank,
  uri,
  title,
  section: headingPath.join(' › '),
  text,
  documentId,
  start,
  end,
});
