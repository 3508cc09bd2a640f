/** What differs between two JSON values that should be the same, where times and random ids do not count. */

export interface Difference {
  /** Such as `passages[2].score`. */
  path: string;
  before: unknown;
  after: unknown;
}

export interface Differences {
  /** Beyond `tolerance`, or not numbers. */
  found: Difference[];
  /** Members that only the second value has, list positions left out: `passages[].verdict`. */
  added: Set<string>;
  /** The largest difference of two numbers that counts as none. */
  largest: number;
}

/** Of numbers that are not whole: what the order of additions may change. Relative for numbers above 1. */
export const tolerance = 1e-6;

/** Durations, and what was measured of the machine: members of these names are never compared. */
const measured = new Set([
  'timings',
  'seconds',
  'listSeconds',
  'tokensPerSecond',
  'peakMemoryBytes',
  'machine',
]);

/** As `newId` makes them: a kind, the time, random bits. */
const randomId = /\b(run|trace|adapter|embedder|reranker)_[0-9a-v]{9}_[0-9a-f]{8}\b/g;

/** By its form and not by its member's name: `at` is a moment in a trace, and a position in a search's plan. */
const moment = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;

export function differencesOf(before: unknown, after: unknown): Differences {
  const differences: Differences = { found: [], added: new Set(), largest: 0 };
  compare(before, after, '', differences);
  return differences;
}

function compare(before: unknown, after: unknown, path: string, differences: Differences): void {
  if (typeof before === 'string' && typeof after === 'string') {
    const [a, b] = [before, after].map((text) => text.replace(randomId, '<$1>').replace(moment, '<moment>'));
    if (a !== b) differences.found.push({ path, before: a, after: b });
  } else if (typeof before === 'number' && typeof after === 'number') {
    const by = Math.abs(before - after);
    const close = by <= tolerance * Math.max(1, Math.abs(before), Math.abs(after));
    const whole = Number.isInteger(before) && Number.isInteger(after);
    if (by > 0 && (whole || !close)) differences.found.push({ path, before, after });
    else differences.largest = Math.max(differences.largest, by);
  } else if (Array.isArray(before) && Array.isArray(after)) {
    if (before.length !== after.length)
      differences.found.push({ path: `${path}.length`, before: before.length, after: after.length });
    for (let at = 0; at < Math.min(before.length, after.length); at++)
      compare(before[at], after[at], `${path}[${at}]`, differences);
  } else if (isRecord(before) && isRecord(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (measured.has(name)) continue;
      const inside = path === '' ? name : `${path}.${name}`;
      if (before[name] === undefined && after[name] !== undefined)
        differences.added.add(inside.replace(/\[\d+\]/g, '[]'));
      else compare(before[name], after[name], inside, differences);
    }
  } else if (before !== after) differences.found.push({ path, before, after });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
