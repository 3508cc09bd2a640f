import { NnError, type NnErrorOptions } from './nn-error.ts';

/** A training or validation example cannot be used. `index` is its place in the list given. */
export class InvalidExampleError extends NnError {
  readonly index: number;

  constructor(options: NnErrorOptions & { index: number }) {
    super({ ...options, code: 'invalid_example', domain: 'train', category: 'user' });
    this.index = options.index;
  }

  static override isInstance(error: unknown): error is InvalidExampleError {
    return NnError.isInstance(error) && error.code === 'invalid_example';
  }
}
