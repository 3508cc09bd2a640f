import { isMarked, TandemError, type TandemErrorOptions } from './tandem-error.ts';

/** A provider of models refused a request, failed, or could not be reached. */
export class ProviderError extends TandemError {
  /** Its name under `providers` in the config. */
  readonly provider: string;
  /** HTTP status; undefined where no answer came, or where a job rather than a request failed. */
  readonly status: number | undefined;

  constructor(options: TandemErrorOptions & { provider: string; status?: number; domain?: string }) {
    super({
      ...options,
      code: 'provider',
      domain: options.domain ?? 'models',
      category: 'thirdParty',
    });
    this.provider = options.provider;
    this.status = options.status;
  }

  static override isInstance(error: unknown): error is ProviderError {
    return isMarked(error, 'provider');
  }
}
