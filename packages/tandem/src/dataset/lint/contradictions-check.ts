import { jaccard } from '../../text/min-hash.ts';
import { negations } from '../../text/negations.ts';
import { giveOtherValues } from '../../text/other-values.ts';
import { foldedWords } from '../../text/words.ts';
import { areContradictory } from '../contradictions.ts';
import { type Check, excerpt, type Found } from './check.ts';
import { isEmptyAnswer } from './empty-answers.ts';
import { type LintItem, learntReplies, questionOf, sameText } from './items.ts';
import { hasOwn } from './slips.ts';
import { tellingWords } from './telling-words.ts';

export const contradictions: Check = {
  name: 'contradictions',
  severity: 'error',
  finds:
    'the same question with answers that cannot both be right: other numbers, a negation, or short answers that differ',
  find: ({ items }) => {
    const found: Found[] = [];
    const asked = Map.groupBy(items.filter(isAsked), keyOf);
    for (const same of asked.values())
      for (const [at, item] of same.entries()) {
        const first = same.slice(0, at).find((other) => contradict(other, item));
        if (first)
          found.push({
            where: item.where,
            message: `answers "${excerpt(questionOf(item))}" with "${excerpt(replyOf(item))}", and ${first.where} with "${excerpt(replyOf(first))}"`,
          });
      }
    return found;
  },
};

const replyOf = (item: LintItem) => learntReplies(item).at(-1)!;
const isAsked = (item: LintItem) =>
  questionOf(item).trim() !== '' && !isEmptyAnswer(learntReplies(item).at(-1) ?? '');

/**
 * What makes two questions the same: their words in any order, whatever the capitals and marks; with all that was shown before, since from other passages another answer may
 * be right.
 */
function keyOf(item: LintItem): string {
  const question = questionOf(item);
  const before = item.messages.slice(0, -1).filter(({ role }) => role !== 'system' && role !== 'developer');
  return JSON.stringify([
    foldedWords(question).sort().join(' ') || question.trim(),
    before.slice(0, -1).map(({ role, text }) => [role, sameText(text)]),
    item.line.source ?? null,
  ]);
}

/** Of more words two answers may say the same and share no sentence. */
const shortAnswer = 8;
/** Of more, two answers may each tell numbers of things that the other does not speak of. */
const longAnswer = 30;

function contradict(a: LintItem, b: LintItem): boolean {
  const [first, second] = [replyOf(a), replyOf(b)];
  // Where several answers are right, one of them is said.
  if ([...a.accepted, ...b.accepted].some((text) => [first, second].map(sameText).includes(sameText(text))))
    return false;
  if (!areContradictory(first, second)) return false;
  const [words, others] = [foldedWords(first), foldedWords(second)];
  const isLong = Math.max(words.length, others.length) > longAnswer;
  const areAlike = () => jaccard(tellingWords(first), tellingWords(second)) >= 0.4;
  if (giveOtherValues(first, second) && (!isLong || areAlike())) return true;
  if (isNegated(first, second)) return true;
  const isShort = Math.max(words.length, others.length) <= shortAnswer;
  return isShort && hasOwn(new Set(words), new Set(others)) && hasOwn(new Set(others), new Set(words));
}

/** The same words but for a negation and a few more. */
export function isNegated(a: string, b: string): boolean {
  const [ofA, ofB] = [new Set(foldedWords(spelledOut(a))), new Set(foldedWords(spelledOut(b)))];
  const own = [...ofA.symmetricDifference(ofB)];
  return own.length <= 3 && own.some((word) => negations.has(word));
}

/** "can't" and "cannot" are one negation. */
const spelledOut = (text: string) =>
  text
    .replace(/(?<![\p{L}])can(?:not|['’]t)(?![\p{L}])/giu, 'can not')
    .replace(/(?<![\p{L}])won['’]t(?![\p{L}])/giu, 'will not')
    .replace(/n['’]t(?![\p{L}])/giu, ' not');
