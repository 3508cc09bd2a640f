import type { Settings } from '../../core/settings.ts';
import { overlapOf } from '../../core/span-overlap.ts';
import type { Passage } from '../../core/types/document.ts';
import type { Retriever } from '../../retrieve/retriever.ts';
import type { TrainingQuestion, Wording } from '../training-question.ts';
import type { MeasureSupport } from './answer-support.ts';
import { answerTextOf } from './answer-text.ts';
import type { FoundAnswer } from './find-answer.ts';

/** What is composed with: the index, and what tells whether a passage has an answer. */
export interface ComposingParts {
  settings: Pick<Settings, 'answer' | 'retrieve'>;
  retriever: Retriever;
  support: MeasureSupport;
  /** Distractors come from these alone. */
  trainableDocumentIds: readonly string[];
  signal?: AbortSignal | undefined;
}

/** A passage with so much of the answer's words, and all of its numbers, may answer the question too. */
const mayAnswer = 0.75;

/** What a search for the question finds in trainable documents besides its own answer. */
export async function findDistractors(
  { retriever, trainableDocumentIds, settings, support, signal }: ComposingParts,
  question: TrainingQuestion,
  wording: Wording,
  answer?: FoundAnswer,
): Promise<{ passages: Passage[]; rankOfRight: number; spelledOut: string[] }> {
  const {
    passages,
    // What the words of the question stand for is the same with a rewritten query, which keeps or spells out each of them.
    spelledOut = [],
  } = await retriever.retrieve(wording.searchQuery ?? wording.question, {
    k: settings.retrieve.k + 8,
    documentIds: trainableDocumentIds,
    ...(signal && { signal }),
  });
  const main = answer?.passages[0];
  const rank = passages.findIndex(({ id }) => id === main?.id);
  const rightSpans = [...(question.source ? [question.source] : []), ...(answer?.passages ?? [])];
  const { sentences } = answer ? answerTextOf(settings, question) : { sentences: [] };
  const plain = sentences.join(' ');
  const isRight = (passage: Passage) =>
    rightSpans.some((span) => span.documentId === passage.documentId && overlapOf(span, passage) > 0) ||
    sentences.some((sentence) => passage.text.includes(sentence)) ||
    says(support(plain, passage));
  return {
    passages: answer ? passages.filter((passage) => !isRight(passage)) : passages,
    rankOfRight: rank < 0 ? Number.POSITIVE_INFINITY : rank,
    spelledOut,
  };
}

const says = ({ words, hasNumbers }: ReturnType<MeasureSupport>) => words >= mayAnswer && hasNumbers;
