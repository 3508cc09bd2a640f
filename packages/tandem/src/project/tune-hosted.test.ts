import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask } from '../answer/ask.ts';
import { cancelHosted } from '../tune/hosted/cancel-hosted.ts';
import { FineTuningServer } from '../tune/hosted/fine-tuning-server.fixture.ts';
import { tune } from '../tune/tune.ts';
import { openProject } from './open-project.ts';

/** A project whose chat model is a provider's, from its examples to answers by the tuned model. */

let server: FineTuningServer;
let directory: string;
beforeEach(async () => {
  server = await FineTuningServer.start();
  process.env.TUNE_HOSTED_TEST_KEY = server.key;
  directory = await mkdtemp(join(tmpdir(), 'tandem-tune-hosted-'));
  const examples = Array.from({ length: 12 }, (_, index) => ({
    messages: [
      { role: 'user', content: `What is ${index}?` },
      { role: 'assistant', content: `A number, ${index}.` },
    ],
  }));
  await writeFile(
    join(directory, 'train.jsonl'),
    examples.map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
  await configure();
});
afterEach(async () => {
  delete process.env.TUNE_HOSTED_TEST_KEY;
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

/** The project moves to a new folder each time: a process runs a config file once. */
async function configure({
  chat = 'office:tiny-1',
  hosted = {},
  tune = {},
}: {
  chat?: string;
  hosted?: object;
  tune?: object;
} = {}) {
  const config = {
    name: 'test',
    models: { chat },
    providers: {
      office: { type: 'openai-compatible', baseURL: server.url, apiKeyEnv: 'TUNE_HOSTED_TEST_KEY' },
    },
    dataset: { train: 'train.jsonl' },
    tune: { trainer: 'hosted', hosted: { pollSeconds: 0.005, ...hosted }, ...tune },
  };
  await rename(directory, (directory = `${directory}-next`));
  await writeFile(join(directory, 'tandem.config.ts'), `export default ${JSON.stringify(config)};\n`);
}

test('tune, ask with the tuned model, tune again', async () => {
  await using project = await openProject({ directory });
  const { adapter, parity, reused } = await tune(project);
  expect(parity).toBeUndefined();
  expect(reused).toBe(false);
  expect(adapter.hosted).toEqual({
    provider: 'office',
    model: 'ft:tiny-1:org::9',
    jobId: server.jobs[0]!.id,
  });
  expect(adapter.lineage).toMatchObject({
    trainer: 'hosted',
    baseModel: 'tiny-1',
    datasetHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    baseHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    templateHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    hyperparameters: { seed: 7 },
  });
  const run = (await project.catalog.runs.get(adapter.lineage.runId))!;
  expect(run).toMatchObject({ status: 'done', inputs: { job: server.jobs[0]!.id }, metrics: { steps: 7 } });
  const steps = await project.catalog.runs.events(run.id, { kind: 'step' });
  expect(steps.map(({ data }) => (data as { step: number }).step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const record = JSON.parse(
    await readFile(join(project.dataDirectory, adapter.directory, 'hosted.json'), 'utf8'),
  );
  expect(record).toMatchObject({ model: 'ft:tiny-1:org::9', baseURL: server.url });
  expect(await readdir(join(project.dataDirectory, 'training'))).toEqual([]);

  const answer = await ask(project, 'What is 3?', { arm: 'tuned' });
  expect(answer.text).toBe('ft:tiny-1:org::9 on: Answer as you have learnt to. | What is 3?');
  const trace = (await project.catalog.traces.get(answer.traceId))!;
  expect(trace).toMatchObject({ adapterId: adapter.id, model: expect.stringMatching(/ft:tiny-1:org::9$/) });
  expect((await ask(project, 'What is 3?', { arm: 'base' })).text).toMatch(/^tiny-1 on: /);

  expect(await tune(project)).toMatchObject({ adapter: { id: adapter.id }, reused: true });
  expect(server.jobs).toHaveLength(1);
  await tune(project, { fresh: true });
  expect(server.jobs).toHaveLength(2);
});

test('interrupted, it goes on in another process with the same job; or is cancelled', async () => {
  const stop = new AbortController();
  {
    await using project = await openProject({ directory });
    const stopAtStep = ({ done }: { done: number }) => done >= 3 && stop.abort(new Error('killed'));
    await expect(tune(project, { signal: stop.signal, onProgress: stopAtStep })).rejects.toThrow('killed');
    const [run] = await project.catalog.runs.list({ kind: 'tune' });
    expect(run).toMatchObject({ status: 'interrupted', inputs: { job: server.jobs[0]!.id } });
  }
  await using project = await openProject({ directory });
  const { adapter } = await tune(project);
  expect(server.jobs).toHaveLength(1);
  const steps = await project.catalog.runs.events(adapter.lineage.runId, { kind: 'step' });
  expect(steps).toHaveLength(7);

  expect(await cancelHosted(project)).toEqual([]);
  const again = new AbortController();
  const stopAtOnce = ({ stage }: { stage: string }) =>
    stage === 'training at the provider' && again.abort(new Error('killed'));
  await expect(tune(project, { fresh: true, signal: again.signal, onProgress: stopAtOnce })).rejects.toThrow(
    'killed',
  );
  expect(await cancelHosted(project)).toEqual([server.jobs[1]!.id]);
  expect(server.jobs[1]!.status).toBe('cancelled');
});

test('an estimate sends nothing, and says that no price is known', async () => {
  await using project = await openProject({ directory });
  const outcome = await tune(project, { estimateOnly: true });
  expect(outcome).toMatchObject({ estimate: { examples: 12, money: undefined, minutes: undefined } });
  expect((outcome as { estimate: { basis: string } }).estimate.basis).toMatch(/no price is known for tiny-1/);
  expect(server.requests).toEqual([]);
});

test('limits that a trainer cannot keep are refused, not passed over', async () => {
  const refusal = async (options: Parameters<typeof tune>[1] = {}) => {
    await using project = await openProject({ directory });
    return String(await tune(project, options).catch((error: unknown) => error));
  };
  expect(await refusal({ memory: '1GB' })).toMatch(
    /The hosted trainer cannot be held to an amount of memory/,
  );
  expect(await refusal({ maxMinutes: 5 })).toMatch(/for its provider to decide/);
  await configure({ tune: { maxMinutes: 5 } });
  expect(await refusal()).toMatch(/for its provider to decide/);
  await configure({ tune: { trainer: 'worker', memory: '1GB' } });
  expect(await refusal()).toMatch(/The worker trainer cannot be held to an amount of memory/);
  for (const trainer of ['worker', 'hosted']) {
    await configure({ tune: { trainer, frozenPrecision: 'int8' } });
    expect(await refusal()).toMatch(new RegExp(`The ${trainer} trainer has no frozenPrecision int8`));
  }
  expect(server.requests).toEqual([]);
});

test('a tuned model of another base, a local chat model and a missing key are refused', async () => {
  {
    await using project = await openProject({ directory });
    await tune(project);
  }
  await configure({ chat: 'office:tiny-2' });
  {
    await using project = await openProject({ directory });
    await expect(ask(project, 'What?', { arm: 'tuned' })).rejects.toThrow(
      /was made from tiny-1 at the provider office, and the chat model is office:tiny-2/,
    );
  }
  await configure({ chat: 'local:smollm2-135m-instruct' });
  {
    await using project = await openProject({ directory });
    await expect(tune(project)).rejects.toThrow(/a provider can only tune a model of its own/);
  }
  await configure();
  delete process.env.TUNE_HOSTED_TEST_KEY;
  await using project = await openProject({ directory });
  await expect(tune(project)).rejects.toThrow(/takes its key from TUNE_HOSTED_TEST_KEY, which is not set/);
});
