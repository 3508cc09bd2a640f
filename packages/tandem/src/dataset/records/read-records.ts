import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { jsonlRecords } from '../jsonl.ts';
import { csvRecords } from './csv-records.ts';
import { jsonArrayRecords } from './json-records.ts';
import { readText } from './read-text.ts';
import type { FileRecord } from './record.ts';
import { yamlRecords } from './yaml-records.ts';

/** How a file holds its entries. */
export type Container = 'JSON Lines' | 'JSON' | 'YAML' | 'CSV';

/**
 * The entries of a file of JSON Lines, a JSON array, YAML or CSV, told apart by its beginning; an ending (`.csv`, `.yaml`) decides where that may be either.
 * @throws InvalidInputError where there is no such file, or it cannot be read as a whole
 */
export async function readRecords(
  path: string,
): Promise<{ container: Container; records: AsyncIterable<FileRecord> | Iterable<FileRecord> }> {
  const container = containerOf(path, await beginningOf(path));
  if (container === 'JSON Lines') return { container, records: jsonlRecords(path) };
  const text = await readText(path);
  if (container === 'CSV') return { container, records: csvRecords(path, text) };
  return {
    container,
    records:
      container === 'JSON' && text.trimStart().startsWith('[')
        ? jsonArrayRecords(path, text)
        : yamlRecords(path, text),
  };
}

async function beginningOf(path: string): Promise<string> {
  // Says what is wrong with the path in the words that all readers have.
  const file = await open(path).catch(() => readText(path).then(() => undefined));
  if (!file) return '';
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536), 0, 65_536, 0);
    return buffer.toString('utf8', 0, bytesRead).replace(/^\uFEFF/, '');
  } finally {
    await file.close();
  }
}

function containerOf(path: string, beginning: string): Container {
  const text = beginning.trimStart();
  const ending = extname(path).toLowerCase();
  if (text.startsWith('[')) return 'JSON';
  if (text.startsWith('{')) {
    // One object over several lines begins with less than an object.
    const [first = ''] = text.split('\n', 1);
    return ending === '.json' && !isEntry(first) ? 'JSON' : 'JSON Lines';
  }
  if (ending === '.csv' || ending === '.tsv') return 'CSV';
  if (ending === '.yaml' || ending === '.yml') return 'YAML';
  if (ending === '.jsonl' || ending === '.json' || text === '') return 'JSON Lines';
  return /^(?:---|#|- |[\w-]+:(?:\s|$))/.test(text) ? 'YAML' : 'CSV';
}

/** Whether a line is an entry of its own, and neither the beginning of an object nor a config with its tests. */
function isEntry(line: string): boolean {
  try {
    return !('tests' in JSON.parse(line));
  } catch {
    return false;
  }
}
