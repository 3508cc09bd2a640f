/**
 * Fits the weights of `packages/tandem/src/retrieve/ranking.ts` to what `bench/retrieve.ts --features FILE` wrote: that a passage of the
 * right section comes first, as often as can be, over passages that are not (softmax over the passages of each question). Twins' passages
 * are left out: they are right too. Half of the groups are fitted, the other half says how well; then all are.
 *
 *     node bench/retrieve/fit.ts FILE [--own 3] [--l2 0.001]
 *
 * --own: how much a question in own words counts beside a plain one.
 */

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { own: { type: 'string', default: '3' }, l2: { type: 'string', default: '0.001' } },
});
const [file] = positionals;
if (file === undefined) throw new Error('Give the file that bench/retrieve.ts --features wrote.');

interface Question {
  set: string;
  fold: 0 | 1;
  weight: number;
  /** One row for each passage, and whether it is right; twins are in neither. */
  rows: Float64Array[];
  right: boolean[];
}

let names: string[] = [];
const questions: Question[] = [];
for await (const line of createInterface({ input: createReadStream(file) })) {
  const parsed = JSON.parse(line);
  if (parsed.names) names = parsed.names;
  else {
    const { set, group, c } = parsed as {
      set: string;
      group: string;
      c: [string, string, number, number, number, number[]][];
    };
    const kept = c.filter(([, , , strict, twin]) => strict === 1 || twin === 0);
    // Questions that a person wrote are kept out: they only say whether what was fitted holds for them.
    if (/by hand|blind/.test(set) || !kept.some(([, , , strict]) => strict === 1)) continue;
    questions.push({
      set,
      fold: ([...group].reduce((sum, letter) => sum + letter.codePointAt(0)!, 0) % 2) as 0 | 1,
      weight: set.startsWith('own') ? Number(flags.own) : 1,
      rows: kept.map(([, , , , , evidence]) => Float64Array.from(evidence)),
      right: kept.map(([, , , strict]) => strict === 1),
    });
  }
}

function fitWeights(of: readonly Question[]): Float64Array {
  const size = names.length;
  const weights = new Float64Array(size);
  const [first, second] = [new Float64Array(size), new Float64Array(size)];
  for (let step = 1; step <= 400; step++) {
    const gradient = weights.map((value) => 2 * Number(flags.l2) * value);
    for (const { rows, right, weight } of of) {
      const scores = rows.map((row) => dot(row, weights));
      const most = Math.max(...scores);
      const all = scores.map((score) => Math.exp(score - most));
      const total = sum(all);
      const hit = sum(all.filter((_, at) => right[at]));
      for (const [at, row] of rows.entries()) {
        const pull = all[at]! / total - (right[at] ? all[at]! / hit : 0);
        if (pull !== 0) for (let i = 0; i < size; i++) gradient[i]! += (weight * pull * row[i]!) / of.length;
      }
    }
    // Adam (Kingma & Ba 2015).
    for (let i = 0; i < size; i++) {
      first[i] = 0.9 * first[i]! + 0.1 * gradient[i]!;
      second[i] = 0.999 * second[i]! + 0.001 * gradient[i]! ** 2;
      weights[i]! -=
        (0.1 * (first[i]! / (1 - 0.9 ** step))) / (Math.sqrt(second[i]! / (1 - 0.999 ** step)) + 1e-8);
    }
  }
  return weights;
}

const validated = fitWeights(questions.filter(({ fold }) => fold === 0));
for (const set of new Set(questions.map((question) => question.set))) {
  const held = questions.filter((question) => question.set === set && question.fold === 1);
  const hits = held.filter(({ rows, right }) => {
    const scores = rows.map((row) => dot(row, validated));
    return right[scores.indexOf(Math.max(...scores))];
  });
  console.log(`${set}: right first for ${hits.length} of ${held.length} held-out questions`);
}
const fitted = fitWeights(questions);
console.log(`\n${names.map((name, at) => `    ${name}: ${fitted[at]!.toFixed(1)},`).join('\n')}`);

function dot(a: Float64Array, b: Float64Array): number {
  let product = 0;
  for (let at = 0; at < a.length; at++) product += a[at]! * b[at]!;
  return product;
}
function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
