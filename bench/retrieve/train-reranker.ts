/**
 * Trains a cross-encoder on MedQuAD's *train* questions, for the reranker's row of `bench/retrieve.ts`: half plain, half in synthetic own words,
 * each with a passage of the section that answers it beside four wrong ones, the best that retrieval itself finds (no twins, which are right too).
 * Questions whose group also has held-out questions are left out, and those that `bench/retrieve.ts` measures with by default.
 *
 *     node bench/retrieve/train-reranker.ts --work DIR --out DIR [--questions 600] [--tokens 128] [--data DIR]
 *
 * --work is that of `bench/retrieve.ts`. Minutes; then give --out as `--reranker` to it.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type EmbedderPair, trainCrossEncoder, WordPieceTokenizer } from '@tandem/nn';
import { openCatalog } from '../../packages/tandem/src/catalog/sqlite-catalog.ts';
import { embeddedText } from '../../packages/tandem/src/chunk/embedded-text.ts';
import type { Passage } from '../../packages/tandem/src/core/types/document.ts';
import { fetchModel } from '../../packages/tandem/src/models/fetch/fetch-model.ts';
import { openLocalEmbedder } from '../../packages/tandem/src/models/local-embedder.ts';
import { createRetriever } from '../../packages/tandem/src/retrieve/retriever.ts';
import { openLanceStore } from '../../packages/tandem/src/store/lancedb/lance-store.ts';
import { inOwnWords } from './own-words.ts';
import { groupsOf, questionsOf, scattered } from './questions.ts';

const { values: flags } = parseArgs({
  options: {
    data: {
      type: 'string',
      default: join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'medquad'),
    },
    work: { type: 'string' },
    out: { type: 'string' },
    questions: { type: 'string', default: '600' },
    tokens: { type: 'string', default: '128' },
    epochs: { type: 'string', default: '1' },
  },
});
if (!flags.work || !flags.out) throw new Error('Give --work and --out: see the head of this file.');

await using catalog = await openCatalog(join(flags.work, 'catalog.sqlite'));
await using store = await openLanceStore(join(flags.work, 'index'));
const { path: base } = await fetchModel('local:all-minilm-l6-v2');
await using embedder = await openLocalEmbedder({ path: base });
const retriever = createRetriever({ catalog, store, embedder });
const aliases = new Map((await catalog.documents.list()).map((document) => [document.id, document.aliases]));
const tokenizer = await WordPieceTokenizer.load(join(base, 'tokenizer.json'));
/** Prefix and the beginning: short texts train faster. */
const opening = ({ prefix = '', text }: Passage) => {
  const whole = embeddedText({ prefix, text });
  return whole.slice(0, tokenizer.encode(whole).offsets[Number(flags.tokens)]?.[0] ?? whole.length);
};

const groups = groupsOf(flags.data);
const heldOut = new Set(questionsOf(flags.data, 'questions.dev.jsonl').map(({ doc }) => groups[doc]));
for (const file of ['by-hand.jsonl', 'blind.jsonl'])
  for (const { doc } of questionsOf(import.meta.dirname, file)) heldOut.add(groups[doc]);
const wanted = Number(flags.questions);
const all = scattered(questionsOf(flags.data, 'questions.train.jsonl'));
for (const { doc } of all.slice(0, 600)) heldOut.add(groups[doc]);
const usable = all.filter(({ doc }) => !heldOut.has(groups[doc]));
const queries = [
  ...usable.slice(0, Math.round(wanted * 0.4)),
  ...usable
    .slice(Math.round(wanted * 0.4))
    .flatMap((question, at) => {
      const text = inOwnWords(question, aliases.get(question.doc) ?? [], at % 2 === 0 ? 0 : 1);
      return text === undefined ? [] : [{ ...question, question: text }];
    })
    .slice(0, Math.round(wanted * 0.6)),
];
const pairs: EmbedderPair[] = [];
let notFound = 0;
for (const { question, doc, qtype } of scattered(queries)) {
  const { passages } = await retriever.retrieve(question, { k: 20 });
  const isRight = ({ documentId, headingPath }: Passage) =>
    documentId === doc && headingPath[1]?.toLowerCase() === qtype;
  const right = passages.find(isRight);
  const wrong = passages.filter(
    ({ documentId, headingPath }) =>
      groups[documentId] !== groups[doc] || headingPath[1]?.toLowerCase() !== qtype,
  );
  if (!right) notFound++;
  else
    pairs.push({
      query: question,
      positive: opening(right),
      // The two that are nearest, and two from further down.
      negatives: [...new Set([0, 1, 4, 9].map((at) => wrong[at]).filter((each) => each !== undefined))].map(
        opening,
      ),
    });
}
console.log(`${pairs.length} pairs; of ${notFound} questions the right passage was not among the first 20`);
let said = 0;
const { metrics } = await trainCrossEncoder({
  directory: base,
  outputDirectory: flags.out,
  pairs: pairs.slice(0, -60),
  validation: pairs.slice(-60),
  onTooLong: 'truncate',
  hyperparameters: { batchSize: 8, learningRate: 1e-4, epochs: Number(flags.epochs), negatives: 4, seed: 1 },
  onProgress: ({ stage, done, total, pairsPerSecond, recallAt1 }) => {
    if (Date.now() - said < 15_000) return;
    said = Date.now();
    console.log(stage, done, total, pairsPerSecond?.toFixed(1) ?? '', recallAt1 ?? '');
  },
});
console.log(JSON.stringify({ ...metrics, losses: metrics.losses.slice(-5) }, null, 1));
