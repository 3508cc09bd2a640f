import { jaccard, similarPairs } from '../../text/min-hash.ts';
import { isSameValue, valuesIn } from '../../text/values.ts';
import { foldedWords } from '../../text/words.ts';
import type { Check, Found } from './check.ts';
import { isNegated } from './contradictions-check.ts';
import { isAcross } from './exact-duplicates.ts';
import { type LintItem, sameText } from './items.ts';

export const nearDuplicates: Check = {
  name: 'near-duplicates',
  severity: 'warning',
  finds: 'entries that differ from another in a few letters or words and in no number or name',
  find: ({ items }) => {
    const texts = items.map(textOf);
    const sets = texts.map(piecesOf);
    const found = new Map<LintItem, Found>();
    for (const [a, b] of similarPairs(sets)) {
      const [first, item] = [items[a]!, items[b]!];
      // Exact ones are told already, and what was made of one question belongs together by design.
      if (found.has(item) || texts[a] === texts[b] || isOneQuestion(first, item)) continue;
      const shared = jaccard(sets[a]!, sets[b]!);
      if (shared < leastShared || differInFacts(texts[a]!, texts[b]!) || isNegated(texts[a]!, texts[b]!))
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
const runLength = 4;

/** Whether two items are told as near duplicates, or nearly so. */
export function areNear(a: LintItem, b: LintItem): boolean {
  return jaccard(piecesOf(textOf(a)), piecesOf(textOf(b))) >= leastShared;
}

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

/** Two questions of one form about two things are not the same question: "What does plan A cost?", "What does plan B cost?". */
function differInFacts(a: string, b: string): boolean {
  const [ofA, ofB] = [valuesIn(a), valuesIn(b)];
  const lacks = (values: typeof ofA, others: typeof ofA) =>
    values.some((value) => !others.some((other) => isSameValue(value, other)));
  if (lacks(ofA, ofB) || lacks(ofB, ofA)) return true;
  const [namesA, namesB] = [namesIn(a), namesIn(b)];
  const own = (names: ReadonlySet<string>, others: ReadonlySet<string>) =>
    [...names].some((name) => !others.has(name));
  return own(namesA, namesB) && own(namesB, namesA);
}

/** Words in capitals that begin no sentence, and single letters: "plan B". */
function namesIn(text: string): ReadonlySet<string> {
  return new Set(
    [...text.matchAll(/(?<=[\p{L}\p{N},;:)]\s)(\p{Lu}[\p{L}\p{N}]*)/gu)].map(([, name]) =>
      name!.toLowerCase(),
    ),
  );
}
