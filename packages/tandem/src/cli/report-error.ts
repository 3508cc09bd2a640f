import { absentPackageOf } from '../core/absent-package.ts';
import { TandemError } from '../core/errors/tandem-error.ts';
import { hintOnCommandLine } from './command-hints.ts';

/** Prints one clear sentence to stderr (and what to do) and returns the exit code: 130 for Ctrl-C, 2 for our bugs, else 1. */
export function reportError(error: unknown, { interrupted }: { interrupted: boolean }): number {
  if (interrupted) {
    console.error('\nInterrupted. Nothing is lost: run the same command again to go on from here.');
    return 130;
  }
  if (TandemError.isInstance(error) || hasHint(error)) {
    const hint = hintOnCommandLine(error);
    console.error(`Error: ${error.message}${hint ? `\n${hint}` : ''}`);
    return 1;
  }
  const system = systemSentence(error);
  if (system) {
    console.error(`Error: ${system}`);
    return 1;
  }
  console.error('Error: Tandem met something it did not expect. Please report it with what follows.');
  console.error(error instanceof Error ? error.stack : error);
  return 2;
}

/** `@tandem/nn` has errors of its own, of the same form. */
const hasHint = (error: unknown): error is Error & { hint?: string } =>
  error instanceof Error && 'hint' in error && 'code' in error && 'category' in error;

function systemSentence(error: unknown): string | undefined {
  const absent = absentPackageOf(error);
  if (absent !== undefined) {
    const from = / imported from (.+)$|Require stack:\n- (.+)$/m
      .exec((error as Error).message)
      ?.slice(1)
      .find(Boolean);
    return `The package ${absent} is not installed${from === undefined ? '' : `, and ${from} needs it`}.\nInstall it: npm install ${absent}`;
  }
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC')
    return `The disk is full${path ? ` (writing ${path})` : ''}.\nFree some space and run the same command again; what was finished is kept.`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `${path ?? 'A file'} cannot be accessed (${code}).\nCheck its permissions, or choose another folder with --project or TANDEM_CACHE.`;
  return undefined;
}
