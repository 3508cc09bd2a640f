import { isMarked, TandemError } from './tandem-error.ts';

/** A connection that the project's `network: 'local'` does not allow. */
export class NetworkBlockedError extends TandemError {
  readonly host: string;

  constructor(options: { host: string }) {
    super({
      code: 'network_blocked',
      domain: 'models',
      category: 'user',
      message: `A connection to ${options.host} was stopped: the project says network: 'local', and this host is no configured source or provider.`,
      hint: "Add it under providers or sources in tandem.config.ts, or set network: 'open'.",
    });
    this.host = options.host;
  }

  static override isInstance(error: unknown): error is NetworkBlockedError {
    return isMarked(error, 'network_blocked');
  }
}
