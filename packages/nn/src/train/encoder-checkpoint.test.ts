import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom } from '../graph/finite-differences.ts';
import { checkpointPath } from './checkpoint.ts';
import { encoderVariants, shiftedPairs, tinyEmbedder } from './tiny-encoder-job.ts';
import { trainEmbedder } from './train-embedder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'encoder-checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true }));
const at = (name: string) => path.join(folder, name);

for (const variant of Object.keys(encoderVariants)) {
  test(`${variant}: killed without warning at random moments and resumed, ends as if it had not been`, async () => {
    const whole = await encoderVariants[variant]!({ outputDirectory: at('whole') });
    const program = path.join(import.meta.dirname, 'killed-encoder-training.ts');
    const random = seededRandom(7);
    let killed = 0;
    for (let attempt = 0; attempt < 3; attempt++) {
      const milliseconds = `${random() * 60}`;
      const child = spawn(
        process.execPath,
        [program, variant, at('checkpoints'), at('killed'), milliseconds],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      );
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
      if (signal === 'SIGKILL') killed += 1;
      expect(existsSync(at('killed'))).toBe(signal !== 'SIGKILL');
      await rm(at('killed'), { recursive: true, force: true });
    }
    expect(killed).toBeGreaterThan(0);
    const resumed = await encoderVariants[variant]!({
      outputDirectory: at('resumed'),
      checkpointDirectory: at('checkpoints'),
    });
    expect(resumed.metrics.losses).toEqual(whole.metrics.losses);
    expect(resumed.metrics.validation).toEqual(whole.metrics.validation);
    expect(resumed.metrics.bestStep).toBe(whole.metrics.bestStep);
    const [a, b] = await Promise.all(
      ['whole', 'resumed'].map((name) => readFile(path.join(at(name), 'model.safetensors'))),
    );
    expect(a!.equals(b!)).toBe(true);
    expect(await readdir(at('checkpoints'))).toEqual(['checkpoint.safetensors']);
  });
}

const job = {
  directory: tinyEmbedder,
  pairs: shiftedPairs(48, 1),
  hyperparameters: { batchSize: 8, epochs: 3 },
  threads: 1,
  checkpointEverySeconds: 0,
};

test('an aborted training writes no model, keeps its checkpoint, and is gone on with', async () => {
  const stop = new AbortController();
  const checkpointDirectory = at('checkpoints');
  const aborted = trainEmbedder({
    ...job,
    checkpointDirectory,
    outputDirectory: at('aborted'),
    signal: stop.signal,
    onProgress: ({ loss, done }) => {
      if (loss !== undefined && done === 4) stop.abort(new Error('enough'));
    },
  });
  await expect(aborted).rejects.toThrow('enough');
  expect(existsSync(at('aborted'))).toBe(false);
  expect(existsSync(checkpointPath(checkpointDirectory))).toBe(true);
  const steps: number[] = [];
  await trainEmbedder({
    ...job,
    checkpointDirectory,
    outputDirectory: at('resumed'),
    resume: true,
    onProgress: ({ loss, done }) => {
      if (loss !== undefined) steps.push(done);
    },
  });
  expect(steps[0]).toBeGreaterThan(4);
  expect(steps.at(-1)).toBe(18);
});

test('a checkpoint of another training is refused, a damaged one is named', async () => {
  const checkpointDirectory = at('checkpoints');
  await trainEmbedder({ ...job, checkpointDirectory, outputDirectory: at('first') });
  const resumed = { ...job, checkpointDirectory, outputDirectory: at('second'), resume: true };
  const others = { ...resumed, pairs: shiftedPairs(48, 3) };
  await expect(trainEmbedder(others)).rejects.toMatchObject({ code: 'checkpoint_mismatch' });
  const file = checkpointPath(checkpointDirectory);
  await writeFile(file, (await readFile(file)).subarray(0, 3000));
  await expect(trainEmbedder(resumed)).rejects.toThrow(file);
});

test('a loss that is no number: the step and its examples are named, the last good state is kept', async () => {
  const checkpointDirectory = at('checkpoints');
  const failure = await trainEmbedder({
    ...job,
    checkpointDirectory,
    outputDirectory: at('diverged'),
    hyperparameters: { ...job.hyperparameters, learningRate: 1e30, maxGradientNorm: 0, warmupFraction: 0 },
  }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 'training_diverged',
    step: 2,
    checkpoint: checkpointPath(checkpointDirectory),
  });
  expect((failure as { examples: number[] }).examples).toHaveLength(8);
});

test('after each step the time left is told; after the last there is none', async () => {
  const left: number[] = [];
  await trainEmbedder({
    ...job,
    outputDirectory: at('timed'),
    onProgress: ({ secondsLeft, loss }) => {
      if (loss !== undefined) left.push(secondsLeft!);
    },
  });
  expect(left.length).toBe(18);
  expect(left.at(-1)).toBe(0);
  expect(left.slice(0, -1).every((seconds) => seconds > 0)).toBe(true);
});
