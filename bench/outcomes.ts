/**
 * How well it is told, before any model is asked, whether passages answer a question, and what is wrong with it where they do not.
 *
 *     npm run bench -- outcomes [--data DIR] [--work DIR] [--fit]
 *
 * CLAP-NQ's half: the unanswerable questions are on the topic of a passage that lacks the answer. At the threshold that lets a fifth of them be answered: how many
 * of the answerable are. MTRAG-UN's half: one of four outcomes, all passages pooled. Both are cross-fitted in five folds, of questions and of conversations: what is printed
 * of a question was fitted on others. `--fit` prints the weights on all, as they stand in `answer/sufficiency/weights.ts`.
 *
 * Exits with 1 below the floors: 65 % and .08 more than by the better of cosine and overlap; macro-F1 above always answering and a tuned threshold of cosine.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { expectedOutcomes } from '../packages/tandem/src/answer/sufficiency/expected-outcome.ts';
import { measureRelevance } from '../packages/tandem/src/answer/sufficiency/relevance.ts';
import {
  generalSignals,
  sufficiencySignals,
  valuesOf,
} from '../packages/tandem/src/answer/sufficiency/signals.ts';
import { settingsSchema } from '../packages/tandem/src/core/settings.ts';
import { signed } from '../packages/tandem/src/evaluate/retrieval-difference.ts';
import type { Turn } from '../packages/tandem/src/retrieve/conversation.ts';
import { sigmoid } from '../packages/tandem/src/statistics/calibration.ts';
import { crossFitted } from '../packages/tandem/src/statistics/cross-fitted.ts';
import { fitLogit, fitWeights, weigh } from '../packages/tandem/src/statistics/fit-weights.ts';
import { intervalOfDifference } from '../packages/tandem/src/statistics/index.ts';
import { linesOf } from './data/json-lines.ts';
import { mean } from './data/mean.ts';
import { collectionsIn, turnsOf } from './retrieve-general/collections.ts';
import { openIndexed } from './retrieve-general/measure.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'general') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-outcomes') },
    fit: { type: 'boolean', default: false },
  },
});

const outcomes = [...expectedOutcomes, 'not in the sources'] as const;
type Told = (typeof outcomes)[number];

interface Labelled {
  group: string;
  outcome: Told;
  signals: number[];
  cosine: number;
  overlap: number;
}

/** `answer.leastSufficiency` where nothing was calibrated. */
const { leastSufficiency } = settingsSchema.parse({}).answer;
/** Stronger than what is usual, since the conversations are few. By hand. */
const penalty = 3;

const clapnq = await collect('clapnq', () =>
  linesOf(join(flags.data, 'clapnq/questions.jsonl')).map(({ id, question, answerable }) => ({
    group: id as string,
    question: question as string,
    outcome: answerable ? ('answer' as const) : ('not in the sources' as const),
  })),
);
const outcomeNames: Record<string, Told> = {
  ANSWERABLE: 'answer',
  PARTIAL: 'partial',
  UNDERSPECIFIED: 'clarify',
  UNANSWERABLE: 'not in the sources',
};
const mtrag = await collect('mtrag-un', () =>
  linesOf(join(flags.data, 'mtrag-un/tasks.jsonl')).map((task) => ({
    group: String(task.id).split('<')[0]!,
    question: task.question as string,
    outcome: outcomeNames[task.outcome]!,
    turns: turnsOf(task),
  })),
);

if (flags.fit) {
  const rounded = (weights: readonly number[]) => weights.map((weight) => Number(weight.toPrecision(3)));
  console.log('sufficiencyWeights', rounded(fitSufficiency([...clapnq, ...mtrag])));
  for (const [at, weights] of fitOutcome(mtrag).entries()) console.log(outcomes[at], rounded(weights));
}
const isBelow = [tellSufficiency(), tellOutcomes()].some(Boolean);
if (isBelow) process.exitCode = 1;

