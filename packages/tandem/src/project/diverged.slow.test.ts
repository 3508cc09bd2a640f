import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importPeft, readCheckpoint, SafetensorsFile, writeSafetensors } from '@tandem/nn';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Run } from '../core/types/run.ts';
import { cancelTraining, checkpointDirectoryOf, sweepFailedRuns } from '../tune/training-run.ts';
import { tune } from '../tune/tune.ts';
import { openProject, type Project } from './open-project.ts';

const checkpointPath = (folder: string) => join(folder, 'checkpoint.safetensors');

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tandem-diverged-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Eight steps of one short example each, at this learning rate: sentences, so that comparing what llama.cpp answers has something to count. */
async function projectAt(name: string, learningRate: number): Promise<Project> {
  const directory = join(root, name);
  await mkdir(directory);
  const examples = Array.from({ length: 4 }, (_, at) => ({
    messages: [
      { role: 'user', content: `What is room ${at} for?` },
      {
        role: 'assistant',
        content: `Room ${at} is where the people of the house meet in the morning and drink their coffee.`,
      },
    ],
  }));
  await writeFile(
    join(directory, 'train.jsonl'),
    examples.map((example) => `${JSON.stringify(example)}\n`).join(''),
  );
  const config = {
    name,
    models: { chat: 'local:smollm2-135m-instruct' },
    dataset: { train: 'train.jsonl' },
    tune: {
      rank: 2,
      alpha: 4,
      epochs: 2,
      batchSize: 1,
      warmupFraction: 0,
      targetModules: ['q_proj', 'v_proj'],
      learningRate,
    },
  };
  await writeFile(join(directory, 'tandem.config.ts'), `export default ${JSON.stringify(config)};\n`);
  return openProject({ directory });
}

test('a training that diverges says what to do; the best state before it becomes an adapter to go on from', async () => {
  // Nothing was learnt before its second step.
  await using reckless = await projectAt('reckless', 1e38);
  const first = join(root, 'first.safetensors');
  let folder = '';
  const atOnce = tune(reckless, {
    onProgress({ stage, done }) {
      if (stage !== 'training' || done !== 1) return;
      const training = join(reckless.dataDirectory, 'training');
      folder = join(training, readdirSync(training)[0]!);
      copyFileSync(checkpointPath(folder), first);
    },
  });
  await expect(atOnce).rejects.toMatchObject({
    message: expect.stringMatching(/^Training diverged at step 2: /),
    hint: 'Set tune.learningRate below 1e+38, or fix what the message names, and train from the start: nothing that was learnt before it is worth keeping.',
  });
  const [run] = await reckless.catalog.runs.list({ kind: 'tune' });
  expect(run).toMatchObject({ status: 'failed', metrics: { divergedAtStep: 2 } });
  expect(existsSync(folder)).toBe(false);
  expect(await reckless.catalog.adapters.list()).toEqual([]);
  await expect(tune(reckless)).rejects.toMatchObject({
    message: `This very training diverged before, at step 2 (${run!.id}), and would again.`,
    hint: 'Set tune.learningRate below 1e+38; with fresh it is trained all the same.',
  });

  // A state that a careful training came to stands where the reckless one was: its next step is the one too far.
  await using careful = await projectAt('careful', 1e-5);
  const stop = new AbortController();
  const stopped = tune(careful, {
    signal: stop.signal,
    onProgress: ({ stage, done }) => {
      if (stage === 'training' && done === 1) stop.abort(new Error('Ctrl-C'));
    },
  });
  await expect(stopped).rejects.toThrow('Ctrl-C');
  const [{ id: interrupted, inputs }] = (await careful.catalog.runs.interrupted('tune')) as [Run];
  const good = checkpointDirectoryOf(careful, inputs.fingerprint!);
  // To be told how long it takes deletes nothing.
  await tune(careful, { fresh: true, estimateOnly: true });
  const expected = await readCheckpoint(good);
  expect(expected.step).toBeGreaterThan(0);
  {
    await using from = await SafetensorsFile.open(checkpointPath(good));
    const tensors = [];
    for (const [name, { shape }] of from.tensors)
      tensors.push({ name, dtype: 'F32' as const, shape, data: await from.read(name) });
    await using own = await SafetensorsFile.open(first);
    await mkdir(folder);
    const { fingerprint } = own.metadata;
    await writeSafetensors(checkpointPath(folder), tensors, { ...from.metadata, fingerprint: fingerprint! });
  }
  await reckless.catalog.runs.finish(run!.id, { status: 'interrupted' });
  const failure = await tune(reckless).catch((error: unknown) => error);
  const [adapter] = await reckless.catalog.adapters.list();
  expect(failure).toMatchObject({
    code: 'training_diverged',
    step: expected.step + 2,
    hint: `Set tune.learningRate below 1e+38, or fix what the message names, and give from ${adapter!.id} to go on from the best state before it (step ${expected.step}).`,
  });
  expect(adapter).toMatchObject({
    lineage: { hyperparameters: { divergedAtStep: expected.step + 2 } },
    metrics: { steps: expected.step },
  });
  const kept = await importPeft(join(reckless.dataDirectory, adapter!.directory, 'peft'));
  expect(kept.tensors).toEqual(expected.adapter.tensors);
  expect(existsSync(folder)).toBe(false);
  await expect(tune(reckless)).rejects.toMatchObject({
    hint: `Set tune.learningRate below 1e+38 and give from ${adapter!.id} to go on from the best state before it; with fresh it is trained all the same.`,
  });
  // It is what `from` takes.
  const { estimate } = (await tune(reckless, { from: adapter!.id, estimateOnly: true })) as {
    estimate: object;
  };
  expect(estimate).toMatchObject({ examples: 4 });

  // Cancelled is not failed, and what failed leaves nothing for ever.
  const fingerprint = 'f'.repeat(64);
  const { catalog } = careful;
  const failed = await catalog.runs.start({ kind: 'tune', config: {}, inputs: { fingerprint } });
  await catalog.runs.finish(failed.id, { status: 'failed', error: 'The disk was full.' });
  const left = checkpointDirectoryOf(careful, fingerprint);
  await mkdir(left);
  await sweepFailedRuns(careful, fingerprint);
  expect([left, good].map(existsSync)).toEqual([true, true]);
  expect(await cancelTraining(careful)).toEqual([interrupted]);
  expect([left, good].map(existsSync)).toEqual([false, false]);
  expect(await catalog.runs.get(interrupted)).toMatchObject({
    status: 'cancelled',
    error: 'It was interrupted and then cancelled: its checkpoints were removed, and no adapter came of it.',
  });
  expect(await cancelTraining(careful)).toEqual([]);
});
