/**
 * Does ingest stay the same size, and how long does looking at unchanged documents take? For 1 k, 10 k and 100 k documents: seconds
 * and peak memory of the first ingest, with every vector in the cache, and of a second one that finds nothing to do.
 *
 *     npm run bench -- ingest-scale [--sizes 1000,10000,100000] [--sections 1000] [--longest 800] [--data DIR] [--work DIR] [--keep]
 *         [--allocator library]
 *
 * The documents are real sections of MedQuAD of 200 to `longest` characters (so many, scattered over the corpus by a hash of
 * their text), each in a file of its own with its document's title and heading, and under as many new ids as it takes. Equal
 * texts have one vector: the first step embeds each section once. Every ingest is a process of its own; its peak memory is what
 * the operating system says (maximum resident set), model and native libraries included. The allocator is set as the command
 * line sets it; `--allocator library` leaves it as a program has it that calls the library. Beside the seconds on the clock stand
 * those of the processor, which say more on a machine that others use too. Writes bench/results/ingest-scale.json.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openCatalog } from '../packages/tandem/src/catalog/sqlite-catalog.ts';
import { allocatorSettings } from '../packages/tandem/src/cli/allocator-settings.ts';
import { ingest } from '../packages/tandem/src/ingest/ingest.ts';
import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../packages/tandem/src/models/local-embedder.ts';
import { filesSource } from '../packages/tandem/src/sources/files.ts';
import { openLanceStore } from '../packages/tandem/src/store/lancedb/lance-store.ts';

const { values: flags } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,10000,100000' },
    sections: { type: 'string', default: '1000' },
    longest: { type: 'string', default: '800' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'medquad') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-ingest-scale') },
    keep: { type: 'boolean', default: false },
    allocator: { type: 'string', default: 'command line' },
    /** What the bench calls itself with, for one ingest. */
    child: { type: 'string' },
  },
});

interface Measured {
  seconds: number;
  /** Of all threads, model loading left out. */
  processorSeconds: number;
  peakMegabytes: number;
  startMegabytes: number;
  documents: number;
  chunks: number;
  embedded: number;
  unchanged: number;
  /** Time in each, and the peak of memory up to its end. */
  stages: Record<string, { ms: number; megabytes: number }>;
}

if (flags.child !== undefined) await ingestHere(flags.child);
else if (existsSync(flags.data)) measure();
else
  console.log(
    `Skipped: there is no MedQuAD data at ${flags.data} (see the data's README; --data says where it is).`,
  );

function measure(): void {
  const sections = readSections(Number(flags.sections));
  mkdirSync(flags.work, { recursive: true });
  console.log(
    `${sections.length} sections of ${Math.round(sections.reduce((sum, { length }) => sum + length, 0) / sections.length)} characters on average; ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)} before`,
  );
  const warm = join(flags.work, `warm-${sections.length}-${flags.longest}`);
  writeDocuments(join(warm, 'documents'), sections, sections.length);
  const first = run(warm);
  console.log(
    `Cache: ${first.embedded} vectors made, ${first.chunks} chunks, ${first.seconds.toFixed(0)} s, ${first.peakMegabytes} MB at the peak\n`,
  );

  const row = (cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
  row([
    'documents',
    'chunks',
    'ingest s',
    'of the processor',
    'peak MB',
    'of it at the start',
    'again s',
    'of the processor',
    'peak MB',
    'load',
  ]);
  row(Array(10).fill('---'));
  const results: { size: number; load: number; filled: Measured; again: Measured }[] = [];
  for (const size of flags.sizes.split(',').map(Number)) {
    const folder = join(flags.work, `documents-${size}`);
    rmSync(folder, { recursive: true, force: true });
    writeDocuments(join(folder, 'documents'), sections, size);
    mkdirSync(join(folder, 'data'));
    cpSync(join(warm, 'data', 'catalog.sqlite'), join(folder, 'data', 'catalog.sqlite'));
    const filled = run(folder);
    const again = run(folder);
    if (filled.documents !== size || again.unchanged !== size || filled.embedded !== 0)
      throw new Error(`Not what was to be measured: ${JSON.stringify({ size, filled, again })}`);
    row([
      size,
      filled.chunks,
      filled.seconds.toFixed(1),
      filled.processorSeconds.toFixed(1),
      filled.peakMegabytes,
      filled.startMegabytes,
      again.seconds.toFixed(2),
      again.processorSeconds.toFixed(2),
      again.peakMegabytes,
      loadavg()[0]!.toFixed(1),
    ]);
    results.push({ size, load: loadavg()[0]!, filled, again });
    if (!flags.keep) rmSync(folder, { recursive: true });
  }
  writeFileSync(
    join(import.meta.dirname, 'results', 'ingest-scale.json'),
    `${JSON.stringify({ at: new Date().toISOString(), machine: `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`, sections: sections.length, results }, null, 2)}\n`,
  );
}

function readSections(count: number): string[] {
  const found: { rank: number; section: string }[] = [];
  const corpus = join(flags.data, 'corpus');
  for (const file of (readdirSync(corpus, { recursive: true }) as string[]).sort()) {
    if (!file.endsWith('.md')) continue;
    const body = readFileSync(join(corpus, file), 'utf8').replace(/^---\n.*?\n---\n/s, '');
    const title = /^# (.+)$/m.exec(body)?.[1];
    if (title === undefined) continue;
    for (const section of body.split(/^(?=## )/m).slice(1)) {
      if (section.length < 200 || section.length > Number(flags.longest)) continue;
      const text = `# ${title}\n\n${section.trim()}\n`;
      let rank = 7;
      for (let i = 0; i < text.length; i++) rank = Math.imul(rank ^ text.charCodeAt(i), 16777619);
      found.push({ rank: rank >>> 0, section: text });
    }
  }
  return found
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ section }) => section);
}

