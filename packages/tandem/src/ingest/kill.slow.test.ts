import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import { fetchModel } from '../models/fetch/fetch-model.ts';
import { type LocalEmbedderModel, openLocalEmbedder } from '../models/local-embedder.ts';
import { createRetriever } from '../retrieve/retriever.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import { checkConsistency } from './check-consistency.ts';
import type { IngestReport } from './ingest.ts';

const clinic = join(import.meta.dirname, '..', '..', '..', '..', 'examples', 'clinic', 'documents');
/** Real documents, shortest first. */
const pool = readdirSync(clinic)
  .map((name) => ({ name, size: statSync(join(clinic, name)).size }))
  .sort((a, b) => a.size - b.size || (a.name < b.name ? -1 : 1))
  .map(({ name }) => name);

let embedder: LocalEmbedderModel;
let root: string;
let folder: string;

beforeAll(async () => {
  const { path } = await fetchModel('local:all-minilm-l6-v2');
  embedder = await openLocalEmbedder({ path, threads: 2, modelId: 'all-minilm-l6-v2' });
  root = mkdtempSync(join(tmpdir(), 'tandem-kill-'));
});
afterAll(async () => {
  await embedder?.[Symbol.asyncDispose]();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  folder = mkdtempSync(join(root, 'project-'));
  mkdirSync(join(folder, 'documents'));
});

const put = (name: string) => cpSync(join(clinic, name), join(folder, 'documents', name));

interface Told {
  event?: { stage: string; done: number };
  report?: IngestReport;
  error?: { code: string; message: string; hint?: string };
}

/** Starts an ingest; `command` may wrap the process that does it. */
function start(batchChunks: number, command: string[] = []) {
  const line = [
    ...command,
    process.execPath,
    join(import.meta.dirname, 'ingest-process.fixture.ts'),
    folder,
    String(batchChunks),
  ];
  const child = spawn(line[0]!, line.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (data) => (stderr += data));
  const told: Told[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (text) => told.push(JSON.parse(text)));
  return { child, told, ended: once(child, 'close'), stderr: () => stderr };
}

async function finish(batchChunks: number): Promise<IngestReport> {
  const { told, ended, stderr } = start(batchChunks);
  const [code] = await ended;
  const report = told.at(-1)?.report;
  if (code !== 0 || !report)
    throw new Error(`the ingest failed (${code}): ${JSON.stringify(told.at(-1))} ${stderr()}`);
  return report;
}

async function look<T>(
  body: (parts: {
    catalog: Awaited<ReturnType<typeof openCatalog>>;
    store: Awaited<ReturnType<typeof openLanceStore>>;
  }) => Promise<T>,
): Promise<T> {
  await using catalog = await openCatalog(join(folder, 'data', 'catalog.sqlite'));
  await using store = await openLanceStore(join(folder, 'data', 'index'));
  return await body({ catalog, store });
}

const queries = ['What are the symptoms?', 'inherited gene mutation', 'treatment with medicine', 'kidney'];

/** What a reader sees: every chunk, and what a few questions find. Store rows that the catalogue does not know would show. */
const seen = () =>
  look(async ({ catalog, store }) => {
    await checkConsistency(catalog, store);
    const state = (await catalog.index.get())!;
    const documents = (await catalog.documents.list()).map(({ id, uri, contentHash, chunkCount }) => ({
      id,
      uri,
      contentHash,
      chunkCount,
    }));
    const scan = store.scan({ generation: state.generation, seq: state.committedSeq });
    const chunks = (await Array.fromAsync(scan)).map(({ chunk: { addedSeq: _, ...chunk } }) => chunk);
    const retriever = createRetriever({ catalog, store, embedder });
    const found = [];
    for (const query of queries)
      for (const { id, scores } of (await retriever.retrieve(query, { k: 5 })).passages)
        found.push({ query, id, dense: scores.dense ?? null, lexical: scores.lexical ?? null });
    return { documents, chunks, found };
  });

/** The same, whose vectors may have been computed beside others: the last bits of their scores may differ. */
const like = ({ found, ...rest }: Awaited<ReturnType<typeof seen>>) => ({
  ...rest,
  found: found.map(({ dense, lexical, ...passage }) => ({
    ...passage,
    dense: dense === null ? null : expect.closeTo(dense, 4),
    lexical: lexical === null ? null : expect.closeTo(lexical, 4),
  })),
});

/** As above for a store in any state, which may also be: nothing ingested yet. */
async function checkAfterKill(): Promise<void> {
  await look(async ({ catalog, store }) => {
    const { documents } = await checkConsistency(catalog, store);
    const current = new Map((await catalog.documents.list()).map((document) => [document.id, document]));
    if (documents === 0) return;
    const retriever = createRetriever({ catalog, store, embedder });
    for (const query of queries) {
      const { passages } = await retriever.retrieve(query, { k: 10 });
      expect(passages.length).toBeGreaterThan(0);
      for (const passage of passages) expect(current.has(passage.documentId)).toBe(true);
    }
  });
}

