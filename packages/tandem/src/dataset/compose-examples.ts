import { z } from 'zod';
import { withoutMarkers } from '../answer/citations.ts';
import { buildMessages, buildRewriteMessages, type PassageText } from '../answer/prompt.ts';
import { valueAt } from '../answer/structured-output.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Settings } from '../core/settings.ts';
import type { Passage } from '../core/types/document.ts';
import type { Case, Example } from '../core/types/example.ts';
import type { GlossaryEntry } from '../core/types/glossary.ts';
import { writtenText } from '../core/written-text.ts';
import type { Retriever } from '../retrieve/retriever.ts';
import { createRandom, type Random, shuffled } from '../statistics/random.ts';
import { caseLineSchema } from './cases.ts';

/** One way to ask a question. */
const wordingSchema = z.strictObject({
  question: writtenText,
  /** What the tuned model should search for when asked so. Without it this wording is not used to teach rewriting. */
  searchQuery: writtenText.optional(),
  /**
   * Fields of the expected reply that differ when the answer's passage is not there: what the question alone tells. `null`:
   * without the passage it tells too little, and the wording is asked only with it.
   */
  withoutPassage: z.record(z.string(), z.unknown()).nullable().optional(),
});

/** A question to learn from: a case whose answer may be trained on, with other wordings of it. */
export const trainingQuestionSchema = caseLineSchema.extend({
  /** Absent: only what to search for is learnt from it. */
  expected: caseLineSchema.shape.expected.optional(),
  split: z.enum(['train', 'validation']).optional(),
  wordings: z.array(wordingSchema).optional(),
});
/** The same as it stands in a file, its source not looked up yet. */
export type TrainingQuestionLine = z.input<typeof trainingQuestionSchema>;
export type TrainingQuestion = Omit<z.infer<typeof trainingQuestionSchema>, 'source'> & Pick<Case, 'source'>;

/** The settings that examples are composed by. */
type AnswerSettings = Pick<Settings, 'answer' | 'retrieve'>;

/** How many examples of each kind; what cannot be made (no passage holds the answer) is left out and counted. */
export interface DatasetMix {
  /** The right passage among distractors. */
  passages: number;
  /** Only distractors: the right output says that it is not in the sources. */
  absent: number;
  /** No passages at all, as the tuned arm is asked. */
  closed: number;
  /** Question → search query. */
  rewrite: number;
  /** Glossary: short form → long form. Each pair in each of the forms below, this many times over (0.5: in half of them). */
  glossary: number;
}

export const defaultMix: DatasetMix = { passages: 480, absent: 120, closed: 160, rewrite: 700, glossary: 2 };

export interface BuiltDataset {
  examples: Example[];
  /** For each example the ids of the documents that it has words of: its answer's, and those of the passages shown. */
  documents: readonly string[][];
  counts: Record<keyof DatasetMix, number>;
  /** Questions for which no indexed passage holds the answer's first sentence. */
  unanswerable: number;
}

/**
 * Composes training examples with the same prompts that the arms are asked with. Distractors come from the project's own
 * index, searched with the question, but only from documents in `trainableDocumentIds`: a passage about a held-out case is
 * never in a training prompt.
 */
