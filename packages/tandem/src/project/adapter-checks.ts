import { createAnswerer } from '../answer/answerer.ts';
import { withoutMarkers } from '../answer/citations.ts';
import { findAdapter } from '../answer/find-adapter.ts';
import { counted } from '../core/counted.ts';
import { TandemError } from '../core/errors/tandem-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Answer, ArmName } from '../core/types/answer.ts';
import { trainingQuestions } from '../dataset/build-dataset.ts';
import { readCases } from '../dataset/cases.ts';
import { isTrained } from '../evaluate/arms.ts';
import { type ArmInUse, armInUse } from '../evaluate/deploy.ts';
import type { Tandem } from '../runtime/create-tandem.ts';
import { foldedWords } from '../text/words.ts';
import { asCheck, type Check } from './check.ts';

interface Checking {
  /** Whether all that answering needs is there: else no question is tried. */
  canAnswer: boolean;
  signal: AbortSignal | undefined;
  onProgress: ProgressListener | undefined;
}

/** Of a model's answers a few words show whether it answers at all; an extract costs nothing. */
const asked = { ofModel: 4, ofExtract: 8, maxTokens: 64 };

/**
 * Whether each adapter is of the project's model, and whether the one that is used (or the latest) answers a handful of the project's own questions.
 * Without an adapter no model is asked: an extract shows whether the documents have anything on the questions.
 */
export async function adapterChecks(project: Tandem, checking: Checking): Promise<Check[]> {
  const used = await armInUse(project);
  const checks: Check[] = [];
  const { chunks } = await project.catalog.documents.count();
  let probed: ArmInUse = isTrained(used.arm) ? used : { arm: chunks > 0 ? 'hybrid' : 'tuned' };
  for (const { id, createdAt } of await project.catalog.adapters.list()) {
    const told = `${id}, trained ${createdAt}`;
    const isUsed = used.adapterId === id;
    try {
      await findAdapter(project, id);
      checks.push({ name: 'Adapter', state: 'ok', message: told });
      if (probed.adapterId === undefined) probed = { ...probed, adapterId: id };
    } catch (error) {
      if (!TandemError.isInstance(error)) throw error;
      checks.push({
        name: 'Adapter',
        state: isUsed ? 'error' : 'warning',
        message: `${told}${isUsed ? ', is used and' : ''} cannot answer: ${error.message}`,
        ...(error.hint !== undefined && { hint: error.hint }),
      });
      if (isUsed) return checks;
    }
  }
  if (!checking.canAnswer) return checks;
  try {
    const questions = await ownQuestions(project);
    if (questions.length === 0) return checks;
    const { arm, adapterId } = probed;
    if (adapterId !== undefined)
      return [...checks, await probeAdapter(project, { arm, adapterId }, questions, checking)];
    return chunks === 0 ? checks : [...checks, ...(await probeExtract(project, questions, checking))];
  } catch (error) {
    return [...checks, asCheck('Answers', error)];
  }
}

/** Questions that have an answer: those set apart for validation first, held-out cases last. */
async function ownQuestions(project: Tandem): Promise<string[]> {
  const { material, catalog, settings } = project;
  const trained = await trainingQuestions(project);
  const validation = trained.filter(({ split }) => split === 'validation');
  const own = validation.length >= asked.ofModel ? validation : trained;
  const lines =
    own.length > 0 || !material.cases
      ? own
      : await readCases(material.cases, catalog.documents, settings.answer);
  return lines.filter(({ answerable }) => answerable !== false).map(({ question }) => question);
}

async function probeAdapter(
  project: Tandem,
  { arm, adapterId }: Required<Omit<ArmInUse, 'headId'>>,
  questions: readonly string[],
  checking: Checking,
): Promise<Check> {
  const answers = await answersOf(project, { arm, adapterId }, spread(questions, asked.ofModel), checking);
  const problem = problemIn(answers);
  const name = 'Answers';
  if (problem === undefined)
    return {
      name,
      state: 'ok',
      message: `${arm} (${adapterId}) answers ${counted(answers.length, "of the project's own question")}`,
    };
  return {
    name,
    state: 'warning',
    message: `${arm} (${adapterId}) ${problem}`,
    hint: 'Compare it with the arms without an adapter before it is used; look at what it was trained on (how many of its examples decline?), and train it again.',
  };
}

async function probeExtract(
  project: Tandem,
  questions: readonly string[],
  checking: Checking,
): Promise<Check[]> {
  const answers = await answersOf(project, { extract: true }, spread(questions, asked.ofExtract), checking);
  if (answers.length === 0 || answers.some(({ abstained }) => !abstained)) return [];
  return [
    {
      name: 'Answers',
      state: 'warning',
      message: `The documents have nothing on any of ${counted(answers.length, "of the project's own question")} that were tried.`,
      hint: 'Look whether the documents that the questions are about are ingested, and in a language that the embedder reads.',
    },
  ];
}

/** Traces are kept of what people asked, and not of this. */
async function answersOf(
  project: Tandem,
  how: { arm?: ArmName; adapterId?: string; extract?: boolean },
  questions: readonly string[],
  { signal, onProgress }: Checking,
): Promise<Answer[]> {
  const traces = { ...project.catalog.traces, put: async () => {} };
  const catalog = Object.assign(Object.create(project.catalog), { traces }) as Tandem['catalog'];
  const answerer = await createAnswerer({ ...project, catalog }, { ...how, signal });
  const answers: Answer[] = [];
  for (const [done, question] of questions.entries()) {
    onProgress?.({
      stage: "trying the project's own questions",
      done,
      total: questions.length,
      unit: 'answers',
    });
    answers.push(await answerer.answer(question, { signal, maxTokens: asked.maxTokens }));
  }
  return answers;
}

/** What is wrong with answers to different questions that all have one; undefined where nothing is. */
function problemIn(answers: readonly Answer[]): string | undefined {
  const all = answers.length;
  const declined = answers.filter(({ abstained }) => abstained).length;
  if (declined === all)
    return `declines: it declined ${declined} of ${counted(all, 'question')} that have an answer`;
  const said = answers.filter(({ abstained }) => !abstained);
  const texts = new Set(said.map(({ text }) => foldedWords(withoutMarkers(text)).join(' ')));
  if (said.length > 2 && texts.size === 1)
    return `repeats itself: it says "${said[0]!.text}" to each of ${counted(said.length, 'question')}`;
  const loops = said.filter(({ problems }) => problems?.includes('repeated')).length;
  if (loops * 2 >= all) return `repeats itself: it fell into a loop in ${loops} of ${counted(all, 'answer')}`;
  return undefined;
}

/** So many, evenly over the list: neighbours may be about one thing. */
function spread<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, at) => items[Math.floor((at * items.length) / count)]!);
}
