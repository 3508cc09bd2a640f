import { type Span, sentences } from '../chunk/sentences.ts';
import type { Passage } from '../core/types/document.ts';
import { englishStem } from '../store/english-stemmer.ts';
import { functionWordSet } from '../store/search-words.ts';
import { tableHead } from './prompt.ts';

/** What is quoted of a passage: a sentence, or a line of a list, a table or a slide. */
export interface Quote {
  /** As it is shown: on one line, a table's cells behind their columns' names. */
  text: string;
  /** `[start, end)` in the passage's text. */
  start: number;
  end: number;
}

interface Piece extends Quote {
  isProse: boolean;
  words: Set<string>;
}

/**
 * What a passage says to a question, in its own words: its first whole sentences, since a section's opening is what answers; or its
 * rows, items and lines, where it has no sentences or one of these has more of the question's words than they. A table's cell is
 * quoted behind its column's name. Empty where the passage has nothing but headings and questions.
 */
export function quotation(
  question: string,
  passage: Pick<Passage, 'text' | 'prefix'>,
  maxWords: number,
): Quote[] {
  const pieces = piecesOf(passage);
  const asked = wordsOf(question);
  const found = (piece: readonly Piece[]) =>
    [...asked].filter((word) => piece.some(({ words }) => words.has(word))).length;

  const opening = upTo(
    pieces.filter(({ isProse }) => isProse),
    maxWords,
  );
  const lines = pieces.filter(({ isProse }) => !isProse);
  const most = Math.max(0, ...lines.map((line) => found([line])));
  if (opening.length > 0 && most <= found(opening)) return opening;
  const best = most === 0 ? lines : lines.filter((line) => found([line]) === most);
  // What announces a list says nothing without it.
  const announced = best[0]?.text.endsWith(':') ? lines.slice(lines.indexOf(best[0])) : best;
  return upTo(announced, maxWords);
}

/** The first, and what follows as long as there is room. */
function upTo(pieces: readonly Piece[], maxWords: number): Piece[] {
  const kept: Piece[] = [];
  let count = 0;
  for (const piece of pieces) {
    const length = [...segmenter.segment(piece.text)].filter(({ isWordLike }) => isWordLike).length;
    if (kept.length > 0 && count + length > maxWords) break;
    kept.push(piece);
    count += length;
  }
  return kept;
}

function piecesOf(passage: Pick<Passage, 'text' | 'prefix'>): Piece[] {
  const lines = sentences(passage.text).map((span) => ({
    ...span,
    line: passage.text.slice(span.start, span.end).replace(/\s+/g, ' '),
  }));
  const questions = emphasisedQuestions(passage.text);
  const pieces: Piece[] = [];
  let columns = cellsOf(tableHead(passage)?.split('\n')[0] ?? '');
  for (const [index, { line, start, end }] of lines.entries()) {
    if (/^#{1,6} /.test(line) || question.test(line) || ruler.test(line)) continue;
    if (questions.some((whole) => whole.start <= start && end <= whole.end)) continue;
    if (line.startsWith('|')) {
      const cells = cellsOf(line);
      if (ruler.test(lines[index + 1]?.line ?? '')) columns = cells;
      else if (cells.some(isSaid)) {
        const text = rowInWords(cells, columns);
        pieces.push({ text, start, end, isProse: false, words: wordsOf(text) });
      }
      continue;
    }
    columns = [];
    const marker = /^(?:[-+*•‣▪]|\d{1,3}[.)])\s+(?=\S)/.exec(passage.text.slice(start, end))?.[0] ?? '';
    const span = withoutLooseMarks(passage.text, start + marker.length, end);
    const text = passage.text.slice(span.start, span.end).replace(/\s+/g, ' ');
    if (!isSaid(text)) continue;
    pieces.push({
      text,
      ...span,
      isProse: marker === '' && prose.test(text),
      words: wordsOf(text),
    });
  }
  return pieces;
}

/** Lines all in emphasis that end as a question does, whatever is said in them before: "**My bike was stolen. What now?**". */
function emphasisedQuestions(text: string): Span[] {
  return [...text.matchAll(/^[^\S\n]*(\*{1,3}|_{1,3})(?=\S)(.*\S)\1[^\S\n]*$/gm)]
    .filter(([, mark, inside]) => question.test(inside!) && !inside!.includes(mark!))
    .map(({ index, 0: line }) => ({ start: index, end: index + line.length }));
}

/** Marks of emphasis at the ends are left out where they hold all of it, or what they belong to is in another sentence. */
function withoutLooseMarks(text: string, start: number, end: number): Span {
  const said = text.slice(start, end);
  const first = /^(?:\*+|_+)(?=\S)/.exec(said)?.[0] ?? '';
  const last = /(?<=\S)(?:\*+|_+)$/.exec(said)?.[0] ?? '';
  const inside = said.slice(first.length, said.length - last.length);
  return {
    start: start + (first !== '' && !inside.includes(first) ? first.length : 0),
    end: end - (last !== '' && !inside.includes(last) ? last.length : 0),
  };
}

const cellsOf = (row: string): string[] =>
  row
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

function rowInWords(cells: readonly string[], columns: readonly string[]): string {
  const named = cells.length === columns.length ? columns : undefined;
  return cells
    .map((cell, column) => (cell === '' ? '' : [named?.[column], cell].filter(Boolean).join(': ')))
    .filter(Boolean)
    .join(named ? '; ' : ' | ');
}

const isSaid = (text: string) => /[\p{L}\p{N}]/u.test(text);

const question = /[?？؟]["'”’»」)*_]*$/;
/** The line between a table's head and its rows. */
const ruler = /^\|[\s:|-]+\|?$/;
/** Begins as a sentence begins, in scripts that have capitals and in those that have none, and ends as one ends. */
const prose = /^["'“‘«„「(*_]*[\p{Lu}\p{Lt}\p{Lo}\p{N}].*[.!。．！।۔…]["'”’»“」)*_]*$/u;

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

/** What a text is about: its words without endings and without function words. */
function wordsOf(text: string): Set<string> {
  return new Set(
    [...segmenter.segment(text.toLowerCase())]
      .filter(({ isWordLike, segment }) => isWordLike && !functionWordSet.has(segment))
      .map(({ segment }) => englishStem(segment)),
  );
}
