/**
 * How often retrieval finds the section that answers, on all of MedQuAD, and what each of its stages buys.
 *
 *     node bench/retrieve.ts [--dev] [--questions 300] [--embedder DIR] [--data DIR] [--work DIR] [--reranker DIR] [--sets 0,1] [--features FILE]
 *
 * A hit is a passage most of which lies in the `qtype` section of the question's own document (strict), or of a twin (a document of the
 * same group that has such a section). Three sets: plain names, abbreviations, and synthetic own words (`retrieve/own-words.ts`).
 * Without --dev only *train* questions are looked at, of which `--questions` of each set; that is where settings are chosen. --dev looks at
 * the held-out questions (plain and abbreviation; all, or the `--questions` first in a scattered order), and writes the look to `results/dev-looks.jsonl`.
 *
 * The first run embeds the corpus (minutes); later ones find index and vectors in --work. --embedder takes the folder that
 * `retrieve/train-embedder.ts` made, --reranker that of `retrieve/train-reranker.ts` (--reranked: what its score is worth, several with commas
 * between give a row each). --features writes what speaks for each passage, for `retrieve/fit.ts`.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import type { Catalog, DocumentSummary } from '../packages/tandem/src/catalog/catalog.ts';
import { openCatalog } from '../packages/tandem/src/catalog/sqlite-catalog.ts';
import { ingest } from '../packages/tandem/src/ingest/ingest.ts';
import { fetchModel } from '../packages/tandem/src/models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../packages/tandem/src/models/local-embedder.ts';
import { openLocalReranker } from '../packages/tandem/src/models/local-reranker.ts';
import {
  type Evidence,
  evidenceNames,
  rankWeights,
  scoreOf,
  type Weights,
} from '../packages/tandem/src/retrieve/evidence.ts';
import type { QueryPlan } from '../packages/tandem/src/retrieve/plan.ts';
import { fittedRanking, type Ranking } from '../packages/tandem/src/retrieve/ranking.ts';
import type { Compared } from '../packages/tandem/src/retrieve/retrieval.ts';
import { createRetriever } from '../packages/tandem/src/retrieve/retriever.ts';
import { selectPassages } from '../packages/tandem/src/retrieve/select.ts';
import { filesSource } from '../packages/tandem/src/sources/files.ts';
import { bootstrapInterval } from '../packages/tandem/src/statistics/index.ts';
import { openLanceStore } from '../packages/tandem/src/store/lancedb/lance-store.ts';
import { inOwnWords } from './retrieve/own-words.ts';
import { groupsOf, type MedquadQuestion, questionsOf, scattered } from './retrieve/questions.ts';

const { values: flags } = parseArgs({
  options: {
    dev: { type: 'boolean', default: false },
    questions: { type: 'string' },
    embedder: { type: 'string' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'medquad') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-retrieve') },
    sets: { type: 'string' },
    features: { type: 'string' },
    reranker: { type: 'string' },
    reranked: { type: 'string', default: String(fittedRanking.reranked) },
    note: { type: 'string', default: '' },
  },
});
if (!existsSync(flags.data)) {
  console.log(
    `Skipped: there is no MedQuAD data at ${flags.data} (see the data's README; --data says where it is).`,
  );
  process.exit(0);
}
mkdirSync(flags.work, { recursive: true });

await using catalog = await openCatalog(join(flags.work, 'catalog.sqlite'));
const model = flags.embedder ?? (await fetchModel('local:all-minilm-l6-v2')).path;
await using embedder = await openLocalEmbedder({ path: model });
await using store = await openLanceStore(join(flags.work, 'index'));
const report = await ingest({
  catalog,
  store,
  embedder,
  sources: [filesSource({ path: join(flags.data, 'corpus'), baseDirectory: flags.data })],
  chunking: { maxTokens: 200, overlapTokens: 30 },
  onProgress: ({ stage, done, total, detail }) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${stage} ${done}/${total ?? '?'} ${detail ?? ''}   `);
  },
});
for (const { uri, kind, message } of report.problems) console.log(`problem (${kind}): ${uri}: ${message}`);
console.log(minedDefinitions(join(flags.work, 'catalog.sqlite')));

/** Which stages are on: each takes the evidence that it brings, with the weight that the whole has for it. */
const stages: { name: string; ranking: Ranking }[] = [];
const rowsOf = (...names: (keyof Evidence)[]): Weights =>
  Object.fromEntries(
    evidenceNames.map((name) => [name, names.includes(name) ? fittedRanking.weights[name] : 0]),
  ) as Weights;