export async function composeExamples(options: {
  questions: readonly TrainingQuestion[];
  glossary: readonly GlossaryEntry[];
  settings: AnswerSettings;
  retriever: Retriever;
  trainableDocumentIds: readonly string[];
  mix: DatasetMix;
  seed: number;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}): Promise<BuiltDataset> {
  const { questions, settings, mix, signal } = options;
  const random = createRandom(options.seed);
  const answerable = questions.filter(({ expected }) => expected !== undefined);
  const withSource = answerable.filter(({ source }) => source !== undefined);
  const examples: Sourced[] = [];
  const counts: BuiltDataset['counts'] = { passages: 0, absent: 0, closed: 0, rewrite: 0, glossary: 0 };
  const unanswerable = new Set<string>();
  const total = mix.passages + mix.absent + mix.closed + mix.rewrite;
  let done = 0;
  const step = (kind: keyof DatasetMix, example: Sourced | undefined) => {
    done += 1;
    if (example) {
      counts[kind] += 1;
      examples.push(example);
    }
    if (done % 10 === 0 || done === total)
      options.onProgress?.({ stage: 'building examples', done, total, unit: 'examples' });
  };

  // For each kind the pairs of question and wording are ordered again: every question comes once before any comes twice.
  const rounds = (pool: readonly TrainingQuestion[], usable: (wording: Wording) => boolean) =>
    balanced(pool, usable, settings, random);

  for (const { question, wording } of rounds(withSource, () => true).slice(0, mix.passages)) {
    signal?.throwIfAborted();
    step('passages', await composeWithAnswer(options, question, wording, random, unanswerable));
  }
  for (const { question, wording } of rounds(withSource, canBeAbsent).slice(0, mix.absent)) {
    signal?.throwIfAborted();
    step('absent', await composeWithoutAnswer(options, question, wording, random));
  }
  for (const { question, wording } of rounds(answerable, canBeAbsent).slice(0, mix.closed)) {
    const reply = replyOf(
      settings,
      question,
      (text) => withoutMarkers(text),
      wording.withoutPassage ?? undefined,
    );
    const messages = buildMessages({ arm: 'tuned', answer: settings.answer, question: wording.question });
    step('closed', makeExample(question, 'closed', [...messages, { role: 'assistant', content: reply }]));
  }
  for (const { question, wording } of rounds(questions, ({ searchQuery }) => searchQuery !== undefined).slice(
    0,
    mix.rewrite,
  )) {
    const messages = buildRewriteMessages(wording.question, settings.answer);
    step(
      'rewrite',
      makeExample(question, 'rewrite', [...messages, { role: 'assistant', content: wording.searchQuery! }]),
    );
  }
  const formsEach = Math.round(mix.glossary * glossaryForms.length);
  for (const entry of options.glossary) {
    const forms = shuffled([...glossaryForms], random);
    for (let turn = 0; turn < formsEach; turn++) {
      const { asked, answered } = forms[turn % forms.length]!(entry);
      examples.push({
        example: {
          messages: [
            ...buildRewriteMessages(asked, settings.answer),
            { role: 'assistant', content: answered },
          ],
          metadata: {
            kind: 'glossary',
            group: `glossary:${entry.abbreviation}`,
            id: `glossary:${entry.abbreviation}`,
          },
        },
        documents: [],
      });
      counts.glossary += 1;
    }
  }
  const mixed = shuffled(examples, random);
  return {
    examples: mixed.map(({ example }) => example),
    documents: mixed.map(({ documents }) => documents),
    counts,
    unanswerable: unanswerable.size,
  };
}

interface Sourced {
  example: Example;
  documents: string[];
}

type Wording = z.infer<typeof wordingSchema>;

/** Short ways to name the term and nothing more: a glossary pair, never a question about it. */
const glossaryForms: ((entry: GlossaryEntry) => { asked: string; answered: string })[] = [
  '{}',
  '{}?',
  'Term: {}',
  'about {}',
  'of {}',
  'for {}',
  'someone with {}',
  'I have {}.',
  '{} ({long})',
].map((form) => ({ abbreviation, longForm }) => ({
  asked: form.replace('{}', abbreviation).replace('{long}', longForm),
  answered: longForm,
}));

const canBeAbsent = (wording: Wording) => wording.withoutPassage !== null;

/**
 * Pairs of question and wording, more than any mix takes: rounds over the questions, each round with another wording. Questions with rare
 * values of the compared field come more often (weight 1/√frequency).
 */
