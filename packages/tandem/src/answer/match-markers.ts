import type { Passage } from '../core/types/document.ts';
import { sentences } from '../text/sentences.ts';
import { bestSpan, withoutMarkers } from './citations.ts';

/**
 * Sets the markers that are missing: behind each sentence without one, the number of the passage of which one or two sentences share most
 * words with it. A sentence that shares little with all of them stays without.
 *
 * @returns the text with them, and the sentences that got one, without markers
 */
export function matchMarkers(
  text: string,
  passages: readonly Passage[],
): { text: string; matched: ReadonlySet<string> } {
  const matched = new Set<string>();
  let marked = '';
  let last = 0;
  for (const { start, end } of sentences(text)) {
    // A marker stands in its sentence or behind it, where it is taken for the beginning of the next one.
    const own = text.slice(start, end).replace(/^(?:\[[\d\s,–-]+\]\s*)+/, '');
    const sentence = withoutMarkers(own);
    const isMarked = /\[\s*\d/.test(own) || /^\s*\[\s*\d/.test(text.slice(end));
    const marker = isMarked || !/\p{L}/u.test(sentence) ? undefined : bestMarker(sentence, passages);
    marked += text.slice(last, end);
    last = end;
    if (marker === undefined) continue;
    marked += ` [${marker}]`;
    matched.add(sentence);
  }
  return { text: marked + text.slice(last), matched };
}

function bestMarker(sentence: string, passages: readonly Passage[]): number | undefined {
  const scores = passages.map((passage) => bestSpan(sentence, passage.text)?.score ?? 0);
  const best = Math.max(0, ...scores);
  return best > 0 ? scores.indexOf(best) + 1 : undefined;
}
