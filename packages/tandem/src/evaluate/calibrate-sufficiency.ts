import {
  leftOutChoices,
  type SufficiencyCalibration,
  sufficiencyFingerprint,
  sufficiencyKey,
} from '../answer/sufficiency/calibration.ts';
import {
  areAnswered,
  learnSufficiency,
  type SufficiencyExample,
  thresholdOf,
} from '../answer/sufficiency/learn-sufficiency.ts';
import { measureRelevance } from '../answer/sufficiency/relevance.ts';
import { sufficiencySignals } from '../answer/sufficiency/signals.ts';
import type { DocumentSummary } from '../catalog/catalog.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { sha256 } from '../core/hash.ts';
import { listed } from '../core/listed.ts';
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
import { parseModelReference } from '../models/registry.ts';
import type { Parts } from '../parts/parts.ts';
import type { Retrieval } from '../retrieve/retrieval.ts';
import { intervalOf } from '../statistics/index.ts';
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
  /**
   * What is left out of the search so that a question has no answer. `documents`: all that the question's answers are in, as if nobody had written on the subject. `passages`: only what holds
   * the answer, so that the rest of the document is found; harder to tell. Default `both`, each for half of the questions.
   */
  leftOut?: 'documents' | 'passages' | 'both';
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
const rates = [0.02, 0.05, 0.1, 0.2, 0.3];

/**
 * Learns what tells in this project whether passages answer a question (`Answer.sufficiency`), and chooses below which probability questions are refused: so that of those without an
 * answer at most `falseAnswers` are answered. It goes by the project's own training questions, held-out cases never among them; where there are too few, by questions made
 * of the documents' headings. Questions without an answer are the same ones again, half of them with the documents that answer left out of the search, half with the passages that
 * do, so that what is left is on the subject (`leftOut`). The result is kept in the catalogue, and holds until documents are cut, embedded or searched otherwise.
 *
 * @throws InvalidInputError where there are too few questions, they cannot be told apart, or an option is none
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
  const { falseAnswers = 0.1, leftOut = 'both' } = options;
  if (!(falseAnswers > 0 && falseAnswers < 1))
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'falseAnswers',
      message: `${falseAnswers} is no share of questions.`,
      hint: 'Give more than 0 and less than 1, such as 0.1.',
    });
  if (!leftOutChoices.includes(leftOut))
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'leftOut',
      message: `${JSON.stringify(leftOut)} is nothing that can be left out of the search.`,
      hint: `Give ${listed(leftOutChoices, 'or')}.`,
    });
  return parts.whileOpen(
    (signal) => calibrateFor(parts, { ...options, falseAnswers, leftOut, signal }),
    options.signal,
  );
}

/** Forgets what was found: the general model is gone by again. */
export async function resetSufficiency({ catalog }: Pick<Parts, 'catalog'>): Promise<void> {
  await catalog.calibrations.put(sufficiencyKey, null);
}

async function calibrateFor(
  parts: CalibrateSufficiencyParts,
  options: RunOptions,
): Promise<SufficiencyReport> {
  const { falseAnswers, leftOut } = options;
  const { questions, fittedOn } = await questionsFor(parts, options);
  const { examples, counts } = await measureAll(parts, questions, options);
  const isAnswerable = examples.map((example) => example.isAnswerable);
  const groupsWhere = (is: boolean) =>
    new Set(examples.filter((each) => each.isAnswerable === is).map(({ group }) => group)).size;
  const [answerable, withoutAnswer] = [groupsWhere(true), groupsWhere(false)];
  if (Math.min(answerable, withoutAnswer) < fewest)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'dataset.questions',
      message: `There are ${answerable} independent questions with an answer and ${withoutAnswer} without one to go by, and ${fewest} of each are needed.`,
      hint: 'Add questions that name their source (dataset.questions). Of documents one question is made for each section with a heading, five at most of each document.',
    });
  const enough = Math.ceil(1 / falseAnswers) - 1;
  const without = isAnswerable.filter((is) => !is).length;
  if (without < enough)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'falseAnswers',
      message: `A rate of ${falseAnswers} false answers takes at least ${enough} questions without an answer to be told, and there are ${without}: every question would be refused.`,
      hint: 'Ask for a greater rate, or add questions that name their source.',
    });
  const { weights, probabilities, eceBefore, eceAfter, tells } = learnSufficiency(examples);
  if (!tells)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'calibrate',
      message:
        'What is measured of a question and its passages does not tell questions with an answer from those without one here.',
      hint: 'Look at what a search finds for some of them: are the right passages found, and does the embedder read the language?',
    });
  const answered = areAnswered(examples, [falseAnswers, ...rates]);
  const shareAt = (place: number, is: boolean) =>
    shareOf(
      examples.flatMap(({ isAnswerable, group }, at) =>
        isAnswerable === is ? [{ value: Number(answered[at]![place]), group }] : [],
      ),
    );
  const achieved = { answered: shareAt(0, true), falseAnswers: shareAt(0, false) };
  const curve = rates.map((rate, at) => ({ falseAnswers: rate, answered: shareAt(at + 1, true).value }));
  if (achieved.answered.value < leastAnswered) {
    const percent = (share: number) => `${Math.round(share * 100)} %`;
    throw new InvalidInputError({
      domain: 'evaluate',
      where: 'falseAnswers',
      message: `At ${percent(falseAnswers)} false answers only ${percent(achieved.answered.value)} of the questions with an answer would be answered here: what is measured of passages does not tell them apart well enough. Nothing was changed.`,
      hint: `Other rates of false answers would let through: ${curve.map((each) => `${percent(each.falseAnswers)} → ${percent(each.answered)}`).join(', ')}.`,
    });
  }
  const calibration: SufficiencyCalibration = {
    weights,
    threshold: thresholdOf(probabilities, isAnswerable, falseAnswers),
    falseAnswers,
    achieved,
    eceBefore,
    eceAfter,
    fittedOn,
    leftOut,
    fingerprint: (await sufficiencyFingerprint(parts))!,
  };
  await parts.catalog.calibrations.put(sufficiencyKey, calibration);
  return {
    calibration,
    questions: { answerable: examples.length - without, withoutAnswer: without, ...counts },
    curve,
  };
}

