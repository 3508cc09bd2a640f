import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { PromptVariant } from '../core/settings.ts';
import type { Answer, ArmName, SourceSpan, Sufficiency } from '../core/types/answer.ts';
import type { ChatMessage } from '../core/types/example.ts';
import type { Retrieval } from '../retrieve/retrieval.ts';
import type { RetrieveOptions } from '../retrieve/retriever.ts';
import type { AnswerEvent } from './events.ts';
import type { Reply } from './generate.ts';
import type { PlacedQuote } from './placed-quotes.ts';
import type { ExpectedOutcome } from './sufficiency/expected-outcome.ts';

/** One question and how it is to be answered. */
export interface AnswerRequest
  extends Pick<RetrieveOptions, 'access' | 'metadata' | 'documentIds' | 'turns'> {
  question: string;
  arm: ArmName;
  /** Passages in the prompt. Default: the settings'. */
  k?: number;
  /** Of the reply. Default: the settings'; fewer where only its first fields are wanted. */
  maxTokens?: number;
  /** For base and rag: which of the prompts. */
  variant?: PromptVariant;
  /** Replaces the question in the search alone, for yardsticks such as a glossary lookup. */
  searchFor?: string;
  /** For an extract: at most so many words for each thing that is asked about. Default 50. */
  maxWords?: number;
}

/** What is known of an answer so far: plain data. Each step reads what it needs and gives what it adds. */
export interface AnswerState {
  request: AnswerRequest;
  /** Of the arm `hybrid`: the search query that the tuned model made of the question, with its time and tokens. */
  rewrite?: { searchQuery?: string; reply: Reply };
  /** Of arms that search. */
  retrieved?: Retrieval & {
    milliseconds: number;
    /** So many of the passages, the first, are facts that were read at this moment (`answer.live`). */
    live?: number;
  };
  /** What they are good for, as it was judged before anything was written. */
  assessed?: Assessment;
  messages?: ChatMessage[];
  /** Once it is set no later step writes a reply: a step that refuses gives the refusal as the reply. */
  reply?: Reply & {
    by: ReplyAuthor;
    /** Nobody is told of it before it is checked: `verify` tells what then stands. */
    isHeld?: true;
  };
  /** Of an extract: what the reply quotes. */
  quotes?: PlacedQuote[];
  /** What a reader sees of the reply. */
  read?: Pick<
    Answer,
    | 'text'
    | 'output'
    | 'abstained'
    | 'citations'
    | 'danglingMarkers'
    | 'problems'
    | 'claims'
    | 'revision'
    | 'confidence'
    | 'rawConfidence'
    | 'probabilities'
  >;
  /** What steps of your own add, by their names. Kept in the answer and its trace. */
  notes?: Record<string, unknown>;
  answer?: Answer;
  /** The steps that have ended, and how long each took. */
  steps: readonly { name: string; milliseconds: number }[];
}

/** What is to be expected of a question and the passages for it. */
export interface Assessment {
  /** Absent where nothing is known that it could be told by. */
  sufficiency?: Sufficiency;
  expected: ExpectedOutcome;
  /** Of `clarify`: titles of what the question may be about, at least two. */
  choices?: string[];
  /** What was asked about and not found. */
  unanswered?: string[];
  /** Two sentences that contradict each other. */
  conflicting?: SourceSpan[];
}

/** `model`: a model wrote it. `refusal`, `clarification`: no model was asked. `extract`: the sources' own words. `head`: fields chosen by a head. */
export type ReplyAuthor = 'model' | 'refusal' | 'clarification' | 'extract' | 'head';

/** What a step is given beside the state. */
export interface StepContext {
  /** Aborts when the caller stops the answer, or when the step's time is over. */
  signal: AbortSignal;
  /** Sends an event to the reader of the answer's events. */
  emit(event: AnswerEvent): void;
  /** Whether a reader follows the reply as it is written. */
  streams: boolean;
}

