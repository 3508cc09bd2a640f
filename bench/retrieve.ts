/**
 * What learning from a project's own questions buys, on MedQuAD: 5,486 documents on diseases, nothing but its train questions and
 * the documents' own aliases.
 *
 *     npm run bench -- retrieve [--learn ranking,reranker,embedder,all] [--train 2400] [--questions 500] [--data DIR] [--work DIR]
 *
 * Each way of learning is the product's own (`tuneRanking`, `tuneReranker`, `tuneEmbedder`), from --train train questions, plain and by
 * abbreviation, whose groups have no held-out question. It is judged on held-out (dev) questions whose groups have no train document, in the
 * data's scattered order, and on those that people wrote in their own words (`retrieve/*.jsonl`), by `evalRetrieval`: a passage is a
 * hit when most of it lies in the question's section. Prints recall@1 and @5 with 95 % intervals by group of documents.
 *
 * The first run embeds the corpus, and again for a trained embedder (minutes); later ones find what was made in --work. Exits with 1
 * where a floor is missed: with all three @1 / @5 at least .85 / .98 plain and .87 / .98 by abbreviation, untrained plain @5 .88.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  createTandem,
  evalRetrieval,
  ingest,
  openCatalog,
  type Tandem,
  tuneEmbedder,
  tuneRanking,
  tuneReranker,
} from '../packages/tandem/src/index.ts';
import { filesSource } from '../packages/tandem/src/sources/files.ts';
import { openLanceStore } from '../packages/tandem/src/store/lancedb/lance-store.ts';
import { groupsOf, type MedquadQuestion, questionsOf, scattered } from './retrieve/questions.ts';

const { values: flags } = parseArgs({
  options: {
    learn: { type: 'string', default: 'ranking,reranker,embedder,all' },
    train: { type: 'string', default: '2400' },
    questions: { type: 'string', default: '500' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'medquad') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-retrieve') },
  },
});
if (!existsSync(flags.data))
  throw new Error(`There is no MedQuAD data at ${flags.data}: say where with --data.`);
mkdirSync(flags.work, { recursive: true });

const groups = groupsOf(flags.data);
const all = (file: string) => scattered(questionsOf(flags.data, file));
const trained = new Set(all('questions.train.jsonl').map(({ doc }) => groups[doc]));
const heldOut = new Set(all('questions.dev.jsonl').map(({ doc }) => groups[doc]));
const some = Number(flags.train);
const train = [
  ...all('questions.train.jsonl')
    .filter(({ doc }) => !heldOut.has(groups[doc]))
    .slice(0, Math.round((2 * some) / 3)),
  ...all('questions.jargon.train.jsonl')
    .filter(({ doc }) => !heldOut.has(groups[doc]))
    .slice(0, Math.round(some / 3)),
];
const fair = (file: string) =>
  all(file)
    .filter(({ doc }) => !trained.has(groups[doc]))
    .slice(0, Number(flags.questions));
const ownWords = ['by-hand.jsonl', 'blind.jsonl'].flatMap((file) =>
  questionsOf(join(import.meta.dirname, 'retrieve'), file).map((one, at) => ({
    ...one,
    qid: `${file}-${at}`,
  })),
);
const sets = {
  plain: fair('questions.dev.jsonl'),
  'by abbreviation': fair('questions.jargon.dev.jsonl'),
  "in people's own words": ownWords,
};
const lineOf = ({ qid, doc, qtype, question }: MedquadQuestion, at: number) => ({
  id: `${qid}-${at}`,
  question,
  group: groups[doc] ?? doc,
  source: { documentId: doc, section: qtype },
});

/** What was learnt, by name: references that settings take. */
const madeFile = join(flags.work, 'learnt.json');
const made: Record<string, string> = existsSync(madeFile) ? JSON.parse(readFileSync(madeFile, 'utf8')) : {};
const learn = flags.learn.split(',').filter(Boolean);
const floors: string[] = [];

