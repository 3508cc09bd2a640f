/**
 * Does Tandem still compute what it computed? Two checkouts do the same work on the same projects, and what comes of it is compared.
 *
 *     npm run bench -- unchanged --before CHECKOUT [--after CHECKOUT] [--parts search,collections] [--keep FOLDER] [--data DIR]
 *
 * A checkout is a working tree with its node_modules (`git worktree add DIR COMMIT`, then `npm ci` there); --after is this one unless
 * given. Both are used through what outlives a change inside: the command line, and for whole `Retrieval` objects what the packages
 * export. --keep writes what "before" gave into a folder; with it a later call compares with that, without --before.
 *
 * Not compared are times, the random part of ids, and what was measured of the machine. Numbers may differ by 1e-6 (relative, above
 * 1), whole ones not at all. Members that only "after" has are listed, and are no difference. Exits with 1 where anything differs.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Checkout, openCheckout } from './unchanged/checkout.ts';
import { type Difference, differencesOf } from './unchanged/differences.ts';
import { collections, nameOf, writeInputs } from './unchanged/inputs.ts';
import { type Observations, parts } from './unchanged/parts.ts';
import { openSide } from './unchanged/side.ts';

const { values: flags } = parseArgs({
  options: {
    before: { type: 'string' },
    after: { type: 'string', default: join(import.meta.dirname, '..') },
    parts: { type: 'string', default: Object.keys(parts).join(',') },
    keep: { type: 'string' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'general') },
  },
});

/** What one side gave, by part. */
interface Recording {
  version: string;
  machine: string;
  parts: Record<string, Observations>;
}

const machine = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`;
const names = flags.parts.split(',');
const unknown = names.find((name) => !(name in parts));
if (unknown !== undefined)
  throw new Error(`There is no part "${unknown}": ${Object.keys(parts).join(', ')} are the parts.`);
const work = mkdtempSync(join(tmpdir(), 'tandem-unchanged-'));
try {
  await compareSides();
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function compareSides(): Promise<void> {
  const keep = flags.keep === undefined ? work : resolve(flags.keep);
  const file = join(keep, 'before.json');
  const before: Recording = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { version: '', machine, parts: {} };
  const missing = names.filter((name) => !(name in before.parts));
  const inputs = join(keep, 'inputs');
  if (missing.length > 0) {
    if (flags.before === undefined)
      throw new Error(`Nothing is known yet of ${missing.join(' and ')}: give the checkout with --before.`);
    const checkout = openCheckout(flags.before);
    if (before.version !== '' && before.version !== checkout.version)
      throw new Error(
        `${keep} was recorded with ${before.version}, and ${flags.before} is at ${checkout.version}.`,
      );
    mkdirSync(keep, { recursive: true });
    if (!existsSync(inputs)) writeInputs(inputs, { checkout: checkout.directory, data: flags.data });
    before.version = checkout.version;
    // A part at a time, so that a call that was cut off goes on there.
    for (const [name, observed] of observe('before', checkout, inputs, missing)) {
      before.parts[name] = observed;
      writeFileSync(file, JSON.stringify(before));
    }
  }
  if (before.machine !== machine)
    console.log(
      `Recorded on another machine (${before.machine}; this is ${machine}): numbers may differ by more.`,
    );
  const checkout = openCheckout(flags.after);
  const after = Object.fromEntries(observe('after', checkout, inputs, names));
  console.log(`before: ${before.version}, after: ${checkout.version}`);
  for (const name of collections.map(nameOf))
    if (names.includes('collections') && !existsSync(join(inputs, name)))
      console.log(`Left out: there is no ${name} in ${flags.data} (--data says where the collections are).`);
  report(names.map((name) => [before.parts[name]!, after[name]!]));
}

function* observe(
  label: string,
  checkout: Checkout,
  inputs: string,
  wanted: readonly string[],
): Generator<[string, Observations]> {
  const folder = join(work, label);
  mkdirSync(folder);
  const side = openSide(checkout, inputs, folder);
  for (const name of wanted) {
    const started = performance.now();
    const observed = JSON.stringify(parts[name]!(side))
      .replaceAll(folder, '<projects>')
      .replaceAll(checkout.directory, '<checkout>');
    const seconds = Math.round((performance.now() - started) / 1000);
    console.error(`${label} (${checkout.version}): ${name} took ${seconds} s`);
    yield [name, JSON.parse(observed)];
  }
}

function report(sides: readonly [Observations, Observations][]): void {
  const rows: string[][] = [['what', 'compared', 'equal', 'largest difference within 1e-6']];
  const added = new Set<string>();
  const found: string[] = [];
  for (const [before, after] of sides) {
    for (const what of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const [old = {}, now = {}] = [before[what], after[what]];
      const ids = new Set([...Object.keys(old), ...Object.keys(now)]);
      let equal = 0;
      let different = 0;
      let largest = 0;
      for (const id of ids) {
        const differences = differencesOf(old[id], now[id]);
        largest = Math.max(largest, differences.largest);
        for (const member of differences.added) added.add(`${what}: ${member}`);
        if (differences.found.length === 0) equal += 1;
        else if (++different <= 3) found.push(`${what}, ${id}`, ...firstOf(differences.found));
      }
      rows.push([what, String(ids.size), String(equal), largest === 0 ? '0' : largest.toExponential(1)]);
      if (equal < ids.size) process.exitCode = 1;
    }
  }
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    );
  if (added.size > 0)
    console.log(`\nOnly after has:\n${[...added].map((member) => `  ${member}`).join('\n')}`);
  console.log(
    found.length > 0 ? `\nDifferences, the first of each:\n${found.join('\n')}` : '\nNothing differs.',
  );
}

function firstOf(differences: readonly Difference[]): string[] {
  const numbers = differences.flatMap(({ before, after }) =>
    typeof before === 'number' && typeof after === 'number' ? [Math.abs(before - after)] : [],
  );
  return [
    ...differences
      .slice(0, 3)
      .map(({ path, before, after }) => `  ${path || 'all of it'}: ${brief(before)} → ${brief(after)}`),
    ...(differences.length > 3 ? [`  and ${differences.length - 3} more`] : []),
    ...(numbers.length > 0 ? [`  largest difference of two numbers: ${Math.max(...numbers)}`] : []),
  ];
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
