import type { Passage } from '../core/types/document.ts';
import { cellsOfRow } from '../parse/pipe-table.ts';
import { numbersIn } from '../text/numbers.ts';
import { type Span, sentences, trimmed } from '../text/sentences.ts';
import { termsOf } from '../text/terms.ts';
import { tableHead } from './prompt.ts';
import { fence, isUnsaid, itemMarker, unsaidLines } from './unsaid-lines.ts';

/** A sentence of a passage, or a line of a list, a table or a slide, that could be quoted. */
export interface Piece extends Span {
  /** As it is shown: on one line, a table's cells behind their columns' names. */
  text: string;
  /** A whole sentence of a paragraph. */
  isProse: boolean;
  isCode?: true;
  /** What it is not understood without: the line that introduces a list, the sentence before code. */
  lead?: Piece;
  /** Stands alone above other text as a heading does, and says something: what is below it belongs to it. */
  isHeading?: true;
  words: ReadonlySet<string>;
  /** Shared by all pieces below the same heading. */
  topic: Topic;
}

/** The headings above the pieces: the words of a heading and of those above it, in the passage; none where it begins without one. */
export interface Topic {
  words: ReadonlySet<string>;
}

/** What is known of a passage's document. */
export interface PassageReading {
  /** ISO 639-1. */
  language?: string | undefined;
  /** In the passage's text, as the document was parsed; without, from fence to fence. */
  code?: readonly Span[] | undefined;
  /** Headings of the document, as `comparableHeading` gives them: three lines that only repeat some are its table of contents. */
  headings?: ReadonlySet<string> | undefined;
  /** Sentences that stand in many documents: they answer only where nothing else has as many of the question's words. */
  repeated?: ReadonlySet<string> | undefined;
}

/**
 * What can be quoted of a passage, in order. Code is quoted line by line. Lines that say nothing (`unsaidLines`) are left out, too. Headings are left out, and so are questions, which are answered below them: each
 * begins a topic. A heading is also a short line alone without a stop that has something below it ("8. Dogs"), or one in bold.
 */
export function piecesOf(
  passage: Pick<Passage, 'text' | 'prefix'>,
  { language, code: known, headings: all }: PassageReading = {},
): Piece[] {
  const { text: whole } = passage;
  const code = known ?? fencedCode(whole);
  const isIn =
    <T extends Span>(spans: readonly T[]) =>
    (line: Span) =>
      spans.find((span) => span.start <= line.start && line.end <= span.end);
  const unsaid = unsaidLines(whole).filter((line) => !isIn(code)(line) || isFence(whole, line));
  const emphasised = emphasisedHeadings(whole).filter((line) => !isIn(code)(line));
  const cuts = [...emphasised, ...unsaid, ...code.flatMap((span) => linesIn(whole, span))];
  const lines = sentences(whole)
    .flatMap((span) => cutAround(whole, span, cuts))
    .filter((span) => !isIn(unsaid)(span))
    .map((span) => ({ ...span, line: whole.slice(span.start, span.end).replace(/\s+/g, ' ') }));
  const pieces: Piece[] = [];
  const headings: Heading[] = [];
  const wordsIn = (text: string) => wordsOf(text, language);
  let lead: Piece | undefined;
  let topic: Topic = { words: new Set() };
  const enter = (level: number, heading: string, start: number) => {
    const isUnsaid = pieces.at(-1)?.topic !== topic;
    // "Was it stolen? What now?": two with nothing between them are one.
    while (
      (headings.at(-1)?.level ?? 0) >= level &&
      !(isUnsaid && level === asked && headings.at(-1)!.level === asked)
    )
      headings.pop();
    if (!headings.some((open) => open.start === start))
      headings.push({ level, start, words: wordsIn(heading) });
    topic = { words: new Set(headings.flatMap(({ words }) => [...words])) };
  };
  const add = (text: string, span: Span, kind: Omit<Piece, 'text' | 'words' | 'topic' | keyof Span>) => {
    const piece = { text, start: span.start, end: span.end, ...kind, words: wordsIn(text), topic };
    pieces.push(piece);
    return piece;
  };
  let columns = cellsOfRow(tableHead(passage)?.split('\n')[0] ?? '');
  for (const [index, { line, start, end }] of lines.entries()) {
    const hashes = /^#{1,6}(?= )/.exec(line)?.[0].length;
    const marked = isIn(emphasised)({ start, end });
    const isAbove = lead?.topic === topic ? { lead } : {};
    if (ruler.test(line)) continue;
    if (isIn(code)({ start, end })) {
      if (isSaid(line)) add(line, { start, end }, { isProse: false, isCode: true, ...isAbove });
    } else if (hashes !== undefined) enter(hashes, line, start);
    else if (marked)
      enter(marked.isQuestion ? asked : lone, whole.slice(marked.start, marked.end), marked.start);
    else if (question.test(line)) {
      // A question in a list is only named there.
      if (!/^[-+*•‣▪]\s/.test(line)) enter(asked, line, start);
    } else if (isLoneHeading(whole, lines, index, headings.at(-1)?.level === lone)) {
      enter(lone, line, start);
      if (tells(line)) add(line, { start, end }, { isProse: false, isHeading: true });
    } else if (line.startsWith('|')) {
      const cells = cellsOfRow(line);
      if (ruler.test(lines[index + 1]?.line ?? '')) columns = cells;
      else if (cells.some(isSaid)) add(rowInWords(cells, columns), { start, end }, { isProse: false });
      continue;
    } else {
      const marker = itemMarker.exec(whole.slice(start, end))?.[0] ?? '';
      const span = withoutLooseMarks(whole, start + marker.length, end);
      const text = whole.slice(span.start, span.end).replace(/\s+/g, ' ');
      if (isSaid(text) && !isUnsaid(text)) {
        const isItem = marker !== '';
        const isIntroduced = isItem && lead && /[:：]$/.test(lead.text);
        const piece = add(text, span, {
          isProse: !isItem && prose.test(text),
          ...(isIntroduced && isAbove),
        });
        if (!isItem) lead = piece;
      }
    }
    columns = [];
  }
  const contents = pieces.filter(({ text }) => all?.has(comparableHeading(text)));
  return contents.length < 3 ? pieces : pieces.filter((piece) => !contents.includes(piece));
}

