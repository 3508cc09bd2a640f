import type { Passage } from '../core/types/document.ts';
import { countWords, type PassageReading, type Piece, piecesOf, wordsOf } from './passage-pieces.ts';

/** What is quoted of a passage: a sentence, or a line of a list, a table or a slide. */
export interface Quote {
  /** As it is shown: on one line, a table's cells behind their columns' names. */
  text: string;
  /** `[start, end)` in the passage's text. */
  start: number;
  end: number;
}

/**
 * What a passage says to a question, in its own words. Of several topics, that is what is below the heading that, with a piece
 * below it, has most of the question's words; a word counts for the more the fewer pieces have it, and not at all where the passage's
 * title or section says it already. Quoted are whole sentences; or rows, items and lines, where there are no sentences or one of these
 * has more of the words than they. A table's cell is quoted behind its column's name. Empty where the passage has nothing but headings
 * and questions, or lines that say nothing (`unsaidLines`). An item comes with the line that introduces its list, code with the sentence before it,
 * and sentences that stand in many documents only where nothing else answers.
 */
export function quotation(
  question: string,
  passage: Pick<Passage, 'text' | 'prefix'>,
  maxWords: number,
  reading: PassageReading = {},
): Quote[] {
  const { language } = reading;
  const all = withoutRepeated(piecesOf(passage, reading), question, reading);
  const weights = weightsOf(question, passage.prefix ?? '', all, language);
  const prose = all.filter(({ isProse }) => isProse);
  const topic = best([...prose, ...all], weights, ({ topic, words }) => [topic.words, words])?.topic;
  // Where nothing distinguishes its topics, the passage is about what was asked, and its opening continues over headings.
  const pieces = weights.size === 0 ? all : all.filter((piece) => piece.topic === topic);
  const isMixed = pieces.length < all.length;
  const known = wordsOf(passage.prefix ?? '', language);
  const isNamed = [...wordsOf(question, language)].some((word) => known.has(word));
  const said = sentencesFor(
    pieces.filter(({ isProse }) => isProse),
    { weights, maxWords, isMixed, isNamed },
  );

  const lines = pieces.filter(({ isProse }) => !isProse);
  const asked = new Map([...wordsOf(question, language)].map((word) => [word, 1]));
  // The words that distinguish pieces; where there are none, all words of the question.
  const [byWeights, byAsked] = [weights, asked].map(
    (of) => (some: readonly Piece[]) =>
      worth(
        of,
        some.flatMap(({ words, lead }) => (lead ? [words, lead.words] : [words])),
      ),
  ) as [Measure, Measure];
  const isBetter = (measure: Measure, some: readonly Piece[]) =>
    Math.max(0, ...some.map((line) => measure([line]))) > measure(said);
  const better = isBetter(byWeights, lines)
    ? byWeights
    : // Code has the title's words everywhere.
      isBetter(
          byAsked,
          lines.filter(({ isCode }) => !isCode),
        )
      ? byAsked
      : undefined;
  if (said.length > 0 && !better) return said.map(quoteOf);
  const measure = better ?? byAsked;
  // Of equal ones those with more of all words, those of the title included.
  const fitting = mostOf(
    mostOf(lines, (line) => measure([line])),
    (line) => byAsked([line]),
  );
  // What announces a list says nothing without it.
  const announced = fitting[0]?.text.endsWith(':') ? lines.slice(lines.indexOf(fitting[0])) : fitting;
  // What stands above other text as a heading does is said with it.
  const below = fitting[0]?.isHeading ? said.filter((piece) => piece.topic === fitting[0]!.topic) : [];
  return withLeads(upTo([...announced, ...below], maxWords)).map(quoteOf);
}

/**
 * Whether anything in a passage has a word of the question that its title and section lack. Where nothing has, it is about what was asked
 * as a whole.
 */
export function hasAskedWords(
  question: string,
  passage: Pick<Passage, 'text' | 'prefix'>,
  reading: PassageReading = {},
): boolean {
  return weightsOf(question, passage.prefix ?? '', piecesOf(passage, reading), reading.language).size > 0;
}

/** Whether a passage was found for words that nothing quotable in it has: those of links, or of a table of contents. */
export function isFoundByUnsaid(
  question: string,
  passage: Pick<Passage, 'text' | 'prefix'>,
  reading: PassageReading = {},
): boolean {
  const { language } = reading;
  const asked = [...wordsOf(question, language)];
  const has = (words: ReadonlySet<string>) => asked.some((word) => words.has(word));
  const isSaid =
    has(wordsOf(passage.prefix ?? '', language)) ||
    piecesOf(passage, reading).some(({ words, topic }) => has(words) || has(topic.words));
  return !isSaid && has(wordsOf(passage.text, language));
}

