const marker = Symbol.for('tandem.error');

/** Who can fix it: the user (input, config), us (a bug, a broken store), or something outside (a provider, the disk). */
export type ErrorCategory = 'user' | 'system' | 'thirdParty';

/** What every error says. */
export interface TandemErrorOptions {
  /** One clear sentence: what happened and where. */
  message: string;
  /** What to do about it, as one sentence; shown after the message. */
  hint?: string;
  /** What was thrown below, where something was. */
  cause?: unknown;
}

/** Known across copies of this package, in which the classes differ. */
const markerOf = (code: string) => Symbol.for(`tandem.error.${code}`);

/** Whether an error is of the class with this code, whichever copy of the package raised it: what each class's `isInstance` asks. */
export function isMarked(error: unknown, code: string): boolean {
  return (
    TandemError.isInstance(error) && (error as unknown as Record<symbol, unknown>)[markerOf(code)] === true
  );
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
    // Not enumerable, so that it is not printed with the error.
    Object.defineProperty(this, markerOf(options.code), { value: true });
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
