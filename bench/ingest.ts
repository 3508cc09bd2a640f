/**
 * Ingest, embeddings included, against sentence-transformers + Chroma in Python: of 2,000 MedQuAD documents, or of FinanceBench's PDFs.
 *
 *     npm run bench -- ingest [--collection medquad|financebench] [--documents 2000] [--rounds 3] [--threads 2] [--data DIR] [--work DIR] [--python PYTHON] [--more]
 *
 * The sides alternate, each with its model loaded and an empty store; the ratio is of each pair of neighbours, its median with
 * the range. Ours is a whole ingest: list, read, parse, cut, embed, the vectors' cache, the catalogue, dense and full-text index, every
 * commit synced to the disk. The peer of medquad is given the very texts that ours embeds, cut already, and embeds them and stores them in
 * Chroma, without full text. The peer of financebench reads the PDFs with pypdf and cuts their text itself, into as many windows of as many
 * tokens as ours on average, one overlapping the next where ours repeats more (or skipping, where pypdf reads more), so that both embed
 * equally many tokens: more than 5 % apart is an error. Results are written after each round; --more adds rounds to those that are there, of the same documents. Python's packages are installed into --work at the first run (--python: use that one). Writes
 * `results/ingest.json` or `results/ingest-financebench.json`; exits with 1 where the floor of 1.5 is missed.
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
import { localToolsOf } from '../packages/tandem/src/models/local-tools.ts';
import { filesSource } from '../packages/tandem/src/sources/files.ts';
import { openLanceStore } from '../packages/tandem/src/store/lancedb/lance-store.ts';
import { pythonEnvironment } from './peers/python-environment.ts';

const { values: flags } = parseArgs({
  options: {
    collection: { type: 'string', default: 'medquad' },
    documents: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    data: { type: 'string' },
    work: { type: 'string' },
    python: { type: 'string' },
    more: { type: 'boolean', default: false },
  },
});
const ofPdfs = flags.collection === 'financebench';
if (!ofPdfs && flags.collection !== 'medquad')
  throw new Error(`--collection is medquad or financebench, not ${flags.collection}.`);
const data =
  flags.data ??
  join(import.meta.dirname, '..', '..', 'shared', 'data', ofPdfs ? 'general/financebench' : 'medquad');
const work = flags.work ?? join(tmpdir(), `tandem-bench-ingest${ofPdfs ? '-financebench' : ''}`);
const requirements = [
  'torch==2.13.0',
  'sentence-transformers==6.2.0',
  'chromadb==1.5.9',
  ...(ofPdfs ? ['pypdf==7.1.1'] : []),
];
const floor = 1.5;
/** Share by which the tokens of the two sides may differ. */
const tokensApart = 0.05;
const chunksFile = join(work, 'chunks.jsonl');

interface Timing {
  seconds: number;
  processorSeconds: number;
  chunks: number;
  /** The embedder's, its special ones included, of all texts together. */
  tokens: number;
  peakMegabytes: number;
}

if (!existsSync(data))
  console.log(
    `Skipped: there is no data of ${flags.collection} at ${data} (see the data's README; --data says where it is).`,
  );
else await measure();

