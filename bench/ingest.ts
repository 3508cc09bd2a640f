/**
 * Ingest of 2,000 MedQuAD documents, embeddings included, against sentence-transformers + Chroma in Python.
 *
 *     npm run bench -- ingest [--documents 2000] [--rounds 3] [--threads 2] [--data DIR] [--work DIR] [--python PYTHON] [--more]
 *
 * The sides alternate, each with its model loaded and an empty store; the ratio is of each pair of neighbours, its median with
 * the range. Ours is a whole ingest: list, read, parse, cut, embed, the vectors' cache, the catalogue, dense and full-text index, every
 * commit synced to the disk. The peer is given the very texts that ours embeds, cut already, and embeds them and stores them in
 * Chroma, without full text. Results are written after each round; --more adds rounds to those that are there, of the same documents. Python's packages are installed into --work at the first run (--python: use that one). Writes
 * `results/ingest.json`; exits with 1 where the floor of 1.5 is missed.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { openCatalog } from '../packages/tandem/src/catalog/sqlite-catalog.ts';
import { embeddedText } from '../packages/tandem/src/chunk/embedded-text.ts';
import { type IngestReport, ingest } from '../packages/tandem/src/ingest/ingest.ts';
import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';
import { type LocalEmbedderModel, openLocalEmbedder } from '../packages/tandem/src/models/local-embedder.ts';
import { filesSource } from '../packages/tandem/src/sources/files.ts';
import { openLanceStore } from '../packages/tandem/src/store/lancedb/lance-store.ts';
import { pythonEnvironment } from './peers/python-environment.ts';

const { values: flags } = parseArgs({
  options: {
    documents: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'medquad') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-ingest') },
    python: { type: 'string' },
    more: { type: 'boolean', default: false },
  },
});
const requirements = ['torch==2.13.0', 'sentence-transformers==6.2.0', 'chromadb==1.5.9'];
const floor = 1.5;
const chunksFile = join(flags.work, 'chunks.jsonl');

interface Timing {
  seconds: number;
  processorSeconds: number;
  chunks: number;
  peakMegabytes: number;
}

if (!existsSync(flags.data))
  console.log(
    `Skipped: there is no MedQuAD data at ${flags.data} (see the data's README; --data says where it is).`,
  );
else await measure();

async function measure(): Promise<void> {
  mkdirSync(flags.work, { recursive: true });
  const count = copyDocuments(Number(flags.documents));
  const { path: model } = await fetchModel('local:all-minilm-l6-v2');
  await using embedder = await openLocalEmbedder({ path: model, threads: Number(flags.threads) });
  await embedder.doEmbed({ values: ['warm up'] });
  await using peer = await startPeer(model);
  console.log(
    `${count} documents, ${flags.threads} threads, ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; load ${loadavg()[0]!.toFixed(1)} before\n`,
  );

  const resultsFile = join(import.meta.dirname, 'results', 'ingest.json');
  const earlier = flags.more && existsSync(resultsFile) && JSON.parse(readFileSync(resultsFile, 'utf8'));
  const rounds: { at: string; load: number; ours: Timing; peer: Timing; ratio: number }[] =
    earlier && earlier.documents === count ? earlier.rounds : [];
  const row = (cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
  row(['round', 'chunks', 'Tandem s', 'of the processor', 'peer s', 'of the processor', 'ratio', 'load']);
  row(Array(8).fill('---'));
  for (let round = 1; round <= Number(flags.rounds); round++) {
    const at = new Date().toISOString();
    const ours = await ingestOnce(embedder);
    const theirs = await peer.run();
    if (ours.chunks !== theirs.chunks)
      throw new Error(`Tandem has ${ours.chunks} chunks, the peer ${theirs.chunks}.`);
    const ratio = theirs.seconds / ours.seconds;
    rounds.push({ at, load: loadavg()[0]!, ours, peer: theirs, ratio });
    row([
      rounds.length,
      ours.chunks,
      ours.seconds.toFixed(1),
      ours.processorSeconds.toFixed(1),
      theirs.seconds.toFixed(1),
      theirs.processorSeconds.toFixed(1),
      ratio.toFixed(2),
      loadavg()[0]!.toFixed(1),
    ]);
    const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
    writeFileSync(
      resultsFile,
      `${JSON.stringify({ documents: count, threads: Number(flags.threads), requirements, machine, ...summaryOf(rounds), rounds }, null, 2)}\n`,
    );
  }
  const { median, least, most } = summaryOf(rounds);
  console.log(
    `\nTandem ingests ${median.toFixed(2)} times as fast (${least.toFixed(2)}–${most.toFixed(2)} in ${rounds.length} rounds); at least ${floor} is wanted.`,
  );
  if (median < floor) process.exitCode = 1;
}

function summaryOf(rounds: readonly { ratio: number }[]) {
  const ratios = rounds.map(({ ratio }) => ratio).sort((a, b) => a - b);
  const median = (ratios[(ratios.length - 1) >> 1]! + ratios[ratios.length >> 1]!) / 2;
  return { median, least: ratios[0]!, most: ratios.at(-1)! };
}

/** Scattered over the corpus by a hash of their names: the same ones on every machine. */
function copyDocuments(count: number): number {
  const rank = (name: string) =>
    [...name].reduce((hash, letter) => Math.imul(hash ^ letter.codePointAt(0)!, 16777619), 7) >>> 0;
  const corpus = join(flags.data, 'corpus');
  const files = (readdirSync(corpus, { recursive: true }) as string[]).filter((file) => file.endsWith('.md'));
  const chosen = files
    .sort((a, b) => rank(basename(a)) - rank(basename(b)) || (a < b ? -1 : 1))
    .slice(0, count);
  const folder = join(flags.work, 'documents');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const file of chosen) cpSync(join(corpus, file), join(folder, basename(file)));
  return chosen.length;
}

