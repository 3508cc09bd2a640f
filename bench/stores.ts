/**
 * Does retrieval find the right section as often in every store? MedQuAD's *train* questions about the first documents of a fixed
 * order, the same embeddings, the same retriever; only the store differs.
 *
 *     node bench/stores.ts [--documents 500] [--questions 300] [--stores lancedb,pgvector,milvus,chroma,langchain]
 *                          [--data DIR] [--work DIR] [--embeddings CATALOG]
 *
 * Servers come from `.ci/prepare-vector-servers`. The first run embeds the documents, or takes what it can from the embedding cache of
 * another catalogue (--embeddings); later ones take all from the catalogue in --work. Writes bench/results/stores.json.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { MemoryVectorStore } from '@langchain/classic/vectorstores/memory';
import { FakeEmbeddings } from '@langchain/core/utils/testing';
import { openCatalog } from '../packages/tandem/src/catalog/sqlite-catalog.ts';
import { ingest } from '../packages/tandem/src/ingest/ingest.ts';
import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../packages/tandem/src/models/local-embedder.ts';
import { type ConfigInput, configSchema } from '../packages/tandem/src/project/config.ts';
import { createRetriever } from '../packages/tandem/src/retrieve/retriever.ts';
import { filesSource } from '../packages/tandem/src/sources/files.ts';
import { bootstrapInterval } from '../packages/tandem/src/statistics/index.ts';
import { openStore } from '../packages/tandem/src/store/open-store.ts';
import {
  startChroma,
  startMilvus,
  startPostgres,
} from '../packages/tandem/src/store/vector-servers.fixture.ts';
import { groupsOf, questionsOf, scattered } from './retrieve/questions.ts';

const { values: flags } = parseArgs({
  options: {
    documents: { type: 'string', default: '500' },
    questions: { type: 'string', default: '300' },
    stores: { type: 'string', default: 'lancedb,pgvector,milvus,chroma,langchain' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'medquad') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-stores') },
    embeddings: { type: 'string' },
  },
});
if (!existsSync(flags.data)) {
  console.log(`Skipped: there is no MedQuAD data at ${flags.data} (--data says where it is).`);
  process.exit(0);
}

const corpus = new Map<string, string>();
for (const file of readdirSync(join(flags.data, 'corpus'), { recursive: true }) as string[])
  if (file.endsWith('.md')) corpus.set(basename(file, '.md'), join(flags.data, 'corpus', file));
const order = scattered([...corpus.keys()].sort().map((doc) => ({ qid: '', doc })));
const chosen = new Set(order.slice(0, Number(flags.documents)).map(({ doc }) => doc));
const questions = scattered(questionsOf(flags.data, 'questions.train.jsonl'))
  .filter(({ doc }) => chosen.has(doc))
  .slice(0, Number(flags.questions));
const groups = groupsOf(flags.data);

const folder = join(flags.work, `documents-${chosen.size}`);
mkdirSync(folder, { recursive: true });
for (const doc of chosen)
  if (!existsSync(join(folder, `${doc}.md`)))
    cpSync(corpus.get(doc)!, join(folder, `${doc}.md`), { preserveTimestamps: true });

const { path: model } = await fetchModel('local:all-minilm-l6-v2');
await using embedder = await openLocalEmbedder({ path: model });
const catalogFile = join(flags.work, 'catalog.sqlite');
if (flags.embeddings !== undefined && !existsSync(catalogFile)) cpSync(flags.embeddings, catalogFile);
await using catalog = await openCatalog(catalogFile);

/** Of one store: how its config reads, and what must run for it. */
const kinds: Record<string, () => Promise<{ store: ConfigInput['store']; server?: AsyncDisposable }>> = {
  lancedb: async () => ({ store: { kind: 'lancedb' } }),
  pgvector: async () => {
    const server = await startPostgres();
    process.env.TANDEM_BENCH_POSTGRES = server.url;
    return { store: { kind: 'pgvector', urlEnv: 'TANDEM_BENCH_POSTGRES' }, server };
  },
  milvus: async () => {
    const server = await startMilvus();
    return { store: { kind: 'milvus', address: server.url }, server };
  },
  chroma: async () => {
    const server = await startChroma();
    return { store: { kind: 'chroma', url: server.url }, server };
  },
  langchain: async () => ({
    store: { kind: 'langchain', open: () => new MemoryVectorStore(new FakeEmbeddings()), inMemory: true },
  }),
};

const machine = `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`;
console.log(`${chosen.size} documents, ${questions.length} train questions; ${machine}\n`);
const row = (cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
row(['store', 'chunks', 'search', 'section@5', '95 %', 'differs from LanceDB', 'ms p50']);
row(Array(7).fill('---'));

const modes = ['dense', 'lexical', 'hybrid'] as const;
const results: object[] = [];
const reference = new Map<string, number>();
for (const kind of flags.stores.split(',')) {
  await using parts = new AsyncDisposableStack();
  const { store: config, server } = await kinds[kind]!();
  if (server) parts.use(server);
  const directory = join(flags.work, `index-${kind}`);
  rmSync(directory, { recursive: true, force: true });
  const store = parts.use(
    await openStore(configSchema.parse({ name: 'bench', store: config }).store, {
      directory,
      projectName: 'bench',
    }),
  );
  const report = await ingest({
    catalog,
    store,
    embedder,
    sources: [filesSource({ path: folder, baseDirectory: flags.work })],
    chunking: { maxTokens: 200, overlapTokens: 30 },
  });
  for (const { uri, message } of report.problems) console.error(`${uri}: ${message}`);
  const retriever = createRetriever({ catalog, store, embedder });
  for (const mode of modes) {
    const times: number[] = [];
    const hits: number[] = [];
    for (const { doc, answer, question } of questions) {
      const { text } = (await catalog.documents.get(doc))!;
      const start = text.indexOf(answer.trim().slice(0, 200));
      const end = start + answer.trim().length;
      const before = performance.now();
      const { passages } = await retriever.retrieve(question, { k: 5, mode });
      times.push(performance.now() - before);
      const isHit = passages.some((each) => each.documentId === doc && each.start < end && each.end > start);
      hits.push(Number(isHit));
    }
    const share = hits.reduce((sum, hit) => sum + hit, 0) / hits.length;
    const { low, high } = bootstrapInterval(
      { values: hits, groups: questions.map(({ doc }) => groups[doc] ?? doc) },
      { bounds: [0, 1] },
    )!;
    if (kind === 'lancedb') reference.set(mode, share);
    const difference = share - (reference.get(mode) ?? Number.NaN);
    const p50 = times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
    row([
      kind,
      report.index.chunks,
      mode,
      share.toFixed(3),
      `${low.toFixed(3)}–${high.toFixed(3)}`,
      Number.isNaN(difference) ? '' : difference.toFixed(3),
      p50.toFixed(0),
    ]);
    results.push({ kind, mode, chunks: report.index.chunks, sectionAt5: share, low, high, difference, p50 });
    if (mode === 'hybrid' && Math.abs(difference) > 0.01) {
      console.error(`${kind}: section@5 is ${difference.toFixed(3)} from LanceDB's, more than .01.`);
      process.exitCode = 1;
    }
  }
}
mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
writeFileSync(
  join(import.meta.dirname, 'results', 'stores.json'),
  `${JSON.stringify(
    {
      documents: chosen.size,
      questions: questions.length,
      machine,
      load: loadavg()[0],
      at: new Date().toISOString(),
      results,
    },
    null,
    2,
  )}\n`,
);
