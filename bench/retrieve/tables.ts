/**
 * Questions on tables and text of annual reports (TAT-QA), and on any other collection of `shared/data/general`: is what is wanted among the
 * first ten by words alone, by meaning alone and by both (half the cosine, half BM25 as a share of the query's best), and is the right
 * document among the first ten of BM25 over whole documents.
 *
 *     node bench/retrieve/tables.ts [--collection tatqa] [--half fit|look|all] [--checkout DIR] [--save FILE] [--than FILE]
 *                                   [--data DIR] [--work DIR]
 *
 * Halves are by the hash of the document's name: decisions are made on `fit` (the default), and `look` is looked at once. What is found
 * is for the collections' own `score.py` to say. --checkout measures another checkout's code; --save keeps what was found question by
 * question, and --than compares with what was kept: the difference with its 95 % interval over documents. Vectors are kept in --work. With
 * --collection tatqa it exits with 1 where of `table` questions fewer than .85 have a chunk of the right table among the first ten.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bootstrapInterval } from '../../packages/tandem/src/statistics/index.ts';
import { linesOf } from '../data/json-lines.ts';
import { halfOf } from '../retrieve-general/collections.ts';
import { searchOver } from './search-terms.ts';

const { values: flags } = parseArgs({
  options: {
    collection: { type: 'string', default: 'tatqa' },
    half: { type: 'string', default: 'fit' },
    checkout: { type: 'string', default: join(import.meta.dirname, '..', '..') },
    save: { type: 'string' },
    than: { type: 'string' },
    data: { type: 'string', default: join(import.meta.dirname, '../../../shared/data/general') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-tables') },
  },
});

interface Question {
  id: string;
  question: string;
  document?: string;
  documents?: string[];
  source?: string;
  answerable?: boolean;
}
interface Found {
  uri: string;
  text: string;
}
/** Column → question → rank of the first hit from 0, or null where none is among ten. */
type Ranks = Record<string, Record<string, number | null>>;

const folder = join(flags.data, flags.collection);
if (!existsSync(folder)) console.log(`Skipped: there is no collection at ${folder} (--data says where).`);
else await measure();

async function measure(): Promise<void> {
  const questions = questionsOf();
  const groups = [...new Set(questions.map(({ source }) => source ?? 'all'))].sort();
  const columns = await search(questions);
  const ranks: Ranks = {};
  const characters: Record<string, number> = {};
  for (const [column, found] of Object.entries(columns))
    [ranks[column], characters[column]] = score(questions, found, column === 'whole documents');
  const before = flags.than && (JSON.parse(readFileSync(flags.than, 'utf8')) as Ranks);
  const row = (cells: (string | number)[]) => console.log(`| ${cells.join(' | ')} |`);
  row(['questions', 'n', 'searched by', '@1', '@5', '@10', 'nDCG@10', 'characters', 'change @1', '@10']);
  row(Array(10).fill('---'));
  for (const group of groups) {
    const own = questions.filter(({ source = 'all' }) => source === group);
    for (const column of Object.keys(columns)) {
      const at = own.map(({ id }) => ranks[column]![id]!);
      const share = (hit: (rank: number) => number) =>
        (at.reduce<number>((sum, rank) => sum + (rank === null ? 0 : hit(rank)), 0) / own.length).toFixed(3);
      row([
        group,
        own.length,
        column,
        ...[1, 5, 10].map((k) => share((rank) => (rank < k ? 1 : 0))),
        share((rank) => 1 / Math.log2(rank + 2)),
        Math.round(characters[column]!),
        ...[1, 10].map((k) => (before ? difference(own, before[column] ?? {}, ranks[column]!, k) : '')),
      ]);
    }
  }
  if (flags.save) writeFileSync(flags.save, JSON.stringify(ranks));
  const tables = questions.filter(({ source }) => source === 'table');
  if (tables.length > 0) {
    const found = tables.filter(({ id }) => ranks.both![id] !== null).length / tables.length;
    if (found < 0.85) process.exitCode = 1;
  }
}

function questionsOf(): Question[] {
  const file = ['questions.jsonl', 'tasks.jsonl']
    .map((name) => join(folder, name))
    .find((path) => existsSync(path))!;
  return linesOf<Question>(file)
    .filter(({ answerable, documents }) => answerable !== false && (!documents || documents.length > 0))
    .filter((question) => flags.half === 'all' || halfOf(documentOf(question)) === flags.half);
}

function documentOf({ document, documents, id }: Question): string {
  return String(document ?? documents?.[0] ?? id);
}

