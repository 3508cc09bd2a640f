import type { OverlapSignals } from './overlap-signals.ts';

/** Of a sentence no more is read, in characters: a model reads less anyhow, and a line of megabytes would be cut into tokens in vain. */
const mostOfSentence = 1500;

/**
 * What a model reads with a claim: the one or two sentences that have most of its words, and the four that have most, each joined to one text in
 * the order of the evidence. The second is left out where it says the same.
 */
export function chooseEvidence(
  evidence: readonly string[],
  { sentences, nearest }: Pick<OverlapSignals, 'sentences' | 'nearest'>,
): string[] {
  const joined = [sentences, nearest].map((places) =>
    places.map((at) => evidence[at]!.slice(0, mostOfSentence)).join(' '),
  );
  return [...new Set(joined)];
}
