import { isNegated } from '../../text/negations.ts';
import { termsButValues } from '../../text/other-values.ts';
import { type Value, valuesIn, valuesLacking } from '../../text/values.ts';
import type { RelevantSentence } from './relevance.ts';

/** Only sentences this near to the nearest speak to the question. */
const nearly = 0.15;
/** Fewer words in common may be chance. */
const fewestShared = 3;

/**
 * Two sentences of different documents that are near to the question and cannot both be right, by their words: they have the same words, and differ in one amount, in
 * one date, or in a negation. A word more on each side may be another thing that is spoken of (this room and that, adults and children), another year another
 * time: then they are not held against each other. What differs in words only is not seen.
 * @param documentOf the document of a passage, by the passage's place
 */
export function findConflict(
  sentences: readonly RelevantSentence[],
  documentOf: (passage: number) => string,
): [RelevantSentence, RelevantSentence] | undefined {
  const best = Math.max(...sentences.map(({ cosine }) => cosine));
  const near = sentences
    .filter(({ cosine }) => cosine >= best - nearly)
    .toSorted((a, b) => b.cosine - a.cosine);
  return firstConflict(near, documentOf);
}

/** Whether any two contradict each other by their words, however near they are to the question: where none do, `findConflict` finds none. */
export function mayConflict(sentences: readonly Said[], documentOf: (passage: number) => string): boolean {
  return firstConflict(sentences, documentOf) !== undefined;
}

type Said = Pick<RelevantSentence, 'passage' | 'text'>;

function firstConflict<Sentence extends Said>(
  sentences: readonly Sentence[],
  documentOf: (passage: number) => string,
): [Sentence, Sentence] | undefined {
  const statements = sentences.map(statementOf);
  for (const [at, one] of statements.entries())
    for (const other of statements.slice(at + 1))
      if (
        documentOf(one.sentence.passage) !== documentOf(other.sentence.passage) &&
        isOfTheSame(one.terms, other.terms) &&
        (differInOneValue(one.values, other.values) ||
          (one.isNegated !== other.isNegated && lacksNothing(one.values, other.values)))
      )
        return [one.sentence, other.sentence];
  return undefined;
}

interface Statement<Sentence extends Said> {
  sentence: Sentence;
  /** Without negations and what amounts and days they give: these are what may differ. */
  terms: ReadonlySet<string>;
  values: Value[];
  isNegated: boolean;
}

function statementOf<Sentence extends Said>(sentence: Sentence): Statement<Sentence> {
  const { text } = sentence;
  const values = valuesIn(text);
  return {
    sentence,
    terms: new Set([
      ...termsButValues(text),
      ...values.filter((value) => saysWhich(value, text)).map(({ terms: [term] }) => term!),
    ]),
    values: values.filter((value) => !saysWhich(value, text)),
    isNegated: isNegated(text),
  };
}

/** All words of the one are among those of the other. */
function isOfTheSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [fewer, more] = a.size <= b.size ? [a, b] : [b, a];
  return (
    fewer.size >= fewestShared && [...fewer].every((term) => more.has(term)) && more.size <= 2 * fewer.size
  );
}

/** Each has one amount, or one day, that the other lacks, and all others are the same. */
function differInOneValue(a: readonly Value[], b: readonly Value[]): boolean {
  const [ofA, ofB] = [valuesLacking(a, b), valuesLacking(b, a)];
  if (ofA.length !== 1 || ofB.length !== 1) return false;
  const [one, other] = [ofA[0]!, ofB[0]!];
  return one.kind === other.kind && (one.kind === 'number' || one.kind === 'date');
}

const lacksNothing = (a: readonly Value[], b: readonly Value[]) =>
  valuesLacking(a, b).length === 0 && valuesLacking(b, a).length === 0;

/** A year says when, and a number behind a name says which (Version 2, Room 3): neither is what is said of it. Of these two sentences may differ and both be right. */
function saysWhich({ start, end, kind }: Value, text: string): boolean {
  const written = text.slice(start, end);
  return (
    kind === 'version' ||
    kind === 'code' ||
    /^[12]\d{3}$/.test(written) ||
    /\p{Lu}[\p{L}\p{M}]*\s*$/u.test(text.slice(Math.max(0, start - 24), start))
  );
}
