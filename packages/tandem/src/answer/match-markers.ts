import type { Passage } from '../core/types/document.ts';
import { bestSpan, statementsOf } from './citations.ts';

/** A passage, and how near in meaning each sentence is to it. */
export interface MatchedPassages {
  passages: readonly Pick<Passage, 'text' | 'score'>[];
  /** By sentence: its cosine to each passage. Without it only words are compared. */
  cosines?: ReadonlyMap<string, readonly number[]>;
}

/** Without a word in common a sentence and a passage must be as near as this. */
const leastCosine = 0.5;
/** By so much another passage must be nearer in words and meaning than the one that the model named. */
const leastAdvantage = 0.1;

/**
 * Sets the markers that are missing, and those that are wrong: behind each sentence without one, and in place of those whose passage is plainly not where the
 * sentence is from, the number of the passage with the most of
 *
 *     share of words of its best one or two sentences + cosine + ½ · the passage's score ÷ the best score
 *
 * A marker that was written stays where its passage is nearly as near as any in words and meaning alone: what the model has read out of it is not to be
 * told by the order of the search. Where no passage shares words with the sentence or means nearly the same, nothing is set. A small model is a bad judge of this
 * itself: asked for the number behind its own sentence, one of half a billion parameters named the right passage less often than words alone do
 * (`npm run bench -- markers`, on some of whose answers the rule was chosen; bench/results/prompts.md).
 *
 * @returns the text with them, and the sentences that got one, without markers
 */
export function matchMarkers(
  text: string,
  given: MatchedPassages,
): { text: string; matched: ReadonlySet<string> } {
  const matched = new Set<string>();
  let marked = '';
  let last = 0;
  for (const { sentence, end, markers } of statementsOf(text)) {
    if (!/[\p{L}\p{N}]/u.test(sentence)) continue;
    const nearness = nearnessOf(sentence, given);
    const named = markers.flatMap(({ numbers }) => numbers);
    if (named.some((marker) => isNear(marker, nearness))) continue;
    const best = bestMarker(nearness);
    // A number that no passage has is left to be seen.
    if (best === undefined || (named.length > 0 && named.every((marker) => !nearness[marker - 1]))) continue;
    for (const { start, end: after } of markers.filter((each) => each.start < end)) {
      marked += text.slice(last, start).trimEnd();
      last = after;
    }
    marked += `${text.slice(last, end)} [${best}]`;
    last = end;
    for (const { start, end: after } of markers.filter((each) => each.start >= end)) {
      marked += text.slice(last, start).trimEnd();
      last = after;
    }
    matched.add(sentence);
  }
  return { text: marked + text.slice(last), matched };
}

/** How near a sentence is to a passage, and the same with what the search thinks of the passage; nought where it is not near at all. */
interface Nearness {
  byText: number;
  withSearch: number;
}

function nearnessOf(sentence: string, { passages, cosines }: MatchedPassages): Nearness[] {
  const near = cosines?.get(sentence);
  const bestScore = Math.max(0, ...passages.map(({ score }) => score));
  return passages.map(({ text, score }, at) => {
    const share = bestSpan(sentence, text)?.score ?? 0;
    const cosine = near?.[at] ?? 0;
    if (share === 0 && cosine < leastCosine) return { byText: 0, withSearch: 0 };
    const rank = near && bestScore > 0 ? Math.max(0, score) / (2 * bestScore) : 0;
    return { byText: share + cosine, withSearch: share + cosine + rank };
  });
}

function isNear(marker: number, nearness: readonly Nearness[]): boolean {
  const best = Math.max(0, ...nearness.map(({ byText }) => byText));
  const own = nearness[marker - 1];
  return own !== undefined && best - own.byText < leastAdvantage;
}

function bestMarker(nearness: readonly Nearness[]): number | undefined {
  const values = nearness.map(({ withSearch }) => withSearch);
  const best = Math.max(0, ...values);
  return best > 0 ? values.indexOf(best) + 1 : undefined;
}
