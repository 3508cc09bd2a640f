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
  const { arm, adapterId, extract, steps, ...rest } = options;
  return (await createAnswerer(parts, answererOptions(options))).answer(question, rest);
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
  const { arm, adapterId, extract, steps, ...rest } = options;
  return streamOf(async (emit) => {
    const { events, result } = (await createAnswerer(parts, answererOptions(options))).stream(question, rest);
    for await (const event of events) if (event.type !== 'answer') emit(event);
    return result;
  });
}

const answererOptions = ({ arm, adapterId, extract, steps }: AskOptions): AnswererOptions => ({
  ...(arm !== undefined && { arm }),
  ...(adapterId !== undefined && { adapterId }),
  ...(extract !== undefined && { extract }),
  ...(steps && { steps }),
});
