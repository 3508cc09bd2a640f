/**
 * How long a question takes, warm and the first of a process, on the index that `bench/retrieve.ts` left in --work.
 *
 *     node bench/retrieve/latency.ts --work DIR [--data DIR]
 *
 * Plain train questions, questions that people wrote (`by-hand.jsonl`, `blind.jsonl`; 36 words on average), and stories of 100 words and more (of
 * three such questions each: more names and more clauses than one has).
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openCatalog } from '../../packages/tandem/src/catalog/sqlite-catalog.ts';
import { fetchModel } from '../../packages/tandem/src/models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../../packages/tandem/src/models/local-embedder.ts';
import { createRetriever } from '../../packages/tandem/src/retrieve/retriever.ts';
import { openLanceStore } from '../../packages/tandem/src/store/lancedb/lance-store.ts';
import { questionsOf, scattered } from './questions.ts';

const { values: flags } = parseArgs({
  options: {
    data: {
      type: 'string',
      default: join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'medquad'),
    },
    work: { type: 'string' },
  },
});
if (!flags.work) throw new Error('Give --work: see the head of this file.');
await using catalog = await openCatalog(join(flags.work, 'catalog.sqlite'));
await using embedder = await openLocalEmbedder({ path: (await fetchModel('local:all-minilm-l6-v2')).path });
await using store = await openLanceStore(join(flags.work, 'index'));

const written = ['by-hand.jsonl', 'blind.jsonl'].flatMap((file) =>
  questionsOf(import.meta.dirname, file).map(({ question }) => question),
);
const stories: string[] = [];
for (let at = 0; at + 3 <= written.length; at++) stories.push(written.slice(at, at + 3).join(' '));
const sets = {
  plain: scattered(questionsOf(flags.data, 'questions.train.jsonl'))
    .slice(0, 120)
    .map(({ question }) => question),
  'own words': written,
  'stories of 100 words': stories.filter((story) => story.split(/\s+/).length >= 100),
};
const quantile = (times: number[], q: number) =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(q * times.length))]!.toFixed(0);

console.log(`${availableParallelism()} × ${cpus()[0]?.model}, load ${loadavg()[0]!.toFixed(1)}\n`);
const firsts: number[] = [];
let retriever = createRetriever({ catalog, store, embedder });
for (let round = 0; round < 5; round++) {
  // What it learns from the documents is learnt anew.
  retriever = createRetriever({ catalog, store, embedder });
  const before = performance.now();
  await retriever.retrieve('How do you treat gout?', { k: 10 });
  firsts.push(performance.now() - before);
}
console.log(
  `first question of a process: ${firsts[0]!.toFixed(0)} ms; of a further retriever in it: ${quantile(firsts.slice(1), 0.5)} ms p50\n`,
);
console.log(
  '| questions | n | p50 ms | p95 ms | understand | embed | dense | lexical |\n|---|---|---|---|---|---|---|---|',
);
for (const [name, questions] of Object.entries(sets)) {
  for (const question of questions.slice(0, 10)) await retriever.retrieve(question, { k: 10 });
  const times: number[] = [];
  const stages: Record<string, number[]> = {};
  for (const question of questions) {
    const before = performance.now();
    const { timings } = await retriever.retrieve(question, { k: 10 });
    times.push(performance.now() - before);
    for (const [stage, ms] of Object.entries(timings)) stages[stage] = [...(stages[stage] ?? []), ms];
  }
  const cells = ['understand', 'embed', 'dense', 'lexical'].map((stage) => quantile(stages[stage]!, 0.5));
  console.log(
    `| ${name} | ${times.length} | ${quantile(times, 0.5)} | ${quantile(times, 0.95)} | ${cells.join(' | ')} |`,
  );
}
