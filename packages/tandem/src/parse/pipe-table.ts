/**
 * Rows of a table that does not tell its columns' names, as blocks of the returned kind. Two columns are names and values:
 * `- name: value`, a list. Of wider ones the first row is the head where it has words alone, no two the same, as names have; otherwise
 * the head is empty, so that no value is taken for a name.
 *
 * @param isNamed whether each row says its own name, so that the first row is no head whatever is in it
 */
export function tableWithoutNames(
  rows: readonly (readonly string[])[],
  { isNamed = false }: { isNamed?: boolean } = {},
): { kind: 'table' | 'list'; text: string } {
  const cells = rows.map((row) => row.map(oneLine)).filter((row) => row.some((cell) => cell !== ''));
  const width = cells.reduce((most, row) => Math.max(most, row.findLastIndex((cell) => cell !== '') + 1), 0);
  if (width <= 2)
    return { kind: 'list', text: cells.map(([name = '', value = '']) => pair(name, value)).join('\n') };
  const [first = []] = cells;
  if (!isNamed && cells.length > 1 && areNames(first)) return { kind: 'table', text: pipeTable(cells) };
  return { kind: 'table', text: pipeLines(Array<string>(width).fill(''), cells) };
}

/** Could be what columns are called: nothing is said twice, and nothing is a number, a date or a time, unless it is a year. */
function areNames(row: readonly string[]): boolean {
  const names = row.map((cell) => cell.toLowerCase()).filter((cell) => cell !== '');
  if (new Set(names).size < names.length) return false;
  return names.every((name) => !/\d/.test(name) || /\p{L}/u.test(name) || year.test(name));
}

const year = /^(?:19|20)\d\d(?:\s?[/–-]\s?\d{2,4})?$/;

function pair(name: string, value: string): string {
  if (name === '' || value === '') return `- ${name}${value}`;
  return `- ${name}${/[\p{L}\p{N})\]"'”’»%]$/u.test(name) ? ':' : ''} ${value}`;
}

/**
 * Rows as a Markdown pipe table, the first as its head. Cells lose line breaks, and a `|` in one is escaped; rows are
 * filled up to the widest one's width and empty ones left out. Empty text where nothing is in any cell.
 */
export function pipeTable(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows
    .map((row) => row.map(oneLine))
    .filter((row) => row.some((cell) => cell !== ''));
  return head ? pipeLines(head, body) : '';
}

function pipeLines(head: readonly string[], body: readonly (readonly string[])[]): string {
  const width = [head, ...body].reduce((most, row) => Math.max(most, row.length), 0);
  const line = (row: readonly string[]) =>
    `| ${[...row, ...Array<string>(width - row.length).fill('')].map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(width)}`, ...body.map(line)].join('\n');
}

/** The cells of a row as it is written, without white space around them; what is escaped in them stays so. */
export function cellsOfRow(row: string): string[] {
  return row
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** Whether a line is the row of dashes that stands below a table's head. */
export function isRowOfDashes(line: string): boolean {
  return /^[ \t]*\|?[ \t:]*-[-| \t:]*$/.test(line);
}

const oneLine = (cell: string) => cell.replace(/\s+/g, ' ').trim();
