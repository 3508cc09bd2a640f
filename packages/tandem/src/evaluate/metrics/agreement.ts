import { withoutMarkers } from '../../answer/citations.ts';
import { negations } from '../../text/negations.ts';
import { sentences } from '../../text/sentences.ts';
import { termsOf } from '../../text/terms.ts';
import { isSameValue, type Value, valuesIn, valuesLacking } from '../../text/values.ts';
import { foldedWords } from '../../text/words.ts';
import { identifiersIn, names } from './identifiers.ts';
import { tokenF1 } from './text-overlap.ts';

/** A text of at most so many words that tell something is short: a name, a number, a phrase. */
const shortText = 6;
/** Of one with at most so many all are needed; of a longer one two thirds, since articles and endings differ. */
const wholeText = 2;
const leastShare = 2 / 3;
/** A sentence of a long text is said where an answer has this share of its words; a text where so much of it is said. */
const leastOfSentence = 0.6;
const leastOfText = 0.6;
/** Token F1 from which a text says what another says, whatever words are missing. */
export const enoughF1 = 0.5;

/**
 * Whether an answer says what was expected, and nothing that contradicts it.
 *
 * - *Yes and no*: the answer says the same, by its first word or by a negation in its first sentence.
 * - *Numbers, dates, versions, codes* are compared as values, however they are written; each one expected must be given, and not as one of two ("30 or 60").
 * - *Names in code* (functions, options) count without their decoration: where some are expected that the question does not name, half of them
 *   must be named, and what is said around them may be said otherwise.
 * - *A short text* (a name, a phrase) is right where its words are in the answer, decoration and what the question said already left out.
 * - *A longer one* is right where most of its sentences are said, or the two texts share enough words (SQuAD's F1).
 *
 * Words are compared without their endings; what is said in other words altogether is not seen.
 *
 * @example
 * agreesWith('The function that opens it is `openGate()`. [1]', 'openGate', 'Which function opens it?'); // true
 */
export function agreesWith(answer: string, expected: string, question: string): boolean {
  const [said, wanted] = [plainText(answer), plainText(expected)];
  if (foldedWords(said).length === 0) return false;
  const yesOrNo = polarityOf(wanted);
  if (yesOrNo) return agreesInPolarity(said, { ...yesOrNo, question });
  const values = valuesIn(wanted);
  const given = valuesIn(said);
  const missing = valuesLacking(values, given);
  const code = [...identifiersIn(expected)].filter((name) => !names(question, name));
  if (code.length > 0) {
    const named = code.filter((name) => names(said, name));
    if (2 * named.length < code.length) return false;
    const isOtherwise = missing.length > 0 && given.length > 0;
    if (!isOtherwise && !isTurnedAround(said, wanted, question)) return true;
  }
  const telling = tellingTerms(wanted, question);
  if (telling.length > shortText || sentences(wanted).length > 1)
    return agreesAtLength(said, wanted, { question, missing, values });
  if (missing.length > 0) return false;
  const asked = compoundsIn(question);
  if (compoundsIn(wanted).some((each) => !asked.includes(each) && !saysCompound(said, each))) return false;
  if (values.length === 1 && isOneOfTwo(said, values[0]!, question)) return false;
  const has = new Set(termsOf(said));
  if (!values.every((value) => hasItsUnit(value, { wanted, said, given, has }))) return false;
  const words = values.length > 0 ? withoutValues(wanted, values, telling) : telling;
  const share = words.filter((term) => has.has(term)).length / Math.max(1, words.length);
  // Where values are right, a word or two beside them is their unit or an "up to".
  const isSaid = words.length <= wholeText ? share === 1 || values.length > 0 : share >= leastShare;
  return (isSaid || tokenF1(said, wanted) >= enoughF1) && !isTurnedAround(said, wanted, question);
}

