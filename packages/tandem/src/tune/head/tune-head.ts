import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { valueAt } from '../../answer/structured-output.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { hashJson, sha256 } from '../../core/hash.ts';
import { newId } from '../../core/id.ts';
import type { ProgressListener } from '../../core/progress.ts';
import { trainingQuestions } from '../../dataset/build-dataset.ts';
import { independentGroups } from '../../dataset/independent-groups.ts';
import type { TrainingQuestion } from '../../dataset/training-question.ts';
import { type ChoiceField, choiceFields } from '../../decide/choice-fields.ts';
import { latestHead } from '../../decide/find-head.ts';
import {
  decideField,
  type FieldHead,
  type FieldHeadFigures,
  type Head,
  writeHead,
} from '../../decide/head.ts';
import { embedderIdentity } from '../../index/embedder-identity.ts';
import { commitOf } from '../../parts/checkout.ts';
import type { Parts } from '../../parts/parts.ts';
import { embedQueries } from '../../retrieve/search/embed-query.ts';
import { expectedCalibrationError } from '../../statistics/index.ts';
import { recordTraining } from '../training-run.ts';
import { fitFieldHead, type LabelledVector } from './fit-field-head.ts';
import { writeHeadCard } from './head-card.ts';

/** The parts that a head is trained with. */
export type TuneHeadParts = Pick<
  Parts,
  'name' | 'settings' | 'catalog' | 'models' | 'material' | 'directory' | 'dataDirectory' | 'whileOpen'
>;

