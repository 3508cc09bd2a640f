/**
 * Search at size, and beside other stores.
 *
 *     node bench/scale.ts [--rows 1000000] [--peers 100000] [--questions 100] [--only size|peers] [--reindex] [--data DIR] [--base DIR] [--work DIR]
 *
 * Rows are MedQuAD's real chunks with their MiniLM embeddings and, beyond those, copies with the vector moved (cosine about .91 to
 * the original) and a sixth of the words left out: `scale/corpus.ts`. Questions are train questions; recall is against comparing
 * every row. `--base` is a folder with `catalog.sqlite` and `index` of an ingest of MedQuAD (made when it is not there).
 *
 *  1. LanceDB through Tandem's store, at --rows: time and recall of vector search, full text and both fused; memory of a process
 *     that only searches. Bounds: vector p50 20 ms at recall .99, hybrid p50 40 ms, 1.5 GB; at 100,000 rows embed + search + fuse p95 50 ms.
 *  2. At --peers rows: LanceDB through Tandem's store, Chroma, pgvector and LangChain.js with hnswlib-node, each by its own client
 *     and at several settings: recall@10 against latency. Needs `.ci/prepare-vector-servers`, and hnswlib-node, which is compiled:
 *     npm install --prefix node_modules/.cache/vector-peers --ignore-scripts=false hnswlib-node@3.0.0
 *
 * Rows once written to --work are used again; --reindex makes their vector index anew, as this version would. Writes
 * bench/results/scale.json and scale.svg. One search at a time, everything warm.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect } from '@lancedb/lancedb';
import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../packages/tandem/src/models/local-embedder.ts';
import { openLanceStore } from '../packages/tandem/src/store/lancedb/lance-store.ts';
import { questionsOf, scattered } from './retrieve/questions.ts';
import { type Corpus, ExactNeighbours, openCorpus } from './scale/corpus.ts';
import { peakMemory } from './scale/memory.ts';
import { measurePeers, type PeerResult } from './scale/peers.ts';
import { plotOf } from './scale/plot.ts';
import type { Question } from './scale/questions.ts';

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    peers: { type: 'string', default: '100000' },
    questions: { type: 'string', default: '100' },
    only: { type: 'string' },
    reindex: { type: 'boolean', default: false },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'medquad') },
    base: { type: 'string' },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-scale') },
  },
});
if (!existsSync(flags.data)) {
  console.log(`Skipped: there is no MedQuAD data at ${flags.data} (--data says where it is).`);
  process.exit(0);
}
const base = flags.base ?? join(flags.work, 'base');
mkdirSync(base, { recursive: true });

const { path: model } = await fetchModel('local:all-minilm-l6-v2');
const { corpus, asked } = await prepare();
const machine = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`;
console.log(`${corpus.real} real chunks × ${corpus.dimensions}; ${asked.length} train questions; ${machine}`);
const resultsFile = join(import.meta.dirname, 'results', 'scale.json');
const results: {
  /** Of a run that was not what it should be; gone with the next one. */
  note?: string;
  machine?: string;
  sizes: Record<string, object>;
  peers?: { rows: number; at: string; load: number; results: PeerResult[] };
} = existsSync(resultsFile) ? JSON.parse(readFileSync(resultsFile, 'utf8')) : { sizes: {} };
results.machine = machine;
delete results.note;

if (flags.only !== 'peers')
  for (const rows of new Set([Number(flags.peers), Number(flags.rows)])) {
    const measured = await measureSize(rows);
    results.sizes[rows] = { ...measured, at: new Date().toISOString(), load: loadavg()[0] };
    console.log(rows, JSON.stringify(results.sizes[rows], null, 1));
    save();
  }
