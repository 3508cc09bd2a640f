import { InvalidExampleError } from '../errors/invalid-example-error.ts';
import type { LabelledTokens } from '../models/decoder-batch.ts';
import type { DecoderConfig } from '../models/decoder-config.ts';

/** A tokenised conversation. A mask or spans say which tokens the model is to learn to write. */
export interface TrainingExample {
  /** Token ids. */
  tokens: ArrayLike<number>;
  /** As long as `tokens`; true or non-zero where the token is a label. */
  labelMask?: ArrayLike<number | boolean>;
  /** `[start, end)` positions of labels. */
  labelSpans?: readonly (readonly [start: number, end: number])[];
}

/**
 * Checks examples and turns them into token ids and label positions. A label at position 0 is left out, because no
 * token before it could predict it.
 *
 * @param what what an example is called in errors.
 * @param firstIndex the first example's index in the caller's list.
 * @throws InvalidExampleError naming the example and what is wrong with it.
 */
export function readExamples(
  examples: readonly TrainingExample[],
  config: DecoderConfig,
  what: string,
  firstIndex = 0,
): LabelledTokens[] {
  return examples.map((example, place) => {
    const index = firstIndex + place;
    const fail = (problem: string, hint: string): never => {
      throw new InvalidExampleError({ index, message: `${what} ${index} ${problem}.`, hint });
    };
    if (!isList(example?.tokens)) {
      fail('has no list of tokens', 'Give each example as { tokens, labelSpans } or { tokens, labelMask }.');
    }
    const given = Array.from(example.tokens);
    const strange = given.findIndex((token) => !Number.isInteger(token));
    if (strange !== -1) {
      const token: unknown = given[strange];
      fail(
        `has ${typeof token === 'string' ? JSON.stringify(token) : String(token)} at position ${strange}, which is no token id`,
        'Tokenise it: token ids are whole numbers.',
      );
    }
    const tokens = Int32Array.from(given);
    if (tokens.length < 2)
      fail(`has ${tokens.length} tokens`, 'An example needs a prompt and at least one label.');
    if (tokens.length > config.contextLength) {
      fail(
        `has ${tokens.length} tokens and the model can read ${config.contextLength}`,
        'Shorten it; nothing is cut silently.',
      );
    }
    // Checked as given: a number that does not fit 32 bits must not turn into a valid token.
    const foreign = given.findIndex((token) => token < 0 || token >= config.vocabulary);
    if (foreign !== -1) {
      fail(
        `has the token ${given[foreign]} at position ${foreign}, outside the vocabulary of ${config.vocabulary}`,
        'Tokenise it with the tokenizer of the model that is trained.',
      );
    }

    const labels: number[] = [];
    if (example.labelMask !== undefined) {
      if (!isList(example.labelMask))
        fail('has a label mask that is no list', 'Give one entry for each token.');
      if (example.labelMask.length !== tokens.length) {
        fail(
          `has a label mask of ${example.labelMask.length} for ${tokens.length} tokens`,
          'Give one entry for each token.',
        );
      }
      for (let position = 1; position < tokens.length; position++) {
        if (example.labelMask[position]) labels.push(position);
      }
    } else {
      const marked = new Set<number>();
      const spans = example.labelSpans ?? [];
      if (!isList(spans)) fail('has label spans that are no list', 'Give them as [[start, end], …].');
      for (const span of spans) {
        const [start, end] = isList(span) ? span : [Number.NaN, Number.NaN];
        const whole = Number.isInteger(start) && Number.isInteger(end);
        if (!(whole && start >= 0 && start <= end && end <= tokens.length)) {
          fail(
            `has the label span [${start}, ${end}) and ${tokens.length} tokens`,
            'Spans are positions in the tokens.',
          );
        }
        for (let position = Math.max(1, start); position < end; position++) marked.add(position);
      }
      labels.push(...[...marked].sort((a, b) => a - b));
    }
    if (labels.length === 0)
      fail('has no label', "Mark the assistant's tokens with labelMask or labelSpans.");
    return { tokens, labels: Int32Array.from(labels) };
  });
}

/** Whether a value is an array or a typed array. */
export function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value);
}
