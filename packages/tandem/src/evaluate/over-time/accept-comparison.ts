import type { Run } from '../../core/types/run.ts';
import type { Parts } from '../../parts/parts.ts';
import { readComparison } from './read-comparison.ts';

/** That people took a comparison's numbers for those to hold from then on. */
export interface Acceptance {
  runId: string;
  at: string;
  by?: string;
  why?: string;
}

/**
 * Marks a comparison as the accepted one: later ones are held against it. Accepting another replaces it; each time is kept.
 * @throws InvalidInputError where there is no such finished comparison
 *
 * @example
 * const { runId } = await compare(tandem);
 * await acceptComparison(tandem, { runId, by: 'ann' });
 */
export async function acceptComparison(
  parts: Pick<Parts, 'catalog' | 'dataDirectory'>,
  { runId, by, why }: Omit<Acceptance, 'at'>,
): Promise<Acceptance> {
  await readComparison(runId, parts);
  const at = new Date().toISOString();
  const data = { ...(by !== undefined && { by }), ...(why !== undefined && { why }) };
  await parts.catalog.runs.addEvents(runId, [{ kind: 'accepted', data, at }]);
  return { runId, at, ...data };
}

/** When each of these runs was last accepted, the latest first. */
export async function acceptancesOf(
  runs: readonly Run[],
  { catalog }: Pick<Parts, 'catalog'>,
): Promise<Acceptance[]> {
  const found: Acceptance[] = [];
  for (const { id } of runs) {
    const last = (await catalog.runs.events(id, { kind: 'accepted' })).at(-1);
    if (last) found.push({ runId: id, at: last.at, ...(last.data as Pick<Acceptance, 'by' | 'why'>) });
  }
  return found.sort((a, b) => (a.at < b.at ? 1 : -1));
}

/** The comparison that was accepted last. */
export async function lastAccepted(parts: Pick<Parts, 'catalog'>): Promise<Acceptance | undefined> {
  const runs = await parts.catalog.runs.list({ kind: 'compare', limit: Number.MAX_SAFE_INTEGER });
  return (await acceptancesOf(runs, parts))[0];
}
