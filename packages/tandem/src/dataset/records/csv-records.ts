import { CsvError, parse } from 'csv-parse/sync';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { FileRecord } from './record.ts';

/**
 * The rows of a CSV file (RFC 4180) below its head, each an object from the head's names, in lower case, to its cells. The cells are parted by comma, semicolon
 * or tab, whichever the head has most of; empty ones are left out.
 */
export function csvRecords(path: string, text: string): FileRecord[] {
  const delimiter = delimiterOf(text);
  let rows: { record: string[]; raw: string; info: { lines: number } }[];
  try {
    rows = parse(text, {
      delimiter,
      bom: true,
      info: true,
      raw: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as typeof rows;
  } catch (cause) {
    const line = cause instanceof CsvError ? (cause.lines as number | undefined) : undefined;
    const where = `${path}:${line ?? 1}`;
    const fault = new InvalidInputError({
      domain: 'dataset',
      where,
      cause,
      message: `${where} cannot be read as CSV (${(cause as Error).message}).`,
      hint: 'Fix the quotes of that row and try again.',
    });
    return [{ where, fault }];
  }
  const [head, ...body] = rows;
  if (!head) return [];
  const names = head.record.map((name) => name.trim().toLowerCase());
  return body.flatMap(({ record, raw, info }): FileRecord[] => {
    if (record.every((cell) => cell === '')) return [];
    // `info.lines` is where the row ends, and a cell may have lines of its own.
    const within = raw.replace(/^[\r\n]+|[\r\n]+$/g, '').match(/\r\n|\n|\r/g)?.length ?? 0;
    const where = `${path}:${info.lines - within}`;
    if (record.length !== names.length) {
      return [
        {
          where,
          fault: new InvalidInputError({
            domain: 'dataset',
            where,
            message: `${where} has ${record.length} cells, and the first line names ${names.length} columns.`,
            hint: 'Put cells that contain the delimiter or a line end into quotes.',
          }),
        },
      ];
    }
    const cells = names.flatMap((name, at) => (record[at] === '' ? [] : [[name, record[at]!] as const]));
    return [{ where, value: Object.fromEntries(cells) }];
  });
}

/** Outside of quotes, in the first line. */
function delimiterOf(text: string): string {
  const head = text.slice(0, text.search(/[\r\n]|$/)).replace(/"[^"]*"/g, '');
  const count = (mark: string) => head.split(mark).length;
  return [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
}
