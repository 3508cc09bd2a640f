import { canonicalJson } from '../core/hash.ts';

/** One example, or pair, a line, keys sorted: what a dataset's id is the hash of. */
export const jsonl = (lines: readonly object[]) => lines.map((line) => `${canonicalJson(line)}\n`).join('');
