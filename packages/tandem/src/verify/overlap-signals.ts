import { isNegated } from '../text/negations.ts';
import { termsButValues } from '../text/other-values.ts';
import { termsOf } from '../text/terms.ts';
import { valuesIn, valuesLacking } from '../text/values.ts';

/** What words and values say of a claim and its evidence. */
export interface OverlapSignals {
  /** Places of the one or two sentences that have most of the claim, in order. */
  sentences: number[];
  /** Places of at most four sentences that have most of the claim, in order; the one or two of `sentences` are among them. */
  nearest: number[];
  /** Share of the claim's terms that they have, each by how rare it is among the evidence's sentences; 0 to 1. */
  covered: number;
  /** Numbers, dates, versions and codes of the claim that they do not give, and that no sentence gives. */
  missingValues: number;
  missingEverywhere: number;
  /** Names (capitalised words inside the claim) that no sentence has. */
  namesMissingEverywhere: number;
  /** One sentence has the claim's words and few others, and says it with another number or date, or with a negation where the claim has none or the other way round. */
  isSaidOtherwise: boolean;
}

/** A second sentence is taken where it has so much of the claim that the first has not. */
const leastAdded = 0.1;

/** More sentences than this are not read with a claim. */
const mostNearest = 4;

/** @param evidence at least one sentence */
export function overlapSignals(claim: string, evidence: readonly string[]): OverlapSignals {
  const terms = [...new Set(termsOf(claim))];
  const sets = evidence.map((sentence) => new Set(termsOf(sentence)));
  const weights = new Map(terms.map((term) => [term, rarity(term, sets)]));
  const total = terms.reduce((sum, term) => sum + weights.get(term)!, 0) || 1;
  const cover = (places: readonly number[]) =>
    terms.reduce(
      (sum, term) => sum + (places.some((at) => sets[at]!.has(term)) ? weights.get(term)! : 0),
      0,
    ) / total;
  const first = bestOf(sets.length, (at) => cover([at]));
  const second = bestOf(sets.length, (at) => (at === first ? -1 : cover([first, at])));
  const both = [first, second].toSorted((a, b) => a - b);
  const nearest = both.slice(0, sets.length);
  while (nearest.length < Math.min(mostNearest, sets.length)) {
    // What has words that are lacking comes first, then what has many of the claim's words again.
    const worth = (at: number) => cover([...nearest, at]) + cover([at]) / 10;
    nearest.push(bestOf(sets.length, (at) => (nearest.includes(at) ? -1 : worth(at))));
  }
  const isOne = sets.length === 1 || cover(both) - cover([first]) < leastAdded;
  const sentences = isOne ? [first] : both;

  const said = evidence.flatMap((sentence, at) =>
    cover([at]) >= leastOfWords ? [howSaid(claim, sentence)] : [],
  );
  const isSaidOtherwise = said.includes('otherwise') && !said.includes('so');
  const text = sentences.map((at) => evidence[at]!).join(' ');
  const all = evidence.join(' ');
  const missing = valuesLacking(valuesIn(claim), valuesIn(text));
  const names = namesIn(claim);
  const allLower = all.toLowerCase();
  return {
    sentences,
    nearest: nearest.sort((a, b) => a - b),
    covered: cover(sentences),
    missingValues: missing.length,
    missingEverywhere: valuesLacking(missing, valuesIn(all)).length,
    isSaidOtherwise,
    namesMissingEverywhere: names.filter((name) => !allLower.includes(name)).length,
  };
}

/** Of a sentence with less of the claim it is not looked how it says it. */
const leastOfWords = 0.3;
/** A sentence with more words than this for each of the claim's speaks of more. */
const mostLonger = 1.5;

/**
 * Of a sentence that has all of the claim's words: `otherwise` where it has few others and another number or date, or a negation more or less; `so` where it has the
 * claim's numbers and dates, and is negated as the claim is.
 */
function howSaid(claim: string, sentence: string): 'so' | 'otherwise' | undefined {
  const [own, others] = [termsButValues(claim), termsButValues(sentence)];
  if (own.size < 2 || [...own].some((word) => !others.has(word))) return undefined;
  const [asked, given] = [valuesIn(claim), valuesIn(sentence)];
  const lacking = valuesLacking(asked, given);
  const [days, otherDays] = [ordinalsIn(claim), ordinalsIn(sentence)];
  const lacksDay = days.some((day) => !otherDays.includes(day));
  const isTurned = isNegated(claim) !== isNegated(sentence);
  if (lacking.length === 0 && !lacksDay && !isTurned) return 'so';
  if (others.size > mostLonger * own.size) return undefined;
  const hasOther =
    lacking.some(({ kind }) => given.some((each) => each.kind === kind)) ||
    (lacksDay && otherDays.length > 0);
  // In a sentence of more words a negation may be of those.
  return hasOther || (isTurned && others.size === own.size) ? 'otherwise' : undefined;
}

/** "25th", which is a word and no value. */
const ordinalsIn = (text: string): string[] => text.toLowerCase().match(/\b\d+(?:st|nd|rd|th)\b/g) ?? [];

/** More for what few of the sentences have; what none has counts most. */
function rarity(term: string, sets: readonly ReadonlySet<string>[]): number {
  const having = sets.filter((set) => set.has(term)).length;
  return Math.log((sets.length + 1) / (having + 0.5)) + 0.3;
}

function bestOf(count: number, scoreOf: (at: number) => number): number {
  let [best, highest] = [0, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < count; at++) {
    const score = scoreOf(at);
    if (score > highest) [best, highest] = [at, score];
  }
  return best;
}

/** Of the first word it cannot be told whether it is a name. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/(?<=[^.?!:\s"“„«(]["”“»)]?\s["“„«(]?)\p{Lu}[\p{L}'’-]+/gu)].map(([name]) =>
    name.toLowerCase(),
  );
}
