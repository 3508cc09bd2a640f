import type { Passage } from '../core/types/document.ts';
import { isFunctionWord } from '../text/content-words.ts';
import { folded, wordsOf } from '../text/words.ts';
import type { Found } from './found.ts';
import type { Explanation } from './retrieval.ts';
import { isSameSpan } from './select/select.ts';

/**
 * One list of what was found for a question and for each of its parts: first the best passage of every part that has one, then
 * what scores best of all of them. Of a part that nothing here answers none is taken.
 *
 * @param whole and the parts' with explanations
 */
export function mergeParts(
  whole: Found,
  parts: readonly { name: string; found: Found }[],
  { k, explain }: { k: number; explain: boolean },
): Found {
  const { missing = [] } = whole;
  const answered = parts.filter((part) => isAnswered(part, missing));
  type Told = { passage: Passage; why: Explanation['passages'][number] };
  const listOf = ({ passages, explanation }: Found): Told[] =>
    passages.map((passage, at) => ({ passage, why: explanation!.passages[at]! }));
  const lists = answered.map(({ found }) => listOf(found));
  const byScore = (a: Told, b: Told) => b.passage.score - a.passage.score;

  const chosen: Told[] = [];
  const add = (told: Told) => {
    if (chosen.length < k && !chosen.some(({ passage }) => isSameSpan(passage, told.passage)))
      chosen.push(told);
  };
  for (const told of lists.flatMap((list) => list.slice(0, 1)).sort(byScore)) add(told);
  for (const told of [...lists, listOf(whole)].flat().sort(byScore)) add(told);

  let last = Number.POSITIVE_INFINITY;
  const ranked = chosen.map(({ passage, why }, at) => {
    const score = Math.min(last, passage.score);
    last = score;
    return {
      passage: { ...passage, rank: at + 1, score, scores: { ...passage.scores, fused: score } },
      // Taken off for what is shown above it.
      why: { ...why, shares: { ...why.shares, repeats: why.shares.repeats + score - passage.score } },
    };
  });
  const all = [whole, ...parts.map(({ found }) => found)].map(({ explanation }) => explanation!);
  const compared = new Map(all.flatMap((each) => each.compared.map((one) => [one.chunk.id, one])));
  const { explanation, ...rest } = whole;
  return {
    ...rest,
    parts: parts.map(({ name, found }) => {
      const isOwed = answered.some((part) => part.found === found);
      return {
        name,
        isOwed,
        ...(isOwed && found.passages[0] && { best: found.passages[0] }),
        has: (passage) => isOwed && found.passages.some((own) => isSameSpan(own, passage)),
      };
    }),
    passages: ranked.map(({ passage }) => passage),
    ...(explain && {
      explanation: {
        plan: { ...explanation!.plan, parts: parts.map(({ name }) => name) },
        weights: explanation!.weights,
        isLearned: explanation!.isLearned,
        compared: [...compared.values()],
        passages: ranked.map(({ why }) => why),
      },
    }),
  };
}

/** Something is like it, or has a word of it; and it is about more than names of which no document has a word. */
function isAnswered({ name, found }: { name: string; found: Found }, missing: readonly string[]): boolean {
  const content = wordsOf(name).filter(({ text }) => !isFunctionWord(folded(text)));
  if (content.every(({ text }) => missing.includes(text))) return false;
  return found.passages.some(({ scores }) => scores.lexical !== undefined || (scores.dense ?? 0) >= alike);
}

/** Texts on different things seldom have a cosine above this. */
const alike = 0.3;
