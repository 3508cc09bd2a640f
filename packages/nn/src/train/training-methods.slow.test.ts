import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasIntegerProducts } from '../graph/integer-products.ts';
import type { LoraAdapter } from '../models/lora-adapter.ts';
import { readCheckpoint } from './checkpoint.ts';
import { defaultsForData } from './hyperparameters.ts';
import { Pace, planSteps } from './pace.ts';
import { patienceIsOver } from './patience.ts';
import { learningRateFactor, schedules } from './schedule.ts';
import { countingExamples, tinyJob, tinyPreferenceJob, variants } from './tiny-job.fixture.ts';
import { evaluateLoss } from './train-lora.ts';
import { runTraining } from './trainer.ts';
import type { TrainingProgress } from './training-job.ts';

/** What a CPU that would compute products of eight-bit integers wrongly is told. */
const noProducts = /"int8", and this CPU has no exact products/;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'tandem-train-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('killed with SIGKILL when a step is done and resumed, ends in the same adapter, bit for bit', () => {
  for (const variant of Object.keys(variants)) {
    test(variant, async () => {
      const job = await variants[variant]!();
      if (variant === 'int8' && !(await hasIntegerProducts()))
        return void (await expect(runTraining(job)).rejects.toThrow(noProducts));
      const whole = await runTraining(job);
      const program = path.join(import.meta.dirname, 'training-process.fixture.ts');
      for (const dies of [1, 4]) {
        const child = spawn(process.execPath, [program, folder, variant, String(dies)], {
          stdio: ['ignore', 'ignore', 'inherit'],
        });
        const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
        expect(signal).toBe('SIGKILL');
      }
      const steps: number[] = [];
      const resumed = await runTraining(
        { ...job, checkpointDirectory: folder, resume: true },
        { onProgress: ({ loss, done }) => loss !== undefined && steps.push(done) },
      );
      // What was on disk was a step before, whose update is taken again.
      expect(steps[0]).toBe(4);
      expect(resumed.metrics.losses).toEqual(whole.metrics.losses);
      expect(resumed.metrics.validation).toEqual(whole.metrics.validation);
      expect(resumed.metrics.stoppedBy).toBe(whole.metrics.stoppedBy);
      expect(same(resumed.adapter, whole.adapter)).toBe(true);
      expect(await readdir(folder)).toEqual(['checkpoint.safetensors']);
      expect(same((await readCheckpoint(folder)).adapter, whole.adapter)).toBe(true);
    });
  }
});

describe('early stopping', () => {
  test('ends when patience is over, and resumes to the same end at once', async () => {
    const job = { ...(await variants['early stopping']!()), checkpointDirectory: folder, resume: true };
    const { metrics, adapter } = await runTraining(job);
    expect(metrics.stoppedBy).toBe('patience');
    expect(metrics.steps).toBeLessThan(metrics.plannedSteps);
    expect(metrics.steps).toBe(metrics.bestStep + 2);
    const events: TrainingProgress[] = [];
    const again = await runTraining(job, { onProgress: (event) => events.push(event) });
    expect(events.some(({ loss }) => loss !== undefined)).toBe(false);
    expect(same(again.adapter, adapter)).toBe(true);
  });

  test('never comes while there is progress, and not at all with patience 0', async () => {
    const job = await variants['early stopping']!();
    const patient = { ...job, hyperparameters: { ...job.hyperparameters, patience: 0 } };
    expect((await runTraining(patient)).metrics.stoppedBy).toBe('epochs');
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 9, noNaN: true })), fc.nat(5), (losses, patience) => {
        const over = patienceIsOver(
          losses.map((loss, step) => ({ step, loss })),
          patience,
        );
        const best = losses.indexOf(Math.min(...losses));
        expect(over).toBe(patience > 0 && losses.length > patience && best < losses.length - patience);
      }),
    );
  });
});

describe('frozen products in eight bits', () => {
  test('lead to about the loss of float32, as float32 measures it', async () => {
    const job = await tinyJob();
    const inEightBits = () =>
      runTraining({ ...job, hyperparameters: { ...job.hyperparameters, frozenPrecision: 'int8' } });
    if (!(await hasIntegerProducts())) return void (await expect(inEightBits()).rejects.toThrow(noProducts));
    const exact = await runTraining(job);
    const { adapter } = await inEightBits();
    const loss = async (of: LoraAdapter) =>
      (await evaluateLoss({ model: job.model, examples: job.validation!, adapter: of })).loss;
    const before = exact.metrics.validation[0]!.loss;
    const [rounded, reference] = [await loss(adapter), await loss(exact.adapter)];
    expect(same(adapter, exact.adapter)).toBe(false);
    expect(Math.abs(rounded - reference)).toBeLessThan(0.05 * (before - reference));
  });

  test('are refused for preferences', async () => {
    const job = await tinyPreferenceJob();
    const hyperparameters = { ...job.hyperparameters, frozenPrecision: 'int8' as const };
    await expect(runTraining({ ...job, hyperparameters })).rejects.toThrow(/frozenPrecision/);
  });
});