async function measure(): Promise<void> {
  mkdirSync(work, { recursive: true });
  const count = copyDocuments(Number(flags.documents));
  const { path: model } = await fetchModel('local:all-minilm-l6-v2');
  await using embedder = await openLocalEmbedder({ path: model, threads: Number(flags.threads) });
  await embedder.doEmbed({ values: ['warm up'] });
  await using peer = await startPeer(model);
  console.log(
    `${count} documents, ${flags.threads} threads, ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}; load ${loadavg()[0]!.toFixed(1)} before\n`,
  );

  const resultsFile = join(
    import.meta.dirname,
    'results',
    ofPdfs ? 'ingest-financebench.json' : 'ingest.json',
  );
  const earlier = flags.more && existsSync(resultsFile) && JSON.parse(readFileSync(resultsFile, 'utf8'));
  const rounds: { at: string; load: number; ours: Timing; peer: Timing; ratio: number }[] =
    earlier && earlier.documents === count ? earlier.rounds : [];
  const row = (cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
  row([
    'round',
    'chunks',
    'tokens',
    'Tandem s',
    'of the processor',
    'peer’s tokens',
    's',
    'of the processor',
    'ratio',
    'load',
  ]);
  row(Array(10).fill('---'));
  for (let round = 1; round <= Number(flags.rounds); round++) {
    const at = new Date().toISOString();
    const ours = await ingestOnce(embedder);
    const theirs = await peer.run(ours);
    if (!ofPdfs && ours.chunks !== theirs.chunks)
      throw new Error(`Tandem has ${ours.chunks} chunks, the peer ${theirs.chunks}.`);
    if (Math.abs(theirs.tokens / ours.tokens - 1) > tokensApart)
      throw new Error(
        `Tandem embeds ${ours.tokens} tokens, the peer ${theirs.tokens}: too far apart to compare.`,
      );
    const ratio = theirs.seconds / ours.seconds;
    rounds.push({ at, load: loadavg()[0]!, ours, peer: theirs, ratio });
    row([
      rounds.length,
      ours.chunks,
      ours.tokens,
      ours.seconds.toFixed(1),
      ours.processorSeconds.toFixed(1),
      theirs.tokens,
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
  if (ofPdfs) {
    const folder = join(work, 'documents');
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(data, 'documents'), folder, { recursive: true });
    return readdirSync(folder).length;
  }
  const rank = (name: string) =>
    [...name].reduce((hash, letter) => Math.imul(hash ^ letter.codePointAt(0)!, 16777619), 7) >>> 0;
  const corpus = join(data, 'corpus');
  const files = (readdirSync(corpus, { recursive: true }) as string[]).filter((file) => file.endsWith('.md'));
  const chosen = files
    .sort((a, b) => rank(basename(a)) - rank(basename(b)) || (a < b ? -1 : 1))
    .slice(0, count);
  const folder = join(work, 'documents');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const file of chosen) cpSync(join(corpus, file), join(folder, basename(file)));
  return chosen.length;
}

async function ingestOnce(embedder: LocalEmbedderModel): Promise<Timing> {
  const folder = join(work, 'tandem');
  rmSync(folder, { recursive: true, force: true });
  await using catalog = await openCatalog(join(folder, 'catalog.sqlite'));
  await using store = await openLanceStore(join(folder, 'index'));
  const before = process.cpuUsage();
  const report: IngestReport = await ingest({
    catalog,
    store,
    embedder,
    sources: [filesSource({ path: 'documents', baseDirectory: work })],
    chunking: { maxTokens: 200, overlapTokens: 30 },
  });
  const { user, system } = process.cpuUsage(before);
  if (report.problems.length > 0) console.log(`Not ingested: ${JSON.stringify(report.problems)}`);
  const state = (await catalog.index.get())!;
  const seen = new Set<string>();
  const lines: string[] = [];
  let tokens = 0;
  const at = { generation: state.generation, seq: state.committedSeq };
  for await (const { chunk } of store.scan(at)) {
    const { id, documentId, prefix = '', text } = chunk;
    if (seen.has(id)) throw new Error(`Two chunks are called ${id}.`);
    seen.add(id);
    const embedded = embeddedText({ prefix, text });
    tokens += localToolsOf(embedder)!.countTokens(embedded);
    lines.push(JSON.stringify({ id, document: documentId, text: embedded }));
  }
  writeFileSync(chunksFile, `${lines.join('\n')}\n`);
  return {
    seconds: report.seconds,
    processorSeconds: (user + system) / 1e6,
    chunks: report.index.chunks,
    tokens,
    peakMegabytes: Math.round((process.resourceUsage().maxRSS * 1024) / 1e6),
  };
}

async function startPeer(model: string): Promise<AsyncDisposable & { run(ours: Timing): Promise<Timing> }> {
  const child = spawn(
    flags.python ?? pythonEnvironment(work, requirements),
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
    async run({ chunks, tokens }) {
      // Chroma keeps a folder open for as long as its process lives: each round has its own.
      const store = join(work, `chroma-${++round}`);
      rmSync(store, { recursive: true, force: true });
      const asked = ofPdfs
        ? { documents: join(work, 'documents'), windows: chunks, tokens, store }
        : { chunks: chunksFile, store };
      child.stdin.write(`${JSON.stringify(asked)}\n`);
      return (await next()) as Timing;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(null)));
    },
  };
}
