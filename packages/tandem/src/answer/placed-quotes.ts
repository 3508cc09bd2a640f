import type { Passage } from '../core/types/document.ts';
import type { Retrieval } from '../retrieve/retrieval.ts';
import { namesAnother } from './names-another.ts';
import type { PassageReading } from './passage-pieces.ts';
import { hasAskedWords, isFoundByUnsaid, type Quote, quotation } from './quotation.ts';

/** A quote and the passage that it is from: its place among those found, from 1. */
export interface PlacedQuote {
  quote: Quote;
  marker: number;
}

/**
 * What the passages say to the question. Of several questions, and of several things asked about, each is answered by the passage that is
 * best for it. A passage that says nothing (links, a table of contents), or was found for words of such parts, is passed over for the next;
 * where the best is about another version, code or clause than the one that is asked for and that no document has, nothing is quoted.
 * @param maxWords of each part that is answered
 */
export function placedQuotes(
  question: string,
  { passages, parts = [], missing = [] }: Pick<Retrieval, 'passages' | 'parts' | 'missing'>,
  maxWords: number,
  readingOf: (passage: Passage) => PassageReading = () => ({}),
): PlacedQuote[] {
  const placeOf = (name: string) => question.toLowerCase().indexOf(name.toLowerCase());
  const asked: { question: string; markers: number[] }[] = parts
    .toSorted((a, b) => placeOf(a.name) - placeOf(b.name))
    .flatMap(({ name, best }) => {
      const others = parts.map((part) => part.name).filter((other) => other !== name);
      return best === undefined ? [] : [{ markers: [best], question: without(question, others) }];
    });
  if (asked.length === 0) asked.push({ markers: passages.map((_, at) => at + 1), question });
  const quotes = asked.flatMap((part) => {
    const isUnsaid = (marker: number) => {
      const passage = passages[marker - 1]!;
      return isFoundByUnsaid(part.question, passage, readingOf(passage));
    };
    const isAboutAnother = (marker: number) => namesAnother(part.question, missing, passages[marker - 1]!);
    // What is below the best has less to do with the question than that.
    const markers = part.markers.slice(0, 1).some(isAboutAnother)
      ? []
      : part.markers.filter((marker) => !isAboutAnother(marker));
    // Each passage is read for it once.
    const byUnsaid = Map.groupBy(markers, isUnsaid);
    // The last resort all the same.
    for (const found of [...(byUnsaid.get(false) ?? []), ...(byUnsaid.get(true) ?? [])]) {
      const marker = openingOf(found, part.question, passages, readingOf);
      const passage = passages[marker - 1]!;
      const own = quotation(part.question, passage, maxWords, readingOf(passage));
      if (own.length > 0) return own.map((quote) => ({ quote, marker }));
    }
    return [];
  });
  const isRepeated = (at: number) =>
    quotes.findIndex(
      ({ quote, marker }) => marker === quotes[at]!.marker && quote.start === quotes[at]!.quote.start,
    ) < at;
  return quotes.filter((_, at) => !isRepeated(at));
}

/**
 * A passage with no word of the question but those of its title and section was found for what the section is about, and that is said
 * where the section begins: the first of its passages that were found.
 */
function openingOf(
  marker: number,
  question: string,
  passages: readonly Passage[],
  readingOf: (passage: Passage) => PassageReading,
): number {
  const passage = passages[marker - 1]!;
  if (hasAskedWords(question, passage, readingOf(passage))) return marker;
  const section = JSON.stringify(passage.headingPath);
  const first = passages
    .filter(
      ({ documentId, headingPath }) =>
        documentId === passage.documentId && JSON.stringify(headingPath) === section,
    )
    .toSorted((a, b) => a.start - b.start)[0]!;
  return passages.indexOf(first) + 1;
}

/** The question without the other things that it is about: for gout, "symptoms of gout and asthma" becomes "symptoms of gout and". */
function without(question: string, names: readonly string[]): string {
  return names.reduce((rest, name) => {
    const at = rest.toLowerCase().indexOf(name.toLowerCase());
    return at === -1 ? rest : `${rest.slice(0, at)} ${rest.slice(at + name.length)}`;
  }, question);
}
