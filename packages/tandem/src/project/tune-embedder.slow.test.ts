import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BertEncoder, graph, sha256OfFile } from '@tandem/nn';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ingest } from '../runtime/ingest.ts';
import { tuneEmbedder } from '../tune/encoders/tune-embedder.ts';
import { cancelTraining } from '../tune/training-run.ts';
import { configSchema } from './config.ts';
import { openProject } from './open-project.ts';

/** A project of a dozen two-section documents with an embedder of some thousand weights, whose words are letters. */

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-tune-embedder-'));
  const model = join(import.meta.dirname, '../../../nn/references/bert/embedder');
  await cp(model, join(directory, 'model'), { recursive: true });
  await mkdir(join(directory, 'documents'));
  const letter = (at: number) => String.fromCharCode(97 + (at % 20));
  const questions = [];
  for (let at = 0; at < 12; at++) {
    const [a, b, c] = [letter(at), letter(at + 3), letter(at + 7)];
    await writeFile(
      join(directory, 'documents', `d${at}.md`),
      `---\nid: d${at}\n---\n\n# ${a} ${b}\n\n## i\n\n${a} ${c} ${c} ${b}.\n\n## j\n\n${b} ${b} ${a} ${letter(at + 11)}.\n`,
    );
    questions.push({
      id: `q${at}`,
      group: `g${at}`,
      split: at < 9 ? 'train' : 'validation',
      question: `${a} ${c}`,
      wordings: [{ question: `${a} ${c}` }, { question: `${c} ${a} ${a}` }],
      source: { documentId: `d${at}`, section: 'i' },
    });
  }
  await writeFile(
    join(directory, 'questions.jsonl'),
    questions.map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
  await writeFile(join(directory, 'glossary.csv'), 'abbreviation,long_form\na,b c d\ne,f g h\nk,l m n\n');
  const config = {
    name: 'test',
    sources: [{ type: 'files', path: 'documents', include: ['**/*.md'] }],
    models: { embedder: 'local:./model' },
    chunk: { maxTokens: 16, overlapTokens: 0 },
    dataset: { questions: 'questions.jsonl', glossary: 'glossary.csv' },
  };
  await writeFile(join(directory, 'tandem.config.ts'), `export default ${JSON.stringify(config)};\n`);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('questions and glossary train the embedder; its folder can be the project’s', async () => {
  await using project = await openProject({ directory });
  await ingest(project, {});
  const trained = await tuneEmbedder(project, { epochs: 20 });
  expect(trained.pairs).toBe(18);
  expect(trained.withNegatives).toBe(18);
  expect(trained.metrics.validation[0]!.recallAt1).toBeGreaterThanOrEqual(0);
  const half = trained.metrics.losses.length / 2;
  const mean = (losses: number[]) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  expect(mean(trained.metrics.losses.slice(half))).toBeLessThan(mean(trained.metrics.losses.slice(0, half)));
  const { untrained, trained: asTrained } = trained.glossary!;
  expect(untrained.queries).toBe(9);
  expect(asTrained.queries).toBe(15);
  for (const share of [untrained.before, untrained.after, asTrained.before, asTrained.after]) {
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).toBeLessThanOrEqual(1);
  }
  await using encoder = await BertEncoder.load({ directory: trained.directory });
  expect(encoder.dimensions).toBe(16);

  const products = (await graph.hasIntegerProducts()) ? 'int8' : 'float32';
  const settings = {
    method: 'full',
    products,
    epochs: 20,
    patience: 0,
    learningRate: 5e-5,
    batchSize: 64,
    seed: 7,
  };
  expect(trained.settings).toEqual(settings);
  expect((await project.catalog.runs.get(trained.runId))!.config).toMatchObject(settings);
  const card = await readFile(join(trained.directory, 'README.md'), 'utf8');
  expect(card).toMatch(/^---\nbase_model: "model"\nlibrary_name: sentence-transformers\n/);
  expect(card).toContain(await sha256OfFile(join(directory, 'model/model.safetensors')));
  expect(card).toContain(await sha256OfFile(join(trained.directory, 'model.safetensors')));
  expect(card).toMatch(/\| training pairs \| 33 \|/);
  expect(card).toMatch(/\| SHA-256 of the training pairs \| [0-9a-f]{64} \|/);
  expect(card).toMatch(/\| glossary recall@1, worded as never trained on \| [\d.]+ \| [\d.]+ \| 9 \|/);
  expect(card).toMatch(/\| recall@1 on validation pairs \| [\d.]+ \| [\d.]+ \| 6 \|/);
  expect(card).toContain(`| products | ${products} |`);
  expect(card).not.toMatch(/\| (rank|alpha) \||\{"/);
  expect(card).not.toContain(directory);
});

test('the config says how it is trained, and another way is another run', async () => {
  const file = join(directory, 'tandem.config.ts');
  const before = await readFile(file, 'utf8');
  const configured = (embedder: object) =>
    writeFile(
      file,
      before.replace('"name":"test"', `"name":"test","tune":{"embedder":${JSON.stringify(embedder)}}`),
    );
  await configured({ method: 'lora', rank: 2, epochs: 3, batchSize: 8, learningRate: 0.01 });
  {
    await using project = await openProject({ directory });
    await ingest(project, {});
    const trained = await tuneEmbedder(project);
    expect(trained.settings).toEqual({
      method: 'lora',
      products: 'float32',
      rank: 2,
      alpha: 32,
      epochs: 3,
      patience: 0,
      batchSize: 8,
      learningRate: 0.01,
      seed: 7,
    });
    expect(trained.metrics.steps).toBeGreaterThan(9);
    expect(await readFile(join(trained.directory, 'README.md'), 'utf8')).toContain('| rank | 2 |');
    const fingerprint = async (runId: string) => (await project.catalog.runs.get(runId))!.inputs.fingerprint;
    const longer = await tuneEmbedder(project, { epochs: 1 });
    expect(await fingerprint(longer.runId)).not.toBe(await fingerprint(trained.runId));
  }
  const { error } = configSchema.safeParse({
    name: 'test',
    tune: { embedder: { method: 'lora', products: 'int8' } },
  });
  expect(error!.issues[0]).toMatchObject({
    path: ['tune', 'embedder', 'products'],
    message: expect.stringContaining('int8 is for method full'),
  });
});

test('while it trains, nothing else may write: another process would find it locked', async () => {
  await using project = await openProject({ directory });
  await ingest(project, {});
  await using other = await openProject({ directory });
  const refused: Promise<unknown>[] = [];
  await tuneEmbedder(project, {
    epochs: 2,
    onProgress({ stage }) {
      if (stage === 'training') refused.push(cancelTraining(other).catch((error: unknown) => error));
    },
  });
  expect(refused.length).toBeGreaterThan(2);
  // The last progress is reported when the work is nearly done; what counts is that it was locked while it went on.
  for (const outcome of (await Promise.all(refused)).slice(0, 3))
    expect(outcome).toMatchObject({ code: 'locked' });
});

test('killed without warning and started again, the same run ends in the same embedder', async () => {
  {
    await using project = await openProject({ directory });
    await ingest(project, {});
  }
  const epochs = 6;
  const program = join(import.meta.dirname, 'tune-embedder-process.fixture.ts');
  const child = spawn(process.execPath, [program, directory, `${epochs}`, '2'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [, killedBy] = (await once(child, 'exit')) as [number | null, string | null];
  expect(killedBy).toBe('SIGKILL');
  expect(await readdir(join(directory, '.tandem', 'embedders'))).toEqual([]);

  await using project = await openProject({ directory });
  const [interrupted] = await project.catalog.runs.interrupted('tune');
  expect(interrupted!.config).toMatchObject({ kind: 'embedder', epochs });
  const resumed = await tuneEmbedder(project, { epochs });
  expect(resumed.runId).toBe(interrupted!.id);
  const run = (await project.catalog.runs.get(resumed.runId))!;
  expect(run.status).toBe('done');
  expect(run.artefacts).toEqual([`embedders/${resumed.id}`]);
  for (const input of ['base', 'train', 'validation', 'fingerprint']) {
    expect(run.inputs[input]).toMatch(/^[0-9a-f]{64}$/);
  }
  expect(run.metrics.glossaryRecallUntrainedAfter).toBe(resumed.glossary!.untrained.after);
  const steps = await project.catalog.runs.events(run.id, { kind: 'step' });
  expect(steps.map(({ data }) => (data as { step: number }).step).at(-1)).toBe(resumed.metrics.steps);
  expect(existsSync(join(directory, '.tandem', 'training', run.inputs.fingerprint!.slice(0, 16)))).toBe(
    false,
  );

  const whole = await tuneEmbedder(project, { epochs, fresh: true });
  expect(whole.runId).not.toBe(run.id);
  const [a, b] = await Promise.all(
    [resumed, whole].map(({ directory: folder }) => readFile(join(folder, 'model.safetensors'))),
  );
  expect(a!.equals(b!)).toBe(true);
  expect(resumed.metrics.losses).toEqual(whole.metrics.losses);
});
