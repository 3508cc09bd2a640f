/** Milliseconds from now that a `Retry-After` header asks to wait (RFC 9110 §10.2.3): seconds, or a date. Undefined where it says neither. */
export function retryAfterMilliseconds(header: string | null | undefined): number | undefined {
  const value = header?.trim() ?? '';
  // RFC 9110 has whole seconds; some servers send fractions.
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000;
  // A date has a month's name; `Date.parse` would take "-5" for one as well.
  const date = /[a-z]{3}/i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
