import { absentPackageOf } from '../absent-package.ts';
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
    if (absentPackageOf(cause)?.includes(options.packageName))
      throw new MissingDriverError({ ...options, cause });
    throw cause;
  }
}

/** Runs code of a project's own, such as its config: a package that this imports and that is absent is named with `what` needs it. */
export async function nameAbsentPackage<Result>(
  work: () => Promise<Result> | Result,
  options: { what: string; domain: string },
): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    const packageName = absentPackageOf(cause);
    if (packageName === undefined) throw cause;
    throw new MissingDriverError({ ...options, packageName, cause });
  }
}
