import { NnError, type NnErrorOptions } from './nn-error.ts';

/** The files are sound, but describe a model, an option or a number format that this package does not implement. */
export class UnsupportedModelError extends NnError {
  /** The setting or the tensor that is not supported, such as "hidden_act = relu". */
  readonly feature: string;

  constructor(options: NnErrorOptions & { feature: string }) {
    super({ ...options, code: 'unsupported_model', domain: 'models', category: 'user' });
    this.feature = options.feature;
  }

  static override isInstance(error: unknown): error is UnsupportedModelError {
    return NnError.isInstance(error) && error.code === 'unsupported_model';
  }
}
