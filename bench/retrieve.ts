/**
 * How often retrieval finds the right document, and the right section of it, on MedQuAD's *train* questions: full-text, dense
 * and fused, and the settings that were chosen by it. Held-out questions are never looked at here.
 *
 *     node bench/retrieve.ts [--questions 300] [--documents 1000] [--data DIR] [--work DIR]
 *
 * The first run embeds the corpus (minutes); later ones take the vectors from the catalogue in --work.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { openCatalog } from '../packages/tandem/src/catalog/sqlite-catalog.ts';
import type { Passage } from '../packages/tandem/src/core/types/document.ts';
import { ingest } from '../packages/tandem/src/ingest/ingest.ts';
import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../packages/tandem/src/models/local-embedder.ts';
import { fuseRankings } from '../packages/tandem/src/retrieve/fuse.ts';
import { createRetriever, type RetrieveOptions } from '../packages/tandem/src/retrieve/retriever.ts';
import { filesSource } from '../packages/tandem/src/sources/files.ts';
import { bootstrapInterval } from '../packages/tandem/src/statistics/index.ts';
import { type FullTextSettings, openLanceStore } from '../packages/tandem/src/store/lancedb/lance-store.ts';

const { values: flags } = parseArgs({
  options: {
    questions: { type: 'string', default: '300' },
    documents: { type: 'string', default: '1000' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'medquad') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-retrieve') },
  },
});
if (!existsSync(flags.data)) {
  console.log(
    `Skipped: there is no MedQuAD data at ${flags.data} (see the data's README; --data says where it is).`,
  );
  process.exit(0);
}

interface Question {
  doc: string;
  question: string;
  answer: string;
}

const readQuestions = (file: string): Question[] =>
  readFileSync(join(flags.data, file), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** The same pseudo-random order on every machine: by a hash of the text. */
