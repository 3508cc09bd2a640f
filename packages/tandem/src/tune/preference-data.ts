import { relative, resolve } from 'node:path';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ChatMessage } from '../core/types/example.ts';
import { readPreferenceFile } from '../dataset/preferences.ts';
import type { LocalChatTools } from '../models/local-tools.ts';
import type { Parts } from '../parts/parts.ts';
import type { TokenisedExample, TokenisedPair } from './trainer.ts';

/** Pairs of replies, tokenised. */
export interface TokenisedPairs {
  /** SHA-256 of the training pairs' canonical JSONL. */
  id: string;
  /** Where they were read from, absolute. */
  file: string;
  train: TokenisedPair[];
  validation: TokenisedPair[];
}

/**
 * The pairs of a preference file as the served model reads them; the catalogue remembers them as a dataset.
 * @param options.maxLength tokens; the model's context is a limit too
 * @param options.validationPath a file of pairs to measure on; all of `path` are then learnt
 * @throws InvalidInputError for a pair that does not fit (it is never cut) and one that prefers a reply to itself.
 */
export async function readPairs(
  parts: Pick<Parts, 'catalog' | 'dataDirectory'>,
  path: string,
  tools: LocalChatTools,
  { maxLength, validationPath }: { maxLength: number; validationPath?: string },
): Promise<TokenisedPairs> {
  const file = resolve(path);
  const { id, train, validation } = await readPreferenceFile(
    file,
    validationPath === undefined ? undefined : resolve(validationPath),
  );
  const limit = Math.min(maxLength, tools.contextLength);
  const tokenise = ({ preference, where }: (typeof train)[number]): TokenisedPair => {
    const { input, preferred_output, non_preferred_output } = preference;
    const of = (reply: readonly ChatMessage[]) => {
      const { tokens, spans } = tools.encodeChat([...input.messages, ...reply]);
      if (tokens.length > limit) {
        throw new InvalidInputError({
          domain: 'tune',
          where,
          message: `${where} has ${tokens.length} tokens, and at most ${limit} fit.`,
          hint: 'Shorten it, or raise tune.maxLength (memory grows with it).',
        });
      }
      const { start, end } = spans.at(-1)!;
      return { prompt: tokens.slice(0, start), reply: tokens.slice(start, end) };
    };
    const [chosen, rejected] = [of(preferred_output), of(non_preferred_output)];
    if (chosen.reply.join() === rejected.reply.join()) {
      throw new InvalidInputError({
        domain: 'tune',
        where,
        message: `${where} prefers a reply to itself.`,
        hint: 'Remove that line: nothing can be learnt from it.',
      });
    }
    return { prompt: chosen.prompt, chosen: chosen.reply, rejected: rejected.reply };
  };
  const pairs = { train: train.map(tokenise), validation: validation.map(tokenise) };
  await parts.catalog.datasets.put({
    id,
    path: relative(parts.dataDirectory, file),
    counts: { train: train.length, validation: validation.length },
    createdAt: new Date().toISOString(),
  });
  return { id, file, ...pairs };
}

/** The chosen side alone: what sizes are counted on and the served adapter is checked with. */
export function chosenSide(pairs: readonly TokenisedPair[]): TokenisedExample[] {
  return pairs.map(({ prompt, chosen }) => ({
    tokens: [...prompt, ...chosen],
    labelSpans: [[prompt.length, prompt.length + chosen.length]],
  }));
}
