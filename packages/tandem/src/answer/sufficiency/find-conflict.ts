import { negations } from '../../text/negations.ts';
import { giveOtherValues } from '../../text/other-values.ts';
import { termsOf } from '../../text/terms.ts';
import { foldedWords } from '../../text/words.ts';
import type { RelevantSentence } from './relevance.ts';

/** Only sentences this near to the nearest speak to the question. */
const nearly = 0.15;
/** Share of the shorter sentence's words that both must have: they say the same of the same thing, but for what differs. */
const leastShared = 0.7;
/** Fewer words in common may be chance. */
const fewestShared = 3;

/**
 * Two sentences of different documents that are near to the question and cannot both be right, by their words: they share most of them and give another number, date
 * or version, or one of them has a negation that the other lacks. What differs in words only is not seen.
 * @param documentOf the document of a passage, by the passage's place
 */
export function findConflict(
  sentences: readonly RelevantSentence[],
  documentOf: (passage: number) => string,
): [RelevantSentence, RelevantSentence] | undefined {
  const best = Math.max(...sentences.map(({ cosine }) => cosine));
  const near = sentences
    .filter(({ cosine }) => cosine >= best - nearly)
    .toSorted((a, b) => b.cosine - a.cosine)
    .map((sentence) => ({ sentence, terms: wordTerms(sentence.text) }));
  for (const [at, one] of near.entries())
    for (const other of near.slice(at + 1))
      if (
        documentOf(one.sentence.passage) !== documentOf(other.sentence.passage) &&
        saySameOf(one.terms, other.terms) &&
        (giveOtherValues(one.sentence.text, other.sentence.text) ||
          isNegated(one.sentence.text) !== isNegated(other.sentence.text))
      )
        return [one.sentence, other.sentence];
  return undefined;
}

/** Without numbers: they are what may differ. */
const wordTerms = (text: string) => new Set(termsOf(text).filter((term) => !/\d/.test(term)));

function saySameOf(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const shared = [...a].filter((term) => b.has(term)).length;
  return (
    shared >= fewestShared &&
    shared >= leastShared * Math.min(a.size, b.size) &&
    shared >= 0.5 * Math.max(a.size, b.size)
  );
}

const isNegated = (text: string) => foldedWords(text).some((word) => negations.has(word));
