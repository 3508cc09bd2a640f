import { termsOf } from '../text/terms.ts';
import { isSameValue, valuesIn } from '../text/values.ts';

/** What words and values say of a claim and its evidence. */
export interface OverlapSignals {
  /** Places of the one or two sentences that have most of the claim, in order. */
  sentences: number[];
  /** Share of the claim's terms that they have, each by how rare it is among the evidence's sentences; 0 to 1. */
  covered: number;
  /** Numbers, dates, versions and codes of the claim that they do not give, and that no sentence gives. */
  missingValues: number;
  missingEverywhere: number;
  /** Names (capitalised words inside the claim) that no sentence has. */
  namesMissingEverywhere: number;
}

/** A second sentence is taken where it has so much of the claim that the first has not. */
const leastAdded = 0.1;

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
  const isOne = sets.length === 1 || cover(both) - cover([first]) < leastAdded;
  const sentences = isOne ? [first] : both;

  const text = sentences.map((at) => evidence[at]!).join(' ');
  const all = evidence.join(' ');
  const values = valuesIn(claim);
  const [given, givenAnywhere] = [valuesIn(text), valuesIn(all)];
  const missing = values.filter((value) => !given.some((each) => isSameValue(each, value)));
  const names = namesIn(claim);
  const allLower = all.toLowerCase();
  return {
    sentences,
    covered: cover(sentences),
    missingValues: missing.length,
    missingEverywhere: missing.filter((value) => !givenAnywhere.some((each) => isSameValue(each, value)))
      .length,
    namesMissingEverywhere: names.filter((name) => !allLower.includes(name)).length,
  };
}

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
