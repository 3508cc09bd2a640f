/**
 * Fits the weights of `packages/tandem/src/retrieve/fuse/ranking.ts` to what `bench/retrieve-general.ts --signals FILE` wrote, each family of
 * collections counting the same, and once more with each family left out.
 *
 *     node bench/retrieve-general/fit.ts FILE… [--half fit] [--without names,headings] [--write]
 *
 * The least mean of −log softmax(temperature × score) of the passages that answer. Prints the weights, and nDCG@10 of each
 * collection under the weights that were fitted without its family, beside those of the product. --without sets signals to 0:
 * what each buys. --write puts the weights with each family left out into left-out.json.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { generalRanking, type Ranking, weightsOf } from '../../packages/tandem/src/retrieve/fuse/ranking.ts';
import { signalNames } from '../../packages/tandem/src/retrieve/signals/signals.ts';

const { values: flags, positionals: files } = parseArgs({
  allowPositionals: true,
  options: {
    half: { type: 'string' },
    without: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});

interface Collection {
  name: string;
  family: string;
  printedOnly: boolean;
  separation: number;
  questions: { id: string; half: string; wanted: number[]; signals: number[][] }[];
}

const collections: Collection[] = files.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')));
for (const collection of collections)
  if (flags.half) collection.questions = collection.questions.filter(({ half }) => half === flags.half);
const used = collections.filter(({ printedOnly }) => !printedOnly);
const families = [...new Set(used.map(({ family }) => family))];
const without = flags.without.split(',').filter(Boolean) as (keyof Ranking)[];
const start: Ranking = { ...generalRanking, ...Object.fromEntries(without.map((name) => [name, 0])) };
const fitted = (['meaning', 'separation', 'phrases', 'names', 'codes'] as const).filter(
  (name) => !without.includes(name),
);
const steps: Record<(typeof fitted)[number], number> = {
  meaning: 0.5,
  separation: 0.2,
  phrases: 0.1,
  names: 0.1,
  codes: 0.1,
};

const all = fitWeights(used);
console.log(`all families: ${told(all)}`);
const leftOut: Record<string, Ranking> = {};
for (const family of families) {
  leftOut[family] = fitWeights(used.filter((collection) => collection.family !== family));
  console.log(`without ${family}: ${told(leftOut[family])}`);
}
console.log('\ncollection              n     family left out   all fitted   as in the product');
for (const collection of collections) {
  const own = leftOut[collection.family] ?? all;
  const row = [own, all, generalRanking].map((ranking) => gain(collection, ranking).toFixed(4));
  console.log(
    `${collection.name.padEnd(22)}${String(collection.questions.length).padStart(5)}  ${row.map((value) => value.padStart(12)).join('  ')}`,
  );
}
if (flags.write)
  writeFileSync(join(import.meta.dirname, 'left-out.json'), `${JSON.stringify(leftOut, null, 2)}\n`);

function fitWeights(of: readonly Collection[]): Ranking {
  let best = { ranking: start, temperature: 16, loss: lossOf(of, start, 16) };
  for (let step = 1; step > 0.1; step /= 2)
    for (let improved = true; improved; ) {
      improved = false;
      const consider = (ranking: Ranking, temperature: number) => {
        const loss = lossOf(of, ranking, temperature);
        if (!(loss < best.loss - 1e-5)) return;
        best = { ranking, temperature, loss };
        improved = true;
      };
      for (const sign of [1, -1]) {
        for (const name of fitted) {
          const value = best.ranking[name] + sign * step * steps[name];
          const kept =
            name === 'meaning' ? value : Math.max(0, name === 'phrases' ? Math.min(0.9, value) : value);
          consider({ ...best.ranking, [name]: Number(kept.toFixed(3)) }, best.temperature);
        }
        consider(best.ranking, best.temperature * Math.exp(sign * step * 0.3));
      }
    }
  return best.ranking;
}

/** Families count the same, whatever they have of collections and questions. */
function lossOf(of: readonly Collection[], ranking: Ranking, temperature: number): number {
  const perFamily = [...Map.groupBy(of, ({ family }) => family).values()].map((own) =>
    mean(
      own.map((collection) =>
        mean(collection.questions.map((one) => lossAt(one, ranking, temperature, collection))),
      ),
    ),
  );
  return mean(perFamily);
}

function lossAt(
  { wanted, signals }: Collection['questions'][number],
  ranking: Ranking,
  temperature: number,
  { separation }: Collection,
): number {
  const scores = scoresOf(signals, ranking, separation);
  let most = Number.NEGATIVE_INFINITY;
  for (const score of scores) if (score > most) most = score;
  let sum = 0;
  let right = 0;
  for (const [at, score] of scores.entries()) {
    const share = Math.exp(temperature * (score - most));
    sum += share;
    if (wanted[at]) right += share;
  }
  return -Math.log(Math.max(right / sum, 1e-4));
}

function scoresOf(signals: readonly number[][], ranking: Ranking, separation: number): number[] {
  const phrases = signalNames.indexOf('phrases');
  const hasPhrases = signals.some((row) => row[phrases]! > 0);
  const weights = weightsOf(ranking, { separation, hasPhrases });
  const list = signalNames.map((name) => weights[name]);
  return signals.map((row) => row.reduce((sum, value, at) => sum + value * list[at]!, 0));
}

function gain({ questions, separation }: Collection, ranking: Ranking): number {
  return mean(
    questions.map(({ wanted, signals }) => {
      const scores = scoresOf(signals, ranking, separation);
      const order = scores.map((_, at) => at).sort((a, b) => scores[b]! - scores[a]!);
      const place = order.slice(0, 10).findIndex((at) => wanted[at]);
      return place < 0 ? 0 : 1 / Math.log2(place + 2);
    }),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function told(ranking: Ranking): string {
  return fitted.map((name) => `${name} ${ranking[name].toFixed(2)}`).join(', ');
}
