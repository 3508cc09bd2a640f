import { pipeTable } from './pipe-table.ts';
import type { StructuredText } from './structured-text.ts';

/**
 * Rows of cells as blocks: lines of one cell at the beginning are captions, what follows is a table with its first row as
 * head. Where rows are long texts, such as questions and their answers, a table would be cut inside its cells: each row is
 * then a section of its own, headed by its first short cell, with a paragraph or a list item for each of the others.
 *
 * @param properties.isWhole the rows are all that a file has: one row alone is then a head without records
 */
export function writeRows(
  rows: readonly (readonly string[])[],
  output: StructuredText,
  { isWhole = false, ...properties }: { page?: number; isWhole?: boolean } = {},
): void {
  const filled = (row: readonly string[]) => row.filter((cell) => cell.trim() !== '').length;
  const wide = rows.some((row) => filled(row) > 1);
  let from = 0;
  for (; from < rows.length && (!wide || filled(rows[from]!) <= 1); from++) {
    const words = rows[from]!.join(' ').trim();
    output.add(wide ? 'caption' : 'paragraph', words, properties);
  }
  if (from === rows.length) return;
  const body = rows.slice(from);
  const [head, ...records] = hasHead(body, isWhole) ? body : [columnNames(body), ...body];
  if (!areLong(records)) {
    output.add('table', pipeTable([head!, ...records]), properties);
    return;
  }
  for (const [index, record] of records.entries()) writeRecord(head!, record, index, output, properties);
}

/** More characters in a row, on the average, than a chunk has room for: then rows are sections. */
const longRow = 600;

function areLong(rows: readonly (readonly string[])[]): boolean {
  const characters = rows.reduce((sum, row) => sum + row.reduce((all, cell) => all + cell.length, 0), 0);
  return characters > longRow * rows.length;
}

/** The first row names the columns unless it has numbers in it, or says the same thing twice. */
function hasHead(rows: readonly (readonly string[])[], isWhole: boolean): boolean {
  const [first] = rows;
  if (!first || (rows.length === 1 && !isWhole)) return false;
  const names = first.map((cell) => cell.trim().toLowerCase()).filter(Boolean);
  if (new Set(names).size < names.length) return false;
  return !names.some(
    (name) => /^[-+(]?\p{Sc}? ?[\d.,]+ ?[%\p{Sc}]?\)?$/u.test(name) && !/^(?:19|20)\d\d$/.test(name),
  );
}

function columnNames(rows: readonly (readonly string[])[]): string[] {
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  return Array.from({ length: width }, (_, index) => `Column ${index + 1}`);
}

function writeRecord(
  head: readonly string[],
  record: readonly string[],
  index: number,
  output: StructuredText,
  properties: { page?: number },
): void {
  const named = record.findIndex(
    (cell) => /\p{L}{2}/u.test(cell) && cell.trim().length <= 120 && !cell.includes('\n'),
  );
  const name = named === -1 ? '' : record[named]!.replace(/\s+/g, ' ').trim();
  output.add('heading', `### ${name === '' ? `Row ${index + 1}` : name}`, { level: 3, ...properties });
  let short: string[] = [];
  const flush = () => {
    output.add('list', short.join('\n'), properties);
    short = [];
  };
  for (const [column, cell] of record.entries()) {
    const words = cell.trim();
    const label = head[column]?.replace(/\s+/g, ' ').trim() || `Column ${column + 1}`;
    if (words === '' || (column === named && /^(?:name|title|question|subject|id)$/i.test(label))) continue;
    if (words.length <= 200 && !words.includes('\n')) short.push(`- ${label}: ${words}`);
    else {
      flush();
      for (const [part, paragraph] of words.split(/\n\s*\n/).entries())
        output.add('paragraph', part === 0 ? `${label}: ${paragraph}` : paragraph, properties);
    }
  }
  flush();
}
