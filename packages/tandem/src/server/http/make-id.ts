import { randomBytes } from 'node:crypto';

/** A new id that nobody can guess: `file-…`, `vs_…`, `ftjob-…`. */
export function makeId(kind: string, separator = '-'): string {
  return `${kind}${separator}${randomBytes(12).toString('hex')}`;
}
