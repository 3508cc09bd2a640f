/** Trains a sentence embedder with in-batch and hard negatives. */
import { InvalidExampleError } from '../errors/invalid-example-error.ts';
import { openSession } from '../graph/index.ts';
import { saveEmbedder } from '../models/bert-save.ts';
import { type BertSequence, rankingLossGraph } from '../models/bert-training.ts';
import { type BertModel, bertShapes, loadBertModel } from '../models/bert-weights.ts';
import { requireValid } from './check-settings.ts';
import {
  checkPairs,
  contrastiveBatches,
  type EmbedderPair,
  positivesByQuery,
  textKey,
} from './embedder-batches.ts';
import { fingerprintEncoderJob } from './encoder-fingerprint.ts';
import { encoderHyperparameters } from './encoder-hyperparameters.ts';
import type { EmbedderJob, EmbedderResult, EncoderHooks } from './encoder-job.ts';
import { createBertLora, foldLora } from './encoder-lora.ts';
import { EncoderPasses, type EncoderPassesOptions } from './encoder-passes.ts';
import { runEncoderTraining } from './encoder-training.ts';
import { refuseExistingFolder } from './output-folder.ts';
import { yieldOrStop } from './stop.ts';

/** Trains an embedder in the calling thread, which it occupies. Programs call `trainEmbedder`. */
export async function runEmbedderTraining(job: EmbedderJob, hooks: EncoderHooks): Promise<EmbedderResult> {
  const { scale = 20, ...given } = job.hyperparameters ?? {};
  const settings = encoderHyperparameters(given, { batchSize: 64, own: 'scale' });
  requireValid(scale > 0, {
    kind: 'hyperparameter',
    name: 'scale',
    value: scale,
    range: 'a number above 0',
    hint: 'Leave it out for the default of 20.',
  });
  refuseExistingFolder(job.outputDirectory);
  checkPairs(job.pairs, 'Training pair');
  checkPairs(job.validation ?? [], 'Validation pair');
  hooks.onProgress?.({ stage: 'loading model', done: 0, total: 1, unit: 'models' });
  const model = await loadBertModel(job.directory);
  hooks.onProgress?.({ stage: 'loading model', done: 1, total: 1, unit: 'models' });
  const sequences = createTextReader(model, job.onTooLong ?? 'throw');
  for (const [what, pairs] of [
    ['Training pair', job.pairs],
    ['Validation pair', job.validation ?? []],
  ] as const) {
    for (const [index, { query, positive, negatives = [] }] of pairs.entries()) {
      for (const text of [query, positive, ...negatives]) sequences(text, () => `${what} ${index}`, index);
    }
  }

  const lora = settings.method === 'lora' ? createBertLora(model, settings) : undefined;
  await using passes = await EncoderPasses.open(model, {
    ...passOptions(job),
    head: 'vector',
    lora,
    products: settings.products,
  });
  await using losses = await openSession(rankingLossGraph(passes.width, scale), {
    threads: job.threads ?? 2,
    spin: false,
  });
  const pause = () => yieldOrStop(hooks.stopRequested);
  const positives = positivesByQuery(job.validation ?? []);

  const parameters =
    lora?.matrices ??
    new Map([...bertShapes(model.settings).keys()].map((name) => [name, model.weights.get(name)!]));
  const metrics = await runEncoderTraining({
    parameters,
    isMatrix: (name) => lora !== undefined || model.shapes.get(name)!.length > 1,
    width: model.settings.hiddenSize,
    settings,
    evaluateEverySteps: job.evaluateEverySteps,
    checkpoints: {
      ...job,
      fingerprint: await fingerprintEncoderJob(job, 'embedder', { ...settings, scale }),
    },
    hooks,
    task: {
      steps: (epoch) => contrastiveBatches(job.pairs, settings.batchSize, settings.seed, epoch),
      tokens: (step) =>
        layOut(step.map((index) => job.pairs[index]!)).texts.reduce(
          (total, text) => total + sequences(text).ids.length,
          0,
        ),
      async run(step) {
        const pairs = step.map((index) => job.pairs[index]!);
        const { texts, labels } = layOut(pairs);
        const inputs = texts.map((text) => sequences(text));
        const vectors = await passes.forward(inputs, { keep: true, yieldOrStop: pause });
        const cut = pairs.length * passes.width;
        const result = await losses.run({
          queries: { data: vectors.subarray(0, cut), shape: [pairs.length, passes.width] },
          candidates: {
            data: vectors.subarray(cut),
            shape: [texts.length - pairs.length, passes.width],
          },
          labels: { data: labels, shape: [pairs.length] },
          share: { data: Float32Array.of(1 / pairs.length), shape: [] },
        });
        const gradient = new Float32Array(vectors.length);
        gradient.set(result['queries.gradient']!.data as Float32Array);
        gradient.set(result['candidates.gradient']!.data as Float32Array, cut);
        return {
          loss: (result.loss!.data as Float32Array)[0]! / pairs.length,
          tokens: inputs.reduce((total, { ids }) => total + ids.length, 0),
          gradients: await passes.backward(gradient, pause),
        };
      },
      validate: job.validation?.length
        ? () => validate(job.validation!, positives, settings.batchSize, scale, sequences, passes, pause)
        : undefined,
    },
  });

  if (lora) foldLora(model, lora);
  await saveEmbedder(model, {
    from: job.directory,
    to: job.outputDirectory,
    made: {
      pairs: job.pairs,
      validationPairs: job.validation?.length,
      hyperparameters: { ...settings, scale },
      metrics,
    },
  });
  return { directory: job.outputDirectory, metrics };
}

