/**
 * Whether a verifier says of claims what people say of them.
 *
 *     npm run bench -- verify [--sentences] [--look NOTE] [--data DIR] [--difference FILE] [--threads 2]     # the table
 *     npm run bench -- verify --speed                        # how long an answer of five sentences takes
 *     npm run bench -- verify --fit                          # weights of both verifiers, to be written into the source
 *
 * The data (`--data`, its README says what each is) have one role each. *Fitted* on CG2C's pairs (documents and claims made to need several sentences):
 * the weights of word overlap; the cross-encoder is trained on them, among others. *Brought to scale* on half of Factcheck-GPT's claims (claims of language
 * models, a person's stance on retrieved evidence): word overlap; the cross-encoder's scores are also weighed there. For its own row that is done five-fold
 * by claim. *Only scored*: WiCE dev (claims of Wikipedia, the cited page's sentences), with --look alone, and each look is recorded in
 * results/verify-looks.jsonl. Supported counts against the rest: partly supported is not found.
 *
 * With --sentences also those that Tandem's own arms wrote (`verify/README.md`), labelled twice: reported alone, where both labellers say the same.
 *
 * Printed: balanced accuracy with 95 % intervals by claim, of the verifiers and of the plain rule (share of the claim's terms in two sentences, and its
 * numbers, at the threshold that is best on the other folds), what a verifier has more than another, paired by claim, the expected calibration error, of
 * WiCE which sentences were found to support, and how long the cross-encoder takes for a claim.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CrossEncoder } from '@tandem/nn';
import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';
import { fitPlatt } from '../packages/tandem/src/statistics/calibration.ts';
import { crossEncoderProbability } from '../packages/tandem/src/verify/cross-encoder-verifier.ts';
import { overlapSignals } from '../packages/tandem/src/verify/overlap-signals.ts';
import {
  overlapFeatures,
  overlapScore,
  overlapVerifier,
  overlapWeights,
} from '../packages/tandem/src/verify/overlap-verifier.ts';
import { verifierFolder } from '../training/verifier/verifier-folder.ts';
import { tellAnswerTimes } from './verify/answer-times.ts';
import {
  accuracy,
  calibrationError,
  difference,
  sentencesFound,
  thresholded,
} from './verify/balanced-accuracy.ts';
import { logOdds, type Row, readCg2c, readFactcheck, readWice, shareOf } from './verify/claim-rows.ts';
import { kappaOf, readLabelledSentences } from './verify/labelled-sentences.ts';
import { logisticWeights } from './verify/logistic-weights.ts';
import { type ReadRows, readRows, scoreOf, weightsByRow, weightsFrom } from './verify/read-rows.ts';

const { values: flags } = parseArgs({
  options: {
    fit: { type: 'boolean' },
    look: { type: 'string' },
    sentences: { type: 'boolean' },
    speed: { type: 'boolean' },
    difference: { type: 'string', default: join(verifierFolder, 'difference.safetensors') },
    threads: { type: 'string', default: '2' },
    data: {
      type: 'string',
      default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'general', 'claims'),
    },
  },
});

/** The trained model; undefined where it was not made yet. */
const encoder = existsSync(flags.difference)
  ? await CrossEncoder.load({
      directory: (await fetchModel('local:all-minilm-l6-v2')).path,
      difference: flags.difference,
      threads: Number(flags.threads),
    })
  : undefined;
if (!encoder) console.log(`There is no ${flags.difference}: no cross-encoder is measured.`);
const factcheck = readFactcheck(flags.data);

if (flags.fit) await tellWeights();
else if (flags.speed) await tellAnswerTimes(join(import.meta.dirname, 'verify', 'sentences.jsonl'), encoder);
else await report();
await encoder?.[Symbol.asyncDispose]();

/** Prints what is written into the source. */
async function tellWeights(): Promise<void> {
  console.log('word overlap:');
  fitOverlap(readCg2c(flags.data));
  if (!encoder) return;
  console.log('cross-encoder:');
  for (const [name, value] of Object.entries(weightsFrom(await readRows(encoder, factcheck))))
    console.log(`${name}: ${value.toFixed(3)},`);
}

function fitOverlap(rows: readonly Row[]): void {
  const featuresOf = ({ claim, evidence }: Row) => overlapFeatures(overlapSignals(claim, evidence));
  const own = logisticWeights(
    rows.map(featuresOf),
    rows.map(({ isSupported }) => isSupported),
  );
  for (const [at, name] of Object.keys(overlapWeights).slice(0, own.length).entries())
    console.log(`${name}: ${own[at]!.toFixed(3)},`);
  const platt = fitPlatt(
    factcheck.map((row) => [...featuresOf(row), 1].reduce((sum, value, at) => sum + value * own[at]!, 0)),
    factcheck.map(({ isSupported }) => isSupported),
  );
  console.log(
    `platt: { a: ${platt.a.toFixed(4)}, b: ${(platt.b + logOdds(shareOf(factcheck))).toFixed(4)} },`,
  );
}