/** How a head is trained. */
export interface TuneHeadOptions {
  /** Train again, even if nothing has changed. */
  fresh?: boolean;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** A head that was trained, and how well it does. */
export interface TunedHead {
  id: string;
  /** The run in the catalogue. */
  runId: string;
  /** Absolute. */
  directory: string;
  fields: readonly FieldHeadFigures[];
  /** Of embedding the questions and fitting. */
  seconds: number;
  /** Nothing has changed since it was trained: no question, embedder, choice or seed. */
  reused: boolean;
}

/** Fewer groups say nothing of questions that were not among them. */
const fewestGroups = 8;
const embeddedAtOnce = 64;

/**
 * Trains a head on the embedder: for each field of the project's reply that is a choice (an `enum` of `answer.output.schema`) a multinomial
 * logistic regression over the vectors of the training questions and their other wordings. It takes seconds. The result stands in `heads/ID`
 * in the data folder; the arm `head` answers with the latest one.
 *
 * @throws InvalidInputError where the reply has no choice, or too few training questions name one
 *
 * @example
 * const asked = { pay: 'When does pay come in', leave: 'How many days of leave has' };
 * await using desk = await createTandem({
 *   questions: Object.entries(asked).flatMap(([topic, words]) =>
 *     ['Anna', 'Boris', 'Chloe', 'Dilip', 'Emre'].map((name) => ({
 *       id: `${topic} ${name}`,
 *       split: 'train',
 *       question: `${words} ${name}?`,
 *       expected: { topic },
 *     })),
 *   ),
 *   settings: {
 *     answer: {
 *       output: { schema: { properties: { topic: { enum: ['pay', 'leave'] } } }, textField: 'response' },
 *     },
 *   },
 * });
 * await tuneHead(desk);
 * const { output } = await ask(desk, 'How many days of leave has Fatma?', { arm: 'head' }); // { topic: 'leave' }
 */
export async function tuneHead(parts: TuneHeadParts, options: TuneHeadOptions = {}): Promise<TunedHead> {
  return parts.whileOpen((signal) => trainHead(parts, { ...options, signal }), options.signal);
}

async function trainHead(
  parts: TuneHeadParts,
  { fresh, signal, onProgress }: TuneHeadOptions & { signal: AbortSignal },
): Promise<TunedHead> {
  const { settings, dataDirectory } = parts;
  const choosing = choiceFields(settings.answer.output?.schema);
  if (choosing.length === 0)
    throw new InvalidInputError({
      domain: 'tune',
      where: 'answer.output',
      message: `The reply of ${parts.name} has no field that is a choice, and a head learns nothing else.`,
      hint: 'Give answer.output.schema a field with an enum of strings.',
    });
  const asked = wordingsOf(await trainingQuestions(parts));
  const fields = choosing.flatMap((field) => {
    const own = labelled(field, asked);
    const groups = new Set(own.train.map(({ group }) => group)).size;
    const chosen = new Set(own.train.map(({ choice }) => choice)).size;
    return groups >= fewestGroups && chosen > 1 ? [{ field, ...own }] : [];
  });
  if (fields.length === 0)
    throw new InvalidInputError({
      domain: 'tune',
      where: 'dataset.questions',
      message: `A head is trained on ${fewestGroups} independent questions with at least two choices among them, and ${parts.name} has fewer for ${choosing.map(({ path }) => path).join(', ')}.`,
      hint: 'Give training questions whose `expected` names the choice.',
    });

  const embedder = await parts.models.embedder();
  const { hash: embedderHash, name } = embedderIdentity(embedder);
  const { seed } = settings.tune;
  const inputs = { embedder: embedderHash, questions: hashJson(fields) };
  const fingerprint = hashJson({ kind: 'head', ...inputs, seed });
  const run = (await parts.catalog.runs.list({ kind: 'tune', limit: 10_000 })).find(
    ({ inputs: of, status }) => of.fingerprint === fingerprint && status === 'done',
  );
  const earlier = !fresh && run && (await latestHead(parts, run.id));
  if (earlier) return tunedHead(parts, earlier, true);

  const id = newId('head');
  const directory = join(dataDirectory, 'heads', id);
  return recordTraining(parts, {
    fingerprint,
    config: { kind: 'head', seed },
    inputs,
    signal,
    async train({ run }) {
      const started = performance.now();
      const vectors = await embedAll([...new Set(asked.map(({ question }) => question))], {
        embed: (texts) => embedQueries(embedder, texts, signal),
        onProgress,
      });
      const withVectors = (some: readonly LabelledWording[]): LabelledVector[] =>
        some.map(({ question, choice, group }) => ({ vector: vectors.get(question)!, choice, group }));
      const fitted = fields.map(({ field, train, validation }) => {
        const stage = `fitting ${field.path}`;
        const { head, figures } = fitFieldHead(withVectors(train), {
          ...field,
          seed,
          signal,
          onProgress: (done, total) => onProgress?.({ stage, done, total, unit: 'fits' }),
        });
        return { head, figures: { ...figures, ...judge(head, withVectors(validation)) } };
      });
      const head: Head = {
        fields: fitted.map(({ head }) => head),
        figures: fitted.map(({ figures }) => figures),
        dimensions: vectors.values().next().value!.length,
        embedderHash,
        documents: [...new Set(asked.flatMap(({ documentId }) => documentId ?? []))].map(sha256),
        seconds: (performance.now() - started) / 1000,
      };
      await mkdir(directory, { recursive: true });
      await writeHead(directory, head);
      await writeHeadCard(directory, {
        project: parts.name,
        id,
        head,
        embedder: name,
        lineage: {
          created: new Date().toISOString(),
          run: run.id,
          commit: commitOf(parts.directory).commit,
          'SHA-256 of the embedder': embedderHash,
          'SHA-256 of the questions': inputs.questions,
          seed: String(seed),
        },
      });
      return {
        artefacts: [relative(dataDirectory, directory)],
        metrics: { seconds: head.seconds, ...metricsOf(head.figures) },
        result: tunedHead(parts, { ...head, id, runId: run.id }, false),
      };
    },
  });
}

/** One way to ask a question, with what it should be answered with where no passage is at hand. */
interface AskedWording {
  question: string;
  expected: TrainingQuestion['expected'];
  split: TrainingQuestion['split'];
  group: string;
  documentId?: string;
}

/** Each wording once; those that tell too little without a passage are left out, since a head sees none. */
function wordingsOf(questions: readonly TrainingQuestion[]): AskedWording[] {
  const groups = independentGroups(questions);
  return questions.flatMap(({ question, wordings = [], expected, split, source }, at) => {
    const shared = { split, group: groups[at]!, ...(source && { documentId: source.documentId }) };
    const ways = new Map([[question, expected]]);
    for (const { question: asked, withoutPassage } of wordings)
      if (withoutPassage === null) ways.delete(asked);
      else if (typeof expected === 'object') ways.set(asked, { ...expected, ...withoutPassage });
    return [...ways].map(([asked, reply]) => ({ ...shared, question: asked, expected: reply }));
  });
}

interface LabelledWording {
  question: string;
  choice: string;
  group: string;
}

/** Those that name one of the field's choices. */
function labelled(
  { path, choices }: ChoiceField,
  asked: readonly AskedWording[],
): { train: LabelledWording[]; validation: LabelledWording[] } {
  const of = (split: AskedWording['split']) =>
    asked.flatMap(({ expected, question, group, split: own }) => {
      const choice = valueAt(expected, path);
      return own === split && typeof choice === 'string' && choices.includes(choice)
        ? [{ question, choice, group }]
        : [];
    });
  return { train: of('train'), validation: of('validation') };
}

async function embedAll(
  questions: readonly string[],
  {
    embed,
    onProgress,
  }: {
    embed: (texts: readonly string[]) => Promise<Float32Array[]>;
    onProgress: ProgressListener | undefined;
  },
): Promise<Map<string, Float32Array>> {
  const vectors = new Map<string, Float32Array>();
  for (let from = 0; from < questions.length; from += embeddedAtOnce) {
    onProgress?.({ stage: 'embedding questions', done: from, total: questions.length, unit: 'questions' });
    const texts = questions.slice(from, from + embeddedAtOnce);
    for (const [at, vector] of (await embed(texts)).entries()) vectors.set(texts[at]!, vector);
  }
  return vectors;
}

function judge(head: FieldHead, examples: readonly LabelledVector[]): Pick<FieldHeadFigures, 'validation'> {
  if (examples.length === 0) return {};
  const decided = examples.map(({ vector, choice }) => ({ ...decideField(head, vector), wanted: choice }));
  const right = decided.map(({ choice, wanted }) => choice === wanted);
  return {
    validation: {
      questions: examples.length,
      accuracy: right.filter(Boolean).length / right.length,
      ece: expectedCalibrationError(
        decided.map(({ probability }) => probability),
        right,
      ),
    },
  };
}

const metricsOf = (figures: readonly FieldHeadFigures[]): Record<string, number> =>
  Object.fromEntries(
    figures.flatMap(({ path, questions, folds }) => [
      [`${path}.questions`, questions],
      [`${path}.accuracy`, folds.accuracy],
      [`${path}.ece`, folds.eceAfter],
    ]),
  );

const tunedHead = (
  { dataDirectory }: Pick<Parts, 'dataDirectory'>,
  { id, runId, figures, seconds }: Head & { id: string; runId: string },
  reused: boolean,
): TunedHead => ({
  id,
  runId,
  directory: join(dataDirectory, 'heads', id),
  fields: figures,
  seconds,
  reused,
});
