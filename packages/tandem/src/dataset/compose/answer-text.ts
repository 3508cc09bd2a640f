import { valueAt } from '../../answer/structured-output.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { Settings } from '../../core/settings.ts';
import { sentences } from '../../text/sentences.ts';
import type { TrainingQuestion } from '../training-question.ts';

type AnswerSettings = Pick<Settings, 'answer'>;

/** The answer of a training question, taken apart for its markers. */
export interface AnswerText {
  /** As it was written. */
  text: string;
  /** What stands before the first sentence and is no part of it: "Gout: ". Empty where there is nothing. */
  lead: string;
  /** Its sentences in order, without markers. */
  sentences: string[];
  /** Whether its author put the markers. */
  isMarked: boolean;
}

/** @throws InvalidInputError where the question's reply has no text */
export function answerTextOf(settings: AnswerSettings, question: TrainingQuestion): AnswerText {
  const text = textOf(settings, question);
  const isMarked = /\[\d+\]/.test(text);
  const parts = isMarked ? markedSentences(text) : wholeSentences(text);
  const [first = ''] = parts;
  // "Boilers: Press …": the name of what is spoken of, as a house style puts it before each answer.
  const lead = /^[^.!?`]{1,80}: (?=\S)/.exec(first)?.[0] ?? '';
  return { text, lead, sentences: [first.slice(lead.length), ...parts.slice(1)], isMarked };
}

/** The reply to learn: the text alone, or the project's JSON with the text in its place and `changes` over it. */
export function replyOf(
  { answer }: AnswerSettings,
  { expected }: TrainingQuestion,
  text: string,
  changes?: Record<string, unknown>,
): string {
  if (!answer.output || typeof expected !== 'object') return text;
  return JSON.stringify({ ...expected, ...changes, [answer.output.textField]: text });
}

function textOf({ answer }: AnswerSettings, { id, expected }: TrainingQuestion): string {
  if (typeof expected === 'string') return expected;
  const field = answer.output?.textField;
  const text = field ? valueAt(expected, field) : undefined;
  if (typeof text === 'string') return text;
  throw new InvalidInputError({
    domain: 'dataset',
    where: id,
    message: `The training question "${id}" has no text to learn: \`expected${field ? `.${field}` : ''}\` is not a string.`,
    hint: 'Give it the answer as a text.',
  });
}

function markedSentences(text: string): string[] {
  return text
    .split(/\s*\[\d+\]\s*/)
    .map((part) => part.trim())
    .filter(Boolean);
}

/** What ends no sentence, such as a call in backticks at the end, belongs to the one before it. */
function wholeSentences(text: string): string[] {
  const whole: string[] = [];
  for (const { start, end } of sentences(text)) {
    const sentence = text.slice(start, end);
    if (whole.length === 0 || endOfSentence.test(sentence)) whole.push(sentence);
    else whole.push(`${whole.pop()} ${sentence}`);
  }
  return whole;
}

const endOfSentence = /[.!?…。！？][\p{Pe}\p{Pf}"'*_]*(?:\s|$)/u;
