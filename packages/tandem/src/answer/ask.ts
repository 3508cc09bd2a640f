import type { Answer } from '../core/types/answer.ts';
import { type AnswererOptions, type AnsweringParts, type AnswerOptions, createAnswerer } from './answerer.ts';
import { type AnswerStream, streamOf } from './events.ts';

/** Which arm answers (the options of `createAnswerer`), and how this one question is answered. */
export interface AskOptions extends AnswererOptions, AnswerOptions {}

/**
 * Answers one question with the arm in use, or with the one given; the answer's trace is kept.
 *
 * @example
 * const { text, citations } = await ask(tandem, 'How many days of leave do I have?');
 */
export async function ask(
  parts: AnsweringParts,
  question: string,
  options: AskOptions = {},
): Promise<Answer> {
  const { answerer, own } = split(options);
  return (await createAnswerer(parts, answerer)).answer(question, own);
}

/**
 * The same, followed while it is made: steps beginning and ending, the text as it comes, citations as their sentences end.
 *
 * @example
 * const { events, result } = streamAnswer(tandem, 'How many days of leave do I have?');
 * for await (const event of events) if (event.type === 'text') process.stdout.write(event.text);
 * const { citations } = await result;
 */
export function streamAnswer(
  parts: AnsweringParts,
  question: string,
  options: AskOptions = {},
): AnswerStream {
  const { answerer, own } = split(options);
  return streamOf(async (emit) => {
    const { events, result } = (await createAnswerer(parts, answerer)).stream(question, own);
    for await (const event of events) if (event.type !== 'answer') emit(event);
    return result;
  });
}

/** What says which way to answer, and what is this question's own. */
function split({ arm, adapterId, extract, steps, ...own }: AskOptions) {
  const answerer: Parameters<typeof createAnswerer>[1] = {
    ...(arm !== undefined && { arm }),
    ...(adapterId !== undefined && { adapterId }),
    ...(extract !== undefined && { extract }),
    ...(steps && { steps }),
    signal: own.signal,
  };
  return { answerer, own };
}
