/**
 * Whether `right` means right: the metric against people's or models' reading of the same answers.
 *
 *     npm run bench -- agreement                      # the committed answers and labels
 *     npm run bench -- agreement --make FILE          # asks again, and writes answers without labels
 *
 * Answers of three projects of other people's documents (product documentation, pages on diseases, annual reports), written by a small model with
 * passages and quoted by `extract`. Two labellers read question, expected answer, sources and answer, each without the other's labels and
 * without the metric's; `agreement/README.md` says what they were. Printed: Cohen's κ of the two, and the share of answers on which the
 * metric, token F1 of at least .5, and the labels agree, where both labellers say the same and over all, with 95 % intervals by question.
 * Then the same of the answers that examples have labelled (`examples/NAME/labels.jsonl`); what they changed in the metric is said in
 * `agreement/README.md`.
 * Exits with 1 where the metric agrees with less than .90 of the labels that both gave.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isAbstention } from '../packages/tandem/src/answer/abstention.ts';
import { withoutMarkers } from '../packages/tandem/src/answer/citations.ts';
import { agreesWith, enoughF1 } from '../packages/tandem/src/evaluate/metrics/agreement.ts';
import { tokenF1 } from '../packages/tandem/src/evaluate/metrics/text-overlap.ts';
import { createAnswerer, createTandem, ingest } from '../packages/tandem/src/index.ts';
import { fromDocuments } from '../packages/tandem/src/sources/documents.ts';
import { intervalOf } from '../packages/tandem/src/statistics/index.ts';
import { jsonLines, linesOf } from './data/json-lines.ts';
import { documentsOf, type ProjectName, questionsOf } from './prompts/projects.ts';

const { values: flags } = parseArgs({
  options: {
    make: { type: 'string' },
    model: { type: 'string', default: 'local:qwen2.5-coder-0.5b' },
    questions: { type: 'string', default: '40' },
  },
});
const examples = join(import.meta.dirname, '..', 'examples');
const projects: readonly ProjectName[] = ['handbook', 'clinic', 'tatqa'];

/** One answer. The questions and what is expected are the collections' own, and are read there. */
interface Given {
  id: string;
  project: ProjectName;
  /** The question's id in its project. */
  question: string;
  /** `rag`, or `extract`. */
  by: string;
  text: string;
}

if (flags.make !== undefined) await makeAnswers(flags.make);
else {
  report();
  for (const name of readdirSync(examples)) {
    const file = join(examples, name, 'labels.jsonl');
    if (existsSync(file)) reportExample(name, linesOf<LabelledAnswer>(file));
  }
}

/** An answer of an example's report. */
interface LabelledAnswer {
  case: string;
  arm: string;
  question: string;
  /** All texts that are right; empty where the sources have no answer. */
  expected: string[];
  answer: string;
  /** By two readers. */
  right: [boolean, boolean];
}

function reportExample(name: string, rows: readonly LabelledAnswer[]): void {
  const notInSources = 'The sources do not say.';
  const judged = rows.map((row) => {
    const answer = withoutMarkers(row.answer);
    const isRefusal = isAbstention(answer, notInSources);
    const is = (agrees: (text: string) => boolean) =>
      row.expected.length === 0 ? isRefusal : !isRefusal && row.expected.some(agrees);
    const [first, second] = row.right;
    return {
      ...row,
      project: name,
      first,
      second,
      metric: is((text) => agreesWith(answer, text, row.question)),
      byF1: is((text) => tokenF1(answer, text) >= enoughF1),
    };
  });
  const both = judged.filter(({ first, second }) => first === second);
  const agrees = (test: (row: (typeof both)[number]) => boolean) =>
    share(
      both.map((row) => ({ ...row, question: row.case })),
      test,
    );
  console.log(
    `\nexamples/${name}: ${rows.length} answers; readers agree on ${both.length}, κ ${kappa(judged).toFixed(2)}; right by both ${both.filter(({ first }) => first).length}; metric ${agrees(({ metric, first }) => metric === first)}, F1 ≥ .5 ${agrees(({ byF1, first }) => byF1 === first)}`,
  );
  for (const one of both.filter(({ metric, first }) => metric !== first))
    console.log(`  the metric says ${one.metric ? 'right' : 'wrong'}: ${one.arm} ${one.case}: ${one.answer}`);
}