function balanced(
  questions: readonly TrainingQuestion[],
  usable: (wording: Wording) => boolean,
  settings: AnswerSettings,
  random: Random,
): { question: TrainingQuestion; wording: Wording }[] {
  const label = (question: TrainingQuestion) => {
    const field = settings.answer.output?.confidence?.of;
    return field && typeof question.expected === 'object' ? String(valueAt(question.expected, field)) : '';
  };
  const frequency = new Map<string, number>();
  for (const question of questions) frequency.set(label(question), (frequency.get(label(question)) ?? 0) + 1);
  const most = Math.max(1, ...frequency.values());
  const pairs: { question: TrainingQuestion; wording: Wording; order: number }[] = [];
  for (const question of questions) {
    const own: Wording = {
      question: question.question,
      ...(question.searchQuery && { searchQuery: question.searchQuery }),
    };
    const wordings = shuffled([...(question.wordings ?? [own])].filter(usable), random);
    const repeats = Math.round(Math.sqrt(most / frequency.get(label(question))!));
    for (let turn = 0; turn < Math.max(8, wordings.length) * repeats; turn++) {
      const wording = wordings[turn % Math.max(1, wordings.length)];
      if (wording) pairs.push({ question, wording, order: Math.floor(turn / repeats) + random.next() });
    }
  }
  return pairs.sort((a, b) => a.order - b.order);
}

async function composeWithAnswer(
  options: Parameters<typeof composeExamples>[0],
  question: TrainingQuestion,
  wording: Wording,
  random: Random,
  unanswerable: Set<string>,
): Promise<Sourced | undefined> {
  const { settings, retriever } = options;
  const text = textOf(settings, question);
  const sentences = markedSentences(text);
  const own = await retriever.retrieve(question.searchQuery ?? question.question, {
    k: 40,
    documentIds: [question.source!.documentId],
  });
  const holds = (passage: Passage) => sentences.filter((sentence) => passage.text.includes(sentence)).length;
  const right = own.passages
    .filter(({ start, end }) => start < question.source!.end && end > question.source!.start)
    .map((passage) => ({ passage, held: holds(passage) }))
    .sort((a, b) => b.held - a.held)[0];
  if (!right || right.held === 0 || !right.passage.text.includes(sentences[0]!)) {
    unanswerable.add(question.id);
    return undefined;
  }
  const k = settings.retrieve.k;
  const found = await findDistractors(options, question, wording, right.passage);
  // Half the time where the search put it, half the time anywhere: the model must read, and not rely on the place.
  const natural = found.rankOfRight < k && random.next() < 0.5;
  const passages: Passage[] = found.passages.slice(0, k - 1);
  passages.splice(
    natural
      ? Math.min(found.rankOfRight, passages.length)
      : Math.floor(random.next() * (passages.length + 1)),
    0,
    right.passage,
  );
  const marker = passages.indexOf(right.passage) + 1;
  const kept = sentences.filter((sentence) => right.passage.text.includes(sentence));
  const lead = leadOf(text, sentences[0]!);
  const reply = replyOf(
    settings,
    question,
    () => `${lead}${kept.map((sentence) => `${sentence} [${marker}]`).join(' ')}`,
  );
  return makeExample(
    question,
    'passages',
    [...hybridMessages(settings, wording, passages, found.spelledOut), { role: 'assistant', content: reply }],
    passages,
  );
}

async function composeWithoutAnswer(
  options: Parameters<typeof composeExamples>[0],
  question: TrainingQuestion,
  wording: Wording,
  random: Random,
): Promise<Sourced | undefined> {
  const { settings } = options;
  const found = await findDistractors(options, question, wording);
  // A passage of the same disease, another section, is the hardest distractor; both kinds are shown.
  const passages = shuffled(found.passages.slice(0, settings.retrieve.k), random);
  if (passages.length === 0) return undefined;
  const reply = replyOf(
    settings,
    question,
    () => settings.answer.notInSources,
    // Where the names are given, the passage is not needed to know what is asked about.
    found.spelledOut.length > 0 ? undefined : (wording.withoutPassage ?? undefined),
  );
  return makeExample(
    question,
    'absent',
    [...hybridMessages(settings, wording, passages, found.spelledOut), { role: 'assistant', content: reply }],
    passages,
  );
}

