import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseObject } from '../answer/structured-output.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { canonicalJson, sha256 } from '../core/hash.ts';
import type { Feedback } from '../core/types/feedback.ts';
import type { Preference } from '../core/types/preference.ts';
import { isBlank } from '../core/written-text.ts';
import type { Parts } from '../parts/parts.ts';
import { writeAtomically } from '../parts/write-atomically.ts';
import { jsonl } from './jsonl-text.ts';

/** What somebody thought of an answer. */
export interface RateAnswerOptions {
  /** `none` takes a rating back. */
  rating: Feedback['rating'] | 'none';
  /** The whole reply that should have come instead. Only for an answer rated down. */
  better?: string;
}

/** The parts that an answer is rated with. */
export type RateAnswerParts = Pick<Parts, 'catalog' | 'settings' | 'whileOpen'>;

/**
 * Rates the answer of a trace; rating it again replaces the rating.
 * @returns what is kept, or undefined where the rating was taken back
 * @throws InvalidInputError for an unknown trace, one that no model answered, and a better text that could not be learnt.
 *
 * @example
 * const { traceId } = await ask(tandem, 'How many days of leave do I have?');
 * await rateAnswer(tandem, traceId, { rating: 'up' });
 */
export async function rateAnswer(
  parts: RateAnswerParts,
  traceId: string,
  options: RateAnswerOptions,
): Promise<Feedback | undefined> {
  return parts.whileOpen(() => storeRating(parts, traceId, options));
}

async function storeRating(
  { catalog, settings }: Pick<Parts, 'catalog' | 'settings'>,
  traceId: string,
  { rating, better }: RateAnswerOptions,
): Promise<Feedback | undefined> {
  const trace = await catalog.traces.get(traceId);
  const refuse = (message: string, hint: string) =>
    new InvalidInputError({ domain: 'dataset', where: 'traceId', message, hint });
  if (!trace) throw refuse(`There is no trace ${traceId}.`, 'Give the traceId of an answer.');
  if (rating === 'none') {
    if (!(await catalog.feedback.remove(traceId)))
      throw refuse(`The answer of ${traceId} was not rated.`, 'There is nothing to take back.');
    return undefined;
  }
  if (!trace.messages)
    throw refuse(
      trace.prompt === ''
        ? `No model was asked for the answer of ${traceId}: no passage was near the question, so a rating of it could train nothing.`
        : `The trace ${traceId} does not have the messages that the model was shown, so a rating of it could train nothing.`,
      trace.prompt === ''
        ? 'Rate an answer that a model wrote.'
        : 'Ask the question again and rate that answer.',
    );
  if (better !== undefined) {
    if (rating === 'up')
      throw refuse(
        'An answer that is rated up needs no better text.',
        'Rate it down, or leave the better text out.',
      );
    if (isBlank(better))
      throw refuse('The better text is empty.', 'Write the whole reply as it should have been.');
    if (better === trace.rawOutput)
      throw refuse(
        `The better text is the answer of ${traceId} itself, so nothing could be learnt from it.`,
        'Write the reply as it should have been, or leave it out.',
      );
    const { output } = settings.answer;
    if (output && !parseObject(better, output.schema))
      throw refuse(
        'The better text is not a reply that fits answer.output.schema.',
        'Write the whole reply as the model should have: a JSON object of that schema.',
      );
  }
  const kept: Feedback = {
    traceId,
    rating,
    ...(better !== undefined && { better }),
    at: new Date().toISOString(),
  };
  await catalog.feedback.put(kept);
  return kept;
}

/**
 * Makes pairs of the ratings: an answer rated down and its better text; and, among answers to the very same messages, each that
 * was rated up with each that was rated down. Written to `preferences/HASH.jsonl` in the data folder in OpenAI's preference form, where a
 * person can read what is trained on; `HASH.provenance.json` beside it has the traces of each pair.
 * @returns that file
 *
 * @param least what a training needs
 * @throws InvalidInputError where there are fewer, saying how many there are and what counts.
 */
export async function feedbackFile(
  parts: Pick<Parts, 'catalog' | 'dataDirectory'>,
  least: number,
): Promise<string> {
  const { catalog, dataDirectory } = parts;
  const ratings = await catalog.feedback.list();
  const asked = new Map<
    string,
    { messages: Preference['input']['messages']; up: RatedReply[]; down: RatedReply[] }
  >();
  const pairs = new Map<string, { preference: Preference; traces: string[] }>();
  const add = (
    messages: Preference['input']['messages'],
    chosen: string,
    rejected: string,
    traces: readonly string[],
  ) => {
    if (chosen === rejected) return;
    const preference: Preference = {
      input: { messages },
      preferred_output: [{ role: 'assistant', content: chosen }],
      non_preferred_output: [{ role: 'assistant', content: rejected }],
    };
    const key = canonicalJson(preference);
    pairs.set(key, { preference, traces: [...new Set([...(pairs.get(key)?.traces ?? []), ...traces])] });
  };
  for (const { traceId, rating, better } of ratings) {
    const trace = await catalog.traces.get(traceId);
    // An empty reply cannot stand on either side.
    // Nor can what was not shown: the reader rated what took its place.
    if (!trace?.messages || isBlank(trace.rawOutput) || trace.answer.revision) continue;
    const { messages, rawOutput } = trace;
    const key = canonicalJson(messages);
    const same = asked.get(key) ?? { messages, up: [], down: [] };
    asked.set(key, same);
    same[rating].push({ traceId, reply: rawOutput });
    if (better !== undefined) add(messages, better, rawOutput, [traceId]);
  }
  for (const { messages, up, down } of asked.values())
    for (const chosen of up)
      for (const rejected of down)
        add(messages, chosen.reply, rejected.reply, [chosen.traceId, rejected.traceId]);

  if (pairs.size < Math.max(1, least)) {
    const countRated = (rating: string) => ratings.filter((each) => each.rating === rating).length;
    const better = ratings.filter((each) => each.better !== undefined).length;
    throw new InvalidInputError({
      domain: 'tune',
      where: 'preferences',
      message: `Feedback gives ${pairs.size} ${pairs.size === 1 ? 'pair' : 'pairs'} (${countRated('up')} rated up, ${countRated('down')} rated down, ${better} of these with a better text), and one step of training takes ${Math.max(1, least)}.`,
      hint: 'A pair is an answer rated down with a better text, or one rated up and one rated down that were given to the same prompt.',
    });
  }
  const text = jsonl([...pairs.values()].map(({ preference }) => preference));
  const directory = join(dataDirectory, 'preferences');
  await mkdir(directory, { recursive: true });
  const name = sha256(text).slice(0, 16);
  const file = join(directory, `${name}.jsonl`);
  // OpenAI's form has no place for notes in a pair, so where each came from stands beside it, by the hash of its line.
  const origins = Object.fromEntries([...pairs].map(([key, { traces }]) => [sha256(key), { traces }]));
  await writeAtomically(join(directory, `${name}.provenance.json`), `${JSON.stringify(origins, null, 2)}\n`);
  await writeAtomically(file, text);
  return file;
}

interface RatedReply {
  traceId: string;
  reply: string;
}
