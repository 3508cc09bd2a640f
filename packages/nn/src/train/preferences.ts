import { InvalidExampleError } from '../errors/invalid-example-error.ts';
import type { PreferredTokens } from '../models/decoder-batch.ts';
import type { DecoderConfig } from '../models/decoder-config.ts';
import { isList, readExamples } from './examples.ts';

/** Two replies to one prompt, of which people preferred one. All are token ids of the model's own tokenizer. */
export interface PreferencePair {
  /** Everything before the reply, the opening of the assistant's turn included. */
  prompt: ArrayLike<number>;
  /** The better reply, with the token that ends its turn. */
  chosen: ArrayLike<number>;
  rejected: ArrayLike<number>;
}

/**
 * Checks pairs and turns them into token ids and label positions.
 * @throws InvalidExampleError naming the pair and what is wrong with it.
 */
export function readPreferences(
  pairs: readonly PreferencePair[],
  config: DecoderConfig,
  what: string,
): PreferredTokens[] {
  const labelled = (side: 'chosen' | 'rejected') => {
    const name = `${what}, ${side} reply,`;
    pairs.forEach((pair, index) => {
      const { prompt, [side]: reply } = pair ?? {};
      if (!isList(prompt) || !isList(reply)) {
        throw new InvalidExampleError({
          index,
          message: `${name} ${index} has no list of tokens as ${isList(prompt) ? side : 'prompt'}.`,
          hint: 'Give each pair as { prompt, chosen, rejected }, all three token ids.',
        });
      }
      if (prompt.length > 0 && reply.length > 0) return;
      throw new InvalidExampleError({
        index,
        message: `${name} ${index} has no ${prompt.length === 0 ? 'prompt' : 'token'}.`,
        hint: 'A pair needs a prompt and two replies.',
      });
    });
    return readExamples(
      pairs.map(({ prompt, [side]: reply }) => ({
        tokens: [...Array.from(prompt), ...Array.from(reply)],
        labelSpans: [[prompt.length, prompt.length + reply.length]],
      })),
      config,
      name,
    );
  };
  const [chosen, rejected] = [labelled('chosen'), labelled('rejected')];
  pairs.forEach((pair, index) => {
    if (Array.from(pair.chosen).join() !== Array.from(pair.rejected).join()) return;
    throw new InvalidExampleError({
      index,
      message: `${what} ${index} has the same reply as chosen and as rejected.`,
      hint: 'Leave it out: nothing can be learnt from it.',
    });
  });
  return chosen.map((better, index) => ({ chosen: better, rejected: rejected[index]! }));
}
