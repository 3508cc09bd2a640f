import type { Settings } from '../../core/settings.ts';
import { overlapOf } from '../../core/span-overlap.ts';
import type { Passage } from '../../core/types/document.ts';
import type { Retriever } from '../../retrieve/retriever.ts';
import type { TrainingQuestion } from '../training-question.ts';
import type { MeasureSupport } from './answer-support.ts';
import { answerTextOf } from './answer-text.ts';

/**
 * How a question's passage was found: its answer's first sentence stands there word for word; the passage is in the section or span that
 * the question names as its source; or it has the answer's words and meaning, in the document that the question names or in any.
 */
export type FoundBy = 'verbatim' | 'source' | 'similar';

/** The passages that hold a question's answer, the one with most of it first; at most two. */
export interface FoundAnswer {
  foundBy: FoundBy;
  passages: [Passage, ...Passage[]];
}

/** Passages that are compared for each question. */
const candidates = 40;

/**
 * The least of support and cosine together, by what is known of the place. Chosen on the 32 paraphrased answers of one project of product
 * documentation: with the document named all but none reach .4; without it, of those that reach .6 the best
 * passage is in the right document, or is another that says the same.
 */
const least = { inDocument: 0.4, anywhere: 0.6 };

/** A passage has a sentence of the answer that another lacks. */
const leastOfSentence = 0.6;

/**
 * Finds the passages that hold an answer, also one in other words than the document's. A place that the question names is believed: a section's or a span's best passage
 * is taken. In a whole document, or without a source, words and meaning must say that the answer is there.
 *
 * @param lengthOf of a document's text, in UTF-16 units
 */
export async function findAnswer(
  question: TrainingQuestion,
  {
    settings,
    retriever,
    support,
    lengthOf,
    signal,
  }: {
    settings: Pick<Settings, 'answer'>;
    retriever: Retriever;
    support: MeasureSupport;
    lengthOf(documentId: string): Promise<number>;
    signal?: AbortSignal | undefined;
  },
): Promise<FoundAnswer | undefined> {
  const { source } = question;
  const answer = answerTextOf(settings, question);
  const search = {
    k: candidates,
    ...(source && { documentIds: [source.documentId] }),
    ...(signal && { signal }),
  };
  const isInSource = (passage: Passage) => !source || overlapOf(passage, source) > 0;
  const asked = await retriever.retrieve(question.searchQuery ?? question.question, search);
  const forQuestion = asked.passages.filter(isInSource);

  const verbatim = source && bestBy(forQuestion, (passage) => countVerbatim(answer.sentences, passage));
  if (verbatim?.text.includes(answer.sentences[0]!)) return { foundBy: 'verbatim', passages: [verbatim] };

  const plain = answer.sentences.join(' ');
  const forAnswer = (await retriever.retrieve(plain, search)).passages.filter(isInSource);
  const scores = new Map(
    forAnswer.map((passage) => {
      const { isVerbatim, words, hasNumbers } = support(plain, passage);
      const value = isVerbatim ? 1 : (words + Math.max(0, passage.scores.dense ?? 0)) / 2;
      return [passage.id, { value, hasNumbers }];
    }),
  );
  const best = bestBy(forAnswer, ({ id }) => scores.get(id)!.value);
  const isPlace = source && source.end - source.start < (await lengthOf(source.documentId));
  if (isPlace) {
    const main = best ?? forQuestion[0];
    return main && { foundBy: 'source', passages: withOther(main, forAnswer, answer.sentences, support) };
  }
  if (!best) return undefined;
  const { value, hasNumbers } = scores.get(best.id)!;
  if (source ? value < least.inDocument : value < least.anywhere || !hasNumbers) return undefined;
  return { foundBy: 'similar', passages: withOther(best, forAnswer, answer.sentences, support) };
}

const countVerbatim = (sentences: readonly string[], { text }: Passage) =>
  sentences.filter((sentence) => text.includes(sentence)).length;

/** Where a sentence of the answer is not in the main passage, the one that has it. */
function withOther(
  main: Passage,
  passages: readonly Passage[],
  sentences: readonly string[],
  support: MeasureSupport,
): [Passage, ...Passage[]] {
  for (const sentence of sentences) {
    if (support(sentence, main).words >= leastOfSentence) continue;
    const others = passages.filter(
      (passage) => passage.documentId !== main.documentId || overlapOf(passage, main) <= 0,
    );
    const other = bestBy(others, (passage) => support(sentence, passage).words);
    if (other && support(sentence, other).words >= leastOfSentence) return [main, other];
  }
  return [main];
}

/** The first of those with the highest value. */
function bestBy(passages: readonly Passage[], measure: (passage: Passage) => number): Passage | undefined {
  let best: { passage: Passage; value: number } | undefined;
  for (const passage of passages) {
    const value = measure(passage);
    if (!best || value > best.value) best = { passage, value };
  }
  return best?.passage;
}
