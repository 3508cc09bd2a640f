import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NnError } from '../errors/nn-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { sha256OfFile } from '../formats/file-hash.ts';
import { openGguf } from '../formats/gguf.ts';
import { SafetensorsFile } from '../formats/safetensors.ts';
import type { AdapterLineage, LoraAdapter } from '../models/lora-adapter.ts';
import { readCheckpoint } from '../train/checkpoint.ts';
import { countingExamples } from '../train/tiny-job.fixture.ts';
import { decoderLogits, evaluateLoss, trainLora } from '../train/train-lora.ts';
import { runTraining } from '../train/trainer.ts';
import { exportGgufLora, importGgufLora } from './gguf-lora.ts';
import { exportMergedGguf, exportMergedSafetensors } from './merge.ts';
import { exportPeft, importPeft } from './peft.ts';

const references = path.join(import.meta.dirname, '../../references/decoders');
const gguf = (family: string) => path.join(references, family, 'model.gguf');
const adapterOf = (family: string) => importPeft(path.join(references, family, 'adapter'));
const examples = countingExamples(4, 1).map(({ tokens, labelSpans }) => ({
  tokens: Array.from(tokens, (token) => token % 40),
  labelSpans: labelSpans!,
}));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'adapter-fit-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Everywhere that an adapter meets a model. */
const meetings: Record<
  string,
  (adapter: LoraAdapter, model: string, lineage?: AdapterLineage) => Promise<unknown>
> = {
  loss: (adapter, model, lineage = {}) => evaluateLoss({ model, examples, adapter, lineage, threads: 1 }),
  logits: (adapter, model, lineage = {}) =>
    decoderLogits({ model, sequences: [[1, 2, 3]], adapter, lineage, threads: 1 }),
  'the start of a training': (adapter, model, lineage = {}) =>
    trainLora({
      model,
      examples,
      lineage,
      initialAdapter: adapter,
      hyperparameters: { rank: adapter.rank, alpha: adapter.alpha, epochs: 1 },
      threads: 1,
    }),
  'a GGUF adapter': (adapter, base, lineage = {}) =>
    exportGgufLora(adapter, path.join(folder, 'out.gguf'), { base, lineage }),
  'a merged GGUF': (adapter, base, lineage = {}) =>
    exportMergedGguf(adapter, path.join(folder, 'merged.gguf'), { base, lineage }),
  'a merged folder': (adapter, base, lineage = {}) =>
    exportMergedSafetensors(adapter, path.join(folder, 'merged'), {
      base,
      files: path.dirname(base),
      lineage,
    }),
};

describe.each(Object.keys(meetings))('%s', (name) => {
  const refusal = async (...args: Parameters<(typeof meetings)[string]>) => {
    const error = await meetings[name]!(...args).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toSatisfy(UnsupportedModelError.isInstance);
    const { message, hint } = error as NnError;
    expect(message.split('\n')).toHaveLength(1);
    expect(hint).toBeTruthy();
    return message;
  };

  test('an adapter of other sizes, of more layers, and of fewer', async () => {
    const own = await adapterOf('llama3');
    expect(await refusal(await adapterOf('gemma3'), gguf('llama3'))).toMatch(
      /does not fit .*model\.gguf: (its ".*" is \[\d+, \d+\], and the model has \[\d+, \d+\] there|it .*)\.$/,
    );
    const first = 'model.layers.0.mlp.up_proj';
    const deeper = new Map(own.tensors).set(first.replace('.0.', '.9.'), own.tensors.get(first)!);
    expect(await refusal({ ...own, tensors: deeper }, gguf('llama3'))).toMatch(
      /it changes "model\.layers\.9\..*", and the model has \d+ layers\.$/,
    );
    const lacking = new Map(own.tensors);
    lacking.delete('model.layers.1.mlp.up_proj');
    expect(await refusal({ ...own, tensors: lacking }, gguf('llama3'))).toMatch(
      /it has nothing for "model\.layers\.1\.mlp\.up_proj"\.$/,
    );
  });

  test('an adapter of another base or template, whose sizes are the same', async () => {
    const own = await adapterOf('smollm2');
    const lineage = { architecture: 'llama', baseSha256: 'a'.repeat(64), templateSha256: 'b'.repeat(64) };
    const adapter = { ...own, lineage };
    const model = gguf('smollm2');
    expect(await refusal({ ...own, lineage: { architecture: 'qwen2' } }, model)).toMatch(
      /another architecture than that of .*: qwen2, not llama\.$/,
    );
    expect(await refusal(adapter, model, { baseSha256: 'c'.repeat(64) })).toMatch(
      /another base \(SHA-256\) than that of .*: aaaaaaaaaaaa…, not cccccccccccc…\.$/,
    );
    expect(
      await refusal({ ...own, lineage: { templateSha256: 'b' } }, model, { templateSha256: 'c' }),
    ).toMatch(/another chat template \(SHA-256\)/);
  });
});

