/** What the cards of adapters and of encoders have in common. */
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { sha256OfFile } from './file-hash.ts';

/** Every file of a folder and its subfolders but its README.md, with its SHA-256 as code; names with `/`, sorted. */
export async function fileHashes(directory: string): Promise<[name: string, hash: string][]> {
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

/** A Markdown table with its head, then an empty line. What stands in a cell ends neither the cell nor the line. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `|${cells.map((text) => ` ${text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')} `.replace(/^ +$/, ' ')).join('|')}|`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line), ''];
}
