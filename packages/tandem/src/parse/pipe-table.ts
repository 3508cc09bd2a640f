/**
 * Rows as a Markdown pipe table, the first as its head. Cells lose line breaks, and a `|` in one is escaped; rows are
 * filled up to the widest one's width and empty ones left out. Empty text where nothing is in any cell.
 */
export function pipeTable(rows: readonly (readonly string[])[]): string {
  const cells = rows
    .map((row) => row.map((cell) => cell.replace(/\s+/g, ' ').trim().replace(/\|/g, '\\|')))
    .filter((row) => row.some((cell) => cell !== ''));
  const [head, ...body] = cells;
  if (!head) return '';
  const width = cells.reduce((most, row) => Math.max(most, row.length), 0);
  const line = (row: string[]) =>
    `| ${[...row, ...Array<string>(width - row.length).fill('')].join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(width)}`, ...body.map(line)].join('\n');
}