async function collect(
  name: string,
  load: () => { group: string; question: string; outcome: Told; turns?: Turn[] }[],
): Promise<Labelled[]> {
  const collection = collectionsIn(flags.data).find(
    ({ documents }) => documents === join(flags.data, name, 'documents'),
  );
  if (!collection) throw new Error(`There is no collection ${name} in ${flags.data}.`);
  await using tandem = await openIndexed(collection, flags.work);
  const retriever = await tandem.retriever();
  const parts = { embedder: await tandem.models.embedder(), catalog: tandem.catalog };
  const labelled: Labelled[] = [];
  for (const { group, question, outcome, turns } of load()) {
    const found = await retriever.retrieve(question, {
      k: tandem.settings.retrieve.k,
      ...(turns && { turns }),
    });
    const relevance = (await measureRelevance(question, found, parts))!;
    const signals = sufficiencySignals(question, found, relevance, turns);
    labelled.push({
      group,
      outcome,
      signals: valuesOf(signals, generalSignals),
      cosine: relevance.passage,
      overlap: Math.max(0, ...relevance.sentences.map(({ coverage }) => coverage)),
    });
  }
  return labelled;
}

function tellSufficiency(): boolean {
  const isAnswerable = clapnq.map(({ outcome }) => outcome === 'answer');
  const predicted = crossFitted(clapnq, (others) => {
    const weights = fitSufficiency([...others, ...mtrag]);
    return ({ signals }) => weigh(signals, weights);
  });
  const rows = {
    'cosine of the passage': clapnq.map(({ cosine }) => cosine),
    'overlap of a sentence': clapnq.map(({ overlap }) => overlap),
    'what Tandem goes by': predicted,
  };
  const answered = Object.fromEntries(
    Object.entries(rows).map(([name, scores]) => [name, answeredAt(scores, isAnswerable, 0.2)]),
  );
  console.log(
    `\nclapnq, cross-fitted by question; share of the ${isAnswerable.filter(Boolean).length} answerable that are answered where of the ${isAnswerable.filter((is) => !is).length} others are`,
  );
  console.log('| by | 5 % | 10 % | 20 % | 30 % | area under the curve |\n|---|---|---|---|---|---|');
  for (const [name, scores] of Object.entries(rows))
    console.log(
      `| ${name} | ${[0.05, 0.1, 0.2, 0.3].map((rate) => mean(answeredAt(scores, isAnswerable, rate)).toFixed(3)).join(' | ')} | ${areaUnder(scores, isAnswerable).toFixed(3)} |`,
    );
  console.log('\nRefused below a probability (`answer.leastSufficiency`), cross-fitted:');
  const ofTasks = crossFitted(mtrag, (others) => {
    const weights = fitSufficiency([...others, ...clapnq]);
    return ({ signals }) => weigh(signals, weights);
  });
  const refused = (scores: readonly number[], all: readonly Labelled[], least: number, outcome: Told) =>
    mean(
      scores.filter((_, at) => all[at]!.outcome === outcome).map((logit) => Number(sigmoid(logit) < least)),
    ).toFixed(3);
  console.log(
    '| below | clapnq answerable | clapnq on topic | mtrag answerable | partial | unclear | unanswerable |\n|---|---|---|---|---|---|---|',
  );
  for (const least of [0.05, 0.1, 0.15, 0.2, 0.3, 0.5])
    console.log(
      `| ${least} | ${[
        refused(predicted, clapnq, least, 'answer'),
        refused(predicted, clapnq, least, 'not in the sources'),
        ...outcomes.map((outcome) => refused(ofTasks, mtrag, least, outcome)),
      ].join(' | ')} |`,
    );
  const ours = answered['what Tandem goes by']!;
  const [better] = [answered['cosine of the passage']!, answered['overlap of a sentence']!].toSorted(
    (a, b) => mean(b) - mean(a),
  );
  const groups = clapnq.filter((_, at) => isAnswerable[at]).map(({ group }) => group);
  const { low, high } = intervalOfDifference({ a: ours, b: better!, groups }, { bounds: [0, 1] })!;
  const gain = mean(ours) - mean(better!);
  console.log(
    `At 20 % false answers: ${signed(gain)} (${signed(low)} to ${signed(high)}) against the better of cosine and overlap.`,
  );
  return mean(ours) < 0.65 || gain < 0.08;
}

