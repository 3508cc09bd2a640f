import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TrainingDivergedError } from '../errors/training-diverged-error.ts';
import { seededRandom } from '../graph/seeded-random.ts';
import type { DecoderModel } from '../models/decoder-config.ts';
import type { LoraAdapter } from '../models/lora-adapter.ts';
import { loadTinyReference } from '../models/tiny-reference.fixture.ts';
import { readCheckpoint } from './checkpoint.ts';
import { checkpointPath } from './checkpoint-file.ts';
import { TrainingStopped } from './stop.ts';
import { countingExamples, tinyJob } from './tiny-job.fixture.ts';
import { decoderLogits, evaluateLoss, trainLora } from './train-lora.ts';
import { runTraining } from './trainer.ts';
import type { TrainingJob } from './training-job.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'tandem-train-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('three steps of AdamW with warm-up, cosine and clipping are torch’s', async () => {
  const { model, adapter, trained, reference } = await loadTinyReference();
  const { training } = reference;
  const rates: number[] = [];
  const norms: number[] = [];
  const result = await runTraining(
    {
      model,
      examples: reference.sequences.map(({ tokens, labels }) => ({
        tokens,
        labelMask: tokens.map((_, position) => labels.includes(position)),
      })),
      initialAdapter: adapter,
      hyperparameters: {
        rank: adapter.rank,
        alpha: adapter.alpha,
        learningRate: training.learning_rate,
        weightDecay: training.weight_decay,
        maxGradientNorm: training.maximum_gradient_norm,
        warmupFraction: training.warmup_steps / training.total_steps,
        batchSize: 3,
        epochs: 3,
      },
    },
    {
      onProgress: ({ learningRate, gradientNorm }) => {
        if (learningRate !== undefined) rates.push(learningRate);
        if (gradientNorm !== undefined) norms.push(gradientNorm);
      },
    },
  );
  training.losses.forEach((loss, step) => {
    expect(result.metrics.losses[step]).toBeCloseTo(loss, 5);
    expect(rates[step]).toBeCloseTo(training.learning_rates[step]!, 8);
    expect(norms[step]! / training.gradient_norms[step]!).toBeCloseTo(1, 4);
  });
  for (const [module, { a, b }] of trained.tensors) {
    const ours = result.adapter.tensors.get(module)!;
    for (const [mine, theirs, start] of [
      [ours.a, a, adapter.tensors.get(module)!.a],
      [ours.b, b, adapter.tensors.get(module)!.b],
    ] as const) {
      // Compared with how far training moved it, not with its size.
      expect(distance(mine, theirs) / distance(start, theirs), module).toBeLessThan(1e-3);
    }
  }
});

