import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Forgetting } from '../catalog/catalog.ts';
import { sha256 } from '../core/hash.ts';
import { rankingFile, readLearnedRanking, writeLearnedRanking } from '../retrieve/learn/learned-ranking.ts';
import type { ForgetParts } from './forget-parts.ts';
import type { ForgetReport } from './report.ts';

/**
 * Learnt rankings keep the vectors of training questions, and the headings that these were answered below: those about the document are
 * taken out. A heading that other questions were answered below as well stays with these. The weights have a share of the questions too,
 * which cannot be taken out, so the ranking is named.
 */
export async function forgetInRankings(
  { dataDirectory }: Pick<ForgetParts, 'dataDirectory'>,
  { id }: Forgetting,
  report: ForgetReport,
): Promise<void> {
  const root = join(dataDirectory, 'rankings');
  if (!existsSync(root)) return;
  const document = sha256(id);
  for (const name of (await readdir(root)).sort()) {
    const folder = join(root, name);
    // Half written: it has nothing yet.
    if (!existsSync(join(folder, rankingFile))) continue;
    const { asked, ...learned } = await readLearnedRanking(folder);
    if (!learned.documents.includes(document)) continue;
    report.rankings.push(name);
    const others = asked?.filter((one) => one.document !== document) ?? [];
    if (report.dryRun || others.length === (asked?.length ?? 0)) continue;
    await writeLearnedRanking(folder, { ...learned, ...(others.length > 0 && { asked: others }) });
  }
}
