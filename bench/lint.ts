/**
 * Does `tandem dataset lint` find what is wrong, and nothing else?
 *
 *     npm run bench -- lint [--seed 14] [--only secrets,leakage] [--show] [--findings FILE]
 *
 * Seeded defects: into entries of other people's question sets defects are put, and look-alikes that are none, by a fixed seed; files are written, and linted as a user would.
 * Recall is the share of defects that were found, precision the share of true ones among findings in defects and look-alikes. What is found in entries that were left as they
 * are (`untouched`) may be right or wrong, and is counted apart: the second part reads it. What is seeded is made from published formats and written by hand
 * in `lint/seeds/`, and shares no code with the checks.
 *
 * Real findings: what lint finds in real data was written to a file (`--findings FILE` does it again), read one by one by a language model, and judged
 * (`data/lint-reading.jsonl`); here the judgements are counted.
 *
 * Exits with 1 where a precision or a recall on seeded defects is below .95.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checks } from '../packages/tandem/src/dataset/lint/checks.ts';
import { type LintReport, lintDataset } from '../packages/tandem/src/dataset/lint/lint-dataset.ts';
import { createTandem, fromDocuments, ingest, type Tandem } from '../packages/tandem/src/index.ts';
import { createRandom } from '../packages/tandem/src/statistics/random.ts';
import { countReading } from './lint/reading.ts';
import { type RealEntry, realEntries } from './lint/real.ts';
import { findInRealData } from './lint/real-findings.ts';
import type { SeededEntry, SeededFile, Seeder } from './lint/seeded.ts';
import { seedEmpty, seedRefusals, seedTemplateTokens, seedTooLong } from './lint/seeds/answers.ts';
import { seedRestricted } from './lint/seeds/documents.ts';
import { seedImbalance } from './lint/seeds/imbalance.ts';
import {
  seedContradictions,
  seedExactDuplicates,
  seedLeakage,
  seedNearDuplicates,
  seedSameMeaning,
} from './lint/seeds/pairs.ts';
import { seedPersonalData } from './lint/seeds/personal-data.ts';
import { seedRoles, seedSchema } from './lint/seeds/schema.ts';
import { seedSecrets } from './lint/seeds/secrets.ts';
import { seedDisagreements, seedStaleFacts } from './lint/seeds/stale-facts.ts';

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string', default: '14' },
    only: { type: 'string' },
    /** Lists what was missed and what was found wrongly. */
    show: { type: 'boolean', default: false },
    findings: { type: 'string' },
  },
});

const floor = 0.95;
/** The day on which the seeds' dates were chosen. */
const now = new Date('2026-06-15T12:00:00Z');

const seeders: Readonly<Record<string, Seeder>> = {
  schema: seedSchema,
  roles: seedRoles,
  'empty-answers': seedEmpty,
  'refusing-answers': seedRefusals,
  'too-long': seedTooLong,
  'template-tokens': seedTemplateTokens,
  secrets: seedSecrets,
  'personal-data': seedPersonalData,
  'stale-facts': seedStaleFacts,
  'stale-facts beside the index': seedDisagreements,
  'restricted-documents': seedRestricted,
  'exact-duplicates': seedExactDuplicates,
  'near-duplicates': seedNearDuplicates,
  'same-meaning': seedSameMeaning,
  contradictions: seedContradictions,
  leakage: seedLeakage,
  imbalance: seedImbalance,
};
const unmeasured = checks.filter(({ name }) => !(name in seeders)).map(({ name }) => name);
if (unmeasured.length > 0) throw new Error(`No seeder for ${unmeasured.join(', ')}.`);

const work = await mkdtemp(join(tmpdir(), 'tandem-lint-'));
let isBelow = false;
try {
  if (flags.findings !== undefined) {
    const count = await findInRealData({ file: flags.findings, seed: Number(flags.seed), now });
    console.log(`${count} findings in ${flags.findings}`);
  } else {
    await measureSeeded();
    countReading();
  }
} finally {
  await rm(work, { recursive: true, force: true });
}
if (isBelow) {
  console.error(`A precision or a recall is below ${floor}.`);
  process.exitCode = 1;
}