describe('training', () => {
  test('learns, and returns the adapter with the lowest validation loss', async () => {
    const job = await tinyJob();
    const { adapter, metrics } = await trainLora(job);
    expect(metrics.steps).toBe(18);
    expect(metrics.stoppedBy).toBe('epochs');
    expect(metrics.losses.at(-1)).toBeLessThan(metrics.losses[0]! * 0.6);
    const lowest = metrics.validation.toSorted((a, b) => a.loss - b.loss)[0]!;
    expect(metrics.bestStep).toBe(lowest.step);
    const measured = await evaluateLoss({ model: job.model, examples: job.validation!, adapter });
    expect(measured.loss).toBeCloseTo(lowest.loss, 5);
    const before = await evaluateLoss({ model: job.model, examples: job.validation! });
    expect(before.loss).toBeCloseTo(metrics.validation[0]!.loss, 5);
    const tokens = job.examples.reduce((total, example) => total + example.tokens.length, 0);
    expect(metrics.tokens).toBe(3 * tokens);
    expect(metrics.labelledTokens).toBe(3 * (tokens - 3 * job.examples.length));
  });

  test('that makes the validation loss worse returns the adapter from before', async () => {
    // What is validated is the opposite of what is taught: each label is its predecessor minus one.
    const validation = [
      { tokens: [1, 50, 49, 48, 47, 46, 45, 44], labelSpans: [[3, 8]] as [number, number][] },
    ];
    const job = await tinyJob({ validation, evaluateEverySteps: 4 });
    const { adapter, metrics } = await runTraining(job);
    const lowest = Math.min(...metrics.validation.map(({ loss }) => loss));
    expect(metrics.validation.at(-1)!.loss).toBeGreaterThan(lowest);
    expect(metrics.bestStep).toBeLessThan(metrics.steps);
    const { loss } = await evaluateLoss({ model: job.model, examples: validation, adapter });
    expect(loss).toBeCloseTo(lowest, 5);
  });

  test('is the same bit for bit for a seed, another for another', async () => {
    const job = await tinyJob();
    const first = await runTraining(job);
    expect(same(first.adapter, (await runTraining(job)).adapter)).toBe(true);
    const other = await runTraining({ ...job, hyperparameters: { ...job.hyperparameters, seed: 2 } });
    expect(same(first.adapter, other.adapter)).toBe(false);
  });

  test('accumulation and passes of any size give the same step', async () => {
    const job = await tinyJob({ validation: [] });
    const settings = { ...job.hyperparameters, epochs: 1, batchSize: 8 };
    const whole = await runTraining({ ...job, hyperparameters: settings });
    const cut = await runTraining({ ...job, hyperparameters: settings, tokensPerPass: 1 });
    const accumulated = await runTraining({
      ...job,
      hyperparameters: { ...settings, batchSize: 2, accumulate: 4 },
    });
    cut.metrics.losses.forEach((loss, step) => {
      expect(loss).toBeCloseTo(whole.metrics.losses[step]!, 4);
    });
    expect(accumulated.metrics.losses).toEqual(whole.metrics.losses);
  });

  test('stopped at any moment and resumed, ends as if it had not been', async () => {
    const job = await tinyJob();
    const whole = await runTraining(job);
    for (const moments of [[0], [1], [5, 3], [15, 2]]) {
      const directory = path.join(folder, moments.join('-'));
      for (const moment of moments) {
        let asked = 0;
        await expect(
          runTraining(
            { ...job, checkpointDirectory: directory, resume: true },
            { stopRequested: () => asked++ >= moment },
          ),
        ).rejects.toBeInstanceOf(TrainingStopped);
      }
      const resumed = await runTraining({ ...job, checkpointDirectory: directory, resume: true });
      expect(resumed.metrics.losses, `${moments}`).toEqual(whole.metrics.losses);
      expect(resumed.metrics.validation, `${moments}`).toEqual(whole.metrics.validation);
      expect(same(resumed.adapter, whole.adapter), `${moments}`).toBe(true);
    }
  });

  test('an aborted thread rejects with the reason, and its checkpoint goes on', async () => {
    const job = await tinyJob({ checkpointDirectory: folder, resume: true });
    const controller = new AbortController();
    const reason = new Error('Ctrl-C');
    await expect(
      trainLora({
        ...job,
        signal: controller.signal,
        onProgress: ({ stage, done }) => {
          if (stage === 'training' && done === 4) controller.abort(reason);
        },
      }),
    ).rejects.toBe(reason);
    const steps: number[] = [];
    const resumed = await trainLora({
      ...job,
      onProgress: ({ loss, done }) => loss !== undefined && steps.push(done),
    });
    expect(steps[0]).toBeGreaterThan(4);
    expect(same(resumed.adapter, (await runTraining(await tinyJob())).adapter)).toBe(true);
  });

  test('killed without warning at random moments and resumed, ends as if it had not been', async () => {
    const whole = await runTraining(await tinyJob());
    const program = path.join(import.meta.dirname, 'training-process.fixture.ts');
    const random = seededRandom(5);
    let killed = 0;
    for (let attempt = 0; attempt < 6; attempt++) {
      // It trains for a few tenths of a second: now and then it is done before.
      const child = spawn(process.execPath, [program, folder, 'plain', `${random() * 100}ms`], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      if (signal === 'SIGKILL') killed += 1;
      else expect(code).toBe(0);
    }
    expect(killed).toBeGreaterThan(0);
    const resumed = await runTraining(await tinyJob({ checkpointDirectory: folder, resume: true }));
    expect(resumed.metrics.losses).toEqual(whole.metrics.losses);
    expect(same(resumed.adapter, whole.adapter)).toBe(true);
    expect(await readdir(folder)).toEqual(['checkpoint.safetensors']);
  });

  test('a finished training resumes to the same result at once', async () => {
    const job = await tinyJob({ checkpointDirectory: folder, resume: true });
    const first = await runTraining(job);
    const again = await runTraining(job);
    expect(same(first.adapter, again.adapter)).toBe(true);
    expect(again.metrics.losses).toEqual(first.metrics.losses);
  });

  test('a checkpoint of another training is refused, and replaced without resume', async () => {
    const job = await tinyJob({ checkpointDirectory: folder });
    await runTraining(job);
    const changed = { ...job, examples: countingExamples(22, 5) };
    await expect(runTraining({ ...changed, resume: true })).rejects.toMatchObject({
      code: 'checkpoint_mismatch',
      path: checkpointPath(folder),
    });
    await runTraining(changed);
    await expect(runTraining({ ...changed, resume: true })).resolves.toBeDefined();
  });

  test('a damaged checkpoint is named', async () => {
    const job = await tinyJob({ checkpointDirectory: folder });
    await runTraining(job);
    const file = checkpointPath(folder);
    await writeFile(file, (await readFile(file)).subarray(0, 5000));
    await expect(trainLora({ ...job, resume: true })).rejects.toThrow(file);
  });

  test('weights that ran away: the step and all its examples are named, the last good state is kept', async () => {
    const job = await tinyJob({
      checkpointDirectory: folder,
      hyperparameters: { rank: 2, learningRate: 1e30, maxGradientNorm: 0, warmupFraction: 0, epochs: 1 },
    });
    const failure = await trainLora(job).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'training_diverged', checkpoint: checkpointPath(folder), step: 2 });
    const { examples, message } = failure as TrainingDivergedError;
    expect(examples).toHaveLength(4);
    expect(message).toContain(`step 2: `);
    expect(message).toContain(`all of its examples: training examples ${examples.join(', ')}`);
    // What is kept is the state before the update that was too large: it can be trained on from, more carefully.
    const kept = await readCheckpoint(folder);
    expect(kept.step).toBe(0);
    const { model, validation } = job;
    const { loss } = await evaluateLoss({ model, examples: validation!, adapter: kept.adapter });
    expect(loss).toBeCloseTo(kept.validation[0]!.loss, 5);
    const resumed = await trainLora({ ...job, resume: true }).catch((error: unknown) => error);
    expect(resumed).toMatchObject({ code: 'training_diverged', step: 2 });
  });

  test('one example without a number is told from its step’s others, and the state before it is kept', async () => {
    const job = await tinyJob({ checkpointDirectory: folder });
    const model = job.model as DecoderModel;
    // A damaged row of the embedding: only the example that has this token meets it.
    const embedding = model.weights.get('model.embed_tokens.weight')!.slice();
    const { width } = model.config;
    embedding.fill(Number.NaN, 59 * width, 60 * width);
    const examples = countingExamples(22, 1).map(({ tokens, labelSpans }, index) => ({
      tokens: Array.from(tokens, (token, at) => (index === 13 && at === 1 ? 59 : Math.min(token, 58))),
      labelSpans: labelSpans!,
    }));
    const damaged = {
      ...job,
      examples,
      model: { ...model, weights: new Map([...model.weights, ['model.embed_tokens.weight', embedding]]) },
    };
    const failure = await runTraining(damaged).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'training_diverged', examples: [13] });
    const { step, message, hint } = failure as TrainingDivergedError;
    expect(message).toContain('training example 13');
    expect(hint).toContain(folder);
    expect((await readCheckpoint(folder)).step).toBe(step - 1);
  });

  test('a time budget ends the training early, its schedule complete', async () => {
    const rates: number[] = [];
    const { metrics } = await trainLora({
      ...(await tinyJob({ validation: [] })),
      hyperparameters: { rank: 4, learningRate: 0.01, epochs: 100_000, maxMinutes: 0.05 },
      onProgress: ({ learningRate }) => learningRate !== undefined && rates.push(learningRate),
    });
    expect(metrics.stoppedBy).toBe('time');
    expect(metrics.steps).toBeLessThan(metrics.plannedSteps);
    expect(Math.max(...rates)).toBeGreaterThan(0.008);
    // Nothing, had no step of a loaded machine been longer than the others.
    expect(rates.at(-1)).toBeLessThan(0.005);
  });
});

