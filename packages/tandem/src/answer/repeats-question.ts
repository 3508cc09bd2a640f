import { termsOf } from '../text/terms.ts';
import { foldedWords } from '../text/words.ts';

/** Fewer words of a question may be all of its answer: "Who opens it?" – "Who opens it" is no answer, "The gate." is one. */
const fewest = 3;

/**
 * Whether an answer only says what the question said ("In how many ways can a key be exported?" – "The key can be exported in many ways"): of the words
 * that tell something none is new. Small models do that where they find no answer. What begins with a word of its own that tells nothing by itself ("Yes, …",
 * "Three …") is no repetition, and neither is what names one of two things that the question offers.
 */
export function repeatsQuestion(answer: string, question: string): boolean {
  const said = new Set(termsOf(answer));
  const asked = new Set(termsOf(question));
  if (said.size < fewest || [...said].some((term) => !asked.has(term))) return false;
  const words = foldedWords(answer);
  const [first = ''] = words;
  if (!foldedWords(question).includes(first) && !articles.has(first)) return false;
  // "Is it red or blue?" – "It is red": a part of the question is an answer.
  return said.size >= 0.75 * asked.size;
}

/** What a sentence begins with that has no word of its own: articles and pronouns of some languages of Europe. */
const articles: ReadonlySet<string> = new Set(
  'the a an it this that these those to der die das ein eine es le la les un une il elle el los las lo o os as uma um'.split(
    ' ',
  ),
);