await row('as it comes', {});
if (learn.includes('ranking')) await row('ranking', { ranking: await learnt('ranking', {}) });
if (learn.includes('reranker')) await row('reranker', { reranker: await learnt('reranker', {}) });
const embedder = learn.some((name) => name === 'embedder' || name === 'all')
  ? await learnt('embedder', {})
  : undefined;
if (learn.includes('embedder')) await row('embedder', { embedder });
if (learn.includes('all')) {
  // It reads texts, not vectors: the one that was learnt beside the other embedder serves this one, too.
  const reranker = await learnt('reranker', {});
  const ranking = await learnt('ranking', { embedder, reranker }, 'ranking over both');
  await row('all three', { embedder, reranker, ranking });
}
for (const floor of floors) console.log(`FAILED: ${floor}`);
process.exitCode = floors.length > 0 ? 1 : 0;

interface Learnt {
  ranking?: string | undefined;
  reranker?: string | undefined;
  embedder?: string | undefined;
}

async function open({ ranking, reranker, embedder }: Learnt): Promise<Tandem> {
  const folder = join(flags.work, embedder === undefined ? 'base' : 'tuned');
  mkdirSync(folder, { recursive: true });
  const tandem = await createTandem({
    name: 'medquad',
    catalog: () => openCatalog(join(folder, 'catalog.sqlite')),
    store: () => openLanceStore(join(folder, 'index')),
    directory: flags.work,
    dataDirectory: join(flags.work, 'data'),
    sources: [filesSource({ path: join(flags.data, 'corpus'), baseDirectory: flags.data })],
    questions: train.map(lineOf),
    ...(embedder !== undefined && { embedder }),
    ...(reranker !== undefined && { reranker }),
    settings: {
      chunk: { maxTokens: 200, overlapTokens: 30 },
      ...(ranking !== undefined && { retrieve: { ranking } }),
    },
  });
  const { embedded, seconds } = await ingest(tandem);
  if (embedded > 0) console.error(`embedded ${embedded} passages in ${seconds.toFixed(0)} s`);
  return tandem;
}

/** The reference of what was learnt with the others in use; learnt once. */
async function learnt(what: keyof Learnt, others: Learnt, name: string = what): Promise<string> {
  const known = made[name];
  if (known !== undefined) return known;
  await using tandem = await open(others);
  const started = performance.now();
  const reference =
    what === 'ranking'
      ? (await tuneRanking(tandem)).reference
      : what === 'reranker'
        ? (await tuneReranker(tandem)).reference
        : `local:${(await tuneEmbedder(tandem)).directory}`;
  console.error(
    `${name}: learnt from ${train.length} questions in ${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
  made[name] = reference;
  writeFileSync(madeFile, `${JSON.stringify(made, null, 2)}\n`);
  return reference;
}

async function row(name: string, what: Learnt): Promise<void> {
  await using tandem = await open(what);
  console.log(`\n${name}`);
  for (const [set, questions] of Object.entries(sets)) {
    const {
      recall,
      cases,
      groups: count,
      latency,
    } = await evalRetrieval(tandem, {
      cases: questions.map(lineOf),
      ks: [1, 5],
    });
    const told = [1, 5].map((k) => {
      const { value, low, high } = recall[k]!;
      const floor = floorOf(name, set, k);
      if (value < floor) floors.push(`${name}, ${set}: @${k} is ${value.toFixed(3)}, under ${floor}`);
      return `@${k} ${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
    });
    console.log(
      `  ${set.padEnd(24)} ${told.join('  ')}  n ${cases} of ${count} groups, ${latency.p50.toFixed(0)} ms`,
    );
  }
}

function floorOf(name: string, set: string, k: number): number {
  if (name === 'as it comes') return set === 'plain' && k === 5 ? 0.88 : 0;
  if (name !== 'all three') return 0;
  if (set === 'plain') return k === 1 ? 0.85 : 0.98;
  return set === 'by abbreviation' ? (k === 1 ? 0.87 : 0.98) : 0;
}
