import { generateText, type LanguageModel } from 'ai';
import type { ChunkFilter } from '../store/chunk-table.ts';
import { contentWords } from '../text/content-words.ts';
import { wordsOf } from '../text/words.ts';
import { leastCover, type NameIndex } from './names.ts';

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

/**
 * What a question takes over from the turns before, without a language model. "And is it hereditary?" after "What is gout?" is
 * about gout: the names of the latest turn that had one. Where none had, "and after five years?" continues the user's last
 * question that can be understood alone, and takes over that.
 *
 * @returns nothing where the question has a name of its own, or none is needed to understand it.
 */
export function carryOver(
  question: string,
  turns: readonly Turn[],
  names: NameIndex,
  filter: ChunkFilter = {},
): string[] {
  if (names.link(question, { filter, limit: 1 }).some(({ cover }) => cover >= leastCover)) return [];
  const carried = carriedNames(turns, names, filter);
  if (carried.length > 0 || !goesOn(question)) return carried;
  const earlier = turns.findLast(
    // A greeting is not a question.
    ({ role, content }) => role === 'user' && !goesOn(content) && contentWords(content).length > 1,
  );
  return earlier ? [earlier.content.trim()] : [];
}

/** Whether a question continues a conversation: it begins with "and" or the like, refers to what was named before, or says nothing by itself. English. */
function goesOn(question: string): boolean {
  return begins.test(question) || refers.test(question) || contentWords(question).length === 0;
}

const begins = /^\s*(?:(?:and|but|or|so|then|also)\b|(?:what|how) (?:about|if)\b)/i;
/** "Is it allowed to …" refers to nothing before it; "that" does at the end: "who told you that?" */
const refers =
  /(?<!\bis )\b(?:it|its|they|them|their|he|she|him|her)\b|\bis it\b(?! (?:\w+ )?(?:allowed|possible|ok|okay|true|necessary|legal|permitted|safe|worth|normal)\b)|\b(?:that|those|these|this|then|there)\W*$/i;

/** The names of the latest turn that had one. */
function carriedNames(turns: readonly Turn[], names: NameIndex, filter: ChunkFilter): string[] {
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
    // An empty or endless reply is not a question.
    return wordsOf(line).length > 0 && line.length <= 4 * question.length + 200 ? line : question;
  };
}
