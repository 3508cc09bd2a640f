import { generateText, type LanguageModel } from 'ai';
import type { ChunkFilter } from '../store/chunk-table.ts';
import { type NameIndex, wordsOf } from './names.ts';

/** An earlier turn of a conversation. */
export interface Turn {
  role: 'user' | 'assistant';
  content: string;
}

/** Makes a question that can be searched without what was said before it. */
export type RewriteQuestion = (
  question: string,
  turns: readonly Turn[],
  options: { signal?: AbortSignal },
) => Promise<string>;

/** Of a name, this much must be in a text for the text to be about it. */
const leastCover = 0.55;

/**
 * "And is it hereditary?" after "What is gout?" is about gout. Where a question names nothing that the documents know, it takes over what
 * the latest turn that named something was about. No language model.
 *
 * @returns the names taken over; none where the question has a name of its own.
 */
export function carriedNames(
  question: string,
  turns: readonly Turn[],
  names: NameIndex,
  filter: ChunkFilter = {},
): string[] {
  if (names.link(question, { filter, limit: 1 }).some(({ cover }) => cover >= leastCover)) return [];
  for (const { content } of turns.toReversed()) {
    const linked = names.link(content, { filter, limit: 8 }).filter(({ cover }) => cover >= leastCover);
    if (linked.length === 0) continue;
    // Names of one stretch of words are one thing: of two things both are taken over.
    const carried: { name: string; at: Set<number> }[] = [];
    for (const { name, at, weight, cover } of linked) {
      const least = 0.25 * linked[0]!.weight * linked[0]!.cover;
      if (
        carried.length === 2 ||
        weight * cover < least ||
        carried.some((each) => at.some((place) => each.at.has(place)))
      )
        continue;
      carried.push({ name, at: new Set(at) });
    }
    return carried.map(({ name }) => name);
  }
  return [];
}

/** Lets a language model write the standalone question. What it leaves out is not lost: the question itself is searched too. */
export function rewriteWithModel(model: LanguageModel): RewriteQuestion {
  return async (question, turns, { signal }) => {
    const said = turns.slice(-6).map(({ role, content }) => `${role}: ${content.slice(0, 600)}`);
    const { text } = await generateText({
      model,
      temperature: 0,
      maxOutputTokens: 80,
      system:
        'Rewrite the last question so that it can be understood without the conversation. Put names in place of words like "it". Write only the question.',
      prompt: `${said.join('\n')}\nlast question: ${question}`,
      ...(signal && { abortSignal: signal }),
    });
    const [line = ''] = text.trim().split('\n');
    // An empty or endless reply is no question.
    return wordsOf(line).length > 0 && line.length <= 4 * question.length + 200 ? line : question;
  };
}
