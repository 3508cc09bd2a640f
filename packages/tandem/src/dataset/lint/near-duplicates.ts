import { jaccard, similarPairs } from '../../text/min-hash.ts';
import { isSameValue, valuesIn } from '../../text/values.ts';
import { foldedWords } from '../../text/words.ts';
import type { Check, Found } from './check.ts';
import { isNegated } from './contradictions-check.ts';
import { isAcross } from './exact-duplicates.ts';
import { type LintItem, learntReplies, questionOf, sameText } from './items.ts';
import { hasOwn } from './slips.ts';
import { tellingWords } from './telling-words.ts';

export const nearDuplicates: Check = {
  name: 'near-duplicates',
  severity: 'warning',
  finds: 'entries that differ from another in a few letters or words and in no number or name',
  find: ({ items }) => {
    const texts = items.map(textOf);
    const sets = items.map((item) => partsOf(item).whole);
    const found = new Map<LintItem, Found>();
    for (const [a, b] of similarPairs(sets)) {
      const [first, item] = [items[a]!, items[b]!];
      // Exact ones are told already, and what was made of one question belongs together by design.
      if (found.has(item) || texts[a] === texts[b] || isOneQuestion(first, item)) continue;
      const shared = jaccard(sets[a]!, sets[b]!);
      if (
        !areNear(first, item) ||
        askDifferently(first, item) ||
        differInFacts(texts[a]!, texts[b]!) ||
        isNegated(texts[a]!, texts[b]!)
      )
        continue;
      found.set(item, {
        where: item.where,
        message: `is nearly the same as ${first.where} (${Math.round(100 * shared)} % of their letters in common)`,
        ...(isAcross(item, first) && { severity: 'error' }),
      });
    }
    return [...found.values()];
  },
};

/** Of the runs of four letters. */
const leastShared = 0.75;
/** The same of the question, and of the reply. */
const leastOfPart = 0.5;
const runLength = 4;

/** Whether two items are nearly the same as a whole, and so are the questions and the replies: the longer of them must not hide that the shorter differs. */
export function areNear(a: LintItem, b: LintItem): boolean {
  const [one, other] = [partsOf(a), partsOf(b)];
  return (
    jaccard(one.whole, other.whole) >= leastShared &&
    jaccard(one.question, other.question) >= leastOfPart &&
    (one.reply === other.reply || jaccard(one.replyPieces, other.replyPieces) >= leastOfPart)
  );
}

interface Parts {
  whole: ReadonlySet<string>;
  question: ReadonlySet<string>;
  reply: string;
  replyPieces: ReadonlySet<string>;
}

/** Cut once: an item is compared with many. */
function partsOf(item: LintItem): Parts {
  let parts = remembered.get(item);
  if (!parts) {
    const reply = learntReplies(item).join('\n');
    parts = {
      whole: piecesOf(textOf(item)),
      question: piecesOf(questionOf(item)),
      reply,
      replyPieces: piecesOf(reply),
    };
    remembered.set(item, parts);
  }
  return parts;
}

const remembered = new WeakMap<LintItem, Parts>();

/** Of so many words a reply is no label. */
const sentence = 6;

/** Whether the questions alone are about other things: one text may answer them both. With more than a label as the answer, a word more in one of them is enough. */
function askDifferently(a: LintItem, b: LintItem): boolean {
  const isLabel = foldedWords(learntReplies(a).join(' ')).length < sentence;
  // A slip may be one of a function word.
  const hasMore = (one: string, other: string) => hasOwn(tellingWords(one), new Set(wordsAndCapitals(other)));
  const [asked, other] = [questionOf(a), questionOf(b)];
  return !isLabel && (hasMore(asked, other) || hasMore(other, asked));
}

const wordsAndCapitals = (text: string) => [...foldedWords(text), ...tellingWords(text)];

/** Without the system message, which all examples of a project share. */
function textOf({ messages }: LintItem): string {
  return sameText(
    messages
      .filter(({ role }) => role !== 'system' && role !== 'developer')
      .map(({ text }) => text)
      .join('\n'),
  );
}

/** Letters rather than words: the same for a slip, another ending, and scripts without spaces. */
function piecesOf(text: string): ReadonlySet<string> {
  const letters = foldedWords(text).join(' ');
  const pieces = new Set<string>();
  for (let at = 0; at + runLength <= letters.length; at++) pieces.add(letters.slice(at, at + runLength));
  return pieces;
}

function isOneQuestion(a: LintItem, b: LintItem): boolean {
  return a.id !== undefined && a.id === b.id && a.form === 'example';
}

/**
 * Two questions of one form about two things are not the same question: "What does plan A cost?", "What does plan B cost?". Each then has a number or a word that means something
 * and that the other has not, not even with a slip.
 */
function differInFacts(a: string, b: string): boolean {
  const [ofA, ofB] = [valuesIn(a), valuesIn(b)];
  const lacks = (values: typeof ofA, others: typeof ofA) =>
    values.some((value) => !others.some((other) => isSameValue(value, other)));
  if (lacks(ofA, ofB) || lacks(ofB, ofA)) return true;
  const [wordsA, wordsB] = [tellingWords(a), tellingWords(b)];
  return hasOwn(wordsA, wordsB) && hasOwn(wordsB, wordsA);
}