/** Appends to the file; what is in it already is not asked again. */
async function makeAnswers(file: string): Promise<void> {
  const made = new Set(existsSync(file) ? linesOf<Given>(file).map(({ id }) => id) : []);
  for (const project of projects) {
    const all = questionsOf[project]();
    const step = Math.max(1, all.length / Number(flags.questions));
    const asked = all.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step));
    await using tandem = await createTandem({
      chat: flags.model,
      embedder: 'local:all-minilm-l6-v2',
      sources: [fromDocuments(documentsOf(project, new Set(asked.map(({ document }) => document))))],
      // Two passages: a question of the two cores' twelve seconds takes six.
      settings: { retrieve: { k: 2 } },
    });
    await ingest(tandem);
    const arms = {
      rag: await createAnswerer(tandem, { arm: 'rag' }),
      extract: await createAnswerer(tandem, { extract: true }),
    };
    for (const [by, answerer] of Object.entries(arms))
      for (const { id: question, ...one } of asked) {
        const id = `${project}-${by}-${question}`;
        if (made.has(id)) continue;
        const { text, abstained } = await answerer.answer(one.question);
        // A refusal is not right by what it says.
        if (abstained) continue;
        const answer: Given = { id, project, question, by, text: withoutMarkers(text) };
        appendFileSync(file, `${JSON.stringify(answer)}\n`);
      }
  }
}

function report(): void {
  const folder = join(import.meta.dirname, 'agreement');
  const answers = linesOf<Given>(join(folder, 'answers.jsonl'));
  const labels = ['labels-1.jsonl', 'labels-2.jsonl'].map(
    (file) =>
      new Map(
        jsonLines<{ id: string; right: boolean }>(readFileSync(join(folder, file), 'utf8')).map(
          ({ id, right }) => [id, right],
        ),
      ),
  );
  const asked = new Map(
    projects.flatMap((project) => questionsOf[project]().map((each) => [`${project} ${each.id}`, each])),
  );
  const rows = answers.map((answer) => {
    const { question, expected } = asked.get(`${answer.project} ${answer.question}`)!;
    const [first, second] = labels.map((of) => of.get(answer.id));
    if (first === undefined || second === undefined)
      throw new Error(`${answer.id} has not two labels in ${folder}.`);
    return {
      ...answer,
      first,
      second,
      metric: expected.some((text) => agreesWith(answer.text, text, question)),
      byF1: expected.some((text) => tokenF1(answer.text, text) >= enoughF1),
    };
  });
  const both = rows.filter(({ first, second }) => first === second);
  console.log(
    `${rows.length} answers; labellers agree on ${both.length}, κ ${kappa(rows).toFixed(2)}; right by both ${both.filter(({ first }) => first).length}`,
  );
  console.log('agreement with the labels that both gave   metric                 F1 ≥ .5');
  const parts: [string, (row: (typeof rows)[number]) => boolean][] = [
    ['all', () => true],
    ...projects.map((name): [string, (row: Given) => boolean] => [name, ({ project }) => project === name]),
    ...['rag', 'extract'].map((by): [string, (row: Given) => boolean] => [by, (row) => row.by === by]),
  ];
  for (const [name, isIn] of parts) {
    const some = both.filter(isIn);
    const told = [
      share(some, ({ metric, first }) => metric === first),
      share(some, ({ byF1, first }) => byF1 === first),
    ];
    console.log(`${`${name} (${some.length})`.padEnd(42)} ${told[0]!.padEnd(22)} ${told[1]}`);
  }
  const wrong = both.filter(({ metric, first }) => metric !== first);
  console.log(
    `the metric says right where both say wrong: ${wrong.filter(({ metric }) => metric).length}; wrong where both say right: ${wrong.filter(({ metric }) => !metric).length}`,
  );
  for (const one of wrong) console.log(`  ${one.metric ? 'right' : 'wrong'}?  ${one.id}`);
  if (wrong.length > 0.1 * both.length) {
    console.log(
      `FAILED: the metric agrees with ${(1 - wrong.length / both.length).toFixed(3)} of the labels, under .90`,
    );
    process.exitCode = 1;
  }
}

function share<Row extends { project: string; question: string }>(
  rows: readonly Row[],
  test: (row: Row) => boolean,
): string {
  const interval = intervalOf(
    {
      values: rows.map((row) => Number(test(row))),
      groups: rows.map(({ project, question }) => `${project} ${question}`),
    },
    { bounds: [0, 1] },
  );
  return interval
    ? `${interval.value.toFixed(3)} (${interval.low.toFixed(2)}–${interval.high.toFixed(2)})`
    : '–';
}

/** Cohen 1960. */
function kappa(rows: readonly { first: boolean; second: boolean }[]): number {
  const shareOf = (test: (row: (typeof rows)[number]) => boolean) => rows.filter(test).length / rows.length;
  const [first, second] = [shareOf((row) => row.first), shareOf((row) => row.second)];
  const byChance = first * second + (1 - first) * (1 - second);
  return (shareOf((row) => row.first === row.second) - byChance) / (1 - byChance);
}
