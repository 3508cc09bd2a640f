/** Parts that the model cards of adapters and of encoders share. */
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { sha256OfFile } from './file-hash.ts';

/**
 * Every file of a folder and its subfolders except its README.md, with its SHA-256 as Markdown code; names with `/`,
 * sorted.
 */
export async function hashFiles(directory: string): Promise<[name: string, hash: string][]> {
  const names = (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((name) => name !== 'README.md')
    .sort();
  const hashes: [string, string][] = [];
  for (const name of names) {
    hashes.push([name.replaceAll(sep, '/'), `\`${await sha256OfFile(join(directory, name))}\``]);
  }
  return hashes;
}

/** The lines of a Markdown table, then an empty line. Pipes and line breaks inside a cell are escaped. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `|${cells.map((text) => ` ${text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')} `.replace(/^ +$/, ' ')).join('|')}|`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line), ''];
}
