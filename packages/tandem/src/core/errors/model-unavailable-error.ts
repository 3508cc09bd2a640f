import { isMarked, TandemError, type TandemErrorOptions } from './tandem-error.ts';

/** A model's files are not on this machine and could not be brought here. The message gives each source's reason. */
export class ModelUnavailableError extends TandemError {
  /** The reference as it was asked for: `local:smollm2-135m-instruct`, `hf:owner/repo/file.gguf`. */
  readonly reference: string;

  constructor(options: TandemErrorOptions & { reference: string }) {
    super({ ...options, code: 'model_unavailable', domain: 'models', category: 'thirdParty' });
    this.reference = options.reference;
  }

  static override isInstance(error: unknown): error is ModelUnavailableError {
    return isMarked(error, 'model_unavailable');
  }
}
