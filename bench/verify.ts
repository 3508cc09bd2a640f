/**
 * Whether a verifier says of claims what people say of them.
 *
 *     npm run bench -- verify [--look NOTE] [--data DIR]     # the table
 *     npm run bench -- verify --fit                          # weights and scale of the rule of overlap, to be written into the source
 *
 * The data (`--data`, its README says what each is) have one role each: *fitted* on CG2C's pairs (documents and claims made to need several sentences);
 * *brought to scale* on half of Factcheck-GPT's claims (claims of language models, a person's stance on retrieved evidence), five-fold by claim for
 * its own row; *only scored* on WiCE dev (claims of Wikipedia, the cited page's sentences), with --look alone, and each look is recorded in
 * results/verify-looks.jsonl. Supported counts against the rest: partly supported is not found.
 *
 * Printed: balanced accuracy with 95 % intervals by claim, of the verifier and of the plain rule (share of the claim's terms in two sentences, and its
 * numbers, at the threshold that is best on the other folds), the expected calibration error, and of WiCE which sentences were found to support.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { expectedCalibrationError, fitPlatt } from '../packages/tandem/src/statistics/calibration.ts';
import { bootstrapDifference, bootstrapInterval } from '../packages/tandem/src/statistics/index.ts';
import { sentences } from '../packages/tandem/src/text/sentences.ts';
import { fitSoftmax } from '../packages/tandem/src/tune/head/softmax-regression.ts';
import { overlapSignals } from '../packages/tandem/src/verify/overlap-signals.ts';
import {
  overlapFeatures,
  overlapScore,
  overlapVerifier,
  overlapWeights,
} from '../packages/tandem/src/verify/overlap-verifier.ts';
import type { ClaimVerdict } from '../packages/tandem/src/verify/verifier.ts';
import { linesOf } from './data/json-lines.ts';

const { values: flags } = parseArgs({
  options: {
    fit: { type: 'boolean' },
    look: { type: 'string' },
    data: {
      type: 'string',
      default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'general', 'claims'),
    },
  },
});

interface Row {
  group: string;
  claim: string;
  evidence: string[];
  isSupported: boolean;
  /** Sets of sentences that support, where people marked them. */
  supporting?: number[][];
}

const cut = (text: string) => sentences(text).map(({ start, end }) => text.slice(start, end));
const file = (name: string) => join(flags.data, name);
const cg2c = linesOf<{ text_a: string; text_b: string[]; orig_label: number }>(
  file('cg2c-doc.train.jsonl'),
).map(
  ({ text_a, text_b, orig_label }): Row => ({
    group: text_a.slice(0, 80),
    claim: text_b[0]!,
    evidence: cut(text_a),
    isSupported: orig_label === 1,
  }),
);
const factcheck = linesOf<{ claim: string; evidence: string; stance: string }>(
  file('factcheck-gpt.dev.jsonl'),
).map(
  ({ claim, evidence, stance }): Row => ({
    group: claim,
    claim,
    evidence: cut(evidence),
    isSupported: stance === 'completely-support',
  }),
);

if (flags.fit) fitWeights();
else await report();

function fitWeights(): void {
  const rows = cg2c.map(({ claim, evidence }) => [...overlapFeatures(overlapSignals(claim, evidence)), 1]);
  const columns = rows[0]!.length;
  const { weights } = fitSoftmax(
    {
      features: { rows: rows.length, columns, data: Float64Array.from(rows.flat()) },
      labels: Int32Array.from(cg2c.map(({ isSupported }) => Number(isSupported))),
      classes: 2,
    },
    { l2: 1 },
  );
  const own = Array.from({ length: columns }, (_, at) => weights.data[columns + at]! - weights.data[at]!);
  const names = Object.keys(overlapWeights).slice(0, columns);
  for (const [at, name] of names.entries()) console.log(`${name}: ${own[at]!.toFixed(3)},`);
  const scores = factcheck.map(({ claim, evidence }) =>
    [...overlapFeatures(overlapSignals(claim, evidence)), 1].reduce(
      (sum, value, at) => sum + value * own[at]!,
      0,
    ),
  );
  const platt = fitPlatt(
    scores,
    factcheck.map(({ isSupported }) => isSupported),
  );
  const share = factcheck.filter(({ isSupported }) => isSupported).length / factcheck.length;
  console.log(`platt: { a: ${platt.a.toFixed(4)}, b: ${(platt.b + logOdds(share)).toFixed(4)} },`);
}

function logOdds(share: number): number {
  return Math.log(share / (1 - share));
}

async function report(): Promise<void> {
  console.log(`${'supported against the rest'.padEnd(57)}balanced accuracy      n (claims)`);
  await rowOf('Factcheck-GPT, half', factcheck);
  if (flags.look === undefined) return;
  const wice = linesOf<{
    id: string;
    claim: string;
    evidence: string[];
    label: string;
    supporting: number[][];
  }>(file('wice.dev.jsonl')).map(
    ({ id, claim, evidence, label, supporting }): Row => ({
      group: id,
      claim,
      evidence,
      isSupported: label === 'supported',
      supporting,
    }),
  );
  const figures = await rowOf('WiCE dev', wice, factcheck);
  appendFileSync(
    join(import.meta.dirname, 'results', 'verify-looks.jsonl'),
    `${JSON.stringify({ at: new Date().toISOString(), set: 'wice.dev', note: flags.look, ...figures })}\n`,
  );
}

