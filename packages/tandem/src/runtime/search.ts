import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Trace } from '../core/types/answer.ts';
import type { Outcome } from '../core/types/outcome.ts';
import { untilAborted } from '../core/until-aborted.ts';
import type { Parts } from '../parts/parts.ts';
import type { Retrieval } from '../retrieve/retrieval.ts';
import type { RetrieveOptions } from '../retrieve/retriever.ts';
import { foldedWords } from '../text/words.ts';

/** As of a retriever: how many passages, which documents, which conversation. Each has a default. */
export type SearchOptions = Partial<RetrieveOptions>;

/**
 * The passages for a question, best first; no language model is asked. Where an option is not given the settings decide.
 * @throws IndexMissingError when nothing is ingested, or was with another embedder; InvalidInputError for an empty question
 *
 * @example
 * const { passages } = await search(tandem, 'How many days of leave do I have?', { k: 3 });
 * for (const { uri, text, score } of passages) console.log(uri, score, text);
 */
export async function search(
  parts: Pick<Parts, 'settings' | 'retriever' | 'whileOpen'>,
  question: string,
  options: SearchOptions = {},
): Promise<Retrieval> {
  const { k, neighbours, maxTokens } = parts.settings.retrieve;
  return parts.whileOpen(async (signal) => {
    if (options.k !== undefined && !(Number.isInteger(options.k) && options.k >= 1))
      throw new InvalidInputError({
        domain: 'runtime',
        where: 'k',
        message: `${options.k} is no number of passages.`,
        hint: 'Give a whole number from 1 on.',
      });
    const retriever = await untilAborted(() => parts.retriever(), signal);
    return retriever.retrieve(question, {
      k,
      neighbours,
      ...(maxTokens !== undefined && { maxTokens }),
      ...options,
      signal,
    });
  }, options.signal);
}

/**
 * Everything that went into an answer, by the answer's `traceId`.
 * @throws InvalidInputError when there is no such trace.
 *
 * @example
 * const { traceId } = await ask(tandem, 'How many days of leave do I have?');
 * const { prompt, rawOutput } = await trace(tandem, traceId);
 */
export async function trace(parts: Pick<Parts, 'catalog'>, traceId: string): Promise<Trace> {
  const found = await parts.catalog.traces.get(traceId);
  if (found) return found;
  throw new InvalidInputError({
    domain: 'runtime',
    where: traceId,
    message: `There is no trace ${traceId}.`,
    hint: 'Give the `traceId` of an answer.',
  });
}

/** Which traces. */
export interface ListTracesOptions {
  /** Default 20. */
  limit?: number;
  /** Words that question or answer must have, all of them; whatever their case and accents. */
  search?: string;
  /** Only from then on; ISO 8601. */
  since?: string;
  /** Only those of answers with it. */
  outcome?: Outcome;
}

/**
 * The latest traces, latest first.
 *
 * @example
 * for (const { question, arm } of await listTraces(tandem, { search: 'days of leave', limit: 5 })) console.log(arm, question);
 */
export async function listTraces(
  parts: Pick<Parts, 'catalog'>,
  { limit = 20, search: words, since, outcome }: ListTracesOptions = {},
): Promise<Trace[]> {
  const { traces } = parts.catalog;
  if (words === undefined && since === undefined && outcome === undefined) return traces.list({ limit });
  const wanted = foldedWords(words ?? '');
  const found: Trace[] = [];
  for await (const trace of traces.all()) {
    if (since !== undefined && trace.at < since) continue;
    if (outcome !== undefined && trace.answer.outcome !== outcome) continue;
    const said = new Set(foldedWords(`${trace.question} ${trace.answer.text}`));
    if (!wanted.every((word) => said.has(word))) continue;
    found.push(trace);
    if (found.length > limit) found.shift();
  }
  return found.toReversed();
}