describe('bad input gets one sentence', () => {
  const cases: [string, Partial<TrainingJob>, RegExp][] = [
    ['no examples', { examples: [] }, /no training example/],
    [
      'a foreign token',
      { examples: [{ tokens: [1, 99], labelMask: [0, 1] }] },
      /Training example 0 .* token 99/,
    ],
    ['no label', { examples: [{ tokens: [1, 2], labelSpans: [] }] }, /no label/],
    [
      'a label only where nothing predicts it',
      { examples: [{ tokens: [1, 2], labelMask: [1, 0] }] },
      /no label/,
    ],
    ['a mask of another length', { examples: [{ tokens: [1, 2], labelMask: [1] }] }, /label mask of 1 for 2/],
    ['a span outside', { examples: [{ tokens: [1, 2], labelSpans: [[1, 3]] }] }, /span \[1, 3\)/],
    ['too long', { examples: [{ tokens: new Array(65).fill(1), labelSpans: [[1, 2]] }] }, /65 tokens .* 64/],
    ['a rank of 0', { hyperparameters: { rank: 0 } }, /rank is 0/],
    ['an unknown target', { hyperparameters: { targetModules: ['lm_head' as 'q_proj'] } }, /targetModules/],
    ['a missing model', { model: '/no/such/model.gguf' }, /\/no\/such\/model\.gguf/],
  ];
  for (const [name, overrides, sentence] of cases) {
    test(name, async () => {
      await expect(runTraining(await tinyJob(overrides))).rejects.toThrow(sentence);
    });
  }
});

