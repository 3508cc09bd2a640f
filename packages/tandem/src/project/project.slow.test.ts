import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildDataset } from '../dataset/build-dataset.ts';
import { evalChunkers, evalRetrieval } from '../evaluate/eval-retrieval.ts';
import { ingest } from '../runtime/ingest.ts';
import { recordTraining } from '../tune/training-run.ts';
import { doctor } from './doctor.ts';
import { makeLetterProject } from './letter-project.fixture.ts';
import { openProject } from './open-project.ts';

test('what could not be opened can be opened once its cause is gone', async () => {
  await using letters = await makeLetterProject({
    store: { kind: 'pgvector', urlEnv: 'TANDEM_TEST_POSTGRES' },
  });
  await using project = await openProject({ directory: letters.directory });
  await expect(project.store()).rejects.toThrow('TANDEM_TEST_POSTGRES');
  process.env.TANDEM_TEST_POSTGRES = 'postgres://nobody@127.0.0.1:9/none';
  try {
    await project.store(); // It connects at its first use.
  } finally {
    delete process.env.TANDEM_TEST_POSTGRES;
  }
});

test('a glossary for retrieval: by any path, for each chunker too, and what was built with another is built again', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tandem-glossary-'));
  const glossary = join(folder.path, 'glossary.csv');
  await using letters = await makeLetterProject({ retrieve: { glossary } });
  const { directory } = letters;
  const asked = join(directory, 'asked.jsonl');
  await writeFile(
    asked,
    `${JSON.stringify({ id: '1', question: 'ZZ', source: { documentId: 'd0', section: 'i' } })}\n`,
  );
  const built: string[] = [];
  for (const content of ['ZZ,a b', 'ZZ,c d']) {
    await writeFile(glossary, `abbreviation,long_form\n${content}\n`);
    await using project = await openProject({ directory });
    await ingest(project);
    const [first] = (await (await project.retriever()).retrieve('ZZ', { k: 1 })).spelledOut ?? [];
    expect(first).toBe(content.slice(3));
    await buildDataset(project);
    built.push((await readdir(join(project.dataDirectory, 'datasets'))).sort().join());
    const whole = await evalRetrieval(project, { cases: asked, ks: [1] });
    const [chunker] = await evalChunkers(project, { cases: asked, ks: [1], strategies: ['sentence'] });
    expect(chunker!.evaluation.recall).toEqual(whole.recall);
  }
  expect(built[1]!.split(',')).toHaveLength(2);
});

test('a training that fails tells why, also where its events cannot be written', async () => {
  await using letters = await makeLetterProject();
  await using project = await openProject({ directory: letters.directory });
  const { catalog } = project;
  const full = new Error('disk is full');
  const failing = {
    ...project,
    catalog: { ...catalog, runs: { ...catalog.runs, addEvents: () => Promise.reject(full) } },
  };
  const train = (fails: boolean) =>
    recordTraining(failing, {
      fingerprint: 'f',
      config: {},
      inputs: {},
      signal: undefined,
      async train({ onEvent }) {
        for (let step = 0; step < 25; step++) onEvent('step', { step });
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (fails) throw new Error('the trainer stopped');
        return { metrics: {}, result: 'trained' };
      },
    });
  await expect(train(true)).rejects.toThrow('the trainer stopped');
  expect((await catalog.runs.list({ kind: 'tune' }))[0]).toMatchObject({
    status: 'failed',
    error: 'the trainer stopped',
  });
  await expect(train(false)).rejects.toThrow(full);
});

test('doctor compares the index with the catalogue', async () => {
  await using letters = await makeLetterProject();
  const { directory } = letters;
  const passages = async () =>
    (await doctor({ directory, cacheDirectory: directory })).find(({ name }) => name === 'Passages');
  expect(await passages()).toBeUndefined();
  {
    await using project = await openProject({ directory });
    await ingest(project);
    await writeFile(join(directory, 'documents', 'late.md'), '# a b\n\nb c d.\n');
    await ingest(project);
  }
  expect(await passages()).toMatchObject({ state: 'ok' });
  {
    await using project = await openProject({ directory });
    const { generation, committedSeq } = (await project.catalog.index.get())!;
    const store = await project.store();
    await store.remove(['d0'], { generation, seq: committedSeq });
  }
  expect(await passages()).toMatchObject({
    state: 'error',
    message: expect.stringContaining('d0 has 0 chunks in the index'),
  });
});
