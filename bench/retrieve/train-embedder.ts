/**
 * Fine-tunes the embedder on MedQuAD's *train* questions, for the third row of `bench/retrieve.ts`: plain, by abbreviation, and in
 * synthetic own words, each with a passage of the section that answers it, and another section of the same document as hard negative.
 * Questions whose group also has held-out questions are left out.
 *
 *     node bench/retrieve/train-embedder.ts --work DIR --out DIR [--pairs 5000] [--tokens 72] [--products int8] [--seed 1] [--data DIR]
 *
 * --work is that of `bench/retrieve.ts`, whose index the passages are taken from. Minutes; then give --out as `--embedder` to it.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type EmbedderPair, trainEmbedder, WordPieceTokenizer } from '@tandem/nn';
import { openCatalog } from '../../packages/tandem/src/catalog/sqlite-catalog.ts';
import { embeddedText } from '../../packages/tandem/src/chunk/embedded-text.ts';
import { fetchModel } from '../../packages/tandem/src/models/fetch/fetch-model.ts';
import type { StoredChunk } from '../../packages/tandem/src/store/chunk-table.ts';
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
    pairs: { type: 'string', default: '5000' },
    tokens: { type: 'string', default: '72' },
    products: { type: 'string', default: 'float32' },
    seed: { type: 'string', default: '1' },
  },
});
if (!flags.work || !flags.out) throw new Error('Give --work and --out: see the head of this file.');

await using catalog = await openCatalog(join(flags.work, 'catalog.sqlite'));
await using store = await openLanceStore(join(flags.work, 'index'), {});
const state = (await catalog.index.get())!;
const ofDocument = new Map<string, StoredChunk[]>();
for await (const { chunk } of store.scan({ generation: state.generation, seq: state.committedSeq })) {
  const list = ofDocument.get(chunk.documentId);
  if (list) list.push(chunk);
  else ofDocument.set(chunk.documentId, [chunk]);
}
const aliases = new Map((await catalog.documents.list()).map((document) => [document.id, document.aliases]));
const { path: base } = await fetchModel('local:all-minilm-l6-v2');
const tokenizer = await WordPieceTokenizer.load(join(base, 'tokenizer.json'));
const most = Number(flags.tokens);
/** Prefix and the beginning: what a section is about stands there, and short texts train three times as fast. */
const opening = (chunk: StoredChunk) => {
  const text = embeddedText({ prefix: chunk.prefix ?? '', text: chunk.text });
  return text.slice(0, tokenizer.encode(text).offsets[most]?.[0] ?? text.length);
};

const groups = groupsOf(flags.data);
const heldOut = new Set(questionsOf(flags.data, 'questions.dev.jsonl').map(({ doc }) => groups[doc]));
const usable = scattered(
  questionsOf(flags.data, 'questions.train.jsonl').filter(({ doc }) => !heldOut.has(groups[doc])),
);
const jargon = scattered(
  questionsOf(flags.data, 'questions.jargon.train.jsonl').filter(({ doc }) => !heldOut.has(groups[doc])),
);
const wanted = Number(flags.pairs);
const queries = [
  ...usable.slice(0, Math.round(wanted * 0.4)),
  ...usable
    .slice(Math.round(wanted * 0.4))
    .flatMap((question) => {
      const text = inOwnWords(question, aliases.get(question.doc) ?? [], 0);
      return text === undefined ? [] : [{ ...question, question: text }];
    })
    .slice(0, Math.round(wanted * 0.4)),
  ...jargon.slice(0, Math.round(wanted * 0.2)),
];
const pairs = scattered(queries).flatMap((question, at): EmbedderPair[] => {
  const own = ofDocument.get(question.doc) ?? [];
  const section = (chunk: StoredChunk) => chunk.headingPath[1]?.toLowerCase();
  const right = own.filter((chunk) => section(chunk) === question.qtype);
  if (right.length === 0) return [];
  const others = own.filter((chunk) => section(chunk) !== undefined && section(chunk) !== question.qtype);
  const positive = right[at % 5 < 3 ? 0 : at % right.length]!;
  const negative = others[(at * 7) % others.length];
  return [
    {
      query: question.question,
      positive: opening(positive),
      ...(negative && { negatives: [opening(negative)] }),
    },
  ];
});
console.log(`${pairs.length} pairs`);
let said = 0;
const { metrics } = await trainEmbedder({
  directory: base,
  outputDirectory: flags.out,
  pairs: pairs.slice(0, -128),
  validation: pairs.slice(-128),
  evaluateEverySteps: 40,
  onTooLong: 'truncate',
  hyperparameters: {
    batchSize: 64,
    learningRate: 8e-5,
    epochs: 1,
    seed: Number(flags.seed),
    products: flags.products as 'float32' | 'int8',
  },
  onProgress: ({ stage, done, total, pairsPerSecond, recallAt1 }) => {
    if (Date.now() - said < 15_000) return;
    said = Date.now();
    console.log(stage, done, total, pairsPerSecond?.toFixed(1) ?? '', recallAt1 ?? '');
  },
});
console.log(JSON.stringify({ ...metrics, losses: metrics.losses.slice(-5) }, null, 1));
