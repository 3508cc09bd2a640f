/**
 * How long does a question take, from its text to its passages, at 100,000 chunks? The real retriever (question read, embedded, searched by
 * meaning and by words, compared, chosen), everything warm, one question at a time; train questions that were not asked while warming.
 *
 *     npm run bench -- scale-retrieve --base DIR [--rows 100000] [--questions 200] [--data DIR] [--work DIR] [--only build]
 *
 * `--base` is a folder with an ingested MedQuAD (`catalog.sqlite`, `index`), as in `scale.ts`; what is missing to --rows are copies with
 * moved vectors and words left out (`scale/corpus.ts`), each in a document of its own with the original's names. Building is done once
 * and not measured. Bound: p95 50 ms. Writes bench/results/scale-retrieve.json; exits with 1 where the bound is missed.
 */
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openCatalog } from '../packages/tandem/src/catalog/sqlite-catalog.ts';
import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../packages/tandem/src/models/local-embedder.ts';
import type { Retrieval } from '../packages/tandem/src/retrieve/retrieval.ts';
import { createRetriever } from '../packages/tandem/src/retrieve/retriever.ts';
import { openLanceStore } from '../packages/tandem/src/store/lancedb/lance-store.ts';
import { questionsOf, scattered } from './retrieve/questions.ts';
import { openCorpus, percentile } from './scale/corpus.ts';
import { peakMemory } from './scale/memory.ts';

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    questions: { type: 'string', default: '200' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'medquad') },
    base: { type: 'string' },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-scale-retrieve') },
    only: { type: 'string' },
  },
});
if (!existsSync(flags.data)) {
  console.log(`Skipped: there is no MedQuAD data at ${flags.data} (--data says where it is).`);
  process.exit(0);
}
const bound = 50;
const rows = Number(flags.rows);
const folder = join(flags.work, `retrieve-${rows}`);
const { path: model } = await fetchModel('local:all-minilm-l6-v2');
await using embedder = await openLocalEmbedder({ path: model });
if (!existsSync(join(folder, 'made'))) await build();
if (flags.only !== 'build') await measure();

async function build(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const base = flags.base ?? join(flags.work, 'base');
  const corpus = await openCorpus(base, flags.data, embedder);
  copyFileSync(join(base, 'catalog.sqlite'), join(folder, 'catalog.sqlite'));
  await using catalog = await openCatalog(join(folder, 'catalog.sqlite'));
  await using store = await openLanceStore(join(folder, 'index'));
  const state = (await catalog.index.get())!;
  const at = { generation: state.generation, seq: state.committedSeq + 1 };
  await store.prepare(state);
  const chunkCounts = new Map<string, number>();
  for (let from = 0; from < rows; from += 5000) {
    const batch = Array.from({ length: Math.min(5000, rows - from) }, (_, i) => corpus.row(from + i));
    for (const { documentId } of batch) chunkCounts.set(documentId, (chunkCounts.get(documentId) ?? 0) + 1);
    await store.add(batch, at);
    process.stderr.write(`\r${from + batch.length} rows   `);
  }
  await store.flush();
  const put = [];
  for (const [id, chunkCount] of chunkCounts) {
    const [original] = id.split(' copy ');
    const document = id === original ? undefined : await catalog.documents.get(original!);
    if (document) put.push({ ...document, id, uri: id, chunkCount, addedSeq: at.seq });
  }
  await catalog.index.commit({ seq: at.seq, put, remove: [], problems: [], resolved: [] });
  await store.maintain(at);
  writeFileSync(join(folder, 'made'), '');
}

async function measure(): Promise<void> {
  await using catalog = await openCatalog(join(folder, 'catalog.sqlite'));
  await using store = await openLanceStore(join(folder, 'index'));
  const retriever = createRetriever({ catalog, store, embedder });
  const count = Number(flags.questions);
  const questions = scattered(questionsOf(flags.data, 'questions.train.jsonl')).map(
    ({ question }) => question,
  );
  let before = performance.now();
  await retriever.retrieve(questions[0]!, { k: 10 });
  const firstSeconds = (performance.now() - before) / 1000;
  for (const question of questions.slice(count, count + 50)) await retriever.retrieve(question, { k: 10 });

  const [wall, processor]: [number[], number[]] = [[], []];
  const stages: Record<string, number[]> = {};
  for (const question of questions.slice(0, count)) {
    before = performance.now();
    const processorBefore = process.cpuUsage();
    const { timings }: Retrieval = await retriever.retrieve(question, { k: 10 });
    wall.push(performance.now() - before);
    const { user, system } = process.cpuUsage(processorBefore);
    processor.push((user + system) / 1000);
    for (const [stage, ms] of Object.entries(timings)) (stages[stage] ??= []).push(ms);
  }
  const spread = (values: readonly number[]) => ({
    p50: percentile(values, 0.5),
    p95: percentile(values, 0.95),
  });
  const { documents, chunks } = await catalog.documents.count();
  const result = {
    at: new Date().toISOString(),
    load: loadavg()[0],
    machine: `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`,
    documents,
    chunks,
    questions: wall.length,
    milliseconds: spread(wall),
    processorMilliseconds: spread(processor),
    /** Searches run at the same time, and wait for each other's share of the processor. */
    stages: Object.fromEntries(Object.entries(stages).map(([stage, values]) => [stage, spread(values)])),
    firstSeconds,
    peakMemory: peakMemory(),
  };
  console.log(JSON.stringify(result, null, 2));
  writeFileSync(
    join(import.meta.dirname, 'results', 'scale-retrieve.json'),
    `${JSON.stringify(result, null, 2)}\n`,
  );
  if (result.milliseconds.p95 > bound) process.exitCode = 1;
}