function tellOutcomes(): boolean {
  const truth = mtrag.map(({ outcome }) => outcome);
  const rows: Record<string, Told[]> = {
    'always answer': truth.map(() => 'answer'),
    'a tuned threshold of cosine': crossFitted(mtrag, (others) => {
      const threshold = bestThreshold(others);
      return ({ cosine }) => (cosine >= threshold ? 'answer' : 'not in the sources');
    }),
    'signals alone': crossFitted(mtrag, (others) => {
      const weights = fitOutcome(others);
      return ({ signals }) => {
        const logits = weights.map((own) => weigh(signals, own));
        return outcomes[logits.indexOf(Math.max(...logits))]!;
      };
    }),
    // Refused only where it is very unlikely that passages answer; else the likeliest of the others.
    'what Tandem goes by': crossFitted(mtrag, (others) => {
      const weights = fitOutcome(others);
      const sufficiency = fitSufficiency([...others, ...clapnq]);
      return ({ signals }) => {
        if (sigmoid(weigh(signals, sufficiency)) < leastSufficiency) return 'not in the sources';
        const logits = weights.slice(0, -1).map((own) => weigh(signals, own));
        return outcomes[logits.indexOf(Math.max(...logits))]!;
      };
    }),
  };
  console.log(`\nmtrag-un, ${mtrag.length} tasks, cross-fitted by conversation: F1 of each outcome`);
  console.log(
    `| by | ${outcomes.map((name) => `${name} (${truth.filter((each) => each === name).length})`).join(' | ')} | macro-F1 |`,
  );
  console.log(`|---|${outcomes.map(() => '---|').join('')}---|`);
  for (const [name, predicted] of Object.entries(rows))
    console.log(
      `| ${name} | ${outcomes.map((label) => f1(predicted, truth, label).toFixed(2)).join(' | ')} | ${macroF1(predicted, truth).toFixed(3)} |`,
    );
  const [always, threshold, , ours] = Object.values(rows).map((predicted) => macroF1(predicted, truth));
  return ours! <= Math.max(always!, threshold!);
}

/** What is asked unclearly is neither answered by its passages nor not. */
function fitSufficiency(all: readonly Labelled[]): number[] {
  const told = all.filter(({ outcome }) => outcome !== 'clarify');
  return fitLogit(
    told.map(({ signals }) => signals),
    told.map(({ outcome }) => outcome !== 'not in the sources'),
    { l2: penalty, isBalanced: true },
  );
}

function fitOutcome(all: readonly Labelled[]): number[][] {
  return fitWeights(
    all.map(({ signals }) => signals),
    all.map(({ outcome }) => outcomes.indexOf(outcome)),
    { classes: outcomes.length, l2: penalty, isBalanced: true },
  );
}

/** Of each answerable question whether it is answered, where `rate` of the others are. */
function answeredAt(scores: readonly number[], isAnswerable: readonly boolean[], rate: number): number[] {
  const others = scores.filter((_, at) => !isAnswerable[at]).toSorted((a, b) => b - a);
  const threshold = others[Math.floor(rate * others.length)]!;
  return scores.filter((_, at) => isAnswerable[at]).map((score) => Number(score > threshold));
}

function areaUnder(scores: readonly number[], isPositive: readonly boolean[]): number {
  const positives = scores.filter((_, at) => isPositive[at]);
  const negatives = scores.filter((_, at) => !isPositive[at]);
  const wins = positives.map((own) =>
    mean(negatives.map((other) => Number(own > other) + Number(own === other) / 2)),
  );
  return mean(wins);
}

function bestThreshold(all: readonly Labelled[]): number {
  const truth = all.map(({ outcome }) => outcome);
  const scored = [...new Set(all.map(({ cosine }) => cosine))].map((threshold) => ({
    threshold,
    value: macroF1(
      all.map(({ cosine }) => (cosine >= threshold ? 'answer' : 'not in the sources')),
      truth,
    ),
  }));
  return scored.reduce((best, each) => (each.value > best.value ? each : best)).threshold;
}

function f1(predicted: readonly string[], truth: readonly string[], label: string): number {
  const both = truth.filter((each, at) => each === label && predicted[at] === label).length;
  const all =
    truth.filter((each) => each === label).length + predicted.filter((each) => each === label).length;
  return all === 0 ? 0 : (2 * both) / all;
}

function macroF1(predicted: readonly string[], truth: readonly string[]): number {
  return mean(outcomes.map((label) => f1(predicted, truth, label)));
}
