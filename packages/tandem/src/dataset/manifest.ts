import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { DatasetManifest } from './build-dataset.ts';
import type { LintItem } from './lint/items.ts';

/**
 * What `manifest.json` beside a dataset's file says of the documents that its examples have words of: adds them to each. Undefined where the file is of no dataset that
 * was built here.
 */
export async function manifestBeside(
  file: string,
): Promise<((item: LintItem, at: number) => LintItem) | undefined> {
  const manifest = join(dirname(file), 'manifest.json');
  const split = basename(file, '.jsonl');
  if ((split !== 'train' && split !== 'validation') || !existsSync(manifest)) return undefined;
  const { documents } = JSON.parse(await readFile(manifest, 'utf8')) as DatasetManifest;
  const ofLine = new Map<number, string[]>();
  for (const [id, lines] of Object.entries(documents?.[split] ?? {}))
    for (const line of lines) ofLine.set(line, [...(ofLine.get(line) ?? []), id]);
  return (item, at) => ({
    ...item,
    documentIds: [...new Set([...item.documentIds, ...(ofLine.get(at + 1) ?? [])])],
  });
}