/** A thousand files to a folder, as people do not keep them but file systems like it. */
function writeDocuments(folder: string, sections: readonly string[], size: number): void {
  for (let i = 0; i < size; i++) {
    const inner = join(folder, String(Math.floor(i / 1000)).padStart(3, '0'));
    if (i % 1000 === 0) mkdirSync(inner, { recursive: true });
    const file = join(inner, `document-${i}.md`);
    if (!existsSync(file)) writeFileSync(file, sections[i % sections.length]!);
  }
}

function run(folder: string): Measured {
  const output = execFileSync(process.execPath, [import.meta.filename, '--child', folder], {
    encoding: 'utf8',
    env: { ...process.env, ...(flags.allocator === 'library' ? {} : allocatorSettings) },
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
  return JSON.parse(output.trim().split('\n').at(-1)!) as Measured;
}

async function ingestHere(folder: string): Promise<void> {
  const { path } = await fetchModel('local:all-minilm-l6-v2');
  await using embedder = await openLocalEmbedder({ path, threads: 2 });
  await using catalog = await openCatalog(join(folder, 'data', 'catalog.sqlite'));
  await using store = await openLanceStore(join(folder, 'data', 'index'));
  const megabytes = () => Math.round(process.memoryUsage.rss() / 1e6);
  const peakMegabytes = () => Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
  const startMegabytes = megabytes();
  const processorSeconds = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const before = processorSeconds();
  const stages: Record<string, { ms: number; megabytes: number }> = {};
  let [stage, since] = ['opening', performance.now()];
  const enter = (next: string) => {
    if (next === stage) return;
    const now = performance.now();
    stages[stage] = { ms: (stages[stage]?.ms ?? 0) + Math.round(now - since), megabytes: peakMegabytes() };
    [stage, since] = [next, now];
  };
  const report = await ingest({
    catalog,
    store,
    embedder,
    sources: [filesSource({ path: 'documents', baseDirectory: folder })],
    chunking: { maxTokens: 200, overlapTokens: 30 },
    onProgress: (event) => {
      enter(event.stage);
      if (process.stderr.isTTY)
        process.stderr.write(`\r${event.stage} ${event.done}/${event.total ?? '?'} ${megabytes()} MB   `);
    },
  });
  enter('done');
  if (report.problems.length > 0) throw new Error(JSON.stringify(report.problems[0]));
  const measured: Measured = {
    seconds: report.seconds,
    processorSeconds: processorSeconds() - before,
    peakMegabytes: peakMegabytes(),
    startMegabytes,
    documents: report.index.documents,
    chunks: report.index.chunks,
    embedded: report.embedded,
    unchanged: report.unchanged,
    stages,
  };
  console.log(JSON.stringify(measured));
}
