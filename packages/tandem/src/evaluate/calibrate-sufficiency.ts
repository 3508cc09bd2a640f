import { logitOf } from '../answer/sufficiency/assess-evidence.ts';
import {
  fitSufficiency,
  type SufficiencyCalibration,
  type SufficiencyExample,
  sufficiencyFingerprint,
  sufficiencyKey,
} from '../answer/sufficiency/calibration.ts';
import { measureRelevance } from '../answer/sufficiency/relevance.ts';
import { sufficiencySignals } from '../answer/sufficiency/signals.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { sha256 } from '../core/hash.ts';
import type { ProgressListener } from '../core/progress.ts';
import { documentQuestionSettings } from '../core/settings.ts';
import { overlapOf } from '../core/span-overlap.ts';
import type { Passage } from '../core/types/document.ts';
import { trainingQuestions } from '../dataset/build-dataset.ts';
import { readCases } from '../dataset/cases.ts';
import { questionsFromDocuments } from '../dataset/from-documents/document-questions.ts';
import { independentGroups } from '../dataset/independent-groups.ts';
import { textOfExpected } from '../dataset/text-of-expected.ts';
import type { TrainingQuestion } from '../dataset/training-question.ts';
import type { Parts } from '../parts/parts.ts';
import type { Retrieval } from '../retrieve/retrieval.ts';
import { calibrate } from '../statistics/calibration.ts';
import { type Interval, intervalOf } from '../statistics/index.ts';
import { comparableName } from '../text/words.ts';

/** The parts that sufficiency is calibrated with. */
export type CalibrateSufficiencyParts = Pick<
  Parts,
  'settings' | 'catalog' | 'models' | 'material' | 'directory' | 'retriever' | 'whileOpen'
>;

/** How sufficiency is calibrated. */
export interface CalibrateSufficiencyOptions {
  /** The share of questions without an answer that may be answered all the same, between 0 and 1. Default 0.1. */
  falseAnswers?: number;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** What calibrating found. */
export interface SufficiencyReport {
  /** What answers go by from now on. */
  calibration: SufficiencyCalibration;
  /** How many questions of each kind it was fitted on, and how many were left out because a passage that was left has the answer, too. */
  questions: { answerable: number; withoutAnswer: number; notFound: number; answeredElsewhere: number };
  /** What other rates of false answers would leave: the share of the answerable that is answered, cross-fitted. */
  curve: { falseAnswers: number; answered: number }[];
}

/** More questions make no better threshold. */
const mostQuestions = 300;
/** Fewer of a kind decide nothing. */
const fewest = 20;
/** So many that were set apart from training are enough by themselves. */
const enoughApart = 60;
/** A rule that refuses more than half of what could be answered is nobody's wish. */
const leastAnswered = 0.5;
const folds = 5;
const rates = [0.02, 0.05, 0.1, 0.2, 0.3];

/**
 * Brings to scale how likely passages are to answer a question (`Answer.sufficiency`), and chooses below which probability questions are refused: so that of those without an
 * answer at most `falseAnswers` are answered. It goes by the project's own training questions, held-out cases never among them; where there are too few, by questions made
 * of the documents' headings. Questions without an answer are the same ones again, half of them with the document that answers left out of the search, half with the passages that
 * do, so that what is left is on the subject. The result is kept in the catalogue, and holds until documents are cut, embedded or searched otherwise.
 *
 * @throws InvalidInputError where there are too few questions, or they cannot be told apart
 *
 * @example
 * // takes minutes
 * const { calibration } = await calibrateSufficiency(tandem, { falseAnswers: 0.05 });
 * console.log(calibration.threshold, calibration.achieved.answered.value);
 */
export async function calibrateSufficiency(
  parts: CalibrateSufficiencyParts,
  options: CalibrateSufficiencyOptions = {},
): Promise<SufficiencyReport> {
  const { falseAnswers = 0.1 } = options;
  if (!(falseAnswers > 0 && falseAnswers < 1))
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'falseAnswers',
      message: `${falseAnswers} is no share of questions.`,
      hint: 'Give more than 0 and less than 1, such as 0.1.',
    });
  return parts.whileOpen(
    (signal) => calibrateFor(parts, falseAnswers, { ...options, signal }),
    options.signal,
  );
}

