import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { evaluateLoss, importPeft, openGguf } from '@tandem/nn';
import { settingsSchema } from '../core/settings.ts';
import { settle } from './settle.ts';
import { hyperparametersOf, type TokenisedExample, type Trainer, type TrainingJob } from './trainer.ts';

/**
 * What every trainer of weights on this machine must do, as named checks that any test runner can run:
 *
 *     for (const { name, run } of trainerConformance({ trainer, baseFile, place })) test(name, run);
 *
 * `baseFile` is a tiny model with a vocabulary of at least 45; `place` gives a new empty folder. Trainers compute in float32 here.
 */
export interface ConformanceCheck {
  name: string;
  run(): Promise<void>;
}

export function trainerConformance(options: {
  trainer: Trainer;
  baseFile: string;
  place: () => Promise<string>;
}): ConformanceCheck[] {
  const { trainer, baseFile, place } = options;
  const jobIn = (directory: string, change: Partial<TrainingJob> = {}): TrainingJob => ({
    ...countingJob(baseFile, join(directory, 'checkpoint')),
    ...change,
  });
  return [
    {
      name: 'the adapter lowers the loss, as measured by another; steps are events in order; lineage has its figures',
      async run() {
        const directory = await place();
        const events: { kind: string; data: Record<string, number | string> }[] = [];
        const job = jobIn(directory);
        const trained = await trainer.train(job, {
          outputDirectory: join(directory, 'out'),
          onEvent: (kind, data) => void events.push({ kind, data }),
        });
        const { steps, tokens } = await trainer.estimate(job);
        equal(trained.steps, steps);
        equal(trained.tokens, tokens);
        deepEqual(
          events.filter(({ kind }) => kind === 'step').map(({ data }) => data.step),
          Array.from({ length: steps }, (_, index) => index + 1),
        );
        for (const { data } of events.filter(({ kind }) => kind === 'step'))
          for (const name of ['loss', 'learningRate', 'gradientNorm'])
            ok(Number.isFinite(data[name]) && Number(data[name]) > 0, `${name} of a step is ${data[name]}`);
        ok(events.some(({ kind }) => kind === 'validation'));
        for (const figure of ['trainLoss', 'seconds', 'tokensPerSecond', 'peakMemoryBytes'] as const)
          ok(trained[figure]! > 0, figure);
        const loss = async (peft?: string) =>
          (
            await evaluateLoss({
              model: baseFile,
              examples: job.validation.map(({ tokens: ids, labelSpans }) => ({
                tokens: Int32Array.from(ids),
                labelSpans,
              })),
              adapter: peft === undefined ? undefined : await importPeft(peft),
            })
          ).loss;
        const [before, after] = [await loss(), await loss(trained.files.peft)];
        ok(after < before * 0.9, `loss ${before} before and ${after} after`);
        ok(
          Math.abs(before - trained.validationLossBefore!) < 1e-3,
          `before: ${trained.validationLossBefore}, not ${before}`,
        );
        ok(
          Math.abs(after - trained.validationLossAfter!) < 1e-3,
          `after: ${trained.validationLossAfter}, not ${after}`,
        );
        await using gguf = await openGguf(trained.files.gguf);
        equal(gguf.metadata.get('adapter.type'), 'lora');
      },
    },
    {
      name: 'stopped after a step it rejects with the reason, and continues to the same adapter, bit for bit',
      async run() {
        const [whole, parts] = [await place(), await place()];
        const straight = await trainer.train(jobIn(whole), { outputDirectory: join(whole, 'out') });
        const stop = new AbortController();
        const reason = new Error('stopped by the test');
        let last = 0;
        await rejects(
          trainer.train(jobIn(parts), {
            outputDirectory: join(parts, 'out'),
            signal: stop.signal,
            onEvent: (kind, data) => {
              if (kind === 'step') last = Number(data.step);
              if (kind === 'step' && data.step === 2) stop.abort(reason);
            },
          }),
          (error) => error === reason,
        );
        ok(last >= 2 && last < straight.steps, `stopped at ${last}`);
        ok(!existsSync(join(parts, 'out', 'adapter.gguf')));
        const first: number[] = [];
        const resumed = await trainer.train(jobIn(parts), {
          outputDirectory: join(parts, 'out'),
          onEvent: (kind, data) => {
            if (kind === 'step') first.push(Number(data.step));
          },
        });
        ok(first[0]! > 2, `went on at step ${first[0]}`);
        const [a, b] = [await importPeft(straight.files.peft), await importPeft(resumed.files.peft)];
        deepEqual([...b.tensors.keys()], [...a.tensors.keys()]);
        for (const [path, pair] of a.tensors) deepEqual(b.tensors.get(path), pair, path);
      },
    },
    {
      name: 'a checkpoint of other examples is refused',
      async run() {
        const directory = await place();
        const stop = new AbortController();
        const out = { outputDirectory: join(directory, 'out') };
        const stopping = {
          ...out,
          signal: stop.signal,
          onEvent: (kind: string) => void (kind === 'step' && stop.abort()),
        };
        await rejects(trainer.train(jobIn(directory), stopping));
        const other = jobIn(directory, { train: counting(12, 9) });
        await rejects(trainer.train(other, out), /checkpoint/);
      },
    },
    {
      name: 'an example without a label is refused by its number',
      async run() {
        const directory = await place();
        const train = counting(8, 1).map((example, index) =>
          index === 5 ? { ...example, labelSpans: [] } : example,
        );
        await rejects(
          trainer.train(jobIn(directory, { train }), { outputDirectory: join(directory, 'out') }),
          /Training example 5 has no label/,
        );
      },
    },
  ];
}

/** A second's training: to count on from a number. */
export function countingJob(baseFile: string, checkpointDirectory: string): TrainingJob {
  const defaults = hyperparametersOf(settingsSchema.parse({}).tune);
  const [train, validation] = [counting(16, 1), counting(5, 2)];
  const chosen = { ...defaults, rank: 4, alpha: 8, learningRate: 0.02, epochs: 3, maxLength: 64 };
  return {
    baseFile,
    train,
    validation,
    hyperparameters: settle(chosen, train, validation),
    checkpointDirectory,
  };
}

function counting(count: number, seed: number): TokenisedExample[] {
  return Array.from({ length: count }, (_, index) => {
    const start = 3 + ((index * 7 + seed * 11) % 20);
    const tokens = Array.from({ length: 6 + ((index * 3 + seed) % 9) }, (_value, offset) => start + offset);
    return { tokens: [1, ...tokens], labelSpans: [[3, tokens.length + 1]] };
  });
}