if (flags.only !== 'size') {
  const rows = Number(flags.peers);
  results.peers = {
    rows,
    at: new Date().toISOString(),
    load: loadavg()[0]!,
    results: await measurePeers(corpus, rows, withNeighbours(rows), flags.work),
  };
  console.log('| store | setting | recall@10 | ms p50 | ms p95 | build s |\n|---|---|---|---|---|---|');
  for (const { store, setting, recall, p50, p95, buildSeconds } of results.peers.results)
    console.log(
      `| ${store} | ${setting} | ${recall.toFixed(4)} | ${p50.toFixed(1)} | ${p95.toFixed(1)} | ${buildSeconds.toFixed(0)} |`,
    );
  save();
  writeFileSync(
    join(import.meta.dirname, 'results', 'scale.svg'),
    plotOf(results.peers.results, `${rows.toLocaleString('en')} chunks × ${corpus.dimensions}, ${machine}`),
  );
}

function save(): void {
  mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
  writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
}

async function prepare(): Promise<{ corpus: Corpus; asked: { question: string; vector: Float32Array }[] }> {
  await using embedder = await openLocalEmbedder({ path: model });
  const corpus = await openCorpus(base, flags.data, embedder);
  const questions = scattered(questionsOf(flags.data, 'questions.train.jsonl')).slice(
    0,
    Number(flags.questions),
  );
  const asked = [];
  for (const { question } of questions) {
    const { embeddings } = await embedder.doEmbed({
      values: [question],
      providerOptions: { tandem: { role: 'query' } },
    });
    asked.push({ question, vector: Float32Array.from(embeddings[0]!) });
  }
  return { corpus, asked };
}

function exactly(rows: number, each?: (i: number, vector: Float32Array) => void): number[][] {
  const exact = new ExactNeighbours(
    asked.map(({ vector }) => vector),
    10,
  );
  for (let i = 0; i < rows; i++) {
    const vector = corpus.vector(i);
    exact.see(i, vector);
    each?.(i, vector);
  }
  return exact.found();
}

function withNeighbours(rows: number): { vector: Float32Array; nearest: number[] }[] {
  const found = exactly(rows);
  return asked.map(({ vector }, q) => ({ vector, nearest: found[q]! }));
}

async function measureSize(rows: number): Promise<object> {
  const folder = join(flags.work, `rows-${rows}`);
  const made = join(folder, 'made.json');
  if (!existsSync(made)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const started = performance.now();
    {
      await using store = await openLanceStore(join(folder, 'index'));
      await store.prepare({ generation: 1, dimensions: corpus.dimensions, committedSeq: 0 });
      for (let from = 0; from < rows; from += 20_000) {
        const batch = [];
        for (let i = from; i < Math.min(rows, from + 20_000); i++) batch.push(corpus.row(i));
        await store.add(batch, { generation: 1, seq: 1 });
        process.stderr.write(`\r${from + batch.length} rows   `);
      }
      const added = performance.now();
      await store.maintain({ generation: 1, seq: 1 });
      writeFileSync(
        made,
        JSON.stringify({
          addSeconds: (added - started) / 1000,
          indexSeconds: (performance.now() - added) / 1000,
          memoryOfBuild: peakMemory(),
        }),
      );
    }
    const found = exactly(rows);
    const questions = asked.map(
      ({ question, vector }, q): Question => ({
        question,
        vector: [...vector],
        nearest: found[q]!.map((i) => corpus.row(i).id),
      }),
    );
    writeFileSync(join(folder, 'questions.json'), JSON.stringify(questions));
  }
  if (flags.reindex) {
    const connection = await connect(join(folder, 'index'));
    await (await connection.openTable('chunks_1')).dropIndex('vector_idx');
    connection.close();
    const started = performance.now();
    {
      await using store = await openLanceStore(join(folder, 'index'));
      await store.maintain({ generation: 1, seq: 1 });
    }
    const { indexSeconds: _, ...rest } = JSON.parse(readFileSync(made, 'utf8'));
    const vectorIndexSeconds = (performance.now() - started) / 1000;
    writeFileSync(made, JSON.stringify({ ...rest, vectorIndexSeconds, memoryOfIndexing: peakMemory() }));
  }
  const output = execFileSync(process.execPath, [join(import.meta.dirname, 'scale', 'search.ts'), folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return { ...JSON.parse(output), ...JSON.parse(readFileSync(made, 'utf8')) };
}
