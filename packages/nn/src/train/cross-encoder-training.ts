/** Trains a cross-encoder from the pairs that train an embedder. */
import { InvalidExampleError } from '../errors/invalid-example-error.ts';
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import { openSession } from '../graph/index.ts';
import { seededRandom } from '../graph/seeded-random.ts';
import { pairSequence } from '../models/bert-cross-encoder.ts';
import { saveCrossEncoder } from '../models/bert-save.ts';
import { type BertSequence, scoreLossGraph } from '../models/bert-training.ts';
import { type BertModel, bertShapes, loadBertModel } from '../models/bert-weights.ts';
import { requireValid } from './check-settings.ts';
import { checkPairs, type EmbedderPair, positivesByQuery, textKey } from './embedder-batches.ts';
import { fingerprintEncoderJob } from './encoder-fingerprint.ts';
import { encoderHyperparameters } from './encoder-hyperparameters.ts';
import type { CrossEncoderJob, EmbedderResult, EncoderHooks } from './encoder-job.ts';
import { createBertLora, foldLora } from './encoder-lora.ts';
import { EncoderPasses } from './encoder-passes.ts';
import { runEncoderTraining } from './encoder-training.ts';
import { refuseExistingFolder } from './output-folder.ts';
import { yieldOrStop } from './stop.ts';

/** Trains a cross-encoder in the calling thread, which it occupies. Programs call `trainCrossEncoder`. */
export async function runCrossEncoderTraining(
  job: CrossEncoderJob,
  hooks: EncoderHooks,
): Promise<EmbedderResult> {
  const { negatives = 3, ...given } = job.hyperparameters ?? {};
  const settings = encoderHyperparameters(given, { batchSize: 16, own: 'negatives' });
  requireValid(Number.isInteger(negatives) && negatives >= 0, {
    kind: 'hyperparameter',
    name: 'negatives',
    value: negatives,
    range: 'a whole number of at least 0',
    hint: 'Leave it out for the default of 3.',
  });
  refuseExistingFolder(job.outputDirectory);
  checkPairs(job.pairs, 'Training pair');
  checkPairs(job.validation ?? [], 'Validation pair');
  hooks.onProgress?.({ stage: 'loading model', done: 0, total: 1, unit: 'models' });
  const model = await loadBertModel(job.directory);
  // An embedder's limit is for one text and below the number of positions; a pair may use all of them.
  const maxTokens = model.weights.has('classifier.weight')
    ? model.settings.maxTokens
    : model.settings.positions;
  addHead(model, settings.seed);
  hooks.onProgress?.({ stage: 'loading model', done: 1, total: 1, unit: 'models' });

  const training = drawNegatives(job.pairs, negatives, settings.seed);
  const validation = drawNegatives(job.validation ?? [], negatives, settings.seed);
  if (training.every(({ texts }) => texts.length === 1)) {
    throw new InvalidHyperparameterError({
      parameter: 'pairs',
      message:
        'There is nothing to train on: no pair has a negative, and none could be drawn from the positives of other pairs.',
      hint: 'Give pairs with different positives, or with negatives.',
    });
  }
  const sequences = createPairReader(model, maxTokens, job.onTooLong ?? 'throw');
  for (const [what, examples] of [
    ['Training pair', training],
    ['Validation pair', validation],
  ] as const) {
    for (const [index, { query, texts }] of examples.entries()) {
      for (const text of texts) sequences(query, text, `${what} ${index}`, index);
    }
  }

  const lora = settings.method === 'lora' ? createBertLora(model, settings) : undefined;
  const { threads, tokensPerPass, activationBytes } = job;
  await using passes = await EncoderPasses.open(model, {
    products: settings.products,
    threads,
    tokensPerPass,
    activationBytes,
    head: 'score',
    lora,
  });
  await using losses = await openSession(scoreLossGraph(), { threads: threads ?? 2, spin: false });
  const pause = () => yieldOrStop(hooks.stopRequested);
  const computeLoss = async (scores: Float32Array, targets: Float32Array) => {
    const result = await losses.run({
      scores: { data: scores, shape: [scores.length, 1] },
      targets: { data: targets, shape: [targets.length] },
      share: { data: Float32Array.of(1 / targets.length), shape: [] },
    });
    return {
      loss: (result.loss!.data as Float32Array)[0]! / targets.length,
      gradient: result['scores.gradient']!.data as Float32Array,
    };
  };
  const layOut = (examples: readonly Example[]) => ({
    inputs: examples.flatMap(({ query, texts }) => texts.map((text) => sequences(query, text))),
    targets: Float32Array.from(examples.flatMap(({ texts }) => texts.map((_, at) => (at === 0 ? 1 : 0)))),
  });

  const head = ['pooler.dense.weight', 'pooler.dense.bias', 'classifier.weight', 'classifier.bias'];
  const own = (names: Iterable<string>) =>
    [...names].map((name) => [name, model.weights.get(name)!] as const);
  const parameters = new Map([
    ...(lora ? lora.matrices : own(bertShapes(model.settings).keys())),
    ...own(head),
  ]);
  const metrics = await runEncoderTraining({
    parameters,
    isMatrix: (name) => (model.shapes.get(name)?.length ?? 2) > 1,
    width: model.settings.hiddenSize,
    settings,
    evaluateEverySteps: job.evaluateEverySteps,
    checkpoints: {
      ...job,
      fingerprint: await fingerprintEncoderJob(job, 'cross-encoder', { ...settings, negatives }),
    },
    hooks,
    task: {
      steps: (epoch) => shuffledSteps(training.length, settings.batchSize, settings.seed, epoch),
      tokens: (step) =>
        step.reduce((total, index) => {
          const { query, texts } = training[index]!;
          return total + texts.reduce((sum, text) => sum + sequences(query, text).ids.length, 0);
        }, 0),
      async run(step) {
        const { inputs, targets } = layOut(step.map((index) => training[index]!));
        const { loss, gradient } = await computeLoss(
          await passes.forward(inputs, { keep: true, yieldOrStop: pause }),
          targets,
        );
        return {
          loss,
          tokens: inputs.reduce((total, { ids }) => total + ids.length, 0),
          gradients: await passes.backward(gradient, pause),
        };
      },
      validate:
        validation.length === 0
          ? undefined
          : async () => {
              const { inputs, targets } = layOut(validation);
              const scores = await passes.forward(inputs, { yieldOrStop: pause });
              const { loss } = await computeLoss(scores, targets);
              let at = 0;
              const first = validation.filter(({ texts }) => {
                const mine = scores.subarray(at, (at += texts.length));
                return mine.indexOf(Math.max(...mine)) === 0;
              });
              return { loss, recallAt1: first.length / validation.length };
            },
    },
  });

  if (lora) foldLora(model, lora);
  await saveCrossEncoder(model, {
    from: job.directory,
    to: job.outputDirectory,
    maxTokens,
    made: {
      pairs: job.pairs,
      validationPairs: job.validation?.length,
      hyperparameters: { ...settings, negatives },
      metrics,
    },
  });
  return { directory: job.outputDirectory, metrics };
}