/** A heading without its marks, and an entry of a table of contents without its page. */
export function comparableHeading(text: string): string {
  return text
    .replace(/^#+\s+|[\s.…·]*\d{0,4}$/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

/**
 * Where the code in a span stops whose fence is never closed: at the first blank line, since a fence that was forgotten makes no code of
 * what follows.
 */
export function endOfUnclosed(text: string, { start, end }: Span): number {
  const blank = /\n[^\S\n]*\n/.exec(text.slice(start, end))?.index;
  return blank === undefined ? end : start + blank;
}

/** Without endings and without function words, as the language has them; numbers however they are written: what a text is about. */
export function wordsOf(text: string, language?: string): Set<string> {
  return new Set(termsOf(text, language));
}

/** All of them, in any script. */
export function countWords(text: string): number {
  return [...segmenter.segment(text)].filter(({ isWordLike }) => isWordLike).length;
}

interface Heading {
  level: number;
  start: number;
  words: ReadonlySet<string>;
}
/** Below all that have a `#`. */
const lone = 7;
const asked = 8;

/**
 * Lines all in emphasis that end as a question does, whatever is said in them before ("**My bike was stolen. What now?**"), or without
 * a stop where something follows.
 */
function emphasisedHeadings(text: string): (Span & { isQuestion: boolean })[] {
  return [...text.matchAll(/^[^\S\n]*(\*{1,3}|_{1,3})(?=\S)(.*\S)\1[^\S\n]*$/gm)].flatMap(
    ({ index, 0: line, 1: mark, 2: inside }) => {
      const end = index + line.length;
      const isQuestion = question.test(inside!);
      if (inside!.includes(mark!)) return [];
      if (!isQuestion && (!endsOpen.test(inside!) || !/\S/.test(text.slice(end)))) return [];
      return [{ start: index, end, isQuestion }];
    },
  );
}

/** Code between fences, these included. */
function fencedCode(text: string): Span[] {
  const fences = unsaidLines(text).filter((line) => isFence(text, line));
  const spans: Span[] = [];
  for (let at = 0; at < fences.length; at++) {
    const [opening, closing] = [fences[at]!, fences[at + 1]];
    if (closing && !/[^`~>\s]/.test(text.slice(closing.start, closing.end))) {
      spans.push({ start: opening.start, end: closing.end });
      at++;
    } else {
      spans.push({
        start: opening.start,
        end: endOfUnclosed(text, { start: opening.end, end: text.length }),
      });
    }
  }
  return spans;
}

const isFence = (text: string, { start, end }: Span) => fence.test(text.slice(start, end).trim());

/** With their line breaks left out. */
function linesIn(text: string, { start, end }: Span): Span[] {
  return [...text.slice(start, end).matchAll(/[^\n]+/g)].map(({ index, 0: line }) => ({
    start: start + index,
    end: start + index + line.length,
  }));
}

/** Whether a line that stands as a heading does says a number or a date, beside its own number. */
const tells = (line: string) => numbersIn(line.replace(/^\s*[\d.]+[.)]?\s/, '')).length > 0;

/** A short line between blank ones, without a stop, perhaps numbered. */
function isOwnParagraph(text: string, { start, end }: Span): boolean {
  const line = text.slice(start, end);
  return (
    line.length <= 60 &&
    /^[\p{Lu}\p{Lt}\p{Lo}\p{N}]/u.test(line) &&
    endsOpen.test(line) &&
    !line.includes('\n') &&
    /(?:^|\n[^\S\n]*\n)[^\S\n]*$/.test(text.slice(Math.max(0, start - 20), start)) &&
    /^[^\S\n]*(?:$|\n[^\S\n]*\n)/.test(text.slice(end, end + 20))
  );
}

/** A sentence continues over line breaks, but not over a heading's. */
function cutAround(text: string, { start, end }: Span, headings: readonly Span[]): Span[] {
  const cuts = headings
    .flatMap((heading) => [heading.start, heading.end])
    .filter((at) => start < at && at < end)
    .toSorted((a, b) => a - b);
  const ends = [...cuts, end];
  return ends
    .map((to, at) => trimmed(text, at === 0 ? start : ends[at - 1]!, to))
    .filter((span) => span.start < span.end);
}

/** A line that is a paragraph of its own above one that is not; at the end of what has such headings, also a numbered one with nothing below it. */
function isLoneHeading(text: string, lines: readonly Span[], index: number, isBelowOne: boolean): boolean {
  const [before, line, after] = [lines[index - 1], lines[index]!, lines[index + 1]];
  if (!isOwnParagraph(text, line)) return false;
  const isNumbered = /\d/.test(text[line.start]!);
  if (!after) return isNumbered && isBelowOne;
  // Items of a list with blank lines between.
  if (isNumbered && before && /\d/.test(text[before.start]!) && isOwnParagraph(text, before)) return false;
  return !isOwnParagraph(text, after);
}

const endsOpen = /[\p{L}\p{N})\]’'”"»%]$/u;

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
