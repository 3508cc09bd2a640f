import type { Block, Document } from '../core/types/document.ts';
import { cellsOfRow, isRowOfDashes } from '../parse/pipe-table.ts';
import { sentences } from '../text/sentences.ts';

/** What the rows of a table do not say themselves. */
export interface TableContext {
  /** The line or sentence that introduces the table, where there is one, and where it stands in the document. */
  caption: { text: string; start: number; end: number } | undefined;
  /** The cells of the rows that name the columns, row by row; an empty cell has none. */
  heads: string[][];
  /** Where in the document the rows below the heads begin. */
  bodyStart: number;
}

/** Of a document's table, by the table's place among the blocks. */
export function tableContextOf(
  { text, blocks }: Pick<Document, 'text' | 'blocks'>,
  at: number,
): TableContext {
  const table = blocks[at]!;
  const { heads, length } = headsOf(text.slice(table.start, table.end));
  return { caption: captionOf(text, blocks, at), heads, bodyStart: table.start + length };
}

/**
 * What introduces a table stands before it, or else behind it: a block that the format says is a caption, a line that numbers it ("Table 3.
 * Rates"), or a sentence that ends in a colon. A paragraph behind a table whose colon leads on to something else is none.
 */
function captionOf(text: string, blocks: readonly Block[], at: number): TableContext['caption'] {
  const before = blocks[at - 1];
  const after = blocks[at + 1];
  return (
    (before &&
      (introduces(text, before) ?? (isShortLine(text, before) ? spanOf(text, before) : undefined))) ??
    (after && !leadsOn(text, after, blocks[at + 2]) ? introduces(text, after) : undefined)
  );
}

function introduces(text: string, block: Block): TableContext['caption'] {
  if (block.kind === 'caption') return spanOf(text, block);
  if (block.kind !== 'paragraph') return undefined;
  const words = text.slice(block.start, block.end);
  const all = sentences(words);
  const last = all.at(-1);
  if (last === undefined) return undefined;
  // A sentence may seem to end behind the number.
  const isNumberAlone = /^\p{Lu}\p{L}*\.?\s\S+$/u.test(words.slice(all[0]!.start, all[0]!.end));
  const first = { start: all[0]!.start, end: (isNumberAlone && all[1] ? all[1] : all[0]!).end };
  const wanted = numbered.test(words) ? first : endsInColon(words) ? last : undefined;
  return wanted && spanOf(text, { start: block.start + wanted.start, end: block.start + wanted.end });
}

/** "Table 3", "Tab. 2:", "Exhibit IV.", in any language: a word with a capital and a number of its own, then a mark or the line's end. */
const numbered = /^\p{Lu}\p{L}*\.?\s(?:\d+(?:[.-]\d+)*|[IVX]+|[A-Z])(?:\s*[:.–—-]|\s*$)/u;

const endsInColon = (words: string) => /[:：]$/.test(words.trimEnd());

/** A few words without a full stop: a heading, or a title that lost its marks. */
function isShortLine(text: string, { kind, start, end }: Block): boolean {
  return (
    kind === 'paragraph' && end - start < 100 && !/[.!?。！？]["”)]*$/.test(text.slice(start, end).trimEnd())
  );
}

/** Whether a block leads on to the next one, and not back to the table before it. */
function leadsOn(text: string, block: Block, next: Block | undefined): boolean {
  if (next?.kind !== 'list' && next?.kind !== 'table') return false;
  // The caption of the table behind it, or the line before a list.
  if (next.kind === 'list' || block.kind === 'caption') return true;
  const words = text.slice(block.start, block.end);
  return numbered.test(words) || endsInColon(words);
}

function spanOf(
  text: string,
  { start, end }: { start: number; end: number },
): NonNullable<TableContext['caption']> {
  return { text: text.slice(start, end).replace(/\s+/g, ' ').trim(), start, end };
}

/** The rows that name columns: the one above a line of dashes, and those below it that name no row and hold no amounts. */
function headsOf(table: string): { heads: string[][]; length: number } {
  const heads: string[][] = [];
  let length = 0;
  let isBelowLine = false;
  const hasLine = isRowOfDashes(table.split('\n', 2)[1] ?? '');
  for (const line of table.split('\n')) {
    const isLine = isRowOfDashes(line);
    const cells = cellsOfRow(line);
    const isFirst = heads.length === 0 && !isBelowLine;
    const names = isFirst
      ? hasLine || cells.filter(Boolean).every(isName)
      : (isBelowLine || !hasLine) &&
        cells.slice(1).some(Boolean) &&
        cells.every(isName) &&
        // A row that names itself goes on with the head where that left columns without a name, and it has years for them.
        (cells[0] === '' || (heads.at(-1)!.includes('') && cells.slice(1).some(hasYear)));
    if (!isLine && (!names || heads.length === mostHeads)) break;
    if (isLine) isBelowLine = true;
    else heads.push(cells);
    length += line.length + 1;
  }
  return { heads: heads.filter((cells) => cells.some(Boolean)), length: Math.min(length, table.length) };
}

const mostHeads = 4;

/** Nothing, words, a year or a date: an amount is no name. */
const isName = (cell: string) => cell === '' || /\p{L}/u.test(cell) || hasYear(cell);

const hasYear = (cell: string) => /^\D*(?:\d\d?,?\s)?(?:19|20)\d\d\D*$/.test(cell);

/** The heads as one row, cell over cell as the rows have them: what several rows say of a column stands together. */
export function headRow(heads: readonly (readonly string[])[]): string {
  if (heads.length === 0) return '';
  const width = Math.max(...heads.map(({ length }) => length));
  const columns = Array.from({ length: width }, (_, column) =>
    [...new Set(heads.map((cells) => cells[column] ?? ''))].filter(Boolean).join(' '),
  );
  return `| ${columns.join(' | ')} |`;
}
