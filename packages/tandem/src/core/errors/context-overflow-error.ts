import { isMarked, TandemError } from './tandem-error.ts';

/** A prompt does not fit the model's context. Raised before any work: nothing is ever cut silently. */
export class ContextOverflowError extends TandemError {
  readonly promptTokens: number;
  readonly reservedTokens: number;
  readonly contextLength: number;

  /** All three are counted in the model's own tokens; `reservedTokens` is what the answer may take. */
  constructor(options: {
    promptTokens: number;
    reservedTokens: number;
    contextLength: number;
    what?: string;
  }) {
    super({
      code: 'context_overflow',
      domain: 'models',
      category: 'user',
      message:
        options.reservedTokens === 0
          ? `The ${options.what ?? 'prompt'} has ${options.promptTokens} tokens and does not fit the model's context of ${options.contextLength}.`
          : `The ${options.what ?? 'prompt'} has ${options.promptTokens} tokens; with ${options.reservedTokens} kept for the answer it does not fit the model's context of ${options.contextLength}.`,
      hint: 'Shorten the question, retrieve fewer passages (`k`), or configure a model with a longer context.',
    });
    this.promptTokens = options.promptTokens;
    this.reservedTokens = options.reservedTokens;
    this.contextLength = options.contextLength;
  }

  static override isInstance(error: unknown): error is ContextOverflowError {
    return isMarked(error, 'context_overflow');
  }
}