/** @param others where thresholds come from; without them from the other folds */
async function rowOf(name: string, rows: readonly Row[], others?: readonly Row[]) {
  const plain = thresholded(rows, plainRule, others);
  const scored = thresholded(
    rows,
    ({ claim, evidence }) => overlapScore(overlapSignals(claim, evidence)),
    others,
  );
  const verdicts = await overlapVerifier().verify(rows);
  const told = { rule: accuracy(rows, plain), verifier: accuracy(rows, scored) };
  const line = (what: string, { value, low, high }: { value: number; low: number; high: number }) =>
    console.log(
      `${`${name}, ${what}`.padEnd(56)} ${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})    ${rows.length} (${new Set(rows.map(({ group }) => group)).size})`,
    );
  line('plain rule', told.rule);
  line(`${overlapVerifier().name}, threshold from it`, told.verifier);
  const called = verdicts.map(({ verdict }) => verdict === 'supported');
  const asItIs = accuracy(rows, called);
  line(`${overlapVerifier().name}, as it is`, asItIs);
  line('  that less the plain rule', difference(rows, called, plain));
  // Probabilities are those of even odds: brought to the set's own share of supported claims.
  const share = rows.filter(({ isSupported }) => isSupported).length / rows.length;
  const ece = expectedCalibrationError(
    verdicts.map(({ probability }) => 1 / (1 + Math.exp(-logOdds(probability) - logOdds(share)))),
    rows.map(({ isSupported }) => isSupported),
  );
  console.log(`  expected calibration error ${ece.toFixed(3)}`);
  if (rows.some(({ supporting }) => supporting)) console.log(`  ${sentencesFound(rows, verdicts)}`);
  return { rule: told.rule.value, verifier: told.verifier.value, asItIs: asItIs.value, ece };
}

/** Share of the claim's terms in two sentences, nought where a number is nowhere. */
function plainRule({ claim, evidence }: Row): number {
  const { covered, missingEverywhere } = overlapSignals(claim, evidence);
  return missingEverywhere > 0 ? 0 : covered;
}

/** Whether each row is called supported, at the threshold that is best on the others. */
function thresholded(
  rows: readonly Row[],
  scoreOf: (row: Row) => number,
  others?: readonly Row[],
): boolean[] {
  const scores = rows.map(scoreOf);
  if (others) {
    const threshold = bestThreshold(others.map(scoreOf), others);
    return scores.map((score) => score >= threshold);
  }
  const folds = rows.map(({ group }) => foldOf(group));
  const thresholds = Array.from({ length: 5 }, (_, fold) => {
    const kept = rows.flatMap((row, at) => (folds[at] === fold ? [] : [{ row, score: scores[at]! }]));
    return bestThreshold(
      kept.map(({ score }) => score),
      kept.map(({ row }) => row),
    );
  });
  return scores.map((score, at) => score >= thresholds[folds[at]!]!);
}

function foldOf(text: string): number {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
  return hash % 5;
}

function bestThreshold(scores: readonly number[], rows: readonly Pick<Row, 'isSupported'>[]): number {
  const positives = rows.filter(({ isSupported }) => isSupported).length;
  const order = scores
    .map((score, at) => ({ score, is: rows[at]!.isSupported }))
    .toSorted((a, b) => b.score - a.score);
  let [right, wrong, best, threshold] = [0, 0, 0, 0];
  order.forEach(({ score, is }, at) => {
    if (is) right++;
    else wrong++;
    if (order[at + 1]?.score === score) return;
    const value = right / positives - wrong / (rows.length - positives);
    if (value > best) [best, threshold] = [value, score];
  });
  return threshold;
}

/** Of each claim whether it is called as it is, weighed so that the mean is that of the supported ones and of the others. */
function correctness(rows: readonly Row[], called: readonly boolean[]): number[] {
  const weight = (isSupported: boolean) =>
    rows.length / (2 * rows.filter((row) => row.isSupported === isSupported).length);
  const [supported, rest] = [weight(true), weight(false)];
  return rows.map(
    ({ isSupported }, at) => Number(called[at] === isSupported) * (isSupported ? supported : rest),
  );
}

function groupsOf(rows: readonly Row[]): string[] {
  return rows.map(({ group }) => group);
}

function accuracy(rows: readonly Row[], called: readonly boolean[]) {
  return bootstrapInterval({ values: correctness(rows, called), groups: groupsOf(rows) }, { seed: 1 })!;
}

/** Paired by claim. */
function difference(rows: readonly Row[], a: readonly boolean[], b: readonly boolean[]) {
  return bootstrapDifference(
    { a: correctness(rows, a), b: correctness(rows, b), groups: groupsOf(rows) },
    { seed: 1 },
  )!;
}

/** Of claims that people found supported: how well the sentences that were named agree with the best of the sets that people marked. */
function sentencesFound(rows: readonly Row[], verdicts: readonly ClaimVerdict[]): string {
  const scores = rows.flatMap(({ supporting = [], isSupported, claim, evidence }, at) => {
    if (!isSupported || supporting.length === 0) return [];
    const own = verdicts[at]!.supporting;
    const found = own.length > 0 ? own : overlapSignals(claim, evidence).sentences;
    return [
      Math.max(
        ...supporting.map((set) => {
          const common = found.filter((place) => set.includes(place)).length;
          return (2 * common) / (found.length + set.length);
        }),
      ),
    ];
  });
  return `sentences: F1 ${(scores.reduce((sum, value) => sum + value, 0) / scores.length).toFixed(3)} over ${scores.length} claims that are supported`;
}
