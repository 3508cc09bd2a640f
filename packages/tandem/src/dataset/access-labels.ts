import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Parts } from '../parts/parts.ts';
import { readJsonl } from './jsonl.ts';
import { itemOf } from './lint/items.ts';
import { manifestBeside } from './manifest.ts';
import { readRestricted } from './restricted-documents.ts';

/**
 * The access labels of the restricted documents that a dataset has words of, by what its examples say of where they are from and by what they quote. In order, each once.
 * @param id of a dataset that the catalogue knows
 */
export async function accessLabelsOf(
  { catalog, dataDirectory }: Pick<Parts, 'catalog' | 'dataDirectory'>,
  id: string,
): Promise<string[]> {
  const restricted = await readRestricted(catalog.documents);
  const record = await catalog.datasets.get(id);
  if (restricted.isEmpty || !record) return [];
  const path = resolve(dataDirectory, record.path);
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'train.jsonl') : path;
  const withDocuments = await manifestBeside(file);
  const labels = new Set<string>();
  for (const [at, line] of (await readJsonl(file, z.record(z.string(), z.unknown()))).entries()) {
    const read = itemOf(line, { where: '', file, split: 'train' });
    const item = read && withDocuments ? withDocuments(read, at) : read;
    for (const documentId of item?.documentIds ?? []) {
      const label = restricted.labelOf(documentId);
      if (label !== undefined) labels.add(label);
    }
    for (const { label } of restricted.quotedIn(stringsIn(line))) labels.add(label);
  }
  return [...labels].sort();
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}
