import { isMarked, TandemError, type TandemErrorOptions } from './tandem-error.ts';

/** Something the user wrote (a file, a flag, a config key) cannot be used as it is. `where` is `file:line` or a flag. */
export class InvalidInputError extends TandemError {
  readonly where: string | undefined;

  constructor(options: TandemErrorOptions & { where?: string; domain?: string }) {
    super({ ...options, code: 'invalid_input', domain: options.domain ?? 'core', category: 'user' });
    this.where = options.where;
  }

  static override isInstance(error: unknown): error is InvalidInputError {
    return isMarked(error, 'invalid_input');
  }
}
