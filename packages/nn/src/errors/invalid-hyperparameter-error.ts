import { NnError, type NnErrorOptions } from './nn-error.ts';

/** A training setting is out of range. */
export class InvalidHyperparameterError extends NnError {
  readonly parameter: string;

  constructor(options: NnErrorOptions & { parameter: string }) {
    super({ ...options, code: 'invalid_hyperparameter', domain: 'train', category: 'user' });
    this.parameter = options.parameter;
  }

  static override isInstance(error: unknown): error is InvalidHyperparameterError {
    return NnError.isInstance(error) && error.code === 'invalid_hyperparameter';
  }
}
