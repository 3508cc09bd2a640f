/**
 * How often a project that was calibrated on its own questions refuses what its documents do not answer, and answers what they do: MedQuAD, 5,486 documents on
 * diseases.
 *
 *     npm run bench -- refusals [--questions 500] [--false-answers 0.05] [--data DIR] [--work DIR]
 *
 * `calibrateSufficiency` on the train questions whose groups have no held-out one. Then, before any model is asked:
 *
 *     answerable    held-out (dev) questions whose group has no train document
 *     withheld      the same, with the documents of their group left out of the search
 *     out of scope  questions of clinc-oos, on other things than diseases
 *
 * --work may be that of `retrieve`: the index is the same. Exits with 1 where less than 95 % of the answerable are answered, or less than 90 % of the withheld or 98 % of the
 * others refused.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  calibrateSufficiency,
  createAnswerer,
  createTandem,
  ingest,
  openCatalog,
  refuse,
  type StepInsertion,
} from '../packages/tandem/src/index.ts';
import { filesSource } from '../packages/tandem/src/sources/files.ts';
import { intervalOf } from '../packages/tandem/src/statistics/index.ts';
import { openLanceStore } from '../packages/tandem/src/store/lancedb/lance-store.ts';
import { mean } from './data/mean.ts';
import { groupsOf, questionsOf, scattered } from './retrieve/questions.ts';

const { values: flags } = parseArgs({
  options: {
    questions: { type: 'string', default: '500' },
    'false-answers': { type: 'string', default: '0.05' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'medquad') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-bench-retrieve') },
  },
});
if (!existsSync(flags.data))
  throw new Error(`There is no MedQuAD data at ${flags.data}: say where with --data.`);

const groups = groupsOf(flags.data);
const all = (file: string) => scattered(questionsOf(flags.data, file));
const train = all('questions.train.jsonl');
const dev = all('questions.dev.jsonl');
const groupsOfTrain = new Set(train.map(({ doc }) => groups[doc]));
const groupsOfDev = new Set(dev.map(({ doc }) => groups[doc]));
const asked = dev.filter(({ doc }) => !groupsOfTrain.has(groups[doc])).slice(0, Number(flags.questions));
const outOfScope = Object.values(
  JSON.parse(readFileSync(join(dirname(flags.data), 'clinc-oos', 'train-val.json'), 'utf8')) as Record<
    string,
    [string, string][]
  >,
)
  .flat()
  .filter(([, intent]) => intent === 'oos')
  .map(([question]) => question);

const folder = join(flags.work, 'base');
mkdirSync(folder, { recursive: true });
await using tandem = await createTandem({
  name: 'medquad',
  catalog: () => openCatalog(join(folder, 'catalog.sqlite')),
  store: () => openLanceStore(join(folder, 'index')),
  dataDirectory: join(flags.work, 'data'),
  sources: [filesSource({ path: join(flags.data, 'corpus'), baseDirectory: flags.data })],
  questions: train
    .filter(({ doc }) => !groupsOfDev.has(groups[doc]))
    .slice(0, 600)
    .map(({ qid, doc, qtype, question }, at) => ({
      id: `${qid}-${at}`,
      question,
      group: groups[doc] ?? doc,
      source: { documentId: doc, section: qtype },
    })),
  settings: { chunk: { maxTokens: 200, overlapTokens: 30 } },
});
await ingest(tandem);
const { calibration, questions, curve } = await calibrateSufficiency(tandem, {
  falseAnswers: Number(flags['false-answers']),
  leftOut: 'documents',
});
console.log(
  `Calibrated on ${questions.answerable} questions with an answer and ${questions.withoutAnswer} without, threshold ${calibration.threshold.toFixed(3)}; ECE ${calibration.eceBefore.toFixed(3)} before, ${calibration.eceAfter.toFixed(3)} after.`,
);
console.log(
  `Cross-fitted on these: ${curve.map(({ falseAnswers, answered }) => `${falseAnswers} → ${answered.toFixed(3)}`).join(', ')}`,
);

/** Ends an answer where a model would be asked. */
const stop: StepInsertion = {
  after: 'assess',
  step: { name: 'stop', run: ({ reply }) => (reply ? {} : refuse('answered')) },
};
const answerer = await createAnswerer(tandem, { extract: true, steps: [stop] });
const documents = (await tandem.catalog.documents.list()).map(({ id }) => id);
const isAnswered = async (question: string, documentIds?: string[]) =>
  Number((await answerer.answer(question, documentIds ? { documentIds } : {})).text === 'answered');

const rows = { answerable: [] as number[], withheld: [] as number[], 'out of scope': [] as number[] };
const groupOf = asked.map(({ doc }) => groups[doc] ?? doc);
for (const [at, { question }] of asked.entries()) {
  rows.answerable.push(await isAnswered(question));
  rows.withheld.push(
    await isAnswered(
      question,
      documents.filter((id) => (groups[id] ?? id) !== groupOf[at]),
    ),
  );
}
for (const question of outOfScope) rows['out of scope'].push(await isAnswered(question));

console.log('\n| questions | n | answered (95 %) | refused |\n|---|---|---|---|');
for (const [name, values] of Object.entries(rows)) {
  const { value, low, high } = intervalOf(
    { values, groups: name === 'out of scope' ? outOfScope : groupOf },
    { bounds: [0, 1] },
  )!;
  console.log(
    `| ${name} | ${values.length} | ${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)}) | ${(1 - value).toFixed(3)} |`,
  );
}
if (mean(rows.answerable) < 0.95 || mean(rows.withheld) > 0.1 || mean(rows['out of scope']) > 0.02)
  process.exitCode = 1;
