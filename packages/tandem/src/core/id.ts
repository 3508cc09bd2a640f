import { randomBytes } from 'node:crypto';

/**
 * A new id such as `run_01k9x4w3e2_7f3a9c`: the kind, the time in base 32 (so that ids sort by age), and 32 random bits:
 * two processes may make one in the same millisecond.
 */
export function newId(
  kind: 'run' | 'trace' | 'adapter' | 'embedder' | 'reranker' | 'ranking' | 'head',
): string {
  const time = Date.now().toString(32).padStart(9, '0');
  return `${kind}_${time}_${randomBytes(4).toString('hex')}`;
}
