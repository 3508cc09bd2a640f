const marker = Symbol.for('tandem.nn.error');

/** Who can mend it: the user (input, options), us (a bug), or something outside (the disk, a foreign file). */
export type NnErrorCategory = 'user' | 'system' | 'thirdParty';

export interface NnErrorOptions {
  /** One clear sentence: what happened and where. */
  message: string;
  /** What to do about it, as one sentence; shown after the message. */
  hint?: string;
  cause?: unknown;
}

/**
 * Base of every error `@tandem/nn` raises on purpose. `code` is stable and machine-readable, `domain` is the folder
 * that raised it. Subclasses live one to a file and add the fields their reader needs.
 */
export class NnError extends Error {
  readonly [marker] = true;
  readonly code: string;
  readonly domain: string;
  readonly category: NnErrorCategory;
  readonly hint: string | undefined;

  /** Without them, the domain is "nn" and the category "user". */
  constructor(options: NnErrorOptions & { code: string; domain?: string; category?: NnErrorCategory }) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.domain = options.domain ?? 'nn';
    this.category = options.category ?? 'user';
    this.hint = options.hint;
  }

  /** True also for errors of another copy of this package, where `instanceof` would fail. */
  static isInstance(error: unknown): error is NnError {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[marker] === true;
  }
}