const scattered = <T>(items: T[], text: (item: T) => string): T[] => {
  const rank = (of: string) =>
    [...of].reduce((hash, letter) => Math.imul(hash ^ letter.codePointAt(0)!, 16777619), 7) >>> 0;
  return items
    .map((item) => ({ item, rank: rank(text(item)) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
};

const wanted = Number(flags.questions);
const sets = new Map([
  ['plain name', readQuestions('questions.train.jsonl')],
  ['abbreviation', readQuestions('questions.jargon.train.jsonl')],
]);
for (const [name, questions] of sets)
  sets.set(name, scattered(questions, ({ doc, question }) => doc + question).slice(0, wanted));

const corpus = new Map<string, string>();
for (const file of readdirSync(join(flags.data, 'corpus'), { recursive: true }) as string[])
  if (file.endsWith('.md')) corpus.set(basename(file, '.md'), join(flags.data, 'corpus', file));
const asked = [...sets.values()].flat().map(({ doc }) => doc);
const documents = [...new Set([...asked, ...scattered([...corpus.keys()], (id) => id)])];
const chosen = documents.slice(0, Math.max(Number(flags.documents), new Set(asked).size));
const folder = join(flags.work, `documents-${chosen.length}`);
mkdirSync(folder, { recursive: true });
for (const id of chosen)
  if (!existsSync(join(folder, `${id}.md`)))
    cpSync(corpus.get(id)!, join(folder, `${id}.md`), { preserveTimestamps: true });

await using catalog = await openCatalog(join(flags.work, `catalog-${chosen.length}.sqlite`));
const { path: model } = await fetchModel('local:all-minilm-l6-v2');
await using embedder = await openLocalEmbedder({ path: model });
const groups = JSON.parse(readFileSync(join(flags.data, 'groups.json'), 'utf8')) as Record<string, string>;

const variants: { name: string; fullText: FullTextSettings; full?: boolean }[] = [
  { name: 'as it is', fullText: {}, full: true },
  { name: 'not stemmed', fullText: { stem: false } },
  { name: 'with function words', fullText: { removeStopWords: false } },
  { name: 'neither', fullText: { stem: false, removeStopWords: false } },
];

console.log(`${chosen.length} documents, ${cpus().length} × ${cpus()[0]?.model}, ${embedder.modelId}\n`);
const row = (cells: string[]) => console.log(`| ${cells.join(' | ')} |`);
const ks = [1, 3, 5];
row([
  'full text',
  'questions',
  'n',
  'search',
  ...ks.map((k) => `doc@${k}`),
  ...ks.map((k) => `section@${k}`),
  'section@3 95 %',
  'ms p50',
]);
row(Array(12).fill('---'));

for (const variant of variants) {
  await using store = await openLanceStore(join(flags.work, `index-${chosen.length}-${variant.name}`), {
    fullText: variant.fullText,
  });
  const report = await ingest({
    catalog,
    store,
    embedder,
    sources: [filesSource({ path: folder, baseDirectory: flags.work })],
    chunking: { maxTokens: 200, overlapTokens: 30 },
    onProgress: ({ stage, done, total, detail }) =>
      process.stderr.write(`\r${stage} ${done}/${total ?? '?'} ${detail ?? ''}   `),
  });
  process.stderr.write('\r');
  for (const { uri, kind, message } of report.problems) console.log(`problem (${kind}): ${uri}: ${message}`);
  if (report.embedded > 0)
    console.log(`embedded ${report.embedded} chunks in ${report.seconds.toFixed(1)} s with everything else`);
  const retriever = createRetriever({ catalog, store, embedder });

  for (const [set, questions] of sets) {
    const found = await Promise.all(
      questions.map(async (question) => {
        const document = (await catalog.documents.get(question.doc))!;
        const start = document.text.indexOf(question.answer.trim().slice(0, 200));
        return { question, start, end: start + question.answer.trim().length };
      }),
    );
    const searches: [string, (question: string) => Promise<{ passages: Passage[]; ms: number }>][] = [];
    const official = (mode: NonNullable<RetrieveOptions['mode']>) => async (question: string) => {
      const before = performance.now();
      const { passages } = await retriever.retrieve(question, { k: 5, mode });
      return { passages, ms: performance.now() - before };
    };
    searches.push(['full text', official('lexical')], ['hybrid', official('hybrid')]);
    if (variant.full) {
      searches.splice(1, 0, ['dense', official('dense')]);
      for (const [name, candidates, k, weights] of [
        ['hybrid, 10 candidates', 10, 60, [1, 1]],
        ['hybrid, 100 candidates', 100, 60, [1, 1]],
        ['hybrid, k = 10', 30, 10, [1, 1]],
        ['hybrid, full text × 2', 30, 60, [1, 2]],
        ['hybrid, dense × 2', 30, 60, [2, 1]],
      ] as const)
        searches.push([
          name,
          async (question) => {
            const before = performance.now();
            const lists = [];
            for (const mode of ['dense', 'lexical'] as const)
              lists.push((await retriever.retrieve(question, { k: candidates, mode })).passages);
            const byId = new Map(lists.flat().map((passage) => [passage.id, passage]));
            const fused = fuseRankings(
              lists.map((list) => list.map(({ id }) => id)),
              { k, weights },
            );
            return {
              passages: fused.slice(0, 5).map(({ id }) => byId.get(id)!),
              ms: performance.now() - before,
            };
          },
        ]);
    }
    for (const [name, search] of searches) {
      const times: number[] = [];
      const hits = { document: ks.map(() => 0), section: ks.map(() => 0) };
      const section3: number[] = [];
      for (const { question, start, end } of found) {
        const { passages, ms } = await search(question.question);
        times.push(ms);
        const right = passages.map((passage) => passage.documentId === question.doc);
        const inSection = passages.map(
          (passage, i) => right[i]! && passage.start < end && passage.end > start,
        );
        for (const [i, k] of ks.entries()) {
          hits.document[i]! += Number(right.slice(0, k).some(Boolean));
          hits.section[i]! += Number(inSection.slice(0, k).some(Boolean));
        }
        section3.push(Number(inSection.slice(0, 3).some(Boolean)));
      }
      const share = (count: number) => (count / found.length).toFixed(3);
      const interval = bootstrapInterval(
        { values: section3, groups: found.map(({ question }) => groups[question.doc] ?? question.doc) },
        { bounds: [0, 1] },
      )!;
      row([
        variant.name,
        set,
        String(found.length),
        name,
        ...hits.document.map(share),
        ...hits.section.map(share),
        `${interval.low.toFixed(3)}–${interval.high.toFixed(3)}`,
        times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!.toFixed(0),
      ]);
    }
  }
}
