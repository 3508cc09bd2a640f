import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportGgufLora, importPeft, sha256OfFile } from '@tandem/nn';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openMemoryCatalog } from '../catalog/sqlite-catalog.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { FineTuningServer } from '../tune/hosted/fine-tuning-server.fixture.ts';
import { measureRewriting } from '../tune/steps/measure-rewriting.ts';
import { planTraining } from '../tune/steps/plan-training.ts';
import { prepareTraining } from '../tune/steps/prepare-training.ts';
import { registerAdapter } from '../tune/steps/register-adapter.ts';
import { runTraining } from '../tune/steps/run-training.ts';
import { verifyAdapter } from '../tune/steps/verify-adapter.ts';
import type { TrainedFiles } from '../tune/training-data.ts';
import { tune } from '../tune/tune.ts';
import { createTandem, type TandemOptions } from './create-tandem.ts';

/** A training step by step: what goes from one to the next is plain data, so each could be done on another machine. */

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tandem-training-steps-'));
});
afterAll(() => rm(root, { recursive: true }));

const settings = {
  rank: 2,
  alpha: 4,
  epochs: 1,
  batchSize: 1,
  learningRate: 1e-3,
  targetModules: ['q_proj', 'v_proj'],
};
const examples = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    messages: [
      { role: 'user' as const, content: `What is room ${at} for?` },
      { role: 'assistant' as const, content: `Room ${at} is where people drink their coffee.` },
    ],
  }));

/** A machine of its own: another data folder and catalogue. */
const machine = (name: string, options: TandemOptions = {}) =>
  createTandem({
    chat: 'local:smollm2-135m-instruct',
    examples: { train: examples(4), validation: examples(1) },
    settings: { tune: settings },
    dataDirectory: join(root, name),
    ...options,
  });

/** As it arrives elsewhere. */
const sent = <Data>(data: Data): Data => JSON.parse(JSON.stringify(data)) as Data;