const only = (name: keyof Evidence): Weights => ({ ...rowsOf(), [name]: 1 });
const addStage = (name: string, weights: Weights, again = 0) =>
  stages.push({
    name,
    ranking: { ...fittedRanking, weights, again, alike: again > 0 ? fittedRanking.alike : 0 },
  });
const plainSearch: (keyof Evidence)[] = ['dense', 'lexical', 'denseRank', 'lexicalRank'];
const reading: (keyof Evidence)[] = ['focused', 'asked', 'condensed'];
const naming: (keyof Evidence)[] = ['named', 'cover', 'verbatim', 'document', 'meant'];
const comparing: (keyof Evidence)[] = ['heading', 'section', 'kind'];
addStage('full text (BM25)', only('lexicalRank'));
addStage('meaning', only('denseRank'));
addStage('reciprocal rank fusion', rankWeights);
addStage('scores beside ranks', rowsOf(...plainSearch));
addStage('+ the question read', rowsOf(...plainSearch, ...reading));
addStage('+ names recognised', rowsOf(...plainSearch, ...reading, ...naming));
addStage('+ sections compared', rowsOf(...plainSearch, ...reading, ...naming, ...comparing));
addStage('+ where a passage stands', fittedRanking.weights);
addStage('+ a section once first', fittedRanking.weights, fittedRanking.again);

const groups = groupsOf(flags.data);
const documents = new Map((await catalog.documents.list()).map((document) => [document.id, document]));
const wanted = Number(flags.questions ?? 300);
interface Set_ {
  name: string;
  questions: MedquadQuestion[];
  glossary?: boolean;
}
let sets: Set_[];
if (flags.dev) {
  const plain = questionsOf(flags.data, 'questions.dev.jsonl');
  const jargon = questionsOf(flags.data, 'questions.jargon.dev.jsonl');
  const trained = new Set(questionsOf(flags.data, 'questions.train.jsonl').map(({ doc }) => groups[doc]));
  // Of a trained embedder only questions count whose group has nothing in train.
  const fair = (list: MedquadQuestion[]) =>
    scattered(
      flags.embedder === undefined ? list : list.filter(({ doc }) => !trained.has(groups[doc]!)),
    ).slice(0, flags.questions === undefined ? undefined : wanted);
  sets = [
    { name: 'plain', questions: fair(plain) },
    { name: 'abbreviation', questions: fair(jargon) },
    { name: 'abbreviation, clinical glossary', questions: fair(jargon), glossary: true },
  ];
} else {
  const plain = scattered(questionsOf(flags.data, 'questions.train.jsonl'));
  const jargon = scattered(questionsOf(flags.data, 'questions.jargon.train.jsonl')).slice(0, wanted);
  const own = async (half: 0 | 1) => {
    const questions: MedquadQuestion[] = [];
    for (const question of plain.slice(wanted)) {
      if (questions.length === wanted) break;
      const document = await catalog.documents.get(question.doc);
      const opening = document?.text.split('\n## Information\n')[1];
      const text = inOwnWords(question, document?.aliases ?? [], half, opening);
      if (text !== undefined) questions.push({ ...question, question: text });
    }
    return questions;
  };
  sets = [
    { name: 'plain', questions: plain.slice(0, wanted) },
    { name: 'abbreviation', questions: jargon },
    { name: 'abbreviation, clinical glossary', questions: jargon, glossary: true },
    { name: 'own words (synthetic, half 0)', questions: await own(0) },
    { name: 'own words (synthetic, half 1)', questions: await own(1) },
    { name: 'own words (by hand)', questions: byHand() },
    { name: 'own words (blind, develop)', questions: blind('develop') },
    { name: 'own words (blind, validation)', questions: blind('validation') },
  ];
}
if (flags.sets !== undefined) sets = sets.filter((_, at) => flags.sets!.split(',').includes(String(at)));