describe('dropout', () => {
  test('changes the training, the same for a seed and however a step is cut into passes', async () => {
    const job = await variants.dropout!();
    const first = await runTraining(job);
    const plain = await runTraining(await tinyJob());
    expect(first.metrics.losses[0]).toBe(plain.metrics.losses[0]); // B is still zero
    expect(first.metrics.losses[3]).not.toBe(plain.metrics.losses[3]);
    const cut = await runTraining({ ...job, tokensPerPass: 1 });
    cut.metrics.losses.forEach((loss, step) => {
      expect(loss).toBeCloseTo(first.metrics.losses[step]!, 3);
    });
    const other = await runTraining({ ...job, hyperparameters: { ...job.hyperparameters, seed: 9 } });
    expect(same(first.adapter, other.adapter)).toBe(false);
  });

  test('of a share that rounds to nothing is training without it', async () => {
    const job = await tinyJob();
    const plain = await runTraining(job);
    const dropped = await runTraining({
      ...job,
      hyperparameters: { ...job.hyperparameters, dropout: 1e-9 },
    });
    dropped.metrics.losses.forEach((loss, step) => {
      expect(loss).toBeCloseTo(plain.metrics.losses[step]!, 3);
    });
  });

  test('is not applied when validating', async () => {
    const { adapter, metrics } = await runTraining(await variants.dropout!());
    const { model, validation } = await tinyJob();
    const { loss } = await evaluateLoss({ model, examples: validation!, adapter });
    expect(loss).toBeCloseTo(metrics.validation.find(({ step }) => step === metrics.bestStep)!.loss, 5);
  });
});

test('schedules rise, peak at the warm-up’s end and go down as they say', () => {
  for (const schedule of schedules) {
    const factors = Array.from({ length: 20 }, (_, index) => learningRateFactor(index + 1, 4, 20, schedule));
    expect(factors.slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1]);
    expect(factors.at(-1)).toBeCloseTo({ cosine: 0.0085, linear: 1 / 17, constant: 1 }[schedule], 3);
  }
  expect(learningRateFactor(12, 4, 19, 'linear')).toBeCloseTo(0.5, 12);
  expect(learningRateFactor(12, 4, 19, 'cosine')).toBeCloseTo(0.5, 12);
});

test('settings by amount of data: few examples are seen more often, many with smaller steps', () => {
  const of = (examples: number, validationExamples = Math.ceil(examples / 16)) =>
    defaultsForData(
      {
        examples,
        labelledTokens: 80 * examples,
        tokens: 400 * examples,
        validationExamples,
        validationTokens: 400 * validationExamples,
      },
      { method: 'sft', stepSize: 4 },
    );
  expect(of(40)).toMatchObject({ epochs: 5, learningRate: 5e-4 });
  expect(of(300)).toMatchObject({ epochs: 3, patience: 3 });
  expect(of(2000)).toEqual({ epochs: 1, learningRate: 5e-4, evaluations: 4, patience: 0 });
  expect(of(25_000).learningRate).toBeCloseTo(2.5e-4, 8);
  expect(of(1e7)).toMatchObject({ epochs: 1, learningRate: 1e-4 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.nat(1e4), (examples, validation) => {
      const { epochs, evaluations, learningRate } = of(examples, validation);
      expect(epochs).toBeGreaterThanOrEqual(1);
      expect(epochs).toBeLessThanOrEqual(5);
      expect(learningRate).toBeLessThanOrEqual(of(Math.max(1, examples - 1), validation).learningRate);
      // Reading costs a third of training: validation stays below a tenth of the time, beyond two looks.
      if (evaluations > 2)
        expect((evaluations * validation) / 3).toBeLessThanOrEqual(0.1 * examples * epochs + 1);
    }),
  );
});

