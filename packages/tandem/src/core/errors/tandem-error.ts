const marker = Symbol.for('tandem.error');

/** Who can mend it: the user (input, config), us (a bug, a broken store), or something outside (a provider, the disk). */
export type ErrorCategory = 'user' | 'system' | 'thirdParty';

export interface TandemErrorOptions {
  /** One clear sentence: what happened and where. */
  message: string;
  /** What to do about it, as one sentence; shown after the message. */
  hint?: string;
  cause?: unknown;
}

/**
 * Base of every error Tandem raises on purpose. `code` is stable and machine-readable, `domain` is the folder that
 * raised it. Subclasses live one to a file and add the fields their reader needs (a path, a line, a limit).
 */
export class TandemError extends Error {
  readonly [marker] = true;
  readonly code: string;
  readonly domain: string;
  readonly category: ErrorCategory;
  readonly hint: string | undefined;

  constructor(options: TandemErrorOptions & { code: string; domain: string; category: ErrorCategory }) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.domain = options.domain;
    this.category = options.category;
    this.hint = options.hint;
  }

  /** True also for errors of another copy of this package, where `instanceof` would fail. */
  static isInstance(error: unknown): error is TandemError {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[marker] === true;
  }
}