async function ingestOnce(embedder: LocalEmbedderModel): Promise<Timing> {
  const folder = join(flags.work, 'tandem');
  rmSync(folder, { recursive: true, force: true });
  await using catalog = await openCatalog(join(folder, 'catalog.sqlite'));
  await using store = await openLanceStore(join(folder, 'index'));
  const before = process.cpuUsage();
  const report: IngestReport = await ingest({
    catalog,
    store,
    embedder,
    sources: [filesSource({ path: 'documents', baseDirectory: flags.work })],
    chunking: { maxTokens: 200, overlapTokens: 30 },
  });
  const { user, system } = process.cpuUsage(before);
  if (report.problems.length > 0) console.log(`Not ingested: ${JSON.stringify(report.problems)}`);
  const state = (await catalog.index.get())!;
  const seen = new Set<string>();
  const lines: string[] = [];
  const at = { generation: state.generation, seq: state.committedSeq };
  for await (const { chunk } of store.scan(at)) {
    const { id, documentId, prefix = '', text } = chunk;
    if (seen.has(id)) throw new Error(`Two chunks are called ${id}.`);
    seen.add(id);
    lines.push(JSON.stringify({ id, document: documentId, text: embeddedText({ prefix, text }) }));
  }
  writeFileSync(chunksFile, `${lines.join('\n')}\n`);
  return {
    seconds: report.seconds,
    processorSeconds: (user + system) / 1e6,
    chunks: report.index.chunks,
    peakMegabytes: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6),
  };
}

async function startPeer(model: string): Promise<AsyncDisposable & { run(): Promise<Timing> }> {
  const child = spawn(
    flags.python ?? pythonEnvironment(flags.work, requirements),
    [join(import.meta.dirname, 'ingest_peer.py'), model, flags.threads],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, HF_HUB_OFFLINE: '1', TOKENIZERS_PARALLELISM: 'false' },
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('The Python side ended; its reason stands above.');
    return JSON.parse(value);
  };
  await next();
  let round = 0;
  return {
    async run() {
      // Chroma keeps a folder open for as long as its process lives: each round has its own.
      const store = join(flags.work, `chroma-${++round}`);
      rmSync(store, { recursive: true, force: true });
      child.stdin.write(`${JSON.stringify({ chunks: chunksFile, store })}\n`);
      return (await next()) as Timing;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(null)));
    },
  };
}
