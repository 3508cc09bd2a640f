/**
 * How often a question is refused before any model is asked ("The sources do not say."), of those that the documents answer and of those
 * that they do not.
 *
 *     npm run bench -- sufficiency [--collections clapnq,mtrag-un,xquad/es,xquad/ru] [--data DIR] [--work DIR]
 *
 * "one cosine" is the rule until commit a5aa673: the best passage's cosine must reach .25. "now" is the value of `measureRelevance` at the default
 * `leastSimilarity`. Rows:
 *
 *     answerable   the collection says that the documents answer it (mtrag-un: ANSWERABLE, as in conversation)
 *     topic        clapnq: a passage on the topic is there and lacks the answer
 *     withheld     the document that answers it is left out of the search
 *     foreign      a question of another collection
 *     others       mtrag-un's outcomes, by their names
 *
 * Exits with 1 where more answerable questions are refused than by one cosine, or fewer of those that nothing answers.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureRelevance } from '../packages/tandem/src/answer/sufficiency/relevance.ts';
import type { Turn } from '../packages/tandem/src/retrieve/conversation.ts';
import { linesOf } from './data/json-lines.ts';
import { collectionsIn, turnsOf } from './retrieve-general/collections.ts';
import { openIndexed } from './retrieve-general/measure.ts';

const { values: flags } = parseArgs({
  options: {
    collections: { type: 'string', default: 'clapnq,mtrag-un,xquad/es,xquad/ru' },
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'general') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-sufficiency') },
  },
});

interface Case {
  kind: string;
  question: string;
  turns?: Turn[];
  /** Not searched. */
  without?: string;
}

const oneCosine = 0.25;
/** Of XQuAD's 1,190 questions of a language. */
const sampledEvery = 12;
let isWorse = false;
for (const name of flags.collections.split(',')) {
  const folder = join(flags.data, name);
  if (!existsSync(folder)) throw new Error(`There is no collection in ${folder}.`);
  const collection = collectionsIn(flags.data).find(
    ({ documents }) => documents === join(folder, 'documents'),
  )!;
  await using tandem = await openIndexed(collection, flags.work);
  const { leastSimilarity, k } = tandem.settings.retrieve;
  const ids = (await tandem.catalog.documents.list()).map(({ id }) => id);
  const retriever = await tandem.retriever();
  const parts = { embedder: await tandem.models.embedder(), catalog: tandem.catalog };
  const counts = new Map<string, { asked: number; before: number; now: number; milliseconds: number }>();
  for (const { kind, question, turns, without } of casesOf(name)) {
    const documentIds = without === undefined ? undefined : ids.filter((id) => !id.includes(without));
    if (documentIds?.length === ids.length) throw new Error(`${name} has no document ${without}.`);
    const found = await retriever.retrieve(question, {
      k,
      ...(documentIds && { documentIds }),
      ...(turns && { turns }),
    });
    const started = performance.now();
    const relevance = (await measureRelevance(question, found, parts))?.value;
    const milliseconds = performance.now() - started;
    const cosine = Math.max(-1, ...found.passages.map(({ scores }) => scores.dense ?? -1));
    let count = counts.get(kind);
    if (!count) counts.set(kind, (count = { asked: 0, before: 0, now: 0, milliseconds: 0 }));
    count.asked++;
    count.before += Number(cosine < oneCosine);
    count.now += Number((relevance ?? 1) < leastSimilarity);
    count.milliseconds += milliseconds;
  }
  const separation = (await tandem.catalog.index.get())!.separation!.value;
  console.log(`\n${name}, separation ${separation.toFixed(1)}`);
  console.log('| questions | n | refused by one cosine | refused now | ms |\n|---|---|---|---|---|');
  for (const [kind, { asked, before, now, milliseconds }] of counts) {
    console.log(
      `| ${kind} | ${asked} | ${(before / asked).toFixed(3)} | ${(now / asked).toFixed(3)} | ${(milliseconds / asked).toFixed(0)} |`,
    );
    if (/^(?:answerable|partial)$/.test(kind) ? now > before : now < before) isWorse = true;
  }
}
if (isWorse) {
  console.error('More answerable questions are refused than before, or fewer of the others.');
  process.exitCode = 1;
}

function casesOf(name: string): Case[] {
  if (name === 'mtrag-un')
    return [
      ...linesOf(join(flags.data, 'mtrag-un/tasks.jsonl')).map((task) => ({
        kind: task.outcome.toLowerCase(),
        question: task.question,
        turns: turnsOf(task),
      })),
      ...foreign('clapnq/questions.jsonl'),
    ];
  const questions = linesOf(join(flags.data, `${name}/questions.jsonl`)).filter(
    (_, at) => name === 'clapnq' || at % sampledEvery === 0,
  );
  return [
    ...questions.map(({ question, answerable }) => ({
      kind: answerable === false ? 'topic' : 'answerable',
      question,
    })),
    ...questions.map(({ question, document }) => ({ kind: 'withheld', question, without: document })),
    ...(name === 'clapnq' ? foreign('mtrag-un/tasks.jsonl') : []),
  ];
}

function foreign(file: string): Case[] {
  return linesOf(join(flags.data, file)).map(({ question }) => ({ kind: 'foreign', question }));
}
