import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider';
import { generate } from '../../answer/generate.ts';
import { cosine } from '../../core/cosine.ts';
import { embedQueries } from '../../retrieve/search/embed-query.ts';
import { isSameValue, valuesIn } from '../../text/values.ts';
import { foldedWords } from '../../text/words.ts';

/** A wording nearer than this by the embedder asks for the same. By hand. */
const leastCosine = 0.8;

/**
 * The question in other words, by the model that answers. It is kept only where every number, name and code of the question is in it and no
 * number is new, words differ, and the embedder finds the two near.
 * @returns undefined where the model wrote nothing of that kind
 */
export async function writeOtherWording(
  question: string,
  { chat, embedder }: { chat: LanguageModelV4; embedder: EmbeddingModelV4 },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { text } = await generate(
    chat,
    [
      {
        role: 'system',
        content:
          'You ask the same question in other words, in the same language. Names, numbers and codes stay as they are. You do not answer it. Reply with the new question alone.',
      },
      { role: 'user', content: question },
    ],
    { maxTokens: 96, temperature: 0, signal },
  );
  const written = text
    .trim()
    .replace(/^["“„«](.*)["”“»]$/su, '$1')
    .trim();
  if (!keepsWhatIsAsked(question, written)) return undefined;
  const [a, b] = await embedQueries(embedder, [question, written], signal);
  return cosine(a!, b!) >= leastCosine ? written : undefined;
}

/** Whether it is one line with other words, the same numbers and all names. */
export function keepsWhatIsAsked(question: string, written: string): boolean {
  if (written === '' || written.includes('\n') || written.length > 2.5 * question.length + 40) return false;
  const [before, after] = [new Set(foldedWords(question)), new Set(foldedWords(written))];
  if (before.size === after.size && [...before].every((word) => after.has(word))) return false;
  const [asked, said] = [valuesIn(question), valuesIn(written)];
  const isIn = (values: typeof asked) => (value: (typeof asked)[number]) =>
    values.some((each) => isSameValue(each, value));
  if (!asked.every(isIn(said)) || !said.every(isIn(asked))) return false;
  return namesIn(question).every((name) => written.toLowerCase().includes(name.toLowerCase()));
}

/** Words with capitals, digits or marks inside, and capitalised ones that do not begin a sentence. */
function namesIn(question: string): string[] {
  return [...question.matchAll(/[\p{L}\p{N}][\p{L}\p{N}_.\-/]*[\p{L}\p{N}]/gu)]
    .filter(({ 0: word, index }) => {
      if (/[\p{N}_/]|\p{L}\.\p{L}|\p{Ll}\p{Lu}|^\p{Lu}{2}/u.test(word)) return true;
      return /^\p{Lu}/u.test(word) && !/(?:^|[.?!:]\s*)$/u.test(question.slice(0, index));
    })
    .map(([word]) => word);
}
