import { createHash } from 'node:crypto';

/** SHA-256 of a string (as UTF-8) or bytes, in lower-case hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 of a JSON value with its keys sorted, so that equal values hash equally however they were written. */
export function hashJson(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** JSON with object keys in code-unit order and `undefined` members left out (as in RFC 8785, numbers as JSON.stringify writes them). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}