test('each step gives plain data; trained elsewhere from it, the adapter is the same to the byte', async () => {
  await using here = await machine('here');
  await using there = await machine('there');
  const request = { maxMinutes: 60 };
  const prepared = await prepareTraining(request, { parts: here });
  expect(sent(prepared)).toStrictEqual(prepared);
  expect(prepared).toMatchObject({
    request,
    trainer: 'local',
    dataset: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  const plan = await planTraining(sent(prepared), { parts: here });
  expect(sent(plan)).toStrictEqual(plan);
  expect(plan.estimate).toMatchObject({ examples: 4, steps: 4 });
  // No path of this machine: another has its base and its data folder elsewhere.
  expect(JSON.stringify(plan)).not.toContain(root);
  expect(JSON.stringify(plan)).not.toContain(localToolsOf(await here.models.chat())!.path);

  const trainedHere = (await runTraining(plan, { parts: here })) as TrainedFiles;
  expect(sent(trainedHere)).toStrictEqual(trainedHere);
  const steps: number[] = [];
  const trained = (await runTraining(sent(plan), {
    parts: there,
    onEvent: (kind, data) => kind === 'step' && steps.push(Number(data.step)),
  })) as TrainedFiles;
  expect(steps).toEqual([1, 2, 3, 4]);
  const hashes = async ({ dataDirectory }: typeof here, { directory, files }: TrainedFiles) =>
    Promise.all(
      [
        files.gguf,
        join(files.peft, 'adapter_model.safetensors'),
        join(files.peft, 'adapter_config.json'),
      ].map((file) => sha256OfFile(join(dataDirectory, directory, file))),
    );
  expect(await hashes(there, trained)).toEqual(await hashes(here, trainedHere));
  expect(trained.validationLossAfter).toBe(trainedHere.validationLossAfter);

  const verification = await verifyAdapter(sent({ plan, trained }), { parts: there });
  expect(sent(verification)).toStrictEqual(verification);
  expect(verification).toMatchObject({ parity: { tokens: expect.any(Number) } });
  const rewriting = await measureRewriting(sent({ plan, trained }), { parts: there });
  expect(sent(rewriting)).toStrictEqual(rewriting);
  const data = sent({ plan, trained, verification, rewriting, runId: 'run_elsewhere' });
  const adapter = await registerAdapter(data, { parts: there });
  expect(sent(adapter)).toStrictEqual(adapter);
  expect(await there.catalog.adapters.get(adapter.id)).toEqual(adapter);
  expect(adapter.lineage).toMatchObject({ ...plan.lineage, runId: 'run_elsewhere' });
  expect((await readdir(join(there.dataDirectory, adapter.directory))).sort()).toEqual([
    'README.md',
    'adapter.gguf',
    'peft',
  ]);
  expect(existsSync(join(there.dataDirectory, trained.directory))).toBe(false);

  // What llama.cpp would serve is not what was trained.
  const own = join(here.dataDirectory, trainedHere.directory);
  const other = await importPeft(join(own, trainedHere.files.peft));
  for (const { b } of other.tensors.values()) b.fill(0.5);
  const base = localToolsOf(await here.models.chat())!.path;
  await rm(join(own, trainedHere.files.gguf));
  await exportGgufLora(other, join(own, trainedHere.files.gguf), { base });
  await expect(verifyAdapter({ plan, trained: trainedHere }, { parts: here })).rejects.toMatchObject({
    code: 'parity',
    category: 'system',
  });
  // And a plan is not run over another base than its own.
  const elsewhere = { ...plan, lineage: { ...plan.lineage, baseHash: 'f'.repeat(64) } };
  await expect(runTraining(elsewhere, { parts: here })).rejects.toThrow(
    /^The training was planned for the base .* \(ffffffffffff…\)/,
  );
});

test('pairs, and an adapter that is trained further, are plain data too', async () => {
  await using tandem = await machine('pairs');
  const preferences = join(root, 'pairs.jsonl');
  const reply = (content: string) => [{ role: 'assistant', content }];
  await writeFile(
    preferences,
    `${JSON.stringify({
      input: { messages: [{ role: 'user', content: 'Hello?' }] },
      preferred_output: reply('Good day.'),
      non_preferred_output: reply('Yo.'),
    })}\n`,
  );
  const { lineage } = await planTraining(await prepareTraining({}, { parts: tandem }), { parts: tandem });
  const zero = { steps: 1, tokens: 1, seconds: 1, tokensPerSecond: 1, peakMemoryBytes: 1, examples: 1 };
  await tandem.catalog.adapters.put({
    id: 'adapter_before',
    createdAt: '2026-01-01',
    directory: 'adapters/adapter_before',
    lineage: { ...lineage, hyperparameters: { ...lineage.hyperparameters, rank: 3 }, runId: 'run_before' },
    metrics: zero,
  });
  const prepared = await prepareTraining({ preferences, from: 'adapter_before' }, { parts: tandem });
  expect(sent(prepared)).toStrictEqual(prepared);
  expect(prepared.files).toEqual({ train: preferences });
  const plan = await planTraining(sent(prepared), { parts: tandem });
  expect(sent(plan)).toStrictEqual(plan);
  expect(plan.lineage.hyperparameters).toMatchObject({ method: 'dpo', rank: 3, from: 'adapter_before' });
  expect(plan.job).toMatchObject({ initialAdapter: 'adapters/adapter_before/peft' });
});

test('a hosted training takes the same five steps; there is nothing to measure, and it says so', async () => {
  await using server = await FineTuningServer.start();
  process.env.TRAINING_STEPS_TEST_KEY = server.key;
  try {
    await using tandem = await machine('hosted', {
      examples: { train: examples(12) },
      chat: 'office:tiny-1',
      providers: {
        office: { type: 'openai-compatible', baseURL: server.url, apiKeyEnv: 'TRAINING_STEPS_TEST_KEY' },
      },
      settings: { tune: { trainer: 'hosted', hosted: { pollSeconds: 0.005 } } },
    });
    const context = { parts: tandem };
    const prepared = await prepareTraining({}, context);
    expect(sent(prepared)).toStrictEqual(prepared);
    const plan = await planTraining(sent(prepared), context);
    expect(sent(plan)).toEqual(plan);
    expect(JSON.stringify(plan)).not.toContain(server.key);
    const trained = await runTraining(sent(plan), context);
    expect(sent(trained)).toStrictEqual(trained);
    const verification = await verifyAdapter(sent({ plan, trained }), context);
    expect(verification).toEqual({ notMeasured: expect.stringContaining('at the provider') });
    const rewriting = await measureRewriting(sent({ plan, trained }), context);
    expect(rewriting).toEqual({ isTrained: false });
    const data = sent({ plan, trained, verification, rewriting, runId: 'run_hosted' });
    const adapter = await registerAdapter(data, context);
    const jobId = server.jobs[0]!.id;
    expect(adapter.hosted).toEqual({ provider: 'office', model: 'ft:tiny-1:org::9', jobId });
    const record = join(tandem.dataDirectory, adapter.directory, 'hosted.json');
    expect(JSON.parse(await readFile(record, 'utf8'))).toEqual({
      ...adapter.hosted,
      baseURL: server.url,
      lineage: adapter.lineage,
      metrics: adapter.metrics,
    });
  } finally {
    delete process.env.TRAINING_STEPS_TEST_KEY;
  }
});

test('disposing a Tandem stops its training cleanly; another continues it', async () => {
  await using catalog = await openMemoryCatalog();
  const first = await machine('disposed', { catalog });
  let disposed: PromiseLike<void> | undefined;
  const stopped = tune(first, {
    onProgress({ stage, done }) {
      if (stage === 'training' && done === 2) disposed ??= first[Symbol.asyncDispose]();
    },
  });
  await expect(stopped).rejects.toMatchObject({ code: 'disposed' });
  await disposed;
  const [run] = await catalog.runs.list({ kind: 'tune' });
  expect(run).toMatchObject({ status: 'interrupted' });
  expect(await catalog.adapters.list()).toEqual([]);
  await expect(tune(first)).rejects.toMatchObject({ code: 'disposed' });

  await using second = await machine('disposed', { catalog });
  const { adapter } = await tune(second);
  expect(adapter.lineage.runId).toBe(run!.id);
  const steps = await catalog.runs.events(run!.id, { kind: 'step' });
  expect(steps.map(({ data }) => (data as { step: number }).step)).toEqual([1, 2, 3, 4]);
});