/**
 * The queries, then the candidates, each text once (negatives may be shared); and for each query the index of its own
 * candidate.
 */
function layOut(pairs: readonly EmbedderPair[]): { texts: string[]; labels: Int32Array } {
  const candidates = new Map<string, number>();
  const labels = Int32Array.from(pairs, ({ positive }) => {
    candidates.set(positive, candidates.size);
    return candidates.size - 1;
  });
  for (const text of pairs.flatMap(({ negatives = [] }) => negatives)) {
    if (!candidates.has(text)) candidates.set(text, candidates.size);
  }
  return { texts: [...pairs.map(({ query }) => query), ...candidates.keys()], labels };
}

/** The mean loss over batches that are the same each time, and recall@1 among all candidates of all pairs. */
async function validate(
  pairs: readonly EmbedderPair[],
  positives: ReadonlyMap<string, ReadonlySet<string>>,
  batchSize: number,
  scale: number,
  sequences: (text: string) => BertSequence,
  passes: EncoderPasses,
  pause: () => Promise<void>,
): Promise<{ loss: number; recallAt1: number }> {
  const texts = [
    ...new Set(pairs.flatMap(({ query, positive, negatives = [] }) => [query, positive, ...negatives])),
  ];
  const places = new Map(texts.map((text, place) => [text, place]));
  const raw = await passes.forward(texts.map(sequences), { yieldOrStop: pause });
  const { width } = passes;
  const vectors = texts.map((_, place) => {
    const vector = raw.subarray(place * width, (place + 1) * width);
    const norm = Math.max(Math.hypot(...vector), 1e-12);
    return vector.map((value) => value / norm);
  });
  const cosine = (a: string, b: string) => {
    const [left, right] = [vectors[places.get(a)!]!, vectors[places.get(b)!]!];
    let sum = 0;
    for (let at = 0; at < width; at++) sum += left[at]! * right[at]!;
    return sum;
  };

  let loss = 0;
  let counted = 0;
  for (const batch of contrastiveBatches(pairs, batchSize, 0, 0)) {
    const { texts: laidOut } = layOut(batch.map((index) => pairs[index]!));
    for (const index of batch) {
      const { query, positive } = pairs[index]!;
      let sum = 0;
      for (const candidate of laidOut.slice(batch.length)) {
        sum += Math.exp(scale * (cosine(query, candidate) - 1));
      }
      loss += Math.log(sum) - scale * (cosine(query, positive) - 1);
      counted += 1;
    }
  }

  const candidates = [...new Set(pairs.flatMap(({ positive, negatives = [] }) => [positive, ...negatives]))];
  const queries = [...new Set(pairs.map(({ query }) => query))];
  let found = 0;
  for (const query of queries) {
    const scores = candidates.map((candidate) => cosine(query, candidate));
    const first = candidates[scores.indexOf(Math.max(...scores))]!;
    if (positives.get(textKey(query))!.has(textKey(first))) found += 1;
  }
  return { loss: loss / Math.max(1, counted), recallAt1: found / queries.length };
}

/**
 * Turns texts into token ids, each text only once. `what` and `index` name the pair that it belongs to, for the error.
 */
function createTextReader(model: BertModel, onTooLong: 'throw' | 'truncate') {
  const known = new Map<string, BertSequence>();
  const { prefix, suffix } = model.tokenizer;
  const { maxTokens } = model.settings;
  return (text: string, what = () => 'A text', index = -1): BertSequence => {
    const found = known.get(text);
    if (found) return found;
    let { ids } = model.tokenizer.encode(text);
    const tokens = ids.length + prefix.length + suffix.length;
    if (tokens > maxTokens) {
      if (onTooLong === 'throw') {
        throw new InvalidExampleError({
          index,
          message: `${what()} has a text of ${tokens} tokens ("${text.slice(0, 40)}…"), and the model reads ${maxTokens}.`,
          hint: 'Shorten it, or pass onTooLong: "truncate" to train with its beginning.',
        });
      }
      ids = ids.slice(0, maxTokens - prefix.length - suffix.length);
    }
    const sequence = { ids: Int32Array.from([...prefix, ...ids, ...suffix]) };
    known.set(text, sequence);
    return sequence;
  };
}

function passOptions(job: EmbedderJob): Omit<EncoderPassesOptions, 'head'> {
  const { threads, tokensPerPass, activationBytes } = job;
  return { threads, tokensPerPass, activationBytes };
}