type RunOptions = CalibrateSufficiencyOptions &
  Required<Pick<CalibrateSufficiencyOptions, 'falseAnswers' | 'leftOut' | 'signal'>>;

/** The project's own, else made of its documents. */
async function questionsFor(
  parts: CalibrateSufficiencyParts,
  options: RunOptions,
): Promise<{ questions: TrainingQuestion[]; fittedOn: SufficiencyCalibration['fittedOn'] }> {
  const own = (await trainingQuestions(parts)).filter(({ source }) => source !== undefined);
  // A ranking or an encoder that was trained on the others finds their passages too well.
  const apart = own.filter(({ split }) => split === 'validation');
  const isApartEnough = searchesWithLearnt(parts) && apart.length >= enoughApart;
  if (own.length >= fewest) return { questions: sampled(isApartEnough ? apart : own), fittedOn: 'questions' };
  const { material, catalog, settings } = parts;
  const cases = material.cases ? await readCases(material.cases, catalog.documents, settings.answer) : [];
  const { questions } = await questionsFromDocuments(parts, documentQuestionSettings.parse({}), {
    ...options,
    cases,
  });
  return { questions: sampled([...own, ...questions]), fittedOn: 'documents' };
}

/** Whether the search goes by something that may have been trained on the project's questions: models in a folder are, or may be. */
function searchesWithLearnt({ settings, models }: CalibrateSufficiencyParts): boolean {
  const { embedder, reranker } = models.names;
  return (
    settings.retrieve.ranking !== undefined ||
    [embedder, reranker].some(
      (name) => name?.startsWith('local:') && parseModelReference(name).type === 'path',
    )
  );
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
  { leftOut, signal, onProgress }: RunOptions,
): Promise<{ examples: SufficiencyExample[]; counts: { notFound: number; answeredElsewhere: number } }> {
  const retriever = await parts.retriever();
  const embedder = await parts.models.embedder();
  const { k } = parts.settings.retrieve;
  const documents = await parts.catalog.documents.list();
  const ids = documents.map(({ id }) => id);
  const namesakes = namesakesOf(documents);
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
        signals: sufficiencySignals(question.question, found, relevance),
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

    const ofGroup = new Set(sources.get(group)!.flatMap((each) => namesakes(each.source!.documentId)));
    const others = ids.filter((id) => !ofGroup.has(id));
    const isWhole = (leftOut === 'both' ? at % 2 === 0 : leftOut === 'documents') && others.length > 0;
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

/** A document and those that share a name with it, which may answer the same. */
function namesakesOf(documents: readonly DocumentSummary[]): (documentId: string) => string[] {
  const namesOf = ({ title, aliases }: DocumentSummary) =>
    // Short ones are abbreviations, which stand for many things.
    [title, ...aliases].map(comparableName).filter((name) => name.length >= 6);
  const withName = new Map<string, string[]>();
  for (const document of documents)
    for (const name of new Set(namesOf(document))) {
      const having = withName.get(name);
      if (having) having.push(document.id);
      else withName.set(name, [document.id]);
    }
  const byId = new Map(documents.map((document) => [document.id, document]));
  return (documentId) => {
    const document = byId.get(documentId);
    return document
      ? [documentId, ...namesOf(document).flatMap((name) => withName.get(name)!)]
      : [documentId];
  };
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

function shareOf(
  cases: readonly { value: number; group: string }[],
): SufficiencyCalibration['achieved']['answered'] {
  const { value, low, high } = intervalOf(
    { values: cases.map((each) => each.value), groups: cases.map(({ group }) => group) },
    { bounds: [0, 1] },
  )!;
  return { value, low, high, n: cases.length };
}