// Each starts processes that load the embedder; on a busy machine that takes a while.
describe('kill -9', { timeout: 600_000 }, () => {
  test('at random moments, while documents come, change, go and get other labels: consistent each time, and in the end as if nothing had happened', async () => {
    const used = pool.slice(0, 32);
    let next = 12;
    for (const name of used.slice(0, next)) put(name);
    let kills = 0;
    let longest = 1000;
    for (let round = 0; kills < 7; round++) {
      const { child, told, ended } = start(4);
      if (await startedWork(child, told)) await sleep(Math.random() * longest);
      child.kill('SIGKILL');
      const [, signal] = await ended;
      if (signal === 'SIGKILL') kills++;
      else longest *= 0.7; // It was done before: this machine is fast.
      await checkAfterKill();
      const present = readdirSync(join(folder, 'documents')).sort();
      for (const step of [0, 3, 6])
        appendFileSync(
          join(folder, 'documents', present[(round + step) % present.length]!),
          `\nRound ${round} added this sentence.\n`,
        );
      if (round % 2 === 0) rmSync(join(folder, 'documents', present[(round * 5 + 1) % present.length]!));
      // A third of all documents under another label each time; nothing else of these is new.
      writeFileSync(
        join(folder, 'labels.json'),
        JSON.stringify(Object.fromEntries(present.map((name, i) => [name, `label ${(i + round) % 3}`]))),
      );
      for (let more = 0; more < 2 && next < used.length; more++) put(used[next++]!);
    }

    await finish(4);
    const survived = await seen();
    expect(survived.documents.length).toBe(readdirSync(join(folder, 'documents')).length);
    expect(await finish(4)).toMatchObject({ added: 0, changed: 0, removed: 0, chunks: 0, embedded: 0 });

    const clean = mkdtempSync(join(root, 'clean-'));
    cpSync(join(folder, 'documents'), join(clean, 'documents'), { recursive: true });
    cpSync(join(folder, 'labels.json'), join(clean, 'labels.json'));
    folder = clean;
    await finish(512);
    expect(survived).toEqual(like(await seen()));
    expect(new Set(survived.chunks.map(({ access }) => access)).size).toBeGreaterThan(2);
  });

  test('what was embedded before the kill is not embedded again', async () => {
    for (const name of pool.slice(0, 24)) put(name);
    // One batch for all: nothing is committed before the last text is embedded.
    const { child, told, ended } = start(100_000);
    const embeddedSome = () => told.some(({ event }) => event?.stage === 'ingesting' && event.done >= 5);
    while (!embeddedSome() && child.exitCode === null) await sleep(2);
    child.kill('SIGKILL');
    await ended;
    const remembered = await look(async ({ catalog }) => {
      expect(await catalog.documents.count()).toMatchObject({ documents: 0 });
      return await catalog.embeddings.count();
    });
    expect(remembered).toBeGreaterThan(0);
    const report = await finish(100_000);
    expect(report.added).toBe(24);
    expect(report.fromCache).toBeGreaterThanOrEqual(remembered);
    expect(report.embedded + report.fromCache).toBeLessThanOrEqual(report.chunks);
  });
});

test('a full disk: one sentence, what was committed stays, and the ingest goes on once there is room', {
  timeout: 600_000,
}, async () => {
  for (const name of pool.slice(0, 4)) put(name);
  await finish(512);
  const before = await seen();
  for (const name of pool.slice(4, 36)) put(name);

  // No file may grow past 256 KiB: the operating system refuses the write as it does on a full disk or over a quota.
  const limited = start(512, ['bash', '-c', 'ulimit -f 256; exec "$@"', 'limited']);
  const [code] = await limited.ended;
  expect(limited.told.at(-1)?.error, limited.stderr()).toMatchObject({
    code: 'disk_full',
    message: expect.stringMatching(/^There is no room left on the disk to write .*\.$/),
    hint: 'Free some space and run the same command again: it goes on from where it stopped.',
  });
  expect(code).toBe(1);
  expect(await seen()).toEqual(like(before));

  expect(await finish(512)).toMatchObject({ index: { documents: 36 }, problems: [] });
  await checkAfterKill();
});

/** Waits until the ingest is past starting up. False when it ended before that. */
async function startedWork(child: ChildProcess, told: Told[]): Promise<boolean> {
  while (!told.some(({ event }) => event?.stage === 'ingesting')) {
    if (child.exitCode !== null) return false;
    await sleep(2);
  }
  return true;
}
