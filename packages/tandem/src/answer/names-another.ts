import type { Passage } from '../core/types/document.ts';
import { type NumberInText, numbersIn } from '../text/numbers.ts';
import { wordsOf } from '../text/words.ts';

/**
 * Whether a passage names another thing of a kind than the one that is asked for and that no document has: release 2.4.1 where 2.4.2
 * is asked for, error E404 for E405. It would pass for an answer and is none. A passage that also names something that the question
 * does is about that, and one that names nothing of the kind may say what holds for all of them.
 *
 * @param missing what of the question no document has (`Retrieval.missing`)
 */
export function namesAnother(
  question: string,
  missing: readonly string[],
  { prefix = '', text }: Pick<Passage, 'text' | 'prefix'>,
): boolean {
  const asked = identifiersOf(question);
  const lacking = asked.filter((own) => missing.includes(own.text));
  if (lacking.length === 0) return false;
  const named = identifiersOf(`${prefix}\n${text}`);
  const isAsked = ({ terms }: Identifier) =>
    asked.some(({ terms: [exact] }) => terms.includes(exact!) || terms.includes(`${exact}${family}`));
  return !named.some(isAsked) && named.some(({ kind }) => lacking.some((own) => own.kind === kind));
}

/** What names one thing by digits. Two of a kind differ in their digits alone, or are versions both. */
interface Identifier {
  text: string;
  kind: string;
  /** The first is the most exact. */
  terms: readonly string[];
}

/** `numbersIn` gives 2.1 and 2.1.1 the term 2D1F. */
const family = 'F';

function identifiersOf(text: string): Identifier[] {
  const isIdentifier = ({ kind }: NumberInText) => kind === 'version' || kind === 'code';
  const numbers = numbersIn(text).filter(isIdentifier);
  return [
    ...numbers.map(({ kind, terms, start, end }) => ({
      text: text.slice(start, end),
      kind: kind === 'version' ? kind : shapeOf(text.slice(start, end)),
      terms,
    })),
    ...wordsOf(text)
      .filter((word) => isLettersAndDigits.test(word.text))
      .filter(({ start, end }) => !numbers.some((number) => number.start <= start && end <= number.end))
      .map((word) => ({ text: word.text, kind: shapeOf(word.text), terms: [word.text.toLowerCase()] })),
  ];
}

const isLettersAndDigits = /^(?=.*\p{L})(?=.*\p{Nd})/u;

/** "kl0" of KL-30 and kl31. */
const shapeOf = (word: string) =>
  word
    .toLowerCase()
    .replace(/[^\p{L}\p{Nd}]/gu, '')
    .replace(/\p{Nd}+/gu, '0');