/** Forgets what was found: the general model is gone by again. */
export async function resetSufficiency({ catalog }: Pick<Parts, 'catalog'>): Promise<void> {
  await catalog.calibrations.put(sufficiencyKey, null);
}

async function calibrateFor(
  parts: CalibrateSufficiencyParts,
  falseAnswers: number,
  options: { signal: AbortSignal; onProgress?: ProgressListener },
): Promise<SufficiencyReport> {
  const { questions, fittedOn } = await questionsFor(parts, options);
  const { examples, counts } = await measureAll(parts, questions, options);
  const withoutAnswer = examples.filter(({ isAnswerable }) => !isAnswerable).length;
  const answerable = examples.length - withoutAnswer;
  if (Math.min(answerable, withoutAnswer) < fewest)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'dataset.questions',
      message: `There are ${answerable} questions with an answer and ${withoutAnswer} without one to go by, and ${fewest} of each are needed.`,
      hint: 'Add questions that name their source (dataset.questions). Of documents one question is made for each section with a heading, five at most of each document.',
    });
  const enough = Math.ceil(1 / falseAnswers) - 1;
  if (withoutAnswer < enough)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'falseAnswers',
      message: `A rate of ${falseAnswers} false answers takes at least ${enough} questions without an answer to be told, and there are ${withoutAnswer}: every question would be refused.`,
      hint: 'Ask for a greater rate, or add questions that name their source.',
    });
  const fitted = fitSufficiency(examples, falseAnswers);
  if (!(fitted.a < 0))
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'calibrate',
      message:
        'What is measured of a question and its passages does not tell questions with an answer from those without one here.',
      hint: 'Look at what a search finds for some of them: are the right passages found, and does the embedder read the language?',
    });
  const achieved = crossFitted(examples, falseAnswers);
  if (achieved.answered.value < leastAnswered) {
    const percent = (share: number) => `${Math.round(share * 100)} %`;
    const others = rates.map(
      (rate) => `${percent(rate)} → ${percent(crossFitted(examples, rate).answered.value)}`,
    );
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'falseAnswers',
      message: `At ${percent(falseAnswers)} false answers only ${percent(achieved.answered.value)} of the questions with an answer would be answered here: what is measured of passages does not tell them apart well enough. Nothing was changed.`,
      hint: `Other rates of false answers would let through: ${others.join(', ')}.`,
    });
  }
  const calibration: SufficiencyCalibration = {
    ...fitted,
    falseAnswers,
    achieved,
    fittedOn,
    fingerprint: (await sufficiencyFingerprint(parts))!,
  };
  await parts.catalog.calibrations.put(sufficiencyKey, calibration);
  return {
    calibration,
    questions: { answerable, withoutAnswer, ...counts },
    curve: rates.map((rate) => ({
      falseAnswers: rate,
      answered: crossFitted(examples, rate).answered.value,
    })),
  };
}

/** The project's own, else made of its documents. */
async function questionsFor(
  parts: CalibrateSufficiencyParts,
  options: { signal: AbortSignal; onProgress?: ProgressListener },
): Promise<{ questions: TrainingQuestion[]; fittedOn: SufficiencyCalibration['fittedOn'] }> {
  const own = (await trainingQuestions(parts)).filter(({ source }) => source !== undefined);
  // A ranking or an embedder that was trained on the others finds their passages too well.
  const apart = own.filter(({ split }) => split === 'validation');
  if (own.length >= fewest)
    return { questions: sampled(apart.length >= enoughApart ? apart : own), fittedOn: 'questions' };
  const { material, catalog, settings } = parts;
  const cases = material.cases ? await readCases(material.cases, catalog.documents, settings.answer) : [];
  const { questions } = await questionsFromDocuments(parts, documentQuestionSettings.parse({}), {
    ...options,
    cases,
  });
  return { questions: sampled([...own, ...questions]), fittedOn: 'documents' };
}

/** The same ones each time. */
function sampled(questions: readonly TrainingQuestion[]): TrainingQuestion[] {
  return questions
    .map((question) => ({ question, order: sha256(question.id) }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1))
    .slice(0, mostQuestions)
    .map(({ question }) => question);
}

