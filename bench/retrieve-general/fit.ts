/**
 * Fits the weights of `packages/tandem/src/retrieve/fuse/ranking.ts` to what `bench/retrieve-general.ts --signals FILE` wrote, each family of
 * collections counting the same, and once more with each family left out.
 *
 *     node bench/retrieve-general/fit.ts FILE… [--half fit] [--without names,headings] [--write]
 *
 * The loss is the one that `tune --ranking` learns by, without its penalty. Prints the weights, and nDCG@10 of each collection under the
 * weights that were fitted without its family, beside those of the product. --without sets weights to 0: what each buys. --write puts
 * the weights with each family left out into left-out.json.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generalRanking, type Ranking } from '../../packages/tandem/src/retrieve/fuse/ranking.ts';
import { type Signals, signalNames } from '../../packages/tandem/src/retrieve/signals/signals.ts';
import { findWeights, type Range } from '../../packages/tandem/src/tune/ranking/find-weights.ts';
import { gainsOf, lossAt, type RankedQuestion } from '../../packages/tandem/src/tune/ranking/fit-ranking.ts';

const { values: flags, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    half: { type: 'string' },
    without: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});

/** As `--signals` writes it. */
interface Written {
  name: string;
  family: string;
  printedOnly: boolean;
  separation: number;
  questions: { id: string; half: string; wanted: number[]; signals: number[][] }[];
}

type Collection = Omit<Written, 'questions'> & { questions: RankedQuestion[] };

const collections = files.flatMap((file) => (JSON.parse(readFileSync(file, 'utf8')) as Written[]).map(read));
const used = collections.filter(({ printedOnly }) => !printedOnly);
const families = [...new Set(used.map(({ family }) => family))];
const without = flags.without.split(',').filter(Boolean);
const start: Ranking = { ...generalRanking, ...Object.fromEntries(without.map((name) => [name, 0])) };
const fitted: Partial<Record<keyof Ranking, Range>> = Object.fromEntries(
  Object.entries({
    meaning: { step: 0.5 },
    separation: { step: 0.2, least: 0 },
    phrases: { step: 0.1, least: 0, most: 0.9 },
    names: { step: 0.1, least: 0 },
    codes: { step: 0.1, least: 0 },
  } satisfies Partial<Record<keyof Ranking, Range>>).filter(([name]) => !without.includes(name)),
);

const all = fitWeights(used);
console.log(`all families: ${told(all)}`);
const leftOut: Record<string, Ranking> = {};
for (const family of families) {
  leftOut[family] = fitWeights(used.filter((collection) => collection.family !== family));
  console.log(`without ${family}: ${told(leftOut[family])}`);
}
console.log('\ncollection              n     family left out   all fitted   as in the product');
for (const { name, family, questions, separation } of collections) {
  const row = [leftOut[family] ?? all, all, generalRanking].map((ranking) =>
    mean(gainsOf(questions, ranking, separation)).toFixed(4),
  );
  console.log(
    `${name.padEnd(22)}${String(questions.length).padStart(5)}  ${row.map((value) => value.padStart(12)).join('  ')}`,
  );
}
if (flags.write)
  writeFileSync(join(import.meta.dirname, 'left-out.json'), `${JSON.stringify(leftOut, null, 2)}\n`);

function read({ questions, ...collection }: Written): Collection {
  return {
    ...collection,
    questions: questions
      .filter(({ half }) => !flags.half || half === flags.half)
      .map(({ wanted, signals }) => ({
        candidates: signals.map((row, at) => ({
          isWanted: wanted[at] === 1,
          signals: Object.fromEntries(
            signalNames.map((name, place) => [name, row[place]!]),
          ) as unknown as Signals,
        })),
      })),
  };
}

/** Families count the same, whatever they have of collections and questions. */
function fitWeights(of: readonly Collection[]): Ranking {
  const byFamily = [...Map.groupBy(of, ({ family }) => family).values()];
  const lossOf = (ranking: Ranking, temperature: number) =>
    mean(
      byFamily.map((own) =>
        mean(
          own.map(({ questions, separation }) =>
            mean(questions.map((question) => lossAt(question, ranking, { separation, temperature }))),
          ),
        ),
      ),
    );
  return findWeights(start, fitted, lossOf, 0.1);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function told(ranking: Ranking): string {
  return Object.keys(fitted)
    .map((name) => `${name} ${ranking[name as keyof Ranking].toFixed(2)}`)
    .join(', ');
}
