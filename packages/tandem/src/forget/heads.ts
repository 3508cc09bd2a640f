import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Forgetting } from '../catalog/catalog.ts';
import { sha256 } from '../core/hash.ts';
import { headFile, readHead } from '../decide/head.ts';
import type { ForgetParts } from './forget-parts.ts';
import type { ForgetReport } from './report.ts';

/** A head keeps no text and no vector of a question; those that learnt from questions about the document are named. */
export async function nameHeadsThatKnow(
  { dataDirectory }: Pick<ForgetParts, 'dataDirectory'>,
  { id }: Forgetting,
  report: ForgetReport,
): Promise<void> {
  const root = join(dataDirectory, 'heads');
  if (!existsSync(root)) return;
  const document = sha256(id);
  for (const name of (await readdir(root)).sort()) {
    const folder = join(root, name);
    if (!existsSync(join(folder, headFile))) continue;
    if ((await readHead(folder)).documents.includes(document)) report.heads.push(name);
  }
}