/** One step of an answer: a function from plain data to plain data. */
export interface AnswerStep {
  name: string;
  /** What it adds to the state, or replaces in it. */
  run(state: AnswerState, context: StepContext): Promise<Partial<AnswerState>> | Partial<AnswerState>;
  /** After so long the answer ends with a StepError. Default: of a step that was inserted 120, of the others none; Infinity is no limit. */
  timeoutSeconds?: number;
  /** Set by `insertSteps`: whatever such a step throws becomes a StepError, the step's own failure. */
  isInserted?: true;
}

/**
 * Where a step goes: beside the one of this name.
 *
 * @example
 * const shout: AnswerStep = {
 *   name: 'shout',
 *   run: ({ read }) => ({ read: { ...read!, text: read!.text.toUpperCase() } }),
 * };
 * const answerer = await createAnswerer(tandem, { steps: [{ after: 'cite', step: shout }] });
 */
export type StepInsertion = ({ after: string } | { before: string }) & {
  step: AnswerStep;
  /** Raise it when the step does something else now: answers that a comparison has stored are then asked for again. */
  version?: string | number;
};

/**
 * The reply of a step that refuses: later steps leave it as it is, and no model is asked.
 *
 * @example
 * const hours: AnswerStep = {
 *   name: 'hours',
 *   run: ({ request }) => (/salary of/i.test(request.question) ? refuse('I do not talk about that.') : {}),
 * };
 * const { text } = await ask(tandem, 'What is the salary of my boss?', { steps: [{ after: 'read', step: hours }] });
 */
export function refuse(text: string): Required<Pick<AnswerState, 'reply'>> {
  return { reply: writtenReply('refusal', text) };
}

/** A reply that no model wrote. */
export function writtenReply(by: Exclude<ReplyAuthor, 'model'>, text: string): Reply & { by: ReplyAuthor } {
  return {
    by,
    text,
    prompt: '',
    promptTokens: 0,
    completionTokens: 0,
    milliseconds: 0,
    firstToken: undefined,
    tokens: [],
  };
}

/** How long a step that was inserted may take. */
export const insertedStepSeconds = 120;
/** A timer of Node's that is to wait for longer than 2³¹ ms does not wait at all. */
const longestSeconds = 2_000_000;

/**
 * The list with further steps in it.
 * @throws InvalidInputError for a place that is not there, or a name that is taken.
 */
export function insertSteps(
  steps: readonly AnswerStep[],
  insertions: readonly StepInsertion[],
): AnswerStep[] {
  const list = [...steps];
  for (const insertion of insertions) {
    const { step } = insertion;
    const beside = 'after' in insertion ? insertion.after : insertion.before;
    const at = list.findIndex(({ name }) => name === beside);
    const names = list.map(({ name }) => name).join(', ');
    if (typeof step?.run !== 'function' || typeof step.name !== 'string' || step.name === '')
      throw invalid(
        beside,
        `The step that goes beside "${beside}" has no name or no run function.`,
        'Give { name, run }.',
      );
    const { timeoutSeconds } = step;
    if (
      timeoutSeconds !== undefined &&
      timeoutSeconds !== Number.POSITIVE_INFINITY &&
      !(timeoutSeconds > 0 && timeoutSeconds <= longestSeconds)
    )
      throw invalid(
        step.name,
        `The step ${step.name} has ${timeoutSeconds} as its timeoutSeconds.`,
        `Give more than 0 and at most ${longestSeconds}, or Infinity for no limit.`,
      );
    if ('after' in insertion && beside === 'record')
      throw invalid(
        step.name,
        `The step ${step.name} is to go after record, where the answer and its trace are written already.`,
        "Put it before record: { before: 'record', step }.",
      );
    if (at === -1)
      throw invalid(
        step.name,
        `The step ${step.name} is to go beside "${beside}", and there is no such step.`,
        `There are ${names}.`,
      );
    if (list.some(({ name }) => name === step.name))
      throw invalid(
        step.name,
        `There is a step called ${step.name} already.`,
        `Give yours another name than ${names}.`,
      );
    list.splice('after' in insertion ? at + 1 : at, 0, {
      timeoutSeconds: insertedStepSeconds,
      ...step,
      isInserted: true,
    });
  }
  return list;
}

const invalid = (where: string, message: string, hint: string) =>
  new InvalidInputError({ domain: 'answer', where, message, hint });
