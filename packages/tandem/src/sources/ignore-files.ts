import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import createMatcher, { type Ignore } from 'ignore';

/** Read in this order, so that a line of the second has the last word. */
export const ignoreFileNames = ['.gitignore', '.tandemignore'] as const;

/** What `.gitignore` and `.tandemignore` files say of the paths below one folder; git's rules (gitignore(5)). */
export interface IgnoreRules {
  /** The rules for what is in `folder` (absolute): these, and those of the ignore files that lie there. */
  enter(folder: string): Promise<IgnoreRules>;
  ignores(file: string, isFolder: boolean): boolean;
}

interface Level {
  folder: string;
  matcher: Ignore;
}

/**
 * Rules for a walk from `root` down. Ignore files between the git repository's top and `root` count as well, unless they
 * ignore `root` itself: a user who names an ignored folder means it.
 */
export async function ignoreRules(root: string): Promise<IgnoreRules> {
  let above = rulesOf([]);
  for (const folder of foldersAbove(root)) above = await above.enter(folder);
  const start = above.ignores(root, true) ? rulesOf([]) : above;
  return start.enter(root);
}

/** No rules at all. */
export const noIgnoreRules: IgnoreRules = { enter: async () => noIgnoreRules, ignores: () => false };

function rulesOf(levels: readonly Level[]): IgnoreRules {
  const rules: IgnoreRules = {
    async enter(folder) {
      const texts = await Promise.all(
        ignoreFileNames.map((name) =>
          readFile(path.join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
            if (error.code === 'ENOENT' || error.code === 'EISDIR') return '';
            throw error;
          }),
        ),
      );
      if (texts.every((text) => text === '')) return rules;
      const matcher = createMatcher();
      // One text after the other: of a list, each member would be one pattern.
      for (const text of texts) matcher.add(text);
      return rulesOf([...levels, { folder, matcher }]);
    },
    ignores(file, isFolder) {
      // The nearest file that says anything of the path decides.
      for (const { folder, matcher } of levels.toReversed()) {
        const below = path.relative(folder, file).split(path.sep).join('/');
        if (below === '' || below.startsWith('..')) continue;
        const { ignored, unignored } = matcher.test(isFolder ? `${below}/` : below);
        if (ignored || unignored) return ignored;
      }
      return false;
    },
  };
  return rules;
}

/** From the top of the git repository that `root` lies in down to its parent; none outside a repository. */
function foldersAbove(root: string): string[] {
  const folders: string[] = [];
  let folder = root;
  while (!existsSync(path.join(folder, '.git'))) {
    const parent = path.dirname(folder);
    if (parent === folder) return [];
    folder = parent;
    folders.unshift(folder);
  }
  return folders;
}