/** A query, and its texts: the right one first, then the wrong ones. */
interface Example {
  query: string;
  texts: string[];
}

/**
 * Adds the wrong texts: the pair's own negatives, then positives of other pairs that are not positives of this query.
 */
function drawNegatives(pairs: readonly EmbedderPair[], negatives: number, seed: number): Example[] {
  const random = seededRandom(seed);
  const positives = positivesByQuery(pairs);
  const pool = [...new Set(pairs.map(({ positive }) => positive))];
  return pairs.map(({ query, positive, negatives: own = [] }) => {
    const texts = [positive, ...new Set(own)];
    const right = positives.get(textKey(query))!;
    // Enough attempts to draw a few from the pool; a pool without wrong texts gives none.
    for (let attempt = 0; texts.length <= negatives && attempt < 20 * negatives; attempt++) {
      const drawn = pool[Math.floor(random() * pool.length)]!;
      if (!right.has(textKey(drawn)) && !texts.includes(drawn)) texts.push(drawn);
    }
    return { query, texts };
  });
}

/** The steps of one epoch: every example once, in an order that depends only on their number, seed and epoch. */
function shuffledSteps(count: number, size: number, seed: number, epoch: number): number[][] {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) + epoch * 7919);
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return Array.from({ length: Math.ceil(count / size) }, (_, step) =>
    order.slice(step * size, (step + 1) * size),
  );
}

/** Adds a classifier (and a pooler where the file has none) with random weights as in BERT: normal, deviation 0.02. */
function addHead({ weights, shapes, settings }: BertModel, seed: number): void {
  const { hiddenSize } = settings;
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  for (const [name, out] of [
    ['pooler.dense', hiddenSize],
    ['classifier', 1],
  ] as const) {
    if (weights.has(`${name}.weight`)) continue;
    weights.set(
      `${name}.weight`,
      Float32Array.from({ length: out * hiddenSize }, () => 0.02 * normal()),
    );
    weights.set(`${name}.bias`, new Float32Array(out));
    shapes.set(`${name}.weight`, [out, hiddenSize]).set(`${name}.bias`, [out]);
  }
}

function createPairReader(model: BertModel, maxTokens: number, onTooLong: 'throw' | 'truncate') {
  const known = new Map<string, BertSequence>();
  return (query: string, text: string, what = 'A pair', index = -1): BertSequence => {
    const name = JSON.stringify([query, text]);
    const found = known.get(name);
    if (found) return found;
    const { sequence, tokens } = pairSequence(model.tokenizer, query, text, maxTokens);
    if (!sequence || (tokens > maxTokens && onTooLong === 'throw')) {
      throw new InvalidExampleError({
        index,
        message: `${what} has ${tokens} tokens with a text ("${text.slice(0, 40)}…"), and the model reads ${maxTokens}.`,
        hint: sequence
          ? 'Shorten it, or pass onTooLong: "truncate" to train with its beginning.'
          : 'Its query alone is too long: shorten that.',
      });
    }
    known.set(name, sequence);
    return sequence;
  };
}
