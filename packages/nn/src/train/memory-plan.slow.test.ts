import { stat } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { smolLm2Path } from '../models/cached-models.fixture.ts';
import { readDecoderConfig } from '../models/decoder-weights.ts';
import { loraTargets } from '../models/lora-adapter.ts';
import { planMemory, readStoredSize } from './memory-plan.ts';
import { tinyJob } from './tiny-job.fixture.ts';
import { runTraining } from './trainer.ts';

const training = {
  rank: 16,
  targetModules: loraTargets,
  longest: 500,
} as const;

test('what is chosen fits, and less memory never gives a larger plan', async () => {
  const model = await smolLm2Path();
  const config = await readDecoderConfig(model);
  const stored = await readStoredSize(model);
  // The file is little more than its matrices.
  expect(stored.tables + stored.layers).toBeGreaterThan(0.95 * ((await stat(model)).size - 2e6));
  const free = planMemory(config, { ...training, stored });
  expect(free).toMatchObject({ recompute: 'parts', tokensPerPass: 1024 });
  expect(free.bytes).toBeGreaterThan(1.5e9);
  expect(free.bytes).toBeLessThan(2.5e9);
  let last = free;
  for (let budget = free.bytes; ; budget -= 20e6) {
    let plan: typeof free;
    try {
      plan = planMemory(config, { ...training, stored }, budget);
    } catch (error) {
      expect(String(error)).toMatch(/cannot be trained in .* is the least/);
      expect(last).toMatchObject({ recompute: 'layers', weights: 'blocks' });
      return;
    }
    expect(plan.bytes).toBeLessThanOrEqual(budget);
    expect(plan.bytes).toBeLessThanOrEqual(last.bytes);
    expect(Object.values(plan.parts).reduce((sum, part) => sum + part)).toBeCloseTo(plan.bytes, 0);
    last = plan;
  }
});

test('longer examples never need less', async () => {
  const config = await readDecoderConfig(await smolLm2Path());
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 0, max: 4000 }), (longest, more) => {
      const bytes = (length: number) => planMemory(config, { ...training, longest: length }).bytes;
      expect(bytes(longest + more)).toBeGreaterThanOrEqual(bytes(longest));
    }),
  );
});

test('a training in little memory computes layers again and learns the same', async () => {
  const job = await tinyJob();
  const large = await runTraining(job);
  let small = large;
  while (small.metrics.plan.recompute === 'parts') {
    small = await runTraining({ ...job, memoryBytes: small.metrics.plan.bytes - 1 });
  }
  expect(large.metrics.plan.recompute).toBe('parts');
  small.metrics.losses.forEach((loss, step) => {
    expect(loss).toBeCloseTo(large.metrics.losses[step]!, 4);
  });
  await expect(runTraining({ ...job, memoryBytes: 1e6 })).rejects.toThrow(/cannot be trained in 0.0 GB/);
});
