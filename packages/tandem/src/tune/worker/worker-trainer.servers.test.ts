import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { importPeft } from '@tandem/nn';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Settings, settingsSchema } from '../../core/settings.ts';
import { countingJob, trainerConformance } from '../conformance.ts';
import { localTrainer } from '../local-trainer.ts';
import { workerTrainer } from './worker-trainer.ts';

/** Needs Python with the packages that `train_lora.py` names: that of TANDEM_PYTHON, else uv brings them. */

const decoders = join(import.meta.dirname, '../../../../nn/references/decoders');
const baseFile = join(decoders, 'smollm2/model.gguf');
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tandem-worker-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));
const place = () => mkdtemp(join(root, 'place-'));

function worker(settings: Partial<Settings['tune']['worker']> = {}) {
  const defaults = settingsSchema.parse({}).tune.worker;
  return workerTrainer({
    settings: { ...defaults, precision: 'fp32', threads: 1, ...settings },
    network: 'local',
    projectDirectory: root,
  });
}

describe('the worker', () => {
  for (const { name, run } of trainerConformance({ trainer: worker(), baseFile, place })) test(name, run);

  test('a folder of safetensors as the base, and steps in the order of the local trainer', async () => {
    const [here, there] = [await place(), await place()];
    const losses = async (trainer: ReturnType<typeof worker>, directory: string) => {
      const told: number[] = [];
      const trained = await trainer.train(countingJob(baseFile, join(directory, 'checkpoint')), {
        outputDirectory: join(directory, 'out'),
        onEvent: (kind, data) => void (kind === 'step' && told.push(Number(data.loss))),
      });
      return { told, trained };
    };
    const python = await losses(worker({ base: join(decoders, 'smollm2') }), here);
    const local = await losses(localTrainer(), there);
    expect(python.told).toHaveLength(local.told.length);
    // B is zero at first, so the first step's loss is the base's on the same examples, whatever A is.
    expect(Math.abs(python.told[0]! - local.told[0]!)).toBeLessThan(1e-4);
    expect(Math.abs(python.trained.validationLossBefore! - local.trained.validationLossBefore!)).toBeLessThan(
      1e-4,
    );
    const { rank, alpha, targetModules } = await importPeft(python.trained.files.peft);
    expect({ rank, alpha, targetModules }).toMatchObject({ rank: 4, alpha: 8 });
  });

  test('dies with its parent, however that dies', async () => {
    const directory = await place();
    const fixture = join(directory, 'parent.ts');
    const module = (path: string) => JSON.stringify(join(import.meta.dirname, path));
    await writeFile(
      fixture,
      `import { workerTrainer } from ${module('worker-trainer.ts')};
import { countingJob } from ${module('../conformance.ts')};
const job = countingJob(${JSON.stringify(baseFile)}, ${JSON.stringify(join(directory, 'checkpoint'))});
job.hyperparameters.epochs = 5000;
await workerTrainer({
  settings: { precision: 'fp32', quantise: 'none', threads: 1, ...(process.env.TANDEM_PYTHON && { python: process.env.TANDEM_PYTHON }) },
  network: 'local',
  projectDirectory: '.',
}).train(job, {
  outputDirectory: ${JSON.stringify(join(directory, 'out'))},
  onEvent: (kind, data) => kind === 'started' && console.log(data.pid),
});
`,
    );
    const parent = spawn(process.execPath, [fixture], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(await new Promise((told) => parent.stdout.once('data', (data) => told(String(data)))));
    expect(isRunning(pid)).toBe(true);
    parent.kill('SIGKILL');
    for (let i = 0; i < 100 && isRunning(pid); i++) await sleep(100);
    expect(isRunning(pid)).toBe(false);
  });

  test('what cannot be is one sentence', async () => {
    const directory = await place();
    const job = countingJob(baseFile, join(directory, 'checkpoint'));
    const out = { outputDirectory: join(directory, 'out') };
    await expect(worker({ base: 'nobody/no-such-model' }).train(job, out)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(
        /^The base nobody\/no-such-model of tune\.worker\.base cannot be loaded/,
      ),
    });
    const foreign = { ...job, train: [...job.train, { tokens: [1, 2, 99], labelSpans: [[1, 3]] as const }] };
    await expect(worker().train(foreign, out)).rejects.toThrow(
      'The examples have the token 99, and the base has a vocabulary of 48.',
    );
    await expect(worker({ python: '/nowhere/python' }).train(job, out)).rejects.toThrow(
      /There is no Python at \/nowhere\/python/,
    );
  });
});

test('without uv and without a Python, one sentence says what to install', async () => {
  const { PATH, TANDEM_PYTHON } = process.env;
  process.env.PATH = root;
  delete process.env.TANDEM_PYTHON;
  try {
    const directory = await place();
    await expect(
      worker().train(countingJob(baseFile, directory), { outputDirectory: join(directory, 'out') }),
    ).rejects.toMatchObject({
      message: expect.stringMatching(/uv is not on this machine/),
      hint: expect.stringMatching(/pip install uv/),
    });
  } finally {
    process.env.PATH = PATH;
    if (TANDEM_PYTHON !== undefined) process.env.TANDEM_PYTHON = TANDEM_PYTHON;
  }
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