async function measureSeeded(): Promise<void> {
  console.log(`Seed ${flags.seed}.\n`);
  console.log(
    '| check | defects | found | recall | look-alikes | of them found | precision | untouched | of them found |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|');
  const chosen = flags.only?.split(',');
  for (const [at, [name, seeder]] of Object.entries(seeders).entries()) {
    if (chosen && !chosen.includes(name)) continue;
    // Each check has its own draw, so that one can be measured alone.
    const seed = 100 * Number(flags.seed) + at;
    const files = seeder({ random: createRandom(seed), draw: drawer(realEntries(seed)) });
    const counted: { is: SeededEntry['is']; kind: string; isFound: boolean }[] = [];
    for (const [number, file] of files.entries())
      counted.push(...(await measureFile(name, file, `${at}-${number}`)));
    const of = (is: SeededEntry['is']) => counted.filter((each) => each.is === is);
    const found = (is: SeededEntry['is']) => of(is).filter(({ isFound }) => isFound).length;
    const recall = found('defect') / of('defect').length;
    const precision = found('defect') / Math.max(1, found('defect') + found('look-alike'));
    if (recall < floor || precision < floor) isBelow = true;
    console.log(
      `| ${name} | ${of('defect').length} | ${found('defect')} | ${recall.toFixed(3)} | ${of('look-alike').length} | ${found('look-alike')} | ${precision.toFixed(3)} | ${of('untouched').length} | ${found('untouched')} |`,
    );
    if (flags.show)
      for (const { is, kind, isFound } of counted)
        if ((is === 'defect') !== isFound && (is !== 'untouched' || kind !== 'real'))
          console.log(`    ${is === 'defect' ? 'missed' : `found in ${is}`}: ${kind}`);
  }
}

/** Each entry, or the file as one, with whether the check found something in it. */
async function measureFile(name: string, seeded: SeededFile, id: string) {
  const [check] = name.split(' ');
  const directory = join(work, id);
  await mkdir(directory);
  const write = async (file: string, lines: readonly (object | string)[]) => {
    const path = join(directory, file);
    await writeFile(
      path,
      lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
    );
    return path;
  };
  const file = await write(
    'train.jsonl',
    seeded.entries.map(({ line }) => line),
  );
  await using tandem = await createTandem({
    chat: 'local:smollm2-135m-instruct',
    dataDirectory: directory,
    ...(seeded.settings && { settings: seeded.settings }),
    ...(seeded.cases && { cases: await write('cases.jsonl', seeded.cases) }),
    ...(seeded.documents && { sources: [fromDocuments(seeded.documents)] }),
  });
  if (seeded.documents) await ingest(tandem);
  const report = await lintOnly(tandem, file, check!);
  const places = new Set(
    report.findings
      .filter(({ disagreement }) => name === check || disagreement !== undefined)
      .map(({ where }) => where),
  );
  if (seeded.isOne) return [{ ...seeded.isOne, isFound: places.size > 0 }];
  return seeded.entries.map(({ is, kind }, at) => ({ is, kind, isFound: places.has(`${file}:${at + 1}`) }));
}

async function lintOnly(tandem: Tandem, file: string, check: string): Promise<LintReport> {
  const report = await lintDataset(tandem, { file, only: [check], now });
  const [{ notMade } = {}] = report.checks;
  if (notMade !== undefined) throw new Error(`${check} was not made: ${notMade}`);
  return report;
}

function drawer(entries: readonly RealEntry[]) {
  const left = [...entries];
  return (count: number, where: (entry: RealEntry) => boolean = () => true): RealEntry[] => {
    const drawn: RealEntry[] = [];
    for (let at = 0; at < left.length && drawn.length < count; ) {
      if (where(left[at]!)) drawn.push(...left.splice(at, 1));
      else at++;
    }
    if (drawn.length < count)
      throw new Error(`There are ${drawn.length} such entries, and ${count} are to be drawn.`);
    return drawn;
  };
}