async function search(questions: readonly Question[]): Promise<Record<string, Map<string, Found[]>>> {
  const part = <T>(path: string) =>
    import(join(resolve(flags.checkout), 'packages/tandem/src', path)) as Promise<T>;
  const { openCatalog } =
    await part<typeof import('../../packages/tandem/src/catalog/sqlite-catalog.ts')>(
      'catalog/sqlite-catalog.ts',
    );
  const { ingest } =
    await part<typeof import('../../packages/tandem/src/ingest/ingest.ts')>('ingest/ingest.ts');
  const { fetchModel } = await part<typeof import('../../packages/tandem/src/models/fetch/fetch-model.ts')>(
    'models/fetch/fetch-model.ts',
  );
  const { openLocalEmbedder } =
    await part<typeof import('../../packages/tandem/src/models/local-embedder.ts')>(
      'models/local-embedder.ts',
    );
  const { embedQueries } = await part<
    typeof import('../../packages/tandem/src/retrieve/search/embed-query.ts')
  >(
    existsSync(join(resolve(flags.checkout), 'packages/tandem/src/retrieve/search'))
      ? 'retrieve/search/embed-query.ts'
      : 'retrieve/embed-query.ts',
  );
  const { fromDocuments } =
    await part<typeof import('../../packages/tandem/src/sources/documents.ts')>('sources/documents.ts');
  const { memoryStore } = await part<typeof import('../../packages/tandem/src/store/memory/memory-store.ts')>(
    'store/memory/memory-store.ts',
  );
  const { termsOf } = await part<typeof import('../../packages/tandem/src/text/terms.ts')>('text/terms.ts');

  mkdirSync(flags.work, { recursive: true });
  await using catalog = await openCatalog(
    join(flags.work, `${flags.collection.replaceAll('/', '-')}.sqlite`),
  );
  await using embedder = await openLocalEmbedder({ path: (await fetchModel('local:all-minilm-l6-v2')).path });
  await using store = await memoryStore();
  const documents = readdirSync(join(folder, 'documents'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => ({ uri: name, text: readFileSync(join(folder, 'documents', name), 'utf8') }));
  const { problems } = await ingest({
    catalog,
    store,
    embedder,
    sources: [fromDocuments(documents)],
    chunking: { maxTokens: 200, overlapTokens: 30 },
  });
  if (problems.length > 0) throw new Error(`Not ingested: ${JSON.stringify(problems.slice(0, 3))}`);
  const state = (await catalog.index.get())!;
  const at = { generation: state.generation, seq: state.committedSeq };
  const rows = await Array.fromAsync(store.scan(at));
  const limit = rows.length;
  const whole = searchOver(documents.map(({ text }) => termsOf(text)));

  const columns = {
    words: new Map(),
    meaning: new Map(),
    both: new Map(),
    'whole documents': new Map(),
  } as Record<string, Map<string, Found[]>>;
  const vectors: Float32Array[] = [];
  for (let from = 0; from < questions.length; from += 64)
    vectors.push(
      ...(await embedQueries(
        embedder,
        questions.slice(from, from + 64).map(({ question }) => question),
      )),
    );
  for (const [index, { id, question }] of questions.entries()) {
    const words = await store.searchTerms(termsOf(question), { at, limit });
    const meaning = await store.searchVector(vectors[index]!, { at, limit });
    const best = words[0]?.score ?? 1;
    const byWords = new Map(words.map(({ chunk, score }) => [chunk.id, score / best]));
    const both = meaning
      .map(({ chunk, score }) => ({ chunk, score: 0.5 * score + 0.5 * (byWords.get(chunk.id) ?? 0) }))
      .sort((a, b) => b.score - a.score);
    const first = (found: typeof both) =>
      found.slice(0, 10).map(({ chunk: { uri, text } }) => ({ uri, text }));
    columns.words!.set(id, first(words));
    columns.meaning!.set(id, first(meaning));
    columns.both!.set(id, first(both));
    columns['whole documents']!.set(
      id,
      whole(termsOf(question)).map((place) => documents[place]!),
    );
  }
  return columns;
}

/** By the collections' own program. A whole document is found where it is the right one. */
function score(
  questions: readonly Question[],
  found: ReadonlyMap<string, readonly Found[]>,
  isWhole: boolean,
): [ranks: Record<string, number | null>, characters: number] {
  const directory = mkdtempSync(join(tmpdir(), 'tandem-tables-'));
  const [asked, results] = [join(directory, 'questions.jsonl'), join(directory, 'results.jsonl')];
  const wanted = isWhole ? questions.map(({ id, question, document, documents }) => ({ id, question, document, documents })) : questions; // biome-ignore format: short
  writeFileSync(asked, wanted.map((question) => JSON.stringify(question)).join('\n'));
  writeFileSync(
    results,
    questions.map(({ id }) => JSON.stringify({ id, passages: found.get(id) ?? [] })).join('\n'),
  );
  const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
import score
load = lambda path: [json.loads(line) for line in open(path, encoding="utf-8").read().split("\\n") if line.strip()]
questions, results = load(sys.argv[2]), load(sys.argv[3])
print(json.dumps([score.ranks(questions, results), score.summary(questions[:1], results)["characters"]]))`;
  const out = execFileSync('python3', ['-B', '-c', program, flags.data, asked, results], { maxBuffer: 1e9 });
  const [ranks, characters] = JSON.parse(out.toString()) as [number[][], number];
  return [Object.fromEntries(questions.map(({ id }, at) => [id, ranks[at]![0] ?? null])), characters];
}

function difference(
  questions: readonly Question[],
  before: Ranks[string],
  now: Ranks[string],
  k: number,
): string {
  const isHit = (rank: number | null | undefined) =>
    rank !== null && rank !== undefined && rank < k ? 1 : 0;
  const both = questions.filter(({ id }) => id in before);
  const changes = both.map(({ id }) => isHit(now[id]) - isHit(before[id]));
  const interval = bootstrapInterval({ values: changes, groups: both.map(documentOf) });
  if (!interval) return '';
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
  return `${signed(interval.value)} (${signed(interval.low)}, ${signed(interval.high)})`;
}