interface Span {
  start: number;
  end: number;
}
const spans = new Map<string, Span | undefined>();
/** From the heading named like the question's type to the next of its level. */
async function sectionOf(document: string, qtype: string): Promise<Span | undefined> {
  const key = `${document}/${qtype}`;
  if (!spans.has(key)) {
    const { text, blocks } = (await catalog.documents.get(document))!;
    const headings = blocks.filter(({ kind }) => kind === 'heading');
    const named = headings.find(
      ({ start, end }) =>
        text
          .slice(start, end)
          .replace(/^#+\s*/, '')
          .trim()
          .toLowerCase() === qtype,
    );
    const next = named && headings.find(({ start, level }) => start > named.start && level! <= named.level!);
    spans.set(key, named && { start: named.start, end: next?.start ?? text.length });
  }
  return spans.get(key);
}
const ofGroup = new Map<string, string[]>();
for (const [document, group] of Object.entries(groups))
  ofGroup.set(group, [...(ofGroup.get(group) ?? []), document]);
const liesIn = ({ start, end }: Span, section: Span | undefined) =>
  section !== undefined && Math.min(end, section.end) - Math.max(start, section.start) > (end - start) / 2;

/** As if the documents had told no abbreviation: only then does a glossary from elsewhere show what it brings. */
const withoutAbbreviations: Catalog = Object.create(catalog, {
  documents: {
    value: Object.create(catalog.documents, {
      list: {
        value: async (): Promise<DocumentSummary[]> =>
          (await catalog.documents.list()).map((document) => ({
            ...document,
            aliases: document.aliases.filter(
              (name) => name.length > 12 || !/\p{Lu}.*[\p{Lu}\p{N}]/u.test(name),
            ),
          })),
      },
      // Nor defined any in their texts.
      definitions: { value: async () => () => [] },
    }),
  },
});
const retriever = createRetriever({ catalog, store, embedder });
const rerankWeights = flags.reranker === undefined ? [] : flags.reranked.split(',').map(Number);
await using reranker =
  flags.reranker === undefined ? undefined : await openLocalReranker({ path: flags.reranker });
const reading20 =
  reranker &&
  createRetriever({
    catalog,
    store,
    embedder,
    reranker: { model: reranker, candidates: 20 },
    ranking: { ...fittedRanking, reranked: 1 },
  });
const rerankScale = Object.values(fittedRanking.weights).reduce((sum, weight) => sum + Math.abs(weight), 0);
const glossaryFile = join(flags.data, '..', 'clinical-abbreviations');
const ks = [1, 3, 5, 10];
const machine = `${availableParallelism()} × ${cpus()[0]?.model}, load ${loadavg()[0]!.toFixed(1)}`;
console.log(
  `${report.index.documents} documents, ${report.index.chunks} chunks, ${report.embedded} embedded now; ${embedder.modelId}; ${flags.dev ? 'DEV' : 'train'} questions; ${machine}\n`,
);
const results: Record<string, unknown>[] = [];
if (flags.features !== undefined)
  writeFileSync(flags.features, `${JSON.stringify({ names: evidenceNames })}\n`);
for (const set of sets) {
  const using = set.glossary
    ? createRetriever({
        catalog: withoutAbbreviations,
        store,
        embedder,
        glossary: clinicalGlossary(glossaryFile),
      })
    : retriever;
  const rows = [...stages.map(({ name }) => name), ...rerankWeights.map((worth) => `+ reranker (${worth})`)];
  const hits = rows.map(() => ks.map(() => ({ strict: [] as number[], twins: [] as number[] })));
  const times: number[] = [];
  const rerankTimes: number[] = [];
  const asked: MedquadQuestion[] = [];
  let inParts = 0;
  for (const question of set.questions) {
    const section = await sectionOf(question.doc, question.qtype);
    if (!section) continue;
    asked.push(question);
    const twins = new Map<string, Span | undefined>();
    for (const twin of ofGroup.get(groups[question.doc]!) ?? [])
      if (documents.has(twin)) twins.set(twin, await sectionOf(twin, question.qtype));
    const before = performance.now();
    const { passages, explanation } = await using.retrieve(question.question, { k: 10, explain: true });
    times.push(performance.now() - before);
    const compared = explanation!.compared;
    const note = (row: number, chosen: readonly (Span & { documentId: string })[]) => {
      const strict = chosen.map((chunk) => chunk.documentId === question.doc && liesIn(chunk, section));
      const twin = chosen.map((chunk) => liesIn(chunk, twins.get(chunk.documentId)));
      for (const [place, k] of ks.entries()) {
        hits[row]![place]!.strict.push(Number(strict.slice(0, k).some(Boolean)));
        hits[row]![place]!.twins.push(Number(twin.slice(0, k).some(Boolean)));
      }
    };
    for (const [at, { ranking }] of stages.entries()) {
      const isLast = at === stages.length - 1;
      // Of a question that was searched in parts each part has evidence of its own.
      if (isLast && explanation!.plan.parts) {
        inParts++;
        note(at, passages);
        continue;
      }
      const chosen = best(compared, ranking, explanation!.plan.subjects);
      // The last row is what search gives; it must be what its own evidence says.
      if (isLast && chosen.some(({ chunk }, place) => chunk.id !== passages[place]?.id))
        throw new Error(`Search and its explanation differ for "${question.question}".`);
      note(
        at,
        chosen.map(({ chunk }) => chunk),
      );
    }
    if (reading20) {
      const read = await reading20.retrieve(question.question, { k: 20 });
      rerankTimes.push(read.timings.rerank!);
      for (const [at, worth] of rerankWeights.entries())
        note(
          stages.length + at,
          read.passages
            .map((passage) => ({
              passage,
              value: passage.score + ((worth - 1) * (passage.scores.rerank ?? 0)) / rerankScale,
            }))
            .sort((a, b) => b.value - a.value)
            .slice(0, 10)
            .map(({ passage }) => passage),
        );
    }
    if (flags.features !== undefined && !set.glossary)
      appendFileSync(
        flags.features,
        `${JSON.stringify({
          set: set.name,
          qid: question.qid,
          doc: question.doc,
          qtype: question.qtype,
          question: question.question,
          group: groups[question.doc],
          plan: { ...explanation!.plan, linked: explanation!.plan.linked.slice(0, 4) },
          c: compared.map(({ chunk, evidence }) => [
            chunk.documentId,
            chunk.headingPath.slice(1).join(' › '),
            chunk.ordinal,
            Number(chunk.documentId === question.doc && liesIn(chunk, section)),
            Number(liesIn(chunk, twins.get(chunk.documentId))),
            evidenceNames.map((name) => Number(evidence[name].toFixed(4))),
          ]),
        })}\n`,
      );
  }
  times.sort((a, b) => a - b);
  const quantile = (q: number) => times[Math.min(times.length - 1, Math.floor(q * times.length))]!.toFixed(0);
  console.log(
    `${set.name}: ${asked.length} questions of ${new Set(asked.map(({ doc }) => groups[doc])).size} groups; ${inParts} searched in parts; ${quantile(0.5)} ms p50, ${quantile(0.95)} ms p95${rerankTimes.length > 0 ? `; the reranker ${rerankTimes.sort((a, b) => a - b)[rerankTimes.length >> 1]!.toFixed(0)} ms p50 more` : ''}\n`,
  );
  console.log(`| stage | ${ks.map((k) => `S@${k}`).join(' | ')} | with twins @1 | @5 |`);
  console.log(`| --- |${' --- |'.repeat(ks.length + 2)}`);
  for (const [at, name] of rows.entries()) {
    const share = (values: number[]) => {
      const { low, high } = bootstrapInterval(
        { values, groups: asked.map(({ doc }) => groups[doc] ?? doc) },
        { bounds: [0, 1] },
      )!;
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return { mean, low, high };
    };
    const cell = (values: number[]) => {
      const { mean, low, high } = share(values);
      return `${mean.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
    };
    const row = hits[at]!;
    console.log(
      `| ${name} | ${row.map(({ strict }) => cell(strict)).join(' | ')} | ${cell(row[0]!.twins)} | ${cell(row[2]!.twins)} |`,
    );
    results.push({
      set: set.name,
      n: asked.length,
      stage: name,
      ...Object.fromEntries(ks.map((k, place) => [`s${k}`, share(row[place]!.strict)])),
      twins1: share(row[0]!.twins).mean,
      twins5: share(row[2]!.twins).mean,
    });
  }
  console.log('');
}

if (flags.dev) {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
  appendFileSync(
    join(import.meta.dirname, 'results', 'dev-looks.jsonl'),
    `${JSON.stringify({
      at: new Date().toISOString(),
      commit:
        git('rev-parse', '--short', 'HEAD') +
        (git('status', '--porcelain', '--', '../packages/tandem/src') ? '+' : ''),
      embedder: flags.embedder ? `trained (${embedder.modelId})` : embedder.modelId,
      note: flags.note,
      ranking: fittedRanking,
      figures: results.filter(
        ({ stage }) => stage === stages.at(-1)!.name || stage === 'reciprocal rank fusion',
      ),
    })}\n`,
  );
}

/** Forty questions that the one who wrote this code put as patients might, about train documents: more like people than rules are, not people. */
function byHand(): MedquadQuestion[] {
  return questionsOf(join(import.meta.dirname, 'retrieve'), 'by-hand.jsonl').map((question, at) => ({
    ...question,
    qid: `hand-${at}`,
  }));
}

/**
 * Questions about sections drawn at random from train groups (those without a dev document), written before anybody saw how retrieval answers
 * them. One half is for finding out what fails, the other is only scored.
 */
function blind(half: 'develop' | 'validation'): MedquadQuestion[] {
  return questionsOf(join(import.meta.dirname, 'retrieve'), 'blind.jsonl')
    .map((question, at) => ({ ...question, qid: `blind-${at}` }))
    .filter((question) => (question as { half?: string }).half === half);
}

function best(
  compared: readonly Compared[],
  { weights, again, alike }: Ranking,
  subjects: QueryPlan['subjects'],
): Compared[] {
  const scored = compared.map((each) => ({ ...each, score: scoreOf(each.evidence, weights) }));
  return selectPassages(scored, {
    k: 10,
    again,
    alike,
    subjects: again > 0 ? subjects : [],
  }).map(({ item }) => item);
}

function clinicalGlossary(folder: string) {
  const file = join(folder, 'wikipedia.train.csv');
  // The data's own column names: abr,long_form.
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const comma = line.indexOf(',');
      return comma > 0
        ? [
            {
              abbreviation: line.slice(0, comma),
              longForm: line
                .slice(comma + 1)
                .replaceAll('"', '')
                .trim(),
            },
          ]
        : [];
    });
}

/** What the documents' texts define, as the catalogue has it. */
function minedDefinitions(path: string): string {
  using database = new DatabaseSync(path, { readOnly: true });
  const { definitions, abbreviations } = database
    .prepare('SELECT count(*) AS definitions, count(DISTINCT abbreviation) AS abbreviations FROM definitions')
    .get() as { definitions: number; abbreviations: number };
  return `Mined from texts: ${definitions} definitions of ${abbreviations} abbreviations`;
}
