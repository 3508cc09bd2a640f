import { InvalidExampleError } from '../errors/invalid-example-error.ts';
import type { LabelledTokens } from '../models/decoder.ts';
import type { DecoderConfig } from '../models/decoder-weights.ts';

/** A tokenised conversation. Say with a mask or with spans which tokens the model is to learn to write. */
export interface TrainingExample {
  /** Token ids. */
  tokens: ArrayLike<number>;
  /** As long as `tokens`; true or non-zero where the token is a label. */
  labelMask?: ArrayLike<number | boolean>;
  /** `[start, end)` positions of labels. */
  labelSpans?: readonly (readonly [start: number, end: number])[];
}

/**
 * Examples as arrays of token ids and label positions. A label at position 0 is left out: nothing comes before it to
 * predict it from.
 * @throws InvalidExampleError naming the example and what is wrong with it.
 */
export function readExamples(
  examples: readonly TrainingExample[],
  config: DecoderConfig,
  what: string,
): LabelledTokens[] {
  return examples.map((example, index) => {
    const fail = (problem: string, hint: string): never => {
      throw new InvalidExampleError({ index, message: `${what} ${index} ${problem}.`, hint });
    };
    const tokens = Int32Array.from(example.tokens);
    if (tokens.length < 2)
      fail(`has ${tokens.length} tokens`, 'An example needs a prompt and at least one label.');
    if (tokens.length > config.contextLength) {
      fail(
        `has ${tokens.length} tokens and the model can read ${config.contextLength}`,
        'Shorten it; nothing is cut silently.',
      );
    }
    const foreign = tokens.findIndex((token) => token < 0 || token >= config.vocabulary);
    if (foreign !== -1) {
      fail(
        `has the token ${tokens[foreign]} at position ${foreign}, outside the vocabulary of ${config.vocabulary}`,
        'Tokenise it with the tokenizer of the model that is trained.',
      );
    }

    const labels: number[] = [];
    if (example.labelMask) {
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
      for (const [start, end] of example.labelSpans ?? []) {
        if (!(start >= 0 && start <= end && end <= tokens.length)) {
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
