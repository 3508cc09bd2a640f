/** The projects that both sides get, byte for byte the same: the example, and other people's questions about other people's documents. */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonLines } from '../data/json-lines.ts';
import type { SearchRequest } from './checkout.ts';

/** Of these each is a project as `tandem init` makes it: an English, a financial and a Russian one. */
export const collections = ['clapnq', 'tatqa', 'xquad/ru'];
export const nameOf = (collection: string) => collection.replace('/', '-');

/** In each project's folder: questions for `--batch`, and requests to the library. */
export const questionsFile = 'questions-to-ask.jsonl';
export const requestsFile = 'requests.json';
/** Of the example alone: questions for a language model, and what was said before another one. */
export const fewQuestionsFile = 'few-questions.jsonl';
export const conversationFile = 'conversation.jsonl';

/** A question of several parts, one that the documents lack, one with a slip of the pen, one of words alone. */
const ownQuestions = [
  'What are the symptoms of bipolar disorder and of heart block?',
  'What is giant cell arteritis, and how is it treated?',
  'Which team won the football championship in 2018?',
  'What are the treatments for perifferal artery disease?',
  'retinal detachment risk',
];

interface ClinicCase {
  id: string;
  question: string;
  searchQuery?: string;
  split?: string;
  expected?: unknown;
}

/** The example, with shorter answers and a small training, so that all of it takes minutes. */
const clinicConfig = `import clinic from './clinic.config.ts';

export default {
  ...clinic,
  answer: { ...clinic.answer, maxTokens: 96, prompts: { base: clinic.answer.prompts.base.slice(0, 1), rag: clinic.answer.prompts.rag.slice(0, 2) } },
  dataset: {
    questions: 'training.jsonl', cases: 'held-out.jsonl', glossary: 'glossary.csv',
    mix: { passages: 10, absent: 2, closed: 4, rewrite: 8, glossary: 0 },
  },
  tune: { rank: 2, alpha: 4, learningRate: 0.001, epochs: 1, patience: 0, batchSize: 4, seed: 7, targetModules: ['q_proj', 'v_proj'] },
};
`;

/** The same index, and answers in plain text. */
const plainConfig = `import clinic from './clinic.config.ts';

export default { ...clinic, answer: { arm: 'rag', maxTokens: 96 }, dataset: {} };
`;

/** @param checkout the folder whose \`examples/clinic\` is taken @param data where the collections lie */
export function writeInputs(folder: string, { checkout, data }: { checkout: string; data: string }): void {
  const clinic = join(folder, 'clinic');
  const skipped =
    /\/(\.tandem|report|README\.md|demo\.ts|full-run\.ts|make-data\.ts|steps\.ts|terminal\.ts)$/;
  cpSync(join(checkout, 'examples', 'clinic'), clinic, {
    recursive: true,
    filter: (path) => !skipped.test(path),
  });
  renameSync(join(clinic, 'tandem.config.ts'), join(clinic, 'clinic.config.ts'));
  writeFileSync(join(clinic, 'tandem.config.ts'), clinicConfig);
  writeFileSync(join(clinic, 'plain.config.ts'), plainConfig);
  const lines = (file: string) => jsonLines<ClinicCase>(readFileSync(join(clinic, file), 'utf8'));
  const cases = lines('cases.jsonl');
  const asked = [
    ...evenly(cases, 100),
    ...ownQuestions.map((question, at) => ({ id: `own-${at}`, question })),
  ];
  writeLines(
    join(clinic, questionsFile),
    asked.map(({ id, question }) => ({ id, question })),
  );
  writeFileSync(join(clinic, requestsFile), JSON.stringify(clinicRequests(asked)));
  writeLines(
    join(clinic, fewQuestionsFile),
    evenly(asked, 5).map(({ id, question }) => ({ id, question })),
  );
  writeLines(join(clinic, conversationFile), conversationAbout('What is bipolar disorder?'));
  writeLines(join(clinic, 'held-out.jsonl'), evenly(cases, 9));
  const questions = lines('questions.jsonl');
  writeLines(join(clinic, 'training.jsonl'), [
    ...evenly(
      questions.filter(({ split }) => split === 'train'),
      40,
    ),
    ...evenly(
      questions.filter(({ split, expected }) => split === 'validation' && expected !== undefined),
      12,
    ),
  ]);

  for (const collection of collections) {
    const source = join(data, collection);
    if (!existsSync(source)) continue;
    const project = join(folder, nameOf(collection));
    mkdirSync(project, { recursive: true });
    cpSync(join(source, 'documents'), join(project, 'documents'), { recursive: true });
    writeFileSync(
      join(project, 'tandem.config.ts'),
      `export default { name: '${nameOf(collection)}', sources: [{ type: 'files', path: 'documents' }] };\n`,
    );
    const all = jsonLines<ClinicCase>(readFileSync(join(source, 'questions.jsonl'), 'utf8'));
    const chosen = evenly(all, 100).map(({ id, question }) => ({ id, question }));
    writeLines(join(project, questionsFile), chosen);
    const requests: SearchRequest[] = evenly(chosen, 30).map(({ id, question }) => ({
      id,
      question,
      options: { k: 10, explain: true },
    }));
    writeFileSync(join(project, requestsFile), JSON.stringify(requests));
  }
}

/** Every way of searching that the command line does not show whole. */
function clinicRequests(asked: readonly ClinicCase[]): SearchRequest[] {
  const of = (count: number, name: string, options: (each: ClinicCase) => Record<string, unknown>) =>
    evenly(asked, count).map((each) => ({
      id: `${name}: ${each.id}`,
      question: each.question,
      options: { k: 5, ...options(each) },
    }));
  const followUps = of(10, 'turns', ({ question }) => ({
    turns: conversationAbout(question),
  })).map((request) => ({ ...request, question: 'And is it hereditary?' }));
  return [
    ...of(40, 'explain', () => ({ explain: true })),
    ...of(10, 'dense', () => ({ mode: 'dense' })),
    ...of(10, 'lexical', () => ({ mode: 'lexical' })),
    ...of(20, 'rewritten', ({ searchQuery, question }) => ({ searchQuery: searchQuery ?? question })),
    ...of(10, 'neighbours', () => ({ neighbours: 1, maxTokens: 600 })),
    ...followUps,
  ];
}

const conversationAbout = (question: string) => [
  { role: 'user', content: question },
  { role: 'assistant', content: 'The sources say so.' },
];

/** So many of a list, from all of its parts. */
export function evenly<T>(list: readonly T[], count: number): T[] {
  const step = list.length / Math.min(count, list.length);
  return Array.from({ length: Math.min(count, list.length) }, (_, at) => list[Math.floor(at * step)]!);
}

function writeLines(file: string, items: readonly unknown[]): void {
  writeFileSync(file, items.map((item) => `${JSON.stringify(item)}\n`).join(''));
}
