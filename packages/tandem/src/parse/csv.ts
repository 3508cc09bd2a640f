import { parse } from 'csv-parse/sync';
import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import { decodeText, encodingMetadata } from './decode-text.ts';
import type { ParsedBody } from './parsed-body.ts';
import { writeRows } from './rows.ts';
import { StructuredText } from './structured-text.ts';

/** Characters of one record: a longer one is a quotation mark that was never closed. */
const longestRecord = 1_000_000;

/**
 * Comma-separated values (RFC 4180, with semicolons, tabs and pipes as well): one table with the first record as its head, or
 * a section for each record where they are long. Records may differ in length. A quotation mark inside an unquoted field
 * is a character like any other.
 */
export function parseCsv(
  bytes: Uint8Array,
  uri: string,
  { delimiter, named }: { delimiter?: string | undefined; named?: string | undefined } = {},
): ParsedBody {
  const { text, ...decoded } = decodeText(bytes, uri, { named });
  let records: string[][];
  try {
    records = parse(text, {
      delimiter: delimiter ?? delimiterOf(text),
      bom: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: longestRecord,
    });
  } catch (cause) {
    const { code, lines } = cause as { code?: string; lines?: number };
    const what =
      code === 'CSV_MAX_RECORD_SIZE'
        ? `has a record of more than ${longestRecord} characters`
        : code === 'CSV_QUOTE_NOT_CLOSED'
          ? 'ends inside a quoted field'
          : `is not a table of values (${cause instanceof Error ? cause.message.split('\n')[0]! : String(cause)})`;
    throw new UnreadableDocumentError({
      uri,
      reason: code === 'CSV_MAX_RECORD_SIZE' ? 'too large' : 'damaged',
      message: `${uri} ${what}${lines === undefined ? '' : `, near line ${lines}`}.`,
      hint: 'Look for a quotation mark that is not closed there, or export the table again.',
      cause,
    });
  }
  const output = new StructuredText();
  const rows = records.filter((record) => record.some((cell) => cell.trim() !== ''));
  writeRows(rows, output, { isWhole: true });
  const metadata = encodingMetadata(decoded);
  metadata.rows = String(rows.length);
  return { text: output.text, blocks: output.blocks, metadata, title: '' };
}

/** The one of `, ; tab |` that cuts the first lines into equally many cells, most of them; quoted parts are skipped. */
function delimiterOf(text: string): string {
  const lines = text
    .slice(0, 20_000)
    .replace(/"(?:[^"]|"")*"/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 20);
  let best = { delimiter: ',', score: 0 };
  for (const delimiter of [',', ';', '\t', '|']) {
    const counts = lines.map((line) => line.split(delimiter).length - 1);
    const usual = counts.toSorted((a, b) => a - b)[counts.length >> 1] ?? 0;
    const score =
      usual === 0 ? 0 : counts.filter((count) => count === usual).length / counts.length + usual / 1000;
    if (score > best.score) best = { delimiter, score };
  }
  return best.delimiter;
}
