import type { FormedPair } from '../difference/compare-models.ts';

/** A claim (the query), evidence that bears it out, and evidence that looks as if it did. */
export interface ClaimPair extends FormedPair {
  negatives: string[];
  /** How each of the negatives was made. */
  wrong: string[];
  /** Kind of documentation, or news. */
  kind: string;
  /** A package of the corpus, or a data set. */
  package: string;
  /** What is held out is held out by it. */
  document: string;
}

/** Evidence that does not bear a claim out, and why. */
export interface Wrong {
  text: string;
  why: string;
}

/** A claim with its evidence as a pair: the same text stands in it once, and what bears the claim out is no negative. */
export function claimPair(
  { claim, positive, wrong }: { claim: string; positive: string; wrong: readonly Wrong[] },
  of: Pick<ClaimPair, 'form' | 'kind' | 'package' | 'document'>,
): ClaimPair | undefined {
  const seen = new Set([keyOf(positive)]);
  const kept = wrong.filter(({ text }) => {
    const key = keyOf(text);
    if (key === '' || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  if (kept.length === 0) return undefined;
  return {
    query: claim,
    positive,
    negatives: kept.map(({ text }) => text),
    wrong: kept.map(({ why }) => why),
    ...of,
  };
}

/** What differs in case and white space alone is one text to an uncased model. */
export const keyOf = (text: string) => text.trim().replace(/\s+/g, ' ').toLowerCase();
