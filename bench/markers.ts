/**
 * Who knows best which passage a sentence of an answer is from: the model that wrote it, its words, or its meaning?
 *
 *     npm run bench -- markers [--model local:qwen2.5-coder-0.5b] [--projects handbook,clinic,tatqa] [--questions 26]
 *
 * Questions of three projects of other people's documents, answered by rag with four passages in an order shuffled by a seed, so that the first
 * is no better a guess than another. Of each answer: does it cite a right passage (of the question's document, the one or ones that have most
 * words of what was expected), if its markers were
 *
 *     written     what the model wrote
 *     always [1]
 *     by words    each sentence's passage with the most of its words
 *     asked       the model's own choice among the numbers behind each sentence, as under a grammar that allows nothing else
 *     matched     `matchMarkers` of the text without markers: words, meaning and the search's score
 *     product     `matchMarkers` of the text as it was written, the product's default: a written marker stays where its passage is nearly as near as any
 *
 * Shares of answers with a right citation, and of sentences whose marker is right. The weights of `matched` were chosen on 55 of these answers.
 */
import { parseArgs } from 'node:util';
import { statementsOf, withoutMarkers } from '../packages/tandem/src/answer/citations.ts';
import { matchMarkers } from '../packages/tandem/src/answer/match-markers.ts';
import { sentenceCosines } from '../packages/tandem/src/answer/sentence-cosines.ts';
import type { AnswerStep } from '../packages/tandem/src/answer/step.ts';
import type { Passage } from '../packages/tandem/src/core/types/document.ts';
import type { ChatMessage } from '../packages/tandem/src/core/types/example.ts';
import { createAnswerer, createTandem, ingest } from '../packages/tandem/src/index.ts';
import { localToolsOf } from '../packages/tandem/src/models/local-tools.ts';
import { fromDocuments } from '../packages/tandem/src/sources/documents.ts';
import { intervalOf, shuffled } from '../packages/tandem/src/statistics/index.ts';
import { createRandom } from '../packages/tandem/src/statistics/random.ts';
import { foldedWords } from '../packages/tandem/src/text/words.ts';
import { type Asked, documentsOf, type ProjectName, questionsOf } from './prompts/projects.ts';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'local:qwen2.5-coder-0.5b' },
    projects: { type: 'string', default: 'handbook,clinic,tatqa' },
    questions: { type: 'string', default: '26' },
    seed: { type: 'string', default: '7' },
  },
});
const ways = ['written', 'always [1]', 'by words', 'asked', 'matched', 'product'] as const;
type Way = (typeof ways)[number];
/** Of one answer: the passages that each way cites, from 0. */
type Cited = Record<Way, number[]>;

const rows: { project: string; right: ReadonlySet<number>; cited: Cited }[] = [];
for (const project of flags.projects.split(',') as ProjectName[]) {
  const all = questionsOf[project]();
  const step = Math.max(1, all.length / Number(flags.questions));
  const asked = all.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step));
  await using tandem = await createTandem({
    chat: flags.model,
    embedder: 'local:all-minilm-l6-v2',
    sources: [fromDocuments(documentsOf(project, new Set(asked.map(({ document }) => document))))],
    settings: {
      retrieve: { k: 4 },
      chunk: { maxTokens: 150, overlapTokens: 24 },
      answer: { markers: 'written' },
    },
  });
  await ingest(tandem);
  const tools = localToolsOf(await tandem.models.chat());
  if (!tools) throw new Error('Only a local model can be asked for its choice among the numbers.');
  const embedder = await tandem.models.embedder();
  let messages: ChatMessage[] = [];
  const answerer = await createAnswerer(tandem, {
    arm: 'rag',
    steps: [
      { after: 'assess', step: shufflePassages(Number(flags.seed)) },
      {
        after: 'prompt',
        step: {
          name: 'remember',
          run: (state) => {
            messages = state.messages ?? [];
            return {};
          },
        },
      },
    ],
  });
  for (const one of asked) {
    const { text, abstained, passages } = await answerer.answer(one.question);
    const plain = withoutMarkers(text);
    const sentences = statementsOf(plain).filter(({ sentence }) => /[\p{L}\p{N}]/u.test(sentence));
    if (abstained || sentences.length === 0) continue;
    const choices = passages.map((_, at) => `${at + 1}]`);
    const chosen: number[] = [];
    for (const { end } of sentences) {
      const before = `${plain.slice(0, end)} [`;
      const probabilities = await tools.choiceProbabilities({ messages, before, choices });
      chosen.push(probabilities.indexOf(Math.max(...probabilities)));
    }
    const cosines = await sentenceCosines(
      sentences.map(({ sentence }) => sentence),
      { question: one.question, passages },
      { embedder },
    );
    rows.push({
      project,
      right: rightPassages(one, passages),
      cited: {
        written: markersIn(text),
        'always [1]': [0],
        'by words': markersIn(matchMarkers(plain, { passages }).text),
        asked: chosen,
        matched: markersIn(matchMarkers(plain, { passages, cosines }).text),
        product: markersIn(matchMarkers(text, { passages, cosines }).text),
      },
    });
  }
  console.error(`${project}: ${rows.length} answers`);
}

console.log(`${flags.model}: answers that cite a right passage; sentences whose marker is right`);
for (const project of [undefined, ...flags.projects.split(',')]) {
  const some = rows.filter((row) => project === undefined || row.project === project);
  console.log(`${project ?? 'all'} (${some.length} answers)`);
  for (const way of ways) {
    const hits = some.map(({ cited, right }) => Number(cited[way].some((at) => right.has(at))));
    const { value, low, high } = intervalOf(
      { values: hits, groups: hits.map((_, at) => `${at}`) },
      { bounds: [0, 1] },
    )!;
    const single = some.flatMap(({ cited, right }) => cited[way].map((at) => Number(right.has(at))));
    const share = single.reduce((sum, hit) => sum + hit, 0) / Math.max(1, single.length);
    console.log(
      `  ${way.padEnd(11)} ${value.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})   ${way === 'always [1]' ? '' : `${share.toFixed(2)} of ${single.length}`}`,
    );
  }
}

function shufflePassages(seed: number): AnswerStep {
  return {
    name: 'shuffle',
    run: ({ request, retrieved }) =>
      retrieved
        ? {
            retrieved: {
              ...retrieved,
              passages: shuffled([...retrieved.passages], createRandom(seed + request.question.length)),
            },
          }
        : {},
  };
}

function markersIn(text: string): number[] {
  return [...text.matchAll(/\[(\d+)\]/g)].map(([, marker]) => Number(marker) - 1);
}

/** Of the question's document, the passages with most words of what was expected. */
function rightPassages({ expected, document }: Asked, passages: readonly Passage[]): Set<number> {
  const wanted = [...new Set(foldedWords(expected.join(' ')))];
  const counts = passages.map(({ documentId, text }) => {
    if (documentId.replace(/\.md$/, '') !== document.replace(/\.md$/, '')) return 0;
    const words = new Set(foldedWords(text));
    return wanted.filter((word) => words.has(word)).length;
  });
  const most = Math.max(...counts);
  return new Set(most > 0 ? counts.flatMap((count, at) => (count === most ? [at] : [])) : []);
}
