import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TrainingDivergedError } from '../errors/training-diverged-error.ts';
import { SafetensorsFile, type SafetensorsInput, writeSafetensors } from '../formats/safetensors.ts';
import { hasIntegerProducts } from '../graph/integer-products.ts';
import { seededRandom } from '../graph/seeded-random.ts';
import { checkpointPath } from './checkpoint-file.ts';
import { runEmbedderTraining } from './embedder-training.ts';
import { TrainingStopped } from './stop.ts';
import { encoderVariants, shiftedPairs, tinyEmbedder } from './tiny-encoder-job.fixture.ts';
import { trainCrossEncoder } from './train-cross-encoder.ts';
import { trainEmbedder } from './train-embedder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'encoder-checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true }));
const at = (name: string) => path.join(folder, name);

for (const variant of Object.keys(encoderVariants)) {
  test(`${variant}: killed without warning at random moments and resumed, ends as if it had not been`, async () => {
    const train = () => encoderVariants[variant]!({ outputDirectory: at('whole') });
    if (variant === 'int8' && !(await hasIntegerProducts()))
      return void (await expect(train()).rejects.toThrow(/"int8", and this CPU has no exact products/));
    const whole = await train();
    const program = path.join(import.meta.dirname, 'encoder-training-process.fixture.ts');
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

/** Diverges in its second step: the first one's update ruins the weights. */
const ruinous = {
  ...job,
  hyperparameters: { ...job.hyperparameters, learningRate: 1e30, maxGradientNorm: 0, warmupFraction: 0 },
};

test('weights that ran away: the step and all its pairs are named, the last good state is kept', async () => {
  const checkpointDirectory = at('checkpoints');
  const failure = await trainEmbedder({
    ...ruinous,
    checkpointDirectory,
    outputDirectory: at('diverged'),
  }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 'training_diverged',
    step: 2,
    checkpoint: checkpointPath(checkpointDirectory),
  });
  const { examples, message, hint } = failure as TrainingDivergedError;
  expect(examples).toHaveLength(8);
  expect(message).toContain(`all of its examples: training pairs ${examples.join(', ')}`);
  expect(hint).toContain('The last good state is kept');
});

test('the first step after a resume diverges: the checkpoint that it went on from is named, and said to be that state', async () => {
  const checkpointDirectory = at('checkpoints');
  let stopped = false;
  await expect(
    runEmbedderTraining(
      { ...ruinous, checkpointDirectory, outputDirectory: at('stopped') },
      { onProgress: ({ loss }) => (stopped ||= loss !== undefined), stopRequested: () => stopped },
    ),
  ).rejects.toBeInstanceOf(TrainingStopped);
  const failure = await trainEmbedder({
    ...ruinous,
    checkpointDirectory,
    outputDirectory: at('diverged'),
    resume: true,
  }).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 'training_diverged',
    step: 2,
    checkpoint: checkpointPath(checkpointDirectory),
  });
  expect((failure as TrainingDivergedError).hint).toContain('start from the beginning, without resume');
});

test('stopped while it looks for the pair that diverged, it leaves the last good state where it is', async () => {
  const checkpointDirectory = at('checkpoints');
  // In the second step it is asked before the step, the forward and the backward; then comes the search.
  let [steps, asked] = [0, 0];
  await expect(
    runEmbedderTraining(
      { ...ruinous, checkpointDirectory, outputDirectory: at('stopped') },
      {
        onProgress: ({ loss }) => {
          if (loss !== undefined) steps += 1;
        },
        stopRequested: () => steps > 0 && ++asked > 4,
      },
    ),
  ).rejects.toBeInstanceOf(TrainingStopped);
  await using kept = await SafetensorsFile.open(checkpointPath(checkpointDirectory));
  expect(JSON.parse(kept.metadata.state!)).toMatchObject({ step: 0 });
});

test.each(['embedder', 'cross-encoder'] as const)(
  '%s: one pair without a number is told from its step’s others, and the state before it is kept',
  async (kind) => {
    // A damaged row of the embedding: only the pair that has a letter unknown to the vocabulary meets it.
    const directory = at('damaged');
    await cp(tinyEmbedder, directory, { recursive: true });
    const { vocab } = JSON.parse(await readFile(path.join(directory, 'tokenizer.json'), 'utf8')).model as {
      vocab: Record<string, number>;
    };
    await using file = await SafetensorsFile.open(path.join(tinyEmbedder, 'model.safetensors'));
    const tensors: SafetensorsInput[] = [];
    for (const [name, { shape }] of file.tensors) {
      const data = Float32Array.from(await file.read(name));
      if (name.endsWith('word_embeddings.weight')) {
        data.fill(Number.NaN, vocab['[UNK]']! * shape[1]!, (vocab['[UNK]']! + 1) * shape[1]!);
      }
      tensors.push({ name, dtype: 'F32', shape, data });
    }
    await writeSafetensors(path.join(directory, 'model.safetensors'), tensors, file.metadata);

    const checkpointDirectory = at('checkpoints');
    const pairs = job.pairs.map((pair, index) => (index === 13 ? { ...pair, query: 'a z b' } : pair));
    const train = kind === 'embedder' ? trainEmbedder : trainCrossEncoder;
    const failure = await train({
      ...job,
      directory,
      pairs,
      checkpointDirectory,
      outputDirectory: at('out'),
    }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'training_diverged', examples: [13] });
    const { step, message, hint, checkpoint } = failure as TrainingDivergedError;
    expect(message).toBe(
      `Training diverged at step ${step}: the loss or its gradient is no longer a number, in training pair 13.`,
    );
    expect(hint).toContain(checkpoint);
    await using kept = await SafetensorsFile.open(checkpoint!);
    expect(JSON.parse(kept.metadata.state!)).toMatchObject({ step: step - 1 });
  },
);

test('patience ends a training that has stopped learning, keeps its best, and resumes to the same end at once', async () => {
  const impatient = {
    ...job,
    // What is validated is the opposite of what is taught.
    validation: shiftedPairs(10, 2).map(({ query, positive, negatives }) => ({
      query,
      positive: negatives![0]!,
      negatives: [positive],
    })),
    hyperparameters: { ...job.hyperparameters, learningRate: 0.03, epochs: 6, patience: 2 },
    evaluateEverySteps: 1,
    checkpointDirectory: at('checkpoints'),
    resume: true,
  };
  const { metrics } = await trainEmbedder({ ...impatient, outputDirectory: at('stopped') });
  expect(metrics.stoppedBy).toBe('patience');
  expect(metrics.plannedSteps).toBe(36);
  expect(metrics.steps).toBeLessThan(36);
  expect(metrics.steps).toBe(metrics.bestStep + 2);
  expect(metrics.losses).toHaveLength(metrics.steps);

  const steps: number[] = [];
  const again = await trainEmbedder({
    ...impatient,
    outputDirectory: at('again'),
    onProgress: ({ loss, done }) => loss !== undefined && steps.push(done),
  });
  expect(steps).toEqual([]);
  expect(again.metrics.bestStep).toBe(metrics.bestStep);
  const [a, b] = await Promise.all(
    ['stopped', 'again'].map((name) => readFile(path.join(at(name), 'model.safetensors'))),
  );
  expect(a!.equals(b!)).toBe(true);

  const patient = { ...impatient, hyperparameters: { ...impatient.hyperparameters, patience: 0 } };
  const whole = await trainEmbedder({
    ...patient,
    checkpointDirectory: at('other'),
    outputDirectory: at('whole'),
  });
  expect(whole.metrics).toMatchObject({ stoppedBy: 'epochs', steps: 36 });
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
