import { execFileSync } from 'node:child_process';

/** The commit of the checkout that holds a folder, where there is one, and whether its working tree differs from it. */
export function checkoutOf(directory: string): { commit?: string; dirty?: boolean } {
  const git = (...words: string[]) =>
    execFileSync('git', words, {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return { commit: git('rev-parse', 'HEAD'), dirty: git('status', '--porcelain') !== '' };
  } catch {
    return {};
  }
}

/** The commit alone, for lineage. */
export function commitOf(directory: string): { commit?: string } {
  const { commit } = checkoutOf(directory);
  return commit === undefined ? {} : { commit };
}