async function report(): Promise<void> {
  console.log(`${'supported against the rest'.padEnd(57)}balanced accuracy      n (claims)`);
  const read = encoder && (await readRows(encoder, factcheck));
  await tell({ name: 'Factcheck-GPT, half', rows: factcheck, read });
  if (flags.sentences) await tellSentences({ rows: factcheck, read });
  if (flags.look === undefined) return;
  const wice = readWice(flags.data);
  const figures = await tell({
    name: 'WiCE dev',
    rows: wice,
    read: encoder && (await readRows(encoder, wice)),
    fitting: { rows: factcheck, read },
  });
  appendFileSync(
    join(import.meta.dirname, 'results', 'verify-looks.jsonl'),
    `${JSON.stringify({ at: new Date().toISOString(), set: 'wice.dev', note: flags.look, ...figures })}\n`,
  );
}

/** Sentences of Tandem's own arms, where the labellers agree: nothing is fitted on them. */
async function tellSentences(fitting: { rows: readonly Row[]; read: ReadRows | undefined }): Promise<void> {
  const all = readLabelledSentences();
  console.log(
    `\n${all.length} sentences of arms, labelled twice: κ ${kappaOf(all).toFixed(2)}; supported by ${['first', 'second'].map((who) => all.filter((row) => row[who as 'first' | 'second'] === 'supported').length).join(' and ')}, contradicted by ${['first', 'second'].map((who) => all.filter((row) => row[who as 'first' | 'second'] === 'contradicted').length).join(' and ')}`,
  );
  const agreed = all.filter(({ first, second }) => first === second);
  for (const project of new Set(agreed.map((row) => row.project))) {
    const rows = agreed.filter((row) => row.project === project);
    await tell({
      name: `sentences, ${project}`,
      rows,
      read: encoder && (await readRows(encoder, rows)),
      fitting,
    });
  }
  console.log('');
}

/** A set of claims, and what the cross-encoder reads of them, if there is one. */
interface ClaimSet {
  name: string;
  rows: readonly Row[];
  read: ReadRows | undefined;
  /** Where thresholds and weights come from; without it they come from the other folds. */
  fitting?: { rows: readonly Row[]; read: ReadRows | undefined };
}

/** The lines of one set, and its figures. */
async function tell({ name, rows, read, fitting }: ClaimSet) {
  const line = (what: string, { value, low, high }: { value: number; low: number; high: number }) =>
    console.log(
      `${`${name}, ${what}`.padEnd(56)} ${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})    ${rows.length} (${new Set(rows.map(({ group }) => group)).size})`,
    );
  const tellQuality = (probabilities: readonly number[], named: readonly (readonly number[])[]) => {
    const ece = calibrationError(rows, probabilities);
    console.log(`  expected calibration error ${ece.toFixed(3)}`);
    if (rows.some((row) => row.supporting)) console.log(`  ${sentencesFound(rows, named)}`);
    return ece;
  };

  const byScore = (scoresOf: (own: Omit<ClaimSet, 'name'>) => number[]) =>
    thresholded(rows, scoresOf({ rows, read }), fitting && { rows: fitting.rows, scores: scoresOf(fitting) });
  const plain = byScore((own) => own.rows.map(plainRule));
  const rule = accuracy(rows, plain);
  line('plain rule', rule);
  const scored = byScore((own) =>
    own.rows.map(({ claim, evidence }) => overlapScore(overlapSignals(claim, evidence))),
  );
  const verifier = accuracy(rows, scored);
  line('word overlap, threshold from it', verifier);
  const verdicts = await overlapVerifier().verify(rows);
  const overlap = verdicts.map(({ verdict }) => verdict === 'supported');
  const asItIs = accuracy(rows, overlap);
  line('word overlap, as it is', asItIs);
  line('  that less the plain rule', difference(rows, overlap, plain));
  const ece = tellQuality(
    verdicts.map(({ probability }) => probability),
    verdicts.map(({ supporting }) => supporting),
  );
  const figures = { rule: rule.value, verifier: verifier.value, asItIs: asItIs.value, ece };
  if (!read) return figures;

  const alone = byScore((own) => own.read!.readings.map(scoreOf));
  line('the model alone, threshold from it', accuracy(rows, alone));
  const weights = weightsByRow(read, fitting?.read);
  const probabilities = read.readings.map((reading, at) => crossEncoderProbability(reading, weights[at]));
  const called = probabilities.map((probability) => probability >= 0.5);
  const crossEncoder = accuracy(rows, called);
  line('cross-encoder, weights from it', crossEncoder);
  const more = { rule: difference(rows, called, plain), overlap: difference(rows, called, overlap) };
  line('  that less the plain rule', more.rule);
  line('  that less word overlap', more.overlap);
  const crossEncoderEce = tellQuality(
    probabilities,
    read.readings.map(({ signals }, at) => (called[at] ? signals.sentences : [])),
  );
  const shipped = read.readings.map((reading) => crossEncoderProbability(reading) >= 0.5);
  line(`cross-encoder, as it is${fitting ? '' : ' (fitted to these)'}`, accuracy(rows, shipped));
  const within = (share: number) => read.times[Math.floor(share * read.times.length)]!.toFixed(0);
  console.log(
    `  ${within(0.5)} ms a claim at the median, ${within(0.95)} ms at the 95th percentile, ${flags.threads} threads`,
  );
  return {
    ...figures,
    crossEncoder: crossEncoder.value,
    crossEncoderLessRule: more.rule,
    crossEncoderLessOverlap: more.overlap,
    crossEncoderEce,
  };
}

/** Share of the claim's terms in two sentences, nought where a number is nowhere. */
function plainRule({ claim, evidence }: Row): number {
  const { covered, missingEverywhere } = overlapSignals(claim, evidence);
  return missingEverywhere > 0 ? 0 : covered;
}