describe('time left', () => {
  test('is within a fifth after the first tenth, at a pace that is even in tokens', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 3 }), (seed, epochs) => {
        // Long and short examples, as passages beside glossary pairs: steps differ twentyfold.
        const lengths = countingLengths(400, seed);
        const plan = planSteps({ lengths, stepSize: 4, seed, tokensPerPass: 1024 });
        const total = 100 * epochs;
        const pace = new Pace();
        const truth = (from: number, to: number) => {
          let seconds = 0;
          for (let step = from; step < to; step++) seconds += 0.01 * plan.cost(step, step + 1);
          return seconds;
        };
        for (let step = 0; step < total; step++) {
          pace.add(truth(step, step + 1) * (step % 2 ? 1.1 : 0.9), plan.cost(step, step + 1));
          if (step + 1 < total / 10) continue;
          const left = truth(step + 1, total);
          expect(Math.abs(pace.secondsFor(plan.cost(step + 1, total))! - left)).toBeLessThanOrEqual(
            0.2 * left + 1e-6,
          );
        }
      }),
      { numRuns: 5 },
    );
  });

  test('is told from the first step on and comes down to nothing', async () => {
    const left: number[] = [];
    await runTraining(await tinyJob(), {
      onProgress: ({ secondsLeft }) => secondsLeft !== undefined && left.push(secondsLeft),
    });
    expect(left.length).toBeGreaterThan(18);
    expect(left.every((seconds) => seconds >= 0)).toBe(true);
    expect(left.at(-1)).toBe(0);
  });
});

describe('preferences', () => {
  test('are learnt: from log 2 down, and what is chosen gains on what is rejected', async () => {
    const { metrics } = await runTraining(await tinyPreferenceJob());
    expect(metrics.validation[0]!.loss).toBeCloseTo(Math.log(2), 6);
    expect(metrics.losses[0]).toBeCloseTo(Math.log(2), 6);
    const best = metrics.validation.find(({ step }) => step === metrics.bestStep)!;
    expect(best.loss).toBeLessThan(0.3);
    expect(best.accuracy).toBe(1);
    expect(metrics.losses.at(-1)).toBeLessThan(0.3);
  });

  test('may follow a supervised training, which then is what they are held against', async () => {
    const job = await tinyPreferenceJob();
    const { adapter } = await runTraining(await tinyJob());
    const { metrics } = await runTraining({ ...job, initialAdapter: adapter });
    expect(metrics.losses[0]).toBeCloseTo(Math.log(2), 6);
    expect(metrics.losses.at(-1)).toBeLessThan(0.5);
  });

  test('passes of any size give the same step', async () => {
    const job = await tinyPreferenceJob({ validation: [] });
    const whole = await runTraining(job);
    const cut = await runTraining({ ...job, tokensPerPass: 1 });
    cut.metrics.losses.forEach((loss, step) => {
      expect(loss).toBeCloseTo(whole.metrics.losses[step]!, 4);
    });
  });

  test('that cannot be used are named', async () => {
    const cases: [Partial<Awaited<ReturnType<typeof tinyPreferenceJob>>>, RegExp][] = [
      [{ preferences: [] }, /no preference pair/],
      [{ preferences: [{ prompt: [], chosen: [1], rejected: [2] }] }, /chosen reply, 0 has no prompt/],
      [{ preferences: [{ prompt: [1], chosen: [1], rejected: [] }] }, /rejected reply, 0 has no token/],
      [{ preferences: [{ prompt: [1], chosen: [1, 2], rejected: [1, 2] }] }, /same reply/],
      [
        { preferences: [{ prompt: [1], chosen: new Array(70).fill(1), rejected: [2] }] },
        /71 tokens .* can read 64/,
      ],
      [{ hyperparameters: { beta: 0 } }, /beta is 0/],
    ];
    for (const [overrides, sentence] of cases) {
      await expect(runTraining(await tinyPreferenceJob(overrides))).rejects.toThrow(sentence);
    }
  });
});

function countingLengths(count: number, seed: number): number[] {
  return countingExamples(count, seed).map(({ tokens }, index) =>
    index % 3 === 0 ? tokens.length : 40 * tokens.length,
  );
}

function same(a: LoraAdapter, b: LoraAdapter): boolean {
  return [...a.tensors].every(([module, pair]) => {
    const other = b.tensors.get(module)!;
    return (
      Buffer.from(pair.a.buffer).equals(Buffer.from(other.a.buffer)) &&
      Buffer.from(pair.b.buffer).equals(Buffer.from(other.b.buffer))
    );
  });
}
