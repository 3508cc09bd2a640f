import { NnError } from './nn-error.ts';

/** A text has more tokens than the model takes, and the caller did not ask for it to be cut. */
export class TextTooLongError extends NnError {
  /** Place of the text in the list that was given, from 0. */
  readonly index: number;
  /** Both include the special tokens. */
  readonly tokens: number;
  readonly maxTokens: number;

  constructor(options: { index: number; tokens: number; maxTokens: number }) {
    super({
      code: 'text_too_long',
      domain: 'models',
      category: 'user',
      message: `Text ${options.index} has ${options.tokens} tokens, more than the model's ${options.maxTokens}.`,
      hint: 'Split it into smaller chunks, or pass onTooLong: "truncate" to use only its beginning.',
    });
    this.index = options.index;
    this.tokens = options.tokens;
    this.maxTokens = options.maxTokens;
  }

  static override isInstance(error: unknown): error is TextTooLongError {
    return NnError.isInstance(error) && error.code === 'text_too_long';
  }
}
