import type { Passage } from '../core/types/document.ts';
import { sentences } from '../text/sentences.ts';
import { bestSpan, withoutMarkers } from './citations.ts';

/** A sentence for which the model wrote no marker, without markers, and where it ends in the text. */
export interface UnmarkedSentence {
  sentence: string;
  end: number;
}

/** The sentences of a text that name no passage. */
export function unmarkedSentences(text: string): UnmarkedSentence[] {
  return sentences(text).flatMap(({ start, end }) => {
    // A marker stands in its sentence or behind it, where it is taken for the beginning of the next one.
    const own = text.slice(start, end).replace(/^(?:\[[\d\s,–-]+\]\s*)+/, '');
    const sentence = withoutMarkers(own);
    const isMarked = /\[\s*\d/.test(own) || /^\s*\[\s*\d/.test(text.slice(end));
    return isMarked || !/[\p{L}\p{N}]/u.test(sentence) ? [] : [{ sentence, end }];
  });
}

/** A passage, and how near in meaning each sentence is to it. */
export interface MatchedPassages {
  passages: readonly Pick<Passage, 'text' | 'score'>[];
  /** By sentence: its cosine to each passage. Without it only words are compared. */
  cosines?: ReadonlyMap<string, readonly number[]>;
}

/** Without a word in common a sentence and a passage must be as near as this. */
const leastCosine = 0.5;

/**
 * Sets the markers that are missing: behind each sentence without one, the number of the passage with the most of
 *
 *     share of words of its best one or two sentences + cosine + ½ · the passage's score ÷ the best score
 *
 * Where no passage shares words with the sentence or means nearly the same, it stays without. A small model is a bad judge of this itself: asked for
 * the number behind its own sentence, one of half a billion parameters named the right passage less often than words alone do (`npm run bench -- markers`,
 * on some of whose answers the rule was chosen; bench/results/prompts.md).
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
  for (const { sentence, end } of unmarkedSentences(text)) {
    const marker = bestMarker(sentence, given);
    marked += text.slice(last, end);
    last = end;
    if (marker === undefined) continue;
    marked += ` [${marker}]`;
    matched.add(sentence);
  }
  return { text: marked + text.slice(last), matched };
}

function bestMarker(sentence: string, { passages, cosines }: MatchedPassages): number | undefined {
  const shares = passages.map(({ text }) => bestSpan(sentence, text)?.score ?? 0);
  const near = cosines?.get(sentence);
  const bestScore = Math.max(0, ...passages.map(({ score }) => score));
  const values = passages.map(({ score }, at) => {
    const cosine = near?.[at] ?? 0;
    if (shares[at] === 0 && cosine < leastCosine) return 0;
    const rank = near && bestScore > 0 ? Math.max(0, score) / (2 * bestScore) : 0;
    return shares[at]! + cosine + rank;
  });
  const best = Math.max(0, ...values);
  return best > 0 ? values.indexOf(best) + 1 : undefined;
}
