/**
 * Which system prompt makes an untrained model answer from its passages in whole sentences, with the right numbers behind them.
 *
 *     npm run bench -- prompts [--model local:qwen2.5-coder-0.5b] [--projects handbook,clinic,tatqa] [--questions 12] [--prompts default,…]
 *
 * Three projects of other people's documents: product documentation, pages on diseases, annual reports. Of each some questions whose document is indexed, and for
 * each two of them one whose document is left out. All prompts get the same passages, in an order shuffled by a seed, so that the first is no
 * better a guess than another. For every prompt: answers that are right (`evaluate/metrics/agreement.ts`), that cite the right document, what
 * citing always the first passage and markers set by word overlap would have been worth, refusals where the document was there and where it was
 * not, and answers with no words, no marker or a loop. Prints the first answers word for word with --show.
 */
import { parseArgs } from 'node:util';
import { withoutMarkers } from '../packages/tandem/src/answer/citations.ts';
import { matchMarkers } from '../packages/tandem/src/answer/match-markers.ts';
import type { AnswerStep } from '../packages/tandem/src/answer/step.ts';
import type { PromptVariant } from '../packages/tandem/src/core/settings.ts';
import { agreesWith } from '../packages/tandem/src/evaluate/metrics/agreement.ts';
import { type Answer, createAnswerer, createTandem, ingest } from '../packages/tandem/src/index.ts';
import { fromDocuments } from '../packages/tandem/src/sources/documents.ts';
import { createRandom, shuffled } from '../packages/tandem/src/statistics/random.ts';
import { loadProject, type Project, type ProjectName } from './prompts/projects.ts';
import { variants } from './prompts/variants.ts';

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'local:qwen2.5-coder-0.5b' },
    projects: { type: 'string', default: 'handbook,clinic,tatqa' },
    questions: { type: 'string', default: '12' },
    prompts: { type: 'string', default: Object.keys(variants).join(',') },
    seed: { type: 'string', default: '7' },
    show: { type: 'string', default: '0' },
  },
});
const chosen = flags.prompts.split(',').map((id): [string, PromptVariant] => {
  const variant = variants[id];
  if (!variant)
    throw new Error(`There is no prompt ${id}: choose among ${Object.keys(variants).join(', ')}.`);
  return [id, variant];
});

/** What counts of one answer. */
interface Row {
  isAnswerable: boolean;
  right: boolean;
  cited: boolean;
  citedIfFirst: boolean;
  citedIfMatched: boolean;
  abstained: boolean;
  problem: string | undefined;
}
const rows = new Map<string, Row[]>();

for (const name of flags.projects.split(',') as ProjectName[]) {
  const project = loadProject(name, Number(flags.questions));
  await using tandem = await createTandem({
    chat: flags.model,
    embedder: 'local:all-minilm-l6-v2',
    sources: [fromDocuments(project.documents)],
  });
  await ingest(tandem);
  for (const [id, variant] of chosen) {
    const answerer = await createAnswerer(tandem, {
      arm: 'rag',
      steps: [{ after: 'assess', step: shufflePassages(Number(flags.seed)) }],
    });
    for (const [at, asked] of project.questions.entries()) {
      const answer = await answerer.answer(asked.question, { variant });
      const row = measure(answer, asked);
      for (const key of [id, `${id}\n${name}`]) rows.set(key, [...(rows.get(key) ?? []), row]);
      if (at < Number(flags.show))
        console.log(
          `${name}, ${id}: ${asked.question}\n  ${answer.text.replaceAll('\n', '\n  ')}\n  expected: ${asked.expected[0]}\n`,
        );
    }
    console.error(`${name}, ${id}: ${project.questions.length} answers`);
  }
}

console.log(
  `${flags.model}; shares of ${rows.get(chosen[0]![0])!.filter((row) => row.isAnswerable).length} questions whose document is indexed, refusals of ${rows.get(chosen[0]![0])!.filter((row) => !row.isAnswerable).length} whose is not`,
);
console.log(
  'prompt              right  cites  [1] always  by overlap  refuses  refuses rightly  no words  no marker  loops',
);
for (const [id] of chosen) {
  print(id, id);
  for (const name of flags.projects.split(',')) print(`${id}\n${name}`, `  ${name}`);
}

function print(key: string, label: string): void {
  const all = rows.get(key)!;
  const there = all.filter(({ isAnswerable }) => isAnswerable);
  const missing = all.filter(({ isAnswerable }) => !isAnswerable);
  const share = (of: readonly Row[], test: (row: Row) => boolean) =>
    (of.filter(test).length / Math.max(1, of.length)).toFixed(2);
  const cells: [string, number][] = [
    [share(there, ({ right }) => right), 7],
    [share(there, ({ cited }) => cited), 7],
    [share(there, ({ citedIfFirst }) => citedIfFirst), 12],
    [share(there, ({ citedIfMatched }) => citedIfMatched), 12],
    [share(there, ({ abstained }) => abstained), 9],
    [share(missing, ({ abstained }) => abstained), 17],
    [share(there, ({ problem }) => problem === 'nothing said'), 10],
    [share(there, ({ problem }) => problem === 'nothing cited'), 11],
    [share(there, ({ problem }) => problem === 'repeated'), 7],
  ];
  console.log(label.padEnd(18) + cells.map(([text, width]) => text.padStart(width)).join(''));
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

function measure(
  answer: Answer,
  { document, expected, question, isAnswerable }: Project['questions'][number],
): Row {
  const cites = (marked: Pick<Answer, 'citations'>) =>
    marked.citations.some(({ documentId }) => documentId === document);
  const plain = withoutMarkers(answer.text);
  const matched = matchMarkers(plain, { passages: answer.passages }).text;
  const markers = [...matched.matchAll(/\[(\d+)\]/g)].map(
    ([, marker]) => answer.passages[Number(marker) - 1],
  );
  return {
    isAnswerable,
    right: !answer.abstained && expected.some((text) => agreesWith(answer.text, text, question)),
    cited: !answer.abstained && cites(answer),
    citedIfFirst: !answer.abstained && answer.passages[0]?.documentId === document,
    citedIfMatched: !answer.abstained && markers.some((passage) => passage?.documentId === document),
    abstained: answer.abstained,
    problem: answer.problems?.[0],
  };
}
