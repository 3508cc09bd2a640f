import { join } from 'node:path';
import { SafetensorsFile } from '@tandem/nn';
import { expect, test } from 'vitest';
import type { Adapter } from '../core/types/adapter.ts';
import { type AskedTraining, countParameters, trainingSpeed } from './training-speed.ts';

/** An adapter as the catalogue has it, as far as this is about. */
const adapter = (
  tokensPerSecond: number,
  { hyperparameters = {}, ...lineage }: Partial<Adapter['lineage']>,
): Adapter => ({
  id: `adapter-${tokensPerSecond}`,
  createdAt: '2026-01-01T00:00:00.000Z',
  directory: 'adapters/x',
  lineage: {
    trainer: 'local',
    baseHash: 'small',
    templateHash: 't',
    datasetHash: 'd',
    baseModel: 'Small 135M',
    baseParameters: 135e6,
    hyperparameters: { method: 'sft', frozenPrecision: 'float32', ...hyperparameters },
    runId: 'run',
    ...lineage,
  },
  metrics: { examples: 1, steps: 1, tokens: 1, seconds: 1, tokensPerSecond, peakMemoryBytes: 1 },
});

const asked: AskedTraining = {
  baseHash: 'large',
  parameters: 540e6,
  trainer: 'local',
  frozenPrecision: 'float32',
  method: 'sft',
};
const large = { baseHash: 'large', baseModel: 'Large 540M', baseParameters: 540e6 };

test('a model four times as large is not as fast as the last, smaller one', () => {
  const { tokensPerSecond, basis } = trainingSpeed([adapter(200, {})], asked);
  expect(tokensPerSecond).toBe(50);
  expect(basis).toBe(
    '50 tokens a second, scaled by the number of weights (540 to 135 million) from the 200 of the last training of Small 135M',
  );
});

test('the model’s own last training tells, whatever was trained since', () => {
  const { tokensPerSecond, basis } = trainingSpeed(
    [adapter(200, {}), adapter(43.2, large), adapter(60, large)],
    asked,
  );
  expect(tokensPerSecond).toBe(43.2);
  expect(basis).toBe('43 tokens a second, as in the last training of this model here');
});

test('one trained in the same way comes before newer ones; another way is told of', () => {
  const int8 = { ...large, hyperparameters: { frozenPrecision: 'int8' } };
  const dpo = { ...large, hyperparameters: { method: 'dpo' } };
  expect(
    trainingSpeed([adapter(90, int8), adapter(30, dpo), adapter(43, large)], asked).tokensPerSecond,
  ).toBe(43);
  expect(trainingSpeed([adapter(90, int8), adapter(200, {})], asked)).toEqual({
    tokensPerSecond: 90,
    basis:
      '90 tokens a second, as in the last training of this model here, which was with frozenPrecision int8',
  });
  expect(trainingSpeed([adapter(30, dpo)], { ...asked, frozenPrecision: 'int8' }).basis).toMatch(
    /, which was by dpo with frozenPrecision float32$/,
  );
});

test('another trainer’s speed says nothing, nor does a training that reported none', () => {
  const { tokensPerSecond, basis } = trainingSpeed(
    [adapter(900, { ...large, trainer: 'worker' }), adapter(0, large)],
    asked,
  );
  expect(tokensPerSecond).toBeCloseTo((150 * 134_515_008) / 540e6);
  expect(basis).toBe(
    "37 tokens a second, a guess by the model's 540 million weights before the first training on this machine",
  );
});

test('an older adapter, without its base’s size, tells where its base is a known model', () => {
  const older = ({ lineage: { baseParameters: _, trainer: __, ...lineage }, ...rest }: Adapter): Adapter => ({
    ...rest,
    lineage,
  });
  const known = older(adapter(100, { baseModel: 'smollm2-360m-instruct' }));
  const unknown = older(adapter(700, { baseModel: 'model.gguf' }));
  expect(trainingSpeed([unknown, known], asked).tokensPerSecond).toBeCloseTo((100 * 361_821_120) / 540e6);
  expect(trainingSpeed([unknown], asked).basis).toMatch(/a guess/);
});

test('the weights of a GGUF file are counted', async () => {
  const folder = join(import.meta.dirname, '../../../nn/references/decoders/smollm2');
  await using original = await SafetensorsFile.open(join(folder, 'model.safetensors'));
  const count = await countParameters(join(folder, 'model.gguf'));
  expect(count).toBeGreaterThan(1000);
  expect(count).toBe(
    [...original.tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
  );
});