test('what is known on one side alone is not compared', async () => {
  const adapter = { ...(await adapterOf('smollm2')), lineage: { baseSha256: 'a', templateSha256: 'b' } };
  const [logits] = await decoderLogits({
    model: gguf('smollm2'),
    sequences: [[1, 2, 3]],
    adapter,
    threads: 1,
  });
  expect(logits!.every(Number.isFinite)).toBe(true);
});

test('a training knows its base, keeps what it is told, and both files and checkpoint say so', async () => {
  const model = gguf('smollm2');
  const job = {
    model,
    examples,
    lineage: { templateSha256: 'f'.repeat(64) },
    hyperparameters: { rank: 2, alpha: 4, epochs: 1 },
    checkpointDirectory: path.join(folder, 'run'),
    threads: 1,
  };
  const { adapter } = await runTraining(job);
  const lineage = {
    architecture: 'llama',
    baseSha256: await sha256OfFile(model),
    templateSha256: 'f'.repeat(64),
  };
  expect(adapter.lineage).toEqual(lineage);
  expect((await readCheckpoint(job.checkpointDirectory)).adapter.lineage).toEqual(lineage);

  const peft = path.join(folder, 'peft');
  await exportPeft(adapter, peft, { baseModel: 'tiny' });
  await using file = await SafetensorsFile.open(path.join(peft, 'adapter_model.safetensors'));
  expect(file.metadata).toEqual({
    format: 'pt',
    'tandem.base.architecture': 'llama',
    'tandem.base.sha256': lineage.baseSha256,
    'tandem.template.sha256': lineage.templateSha256,
  });
  const written = path.join(folder, 'adapter.gguf');
  await exportGgufLora(adapter, written, { base: model });
  await using ours = await openGguf(written);
  expect(ours.metadata.get('tandem.base.sha256')).toBe(lineage.baseSha256);
  const fromPeft = await importPeft(peft);
  expect(fromPeft).toEqual(adapter);
  expect((await importGgufLora(written, { base: model })).lineage).toEqual(lineage);
  await expect(importGgufLora(written, { base: model, lineage: { templateSha256: '0' } })).rejects.toThrow(
    /another chat template/,
  );
  await expect(
    exportPeft(fromPeft, path.join(folder, 'no'), { baseModel: 'tiny', lineage: { baseSha256: '0' } }),
  ).rejects.toThrow(/another base .* than that of tiny/);

  // Trained on over another file: the hash that a training takes anyway tells them apart.
  const merged = path.join(folder, 'other.gguf');
  await exportMergedGguf(adapter, merged, { base: model });
  await expect(runTraining({ ...job, model: merged, initialAdapter: fromPeft })).rejects.toThrow(
    /another base \(SHA-256\)/,
  );
});

test('an adapter that fits, of another rank than the training’s, is a setting out of place', async () => {
  const initialAdapter = await adapterOf('smollm2');
  const hyperparameters = { rank: initialAdapter.rank + 1, alpha: initialAdapter.alpha, epochs: 1 };
  await expect(
    runTraining({ model: gguf('smollm2'), examples, initialAdapter, hyperparameters }),
  ).rejects.toMatchObject({ code: 'invalid_hyperparameter', parameter: 'initialAdapter' });
});