function withoutRepeated(
  pieces: readonly Piece[],
  question: string,
  { repeated, language }: PassageReading,
): Piece[] {
  if (!repeated?.size) return [...pieces];
  const asked = [...wordsOf(question, language)];
  const countIn = ({ words, topic }: Piece) =>
    asked.filter((word) => words.has(word) || topic.words.has(word)).length;
  const others = pieces.filter(({ text }) => !repeated.has(text));
  const most = Math.max(0, ...others.map(countIn));
  return pieces.filter((piece) => !repeated.has(piece.text) || countIn(piece) > most);
}

/** Each after what it is not understood without, once. */
function withLeads(pieces: readonly Piece[]): Piece[] {
  return [...new Set(pieces.flatMap((piece) => (piece.lead ? [piece.lead, piece] : [piece])))];
}

/**
 * The sentence with most of the question's words, and what follows it. Where the title or section names what is asked about, its opening is
 * what answers: then that comes first, unless the other has two words that it lacks, or, in a passage of several topics, whose openings
 * are not about the question, one, or two that the first sentence lacks. A sentence with one word that the opening lacks follows its first.
 */
function sentencesFor(
  sentences: readonly Piece[],
  { weights, maxWords, isMixed, isNamed }: SentenceChoice,
): Piece[] {
  const opening = upTo(sentences, maxWords);
  const telling = best(sentences, weights, ({ words }) => [words]);
  if (!telling) return opening;
  const more = (than: readonly Piece[]) =>
    [...weights.keys()].filter(
      (word) => telling.words.has(word) && !than.some(({ words }) => words.has(word)),
    ).length;
  const fromTelling = upTo(sentences.slice(sentences.indexOf(telling)), maxWords);
  const first = opening.slice(0, 1);
  if (!isNamed && more(first) > 0) return fromTelling;
  if (more(opening) > 1 || (isMixed && (more(opening) > 0 || more(first) > 1))) return fromTelling;
  return more(opening) > 0 ? upTo([...first, ...fromTelling], maxWords) : opening;
}

interface SentenceChoice {
  weights: Weights;
  maxWords: number;
  /** The passage has other topics than the one that is quoted. */
  isMixed: boolean;
  /** Its title or section has a word of the question. */
  isNamed: boolean;
}

/** Those that reach the highest value of all. */
function mostOf(pieces: readonly Piece[], measure: (piece: Piece) => number): Piece[] {
  const most = Math.max(0, ...pieces.map(measure));
  return pieces.filter((piece) => measure(piece) === most);
}

/** What some pieces are worth together, each with what introduces it. */
type Measure = (pieces: readonly Piece[]) => number;

type Weights = ReadonlyMap<string, number>;

/** The question's words that are not said of the whole passage → what each is worth in telling its pieces apart. */
function weightsOf(
  question: string,
  prefix: string,
  pieces: readonly Piece[],
  language: string | undefined,
): Weights {
  const known = wordsOf(prefix, language);
  const weights = new Map<string, number>();
  for (const word of wordsOf(question, language)) {
    if (known.has(word)) continue;
    const having = pieces.filter(({ words, topic }) => words.has(word) || topic.words.has(word)).length;
    if (having > 0) weights.set(word, Math.log(1 + pieces.length / having));
  }
  return weights;
}

/** The first of those that, with `setsOf` it, have most of the words. */
function best(
  pieces: readonly Piece[],
  weights: Weights,
  setsOf: (piece: Piece) => ReadonlySet<string>[],
): Piece | undefined {
  let found: { piece: Piece; score: number } | undefined;
  for (const piece of pieces) {
    const score = worth(weights, setsOf(piece));
    if (!found || score > found.score) found = { piece, score };
  }
  return found?.piece;
}

/** Of the words that any of the sets has. */
function worth(weights: Weights, sets: readonly ReadonlySet<string>[]): number {
  let sum = 0;
  for (const [word, weight] of weights) if (sets.some((set) => set.has(word))) sum += weight;
  return sum;
}

/** The first, and what follows as long as there is room. */
function upTo(pieces: readonly Piece[], maxWords: number): Piece[] {
  const kept: Piece[] = [];
  let count = 0;
  for (const piece of pieces) {
    const length = countWords(piece.text);
    if (kept.length > 0 && count + length > maxWords) break;
    kept.push(piece);
    count += length;
  }
  return kept;
}

const quoteOf = ({ text, start, end }: Piece): Quote => ({ text, start, end });
