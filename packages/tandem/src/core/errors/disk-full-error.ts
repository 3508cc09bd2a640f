import { isMarked, TandemError } from './tandem-error.ts';

/** The disk (or a quota on it) had no room for a write. What was durable before is still there. */
export class DiskFullError extends TandemError {
  readonly path: string;

  constructor(options: { path: string; domain: string; cause?: unknown }) {
    super({
      code: 'disk_full',
      domain: options.domain,
      category: 'user',
      message: `There is no room left on the disk to write ${options.path}.`,
      hint: 'Free some space and run the same command again: it goes on from where it stopped.',
      cause: options.cause,
    });
    this.path = options.path;
  }

  static override isInstance(error: unknown): error is DiskFullError {
    return isMarked(error, 'disk_full');
  }
}