async function measureAll(
  parts: CalibrateSufficiencyParts,
  questions: readonly TrainingQuestion[],
  { signal, onProgress }: { signal: AbortSignal; onProgress?: ProgressListener },
): Promise<{ examples: SufficiencyExample[]; counts: { notFound: number; answeredElsewhere: number } }> {
  const retriever = await parts.retriever();
  const embedder = await parts.models.embedder();
  const { k } = parts.settings.retrieve;
  const documents = (await parts.catalog.documents.list()).map(({ id }) => id);
  const groups = independentGroups(questions);
  const sources = Map.groupBy(questions, (_, at) => groups[at]!);
  const examples: SufficiencyExample[] = [];
  const counts = { notFound: 0, answeredElsewhere: 0 };
  const add = async (
    question: TrainingQuestion,
    found: Retrieval,
    { isAnswerable, group }: { isAnswerable: boolean; group: string },
  ) => {
    const relevance = await measureRelevance(
      question.question,
      found,
      { embedder, catalog: parts.catalog },
      signal,
    );
    if (relevance)
      examples.push({
        logit: logitOf(sufficiencySignals(question.question, found, relevance)),
        isAnswerable,
        group,
      });
  };
  for (const [at, question] of questions.entries()) {
    signal.throwIfAborted();
    onProgress?.({ stage: 'calibrating', done: at, total: questions.length, unit: 'questions' });
    const group = groups[at]!;
    const source = question.source!;
    const found = await retriever.retrieve(question.question, { k, signal });
    if (found.passages.some((passage) => holds(passage, source)))
      await add(question, found, { isAnswerable: true, group });
    else counts.notFound += 1;

    const ofGroup = new Set(sources.get(group)!.map((each) => each.source!.documentId));
    const others = documents.filter((id) => !ofGroup.has(id));
    const isWhole = at % 2 === 0 && others.length > 0;
    const wide = await retriever.retrieve(question.question, {
      k: isWhole ? k : k + mostHolding,
      ...(isWhole && { documentIds: others }),
      signal,
    });
    const left = wide.passages.filter((passage) => !holds(passage, source)).slice(0, k);
    if (left.length === 0) continue;
    if (left.some((passage) => says(passage, question))) counts.answeredElsewhere += 1;
    else
      await add(
        question,
        { ...wide, passages: left.map((passage, rank) => ({ ...passage, rank: rank + 1 })) },
        { isAnswerable: false, group },
      );
  }
  onProgress?.({ stage: 'calibrating', done: questions.length, total: questions.length, unit: 'questions' });
  return { examples, counts };
}

/** At most so many passages hold an answer, overlapping chunks among them. */
const mostHolding = 6;

function holds(passage: Passage, source: NonNullable<TrainingQuestion['source']>): boolean {
  return passage.documentId === source.documentId && overlapOf(passage, source) > 0;
}

/** Whether a passage has the expected answer word for word: another document may say the same. */
function says({ text }: Passage, { expected }: TrainingQuestion): boolean {
  if (expected === undefined) return false;
  const answer = comparableName(textOfExpected(expected).replace(/\[\d+\]/g, ' '));
  return answer !== '' && ` ${comparableName(text)} `.includes(` ${answer} `);
}

/** What the rule does to questions that it was not fitted on. */
function crossFitted(
  examples: readonly SufficiencyExample[],
  falseAnswers: number,
): SufficiencyCalibration['achieved'] {
  const foldOf = ({ group }: SufficiencyExample) => Number.parseInt(sha256(group).slice(0, 8), 16) % folds;
  const answered = new Map<SufficiencyExample, number>();
  for (let fold = 0; fold < folds; fold++) {
    const fitted = fitSufficiency(
      examples.filter((example) => foldOf(example) !== fold),
      falseAnswers,
    );
    for (const example of examples.filter((each) => foldOf(each) === fold))
      answered.set(example, Number(calibrate(fitted, example.logit) >= fitted.threshold));
  }
  const shareOf = (isAnswerable: boolean) => {
    const some = examples.filter((example) => example.isAnswerable === isAnswerable);
    const interval: Interval = intervalOf(
      { values: some.map((example) => answered.get(example)!), groups: some.map(({ group }) => group) },
      { bounds: [0, 1] },
    )!;
    return { value: interval.value, low: interval.low, high: interval.high, n: some.length };
  };
  return { answered: shareOf(true), falseAnswers: shareOf(false) };
}
