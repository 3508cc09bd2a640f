import type { Retrieval } from '../retrieve/retrieval.ts';
import { type Quote, quotation } from './quotation.ts';

/** A quote and the passage that it is from: its place among those found, from 1. */
export interface PlacedQuote {
  quote: Quote;
  marker: number;
}

/**
 * What the passages say to the question. Of several questions, and of several things asked about, each is answered by the passage that is
 * best for it.
 * @param maxWords of each part that is answered
 */
export function placedQuotes(
  question: string,
  { passages, parts = [] }: Pick<Retrieval, 'passages' | 'parts'>,
  maxWords: number,
): PlacedQuote[] {
  const placeOf = (name: string) => question.toLowerCase().indexOf(name.toLowerCase());
  const asked = parts
    .toSorted((a, b) => placeOf(a.name) - placeOf(b.name))
    .flatMap(({ name, best }) => {
      const others = parts.map((part) => part.name).filter((other) => other !== name);
      return best === undefined ? [] : [{ marker: best, question: without(question, others) }];
    });
  if (asked.length === 0) asked.push({ marker: 1, question });
  const quotes = asked.flatMap((part) =>
    quotation(part.question, passages[part.marker - 1]!, maxWords).map((quote) => ({
      quote,
      marker: part.marker,
    })),
  );
  const isRepeated = (at: number) =>
    quotes.findIndex(
      ({ quote, marker }) => marker === quotes[at]!.marker && quote.start === quotes[at]!.quote.start,
    ) < at;
  return quotes.filter((_, at) => !isRepeated(at));
}

/** The question without the other things that it is about: for gout, "symptoms of gout and asthma" becomes "symptoms of gout and". */
function without(question: string, names: readonly string[]): string {
  return names.reduce((rest, name) => {
    const at = rest.toLowerCase().indexOf(name.toLowerCase());
    return at === -1 ? rest : `${rest.slice(0, at)} ${rest.slice(at + name.length)}`;
  }, question);
}