test('logits of a sequence do not depend on the others asked for with it', async () => {
  const { model, trained, reference } = await loadTinyReference();
  const [first, second] = reference.sequences;
  const both = await decoderLogits({ model, sequences: [first!.tokens, second!.tokens], adapter: trained });
  expect(both[0]).toHaveLength(first!.tokens.length * model.config.vocabulary);
  expect(distance(both[0]!, Float32Array.from(reference.logits_after_training.flat()))).toBeLessThan(1e-4);
  const [alone] = await decoderLogits({ model, sequences: [second!.tokens], adapter: trained });
  expect(distance(both[1]!, alone!)).toBeLessThan(1e-4);
  const [some] = await decoderLogits({
    model,
    sequences: [second!.tokens],
    positions: [[4, 1]],
    adapter: trained,
  });
  const { vocabulary } = model.config;
  const row = (position: number) => alone!.subarray(position * vocabulary, (position + 1) * vocabulary);
  expect(distance(some!, Float32Array.of(...row(4), ...row(1)))).toBeLessThan(1e-4);
});

function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((total, value, index) => total + (value - b[index]!) ** 2, 0));
}

function same(a: LoraAdapter, b: LoraAdapter): boolean {
  return [...a.tensors].every(([module, pair]) => {
    const other = b.tensors.get(module)!;
    return distance(pair.a, other.a) === 0 && distance(pair.b, other.b) === 0;
  });
}
