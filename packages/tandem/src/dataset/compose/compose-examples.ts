import { withoutMarkers } from '../../answer/citations.ts';
import { buildMessages, buildRewriteMessages } from '../../answer/prompt.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { Settings } from '../../core/settings.ts';
import type { Example } from '../../core/types/example.ts';
import type { GlossaryEntry } from '../../core/types/glossary.ts';
import type { Retriever } from '../../retrieve/retriever.ts';
import { createRandom, shuffled } from '../../statistics/random.ts';
import type { TrainingQuestion, Wording } from '../training-question.ts';
import { composeWithoutAnswer } from './absent-example.ts';
import { supportAmong } from './answer-support.ts';
import { answerTextOf, replyOf } from './answer-text.ts';
import type { DatasetMix } from './dataset-mix.ts';
import type { ComposingParts } from './distractors.ts';
import { makeExample, type SourcedExample } from './example.ts';
import { type FoundAnswer, type FoundBy, findAnswer } from './find-answer.ts';
import { glossaryExamples } from './glossary-examples.ts';
import { composeWithAnswer } from './passages-example.ts';
import { roundsOf } from './rounds.ts';

/** Training examples, and what they were made of. */
export interface ComposedExamples {
  examples: Example[];
  /** For each example the ids of the documents that it has words of: its answer's, and those of the passages shown. */
  documents: readonly string[][];
  counts: Record<keyof DatasetMix, number>;
  /** Questions by how the passage that holds their answer was found. */
  found: Record<FoundBy, number>;
  /** Ids of the questions for which no indexed passage holds the answer. */
  notFound: string[];
}

/** What examples are composed of. */
export interface ComposeOptions {
  questions: readonly TrainingQuestion[];
  glossary: readonly GlossaryEntry[];
  settings: Pick<Settings, 'answer' | 'retrieve'>;
  retriever: Retriever;
  /** Length of a document's text, in UTF-16 units; 0 where there is none of that id. */
  lengthOf(documentId: string): Promise<number>;
  mix: DatasetMix;
  seed: number;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/**
 * Composes training examples with the same prompts that the arms are asked with. Where each answer stands is looked up first; a question
 * whose answer is in no passage is shown neither with passages nor with the reply that the sources do not say it. Distractors come from the project's own
 * index, searched with the question, but only from documents of the questions' own answers.
 */
export async function composeExamples(options: ComposeOptions): Promise<ComposedExamples> {
  const { questions, settings, mix, signal, onProgress } = options;
  const random = createRandom(options.seed);
  const answerable = questions.filter(({ expected }) => expected !== undefined);
  const byRefusal = Map.groupBy(answerable, (question) => question.answerable === false);
  const [unanswered, answered] = [byRefusal.get(true) ?? [], byRefusal.get(false) ?? []];
  const support = supportAmong(
    answered.map((question) => withoutMarkers(answerTextOf(settings, question).text)),
  );
  const answers = await findAnswers(answered, { ...options, support });
  const parts: ComposingParts = {
    ...options,
    support,
    trainableDocumentIds: documentsOf(questions, answers),
  };

  const counts: ComposedExamples['counts'] = { passages: 0, absent: 0, closed: 0, rewrite: 0, glossary: 0 };
  const composed: SourcedExample[] = [];
  let done = 0;
  const step = (kind: keyof DatasetMix, example: SourcedExample | undefined) => {
    signal?.throwIfAborted();
    done += 1;
    if (example) {
      counts[kind] += 1;
      composed.push(example);
    }
    onProgress?.({ stage: 'building examples', done, total, unit: 'examples' });
  };
  // For each kind the pairs of question and wording are ordered again: every question comes once before any comes twice.
  const rounds = (pool: readonly TrainingQuestion[], usable: (wording: Wording) => boolean, count: number) =>
    roundsOf(pool, usable, settings, random).slice(0, count);
  const canBeAbsent = ({ withoutPassage }: Wording) => withoutPassage !== null;

  const found = answered.filter((question) => answers.has(question));
  const shown = rounds(found, () => true, mix.passages);
  // With few questions fewer passages come together than were wished for, and the refusals stay in proportion.
  const refusals = mix.passages > 0 ? Math.round((mix.absent * shown.length) / mix.passages) : mix.absent;
  const refused = rounds([...found, ...unanswered], canBeAbsent, refusals);
  const closed = rounds(answered, canBeAbsent, mix.closed);
  const rewritten = rounds(questions, ({ searchQuery }) => searchQuery !== undefined, mix.rewrite);
  const total = shown.length + refused.length + closed.length + rewritten.length;

  for (const pair of shown)
    step(
      'passages',
      await composeWithAnswer(parts, { ...pair, answer: answers.get(pair.question)! }, random),
    );
  for (const pair of refused) {
    const answer = answers.get(pair.question);
    step('absent', await composeWithoutAnswer(parts, { ...pair, ...(answer && { answer }) }, random));
  }
  for (const { question, wording } of closed) {
    const text = withoutMarkers(answerTextOf(settings, question).text);
    const reply = replyOf(settings, question, text, wording.withoutPassage ?? undefined);
    const messages = buildMessages({ arm: 'tuned', answer: settings.answer, question: wording.question });
    step('closed', makeExample(question, 'closed', [...messages, { role: 'assistant', content: reply }]));
  }
  for (const { question, wording } of rewritten) {
    const messages = buildRewriteMessages(wording.question, settings.answer);
    const reply = { role: 'assistant' as const, content: wording.searchQuery! };
    step('rewrite', makeExample(question, 'rewrite', [...messages, reply]));
  }
  const terms = glossaryExamples(options.glossary, { times: mix.glossary, settings, random });
  counts.glossary = terms.length;
  const mixed = shuffled([...composed, ...terms], random);
  return {
    examples: mixed.map(({ example }) => example),
    documents: mixed.map(({ documents }) => documents),
    counts,
    found: countFound(answers),
    notFound: answered.filter((question) => !answers.has(question)).map(({ id }) => id),
  };
}

async function findAnswers(
  questions: readonly TrainingQuestion[],
  { signal, onProgress, ...parts }: ComposeOptions & Pick<ComposingParts, 'support'>,
): Promise<Map<TrainingQuestion, FoundAnswer>> {
  const answers = new Map<TrainingQuestion, FoundAnswer>();
  for (const [at, question] of questions.entries()) {
    signal?.throwIfAborted();
    const answer = await findAnswer(question, { ...parts, signal });
    if (answer) answers.set(question, answer);
    onProgress?.({ stage: 'finding answers', done: at + 1, total: questions.length, unit: 'questions' });
  }
  return answers;
}

/** A passage about a held-out case is in a training prompt only where it is of a document that a training question is about too. */
function documentsOf(
  questions: readonly TrainingQuestion[],
  answers: ReadonlyMap<TrainingQuestion, FoundAnswer>,
): string[] {
  const named = questions.flatMap(({ source }) => (source ? [source.documentId] : []));
  const found = [...answers.values()].flatMap(({ passages }) => passages.map(({ documentId }) => documentId));
  return [...new Set([...named, ...found])];
}

function countFound(answers: ReadonlyMap<TrainingQuestion, FoundAnswer>): ComposedExamples['found'] {
  const counts: ComposedExamples['found'] = { verbatim: 0, source: 0, similar: 0 };
  for (const { foundBy } of answers.values()) counts[foundBy] += 1;
  return counts;
}