/** Without markers, and without Markdown's marks around code, links and emphasis. */
function plainText(text: string): string {
  return withoutMarkers(text)
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/`+|\*\*|__/g, '')
    .trim();
}

/** What the text says beyond its question; of a text that only repeats it, all. */
function tellingTerms(text: string, question: string): string[] {
  const terms = [...new Set(termsOf(text))];
  const asked = new Set(termsOf(question));
  const telling = terms.filter((term) => !asked.has(term));
  return telling.length > 0 ? telling : terms;
}

/** The telling words that are not part of a value. */
function withoutValues(text: string, values: readonly Value[], telling: readonly string[]): string[] {
  let rest = '';
  let from = 0;
  for (const { start, end } of values) {
    rest += `${text.slice(from, start)} `;
    from = end;
  }
  const own = new Set(termsOf(rest + text.slice(from)));
  return telling.filter((term) => own.has(term));
}

/** Words joined by hyphens, letters among them: what they name is not named by one of their parts ("with-lock" by "lock"). */
function compoundsIn(text: string): string[] {
  return [...text.toLowerCase().matchAll(/[\p{L}\p{N}]+(?:[-\u2010\u2011][\p{L}\p{N}]+)+/gu)]
    .map(([word]) => word.replace(/[\u2010\u2011]/g, '-'))
    .filter((word) => /\p{L}/u.test(word));
}

/** "well-known", "well known" and "wellknown" are one. */
function saysCompound(text: string, compound: string): boolean {
  const joined = compound.split('-').join('[-\\u2010\\u2011\\s]?');
  return new RegExp(`(?<![\\p{L}\\p{N}])${joined}`, 'iu').test(text);
}

/** 6 months are not 6 weeks: the word behind a number is the same, is somewhere in the answer, or the answer has none there. */
function hasItsUnit(
  value: Value,
  {
    wanted,
    said,
    given,
    has,
  }: { wanted: string; said: string; given: readonly Value[]; has: ReadonlySet<string> },
): boolean {
  const unit = termBehind(wanted, value);
  if (unit === undefined || has.has(unit)) return true;
  return given.some((each) => isSameValue(each, value) && termBehind(said, each) === undefined);
}

function termBehind(text: string, { end }: Value): string | undefined {
  const [, word = ''] = /^[ \u00a0\u202f]?(\p{L}+)/u.exec(text.slice(end)) ?? [];
  return termsOf(word)[0];
}

function agreesAtLength(
  said: string,
  wanted: string,
  { question, missing, values }: { question: string; missing: readonly Value[]; values: readonly Value[] },
): boolean {
  if (missing.length > values.length / 2) return false;
  const has = new Set(termsOf(said));
  let [total, covered, turned] = [0, 0, 0];
  for (const { start, end } of sentences(wanted)) {
    const sentence = wanted.slice(start, end);
    const terms = tellingTerms(sentence, question);
    const share = terms.filter((term) => has.has(term)).length / Math.max(1, terms.length);
    total += terms.length;
    if (isTurnedAround(said, sentence, question)) turned += terms.length;
    else if (share >= leastOfSentence) covered += terms.length;
  }
  return covered >= leastOfText * total || (tokenF1(said, wanted) >= enoughF1 && turned <= total / 2);
}

const yes = new Set('yes yeah correct true ja jawohl oui si sim da tak'.split(' '));
const no = new Set('no nope false nein non nao nej ne nie'.split(' '));

/** Of a text that begins with yes or no: which, and what follows. */
function polarityOf(text: string): { isYes: boolean; rest: string } | undefined {
  const [first = ''] = foldedWords(text);
  if (!yes.has(first) && !no.has(first)) return undefined;
  // "No. 5" and "No plots are free" are no such answers.
  if (!/^\p{L}+\s*(?:[,.;:!–—-]|$)/u.test(text.trim()) || /^no\.\s*\d/i.test(text.trim())) return undefined;
  return { isYes: yes.has(first), rest: text.trim().replace(/^\p{L}+\s*[,.;:!–—-]*\s*/u, '') };
}

function agreesInPolarity(
  said: string,
  { isYes, rest, question }: { isYes: boolean; rest: string; question: string },
): boolean {
  const own = polarityOf(said);
  const [first] = sentences(said);
  const saysYes = own ? own.isYes : negationsIn(said.slice(first?.start, first?.end)) === 0;
  if (saysYes !== isYes) return false;
  // What follows "yes" or "no" is a reason: an answer may leave it out, and may not give other numbers.
  const values = valuesIn(rest);
  const given = valuesLacking(valuesIn(said), valuesIn(question));
  return (
    values.length === 0 ||
    given.length === 0 ||
    values.some((value) => given.some((each) => isSameValue(each, value)))
  );
}

const negationsIn = (text: string) => foldedWords(text).filter((word) => negations.has(word)).length;

/** The sentences with the expected words deny them, or the other way round. Where the question has a negation nothing is known. */
function isTurnedAround(said: string, wanted: string, question: string): boolean {
  if (negationsIn(question) > 0) return false;
  const terms = new Set(termsOf(wanted));
  const shares = sentences(said).map(({ start, end }) => {
    const sentence = said.slice(start, end);
    return { sentence, count: new Set(termsOf(sentence).filter((term) => terms.has(term))).size };
  });
  const most = Math.max(0, ...shares.map(({ count }) => count));
  const best = shares.find(({ count }) => count === most)?.sentence ?? said;
  return negationsIn(upToLast(best, terms)) > 0 !== negationsIn(wanted) > 0;
}

/** A sentence up to two words behind the last one of these: what is said further on is about something else. */
function upToLast(sentence: string, terms: ReadonlySet<string>): string {
  const words = [...sentence.matchAll(/[^\s]+/g)];
  const last = words.findLastIndex(([word]) => termsOf(word).some((term) => terms.has(term)));
  const end = words[last + 2];
  return last < 0 || !end ? sentence : sentence.slice(0, end.index + end[0].length);
}

/** "30 or 60 seconds": two are offered where one is right. */
function isOneOfTwo(said: string, value: Value, question: string): boolean {
  const asked = valuesIn(question);
  const given = valuesIn(said);
  return given.some((one, at) => {
    const next = given[at + 1];
    if (!next || !alternative.test(said.slice(one.end, next.start))) return false;
    const [isRight, isNextRight] = [isSameValue(one, value), isSameValue(next, value)];
    const other = isRight ? next : one;
    return isRight !== isNextRight && !asked.some((each) => isSameValue(each, other));
  });
}

const alternative = /^\s*\p{L}*\s*(?:or|oder|ou|o|oppure|of|eller|или|或|または)\s*\p{L}*\s*$/iu;