/** What a search for the question finds in trainable documents besides its own answer. */
async function findDistractors(
  { retriever, trainableDocumentIds, settings, signal }: Parameters<typeof composeExamples>[0],
  question: TrainingQuestion,
  wording: Wording,
  right?: Passage,
): Promise<{ passages: Passage[]; rankOfRight: number; spelledOut: string[] }> {
  const source = question.source!;
  const {
    passages,
    // What the words of the question stand for is the same with a rewritten query, which keeps or spells out each of them.
    spelledOut = [],
  } = await retriever.retrieve(wording.searchQuery ?? wording.question, {
    k: settings.retrieve.k + 8,
    documentIds: trainableDocumentIds,
    ...(signal && { signal }),
  });
  const rank = passages.findIndex(({ id }) => id === right?.id);
  const sentences = markedSentences(textOf(settings, question));
  return {
    passages: passages.filter(
      (passage) =>
        !(
          passage.documentId === source.documentId &&
          passage.start < source.end &&
          passage.end > source.start
        ) && !sentences.some((sentence) => passage.text.includes(sentence)),
    ),
    rankOfRight: rank < 0 ? Number.POSITIVE_INFINITY : rank,
    spelledOut,
  };
}

const hybridMessages = (
  settings: AnswerSettings,
  wording: Wording,
  passages: readonly PassageText[],
  spelledOut: readonly string[],
) =>
  buildMessages({
    arm: 'hybrid',
    answer: settings.answer,
    question: wording.question,
    passages,
    searchedFor: { ...(wording.searchQuery && { searchQuery: wording.searchQuery }), spelledOut },
  });

function textOf(settings: AnswerSettings, question: TrainingQuestion): string {
  if (typeof question.expected === 'string') return question.expected;
  const field = settings.answer.output?.textField;
  const text = field ? valueAt(question.expected, field) : undefined;
  if (typeof text !== 'string') {
    throw new InvalidInputError({
      domain: 'dataset',
      where: question.id,
      message: `The training question "${question.id}" has no text to learn: \`expected${field ? `.${field}` : ''}\` is not a string.`,
      hint: 'Give it the answer, each sentence followed by [1].',
    });
  }
  return text;
}

/** The reply to learn: the text alone, or the project's JSON with the text in its place and `changes` over it. */
function replyOf(
  settings: AnswerSettings,
  question: TrainingQuestion,
  rewriteText: (text: string) => string,
  changes?: Record<string, unknown>,
): string {
  const text = rewriteText(textOf(settings, question));
  if (!settings.answer.output || typeof question.expected === 'string') return text;
  return JSON.stringify({ ...question.expected, ...changes, [settings.answer.output.textField]: text });
}

/** The sentences that carry a marker, in order, without it. */
function markedSentences(text: string): string[] {
  const parts = text
    .split(/\s*\[\d+\]\s*/)
    .map((part) => part.trim())
    .filter(Boolean);
  if (parts.length === 0) return [];
  const lead = /^[^.!?]{1,80}: (?=\S)/.exec(parts[0]!)?.[0] ?? '';
  return [parts[0]!.slice(lead.length), ...parts.slice(1)];
}

const leadOf = (text: string, firstSentence: string) =>
  text.slice(0, Math.max(0, text.indexOf(firstSentence)));

function makeExample(
  question: TrainingQuestion,
  kind: keyof DatasetMix,
  messages: Example['messages'],
  passages: readonly Passage[] = [],
): Sourced {
  const own = question.source ? [question.source.documentId] : [];
  return {
    example: {
      messages,
      metadata: {
        id: question.id,
        kind,
        group: question.group ?? question.id,
        ...(question.source && { documentId: question.source.documentId }),
      },
    },
    documents: [...new Set([...own, ...passages.map(({ documentId }) => documentId)])],
  };
}
