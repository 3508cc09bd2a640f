import { isMarked, TandemError } from './tandem-error.ts';

/** An optional package that this feature runs on is not installed. */
export class MissingDriverError extends TandemError {
  /** Its name on npm. */
  readonly packageName: string;

  /** `what` is what needs the package; the message begins with it: "A PostgreSQL source". */
  constructor(options: { packageName: string; what: string; domain: string; cause?: unknown }) {
    super({
      code: 'missing_driver',
      domain: options.domain,
      category: 'user',
      message: `${options.what} needs the package ${options.packageName}, which is not installed.`,
      hint: `Install it beside tandem: npm install ${options.packageName}`,
      cause: options.cause,
    });
    this.packageName = options.packageName;
  }

  static override isInstance(error: unknown): error is MissingDriverError {
    return isMarked(error, 'missing_driver');
  }
}

/** Runs `load` (an `import()` of an optional package); where the package is absent the error says how to install it. */
export async function importDriver<Module>(
  load: () => Promise<Module>,
  options: { packageName: string; what: string; domain: string },
): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    // Any other failure is inside a package that is there.
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' && message.includes(options.packageName)) {
      throw new MissingDriverError({ ...options, cause });
    }
    throw cause;
  }
}
