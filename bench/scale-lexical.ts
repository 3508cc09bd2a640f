/**
 * Would SQLite's FTS5, which is there anyway, do as the lexical index? The same chunks and train questions in LanceDB's full text
 * (the store's own) and in FTS5, which is given the same terms (`text/terms.ts`), so that only the index differs.
 *
 *     npm run bench -- scale-lexical --base DIR [--rows 40000] [--questions 100] [--data DIR] [--work DIR]
 *
 * Told: time of a search for 30 chunks with their text, seconds to build, size on disk; and whether the scores are the same: BM25
 * as Lucene has it is `idf = ln(1 + (N − n + ½) / (n + ½))`, FTS5's leaves the 1 out. `--base` is a folder with an ingested
 * MedQuAD (`catalog.sqlite`, `index`), as in `scale.ts`. Writes bench/results/scale-lexical.json.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../packages/tandem/src/models/local-embedder.ts';
import { chunkToJson } from '../packages/tandem/src/store/chunk-json.ts';
import { openLanceStore } from '../packages/tandem/src/store/lancedb/lance-store.ts';
import { termsOf } from '../packages/tandem/src/text/terms.ts';
import { questionsOf, scattered } from './retrieve/questions.ts';
import { openCorpus, percentile } from './scale/corpus.ts';

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: '40000' },
    questions: { type: 'string', default: '100' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'medquad') },
    base: { type: 'string' },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-scale-lexical') },
  },
});
if (!existsSync(flags.data)) {
  console.log(`Skipped: there is no MedQuAD data at ${flags.data} (--data says where it is).`);
  process.exit(0);
}

const found = 30;
const rows = Number(flags.rows);
const asked = scattered(questionsOf(flags.data, 'questions.train.jsonl'))
  .slice(0, Number(flags.questions))
  .map(({ question }) => question);
rmSync(flags.work, { recursive: true, force: true });
mkdirSync(flags.work, { recursive: true });
const { path: model } = await fetchModel('local:all-minilm-l6-v2');
await using embedder = await openLocalEmbedder({ path: model });
const corpus = await openCorpus(flags.base ?? join(flags.work, 'base'), flags.data, embedder);
const batches = () =>
  Array.from({ length: Math.ceil(rows / 5000) }, (_, at) =>
    Array.from({ length: Math.min(5000, rows - at * 5000) }, (_, i) => corpus.row(at * 5000 + i)),
  );

const lance = await measureLance();
const fts5 = measureFts5();
const common = lance.ids.map((ids, q) =>
  ids.slice(0, 10).filter((id) => fts5.ids[q]!.slice(0, 10).includes(id)),
);
// LanceDB's scores have the factor k1 + 1 = 2.2, as FTS5's have.
const differences = lance.scores.flatMap((scores, q) =>
  [...scores].map(([id, score]) => {
    const other = fts5.scores[q]!.get(id);
    return other === undefined ? [] : [Math.abs(other - score) / score];
  }),
);
const result = {
  at: new Date().toISOString(),
  load: loadavg()[0],
  machine: `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`,
  rows,
  questions: asked.length,
  lancedb: lance.told,
  fts5: fts5.told,
  sameAmongFirst10: common.flat().length / (10 * asked.length),
  relativeDifferenceOfScores: {
    p50: percentile(differences.flat(), 0.5),
    p95: percentile(differences.flat(), 0.95),
  },
};
console.log(JSON.stringify(result, null, 2));
writeFileSync(
  join(import.meta.dirname, 'results', 'scale-lexical.json'),
  `${JSON.stringify(result, null, 2)}\n`,
);

async function measureLance() {
  const folder = join(flags.work, 'lancedb');
  const at = { generation: 1, seq: 1 };
  await using store = await openLanceStore(folder, { vectorIndexFrom: Number.POSITIVE_INFINITY });
  await store.prepare({ generation: 1, dimensions: corpus.dimensions, committedSeq: 0 });
  const started = performance.now();
  for (const batch of batches()) await store.add(batch, at);
  await store.maintain(at);
  const buildSeconds = (performance.now() - started) / 1000;
  const times: number[] = [];
  const results = [];
  for (let round = 0; round < 2; round++) {
    // The first round warms.
    times.length = results.length = 0;
    for (const question of asked) {
      const before = performance.now();
      results.push(await store.searchTerms(termsOf(question), { at, limit: found }));
      times.push(performance.now() - before);
    }
  }
  return {
    told: { ...told(times), buildSeconds, megabytesOnDisk: sizeOf(folder), withVectors: true },
    ids: results.map((each) => each.map(({ chunk }) => chunk.id)),
    scores: results.map((each) => new Map(each.map(({ chunk, score }) => [chunk.id, score]))),
  };
}

function measureFts5() {
  const file = join(flags.work, 'fts5.sqlite');
  const database = new DatabaseSync(file);
  const started = performance.now();
  // Terms are ASCII words or letters of other scripts already: nothing is left to be done to them but to split at spaces.
  database.exec(
    `CREATE VIRTUAL TABLE terms USING fts5 (words, content = '', tokenize = "unicode61 remove_diacritics 0");
     CREATE TABLE chunks (rowid INTEGER PRIMARY KEY, id TEXT, chunk TEXT)`,
  );
  const insertTerms = database.prepare('INSERT INTO terms (rowid, words) VALUES (?, ?)');
  const insertChunk = database.prepare('INSERT INTO chunks VALUES (?, ?, ?)');
  let rowid = 0;
  for (const batch of batches()) {
    database.exec('BEGIN');
    for (const row of batch) {
      insertTerms.run(++rowid, row.terms.join(' '));
      insertChunk.run(rowid, row.id, chunkToJson(row));
    }
    database.exec('COMMIT');
  }
  database.exec("INSERT INTO terms (terms) VALUES ('optimize')");
  const buildSeconds = (performance.now() - started) / 1000;
  const search = database.prepare(
    `SELECT id, chunk, score FROM (SELECT rowid, -bm25(terms) AS score FROM terms WHERE terms MATCH ? ORDER BY rank LIMIT ${found})
     JOIN chunks USING (rowid) ORDER BY score DESC`,
  );
  const times: number[] = [];
  const results: { id: string; chunk: string; score: number }[][] = [];
  for (let round = 0; round < 2; round++) {
    times.length = results.length = 0;
    for (const question of asked) {
      const before = performance.now();
      const terms = termsOf(question).map((term) => `"${term}"`);
      results.push(terms.length === 0 ? [] : (search.all(terms.join(' OR ')) as never));
      for (const { chunk } of results.at(-1)!) JSON.parse(chunk);
      times.push(performance.now() - before);
    }
  }
  database.close();
  return {
    told: { ...told(times), buildSeconds, megabytesOnDisk: statSync(file).size / 1e6, withVectors: false },
    ids: results.map((each) => each.map(({ id }) => id)),
    scores: results.map((each) => new Map(each.map(({ id, score }) => [id, score]))),
  };
}

function told(times: readonly number[]) {
  return { p50: percentile(times, 0.5), p95: percentile(times, 0.95) };
}

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0) / 1e6;
}
