const marker = Symbol.for('tandem.nn.error');

/**
 * Who can fix it: the user (input, options), the authors of this package (a bug), or something outside (a disk, another
 * program's file).
 */
export type NnErrorCategory = 'user' | 'system' | 'thirdParty';

/** What every error says. */
export interface NnErrorOptions {
  /** One clear sentence: what happened and where. */
  message: string;
  /** What to do about it, as one sentence; shown after the message. */
  hint?: string;
  /** What was thrown below, where something was. */
  cause?: unknown;
}

/**
 * Base class of all errors that `@tandem/nn` throws on purpose. `code` is stable and meant for programs; `domain` is
 * the folder that the error comes from. Each subclass has a file of its own and adds the fields that its reader needs.
 */
export class NnError extends Error {
  readonly [marker] = true;
  readonly code: string;
  readonly domain: string;
  readonly category: NnErrorCategory;
  readonly hint: string | undefined;

  /** The default domain is "nn", the default category "user". */
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
