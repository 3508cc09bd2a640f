/** A checkout of this repository, used only as a stranger can use it: its command line, and what its packages export. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { jsonLines } from '../data/json-lines.ts';

export interface Checkout {
  directory: string;
  /** The commit, with "and changes" where the working tree differs from it. */
  version: string;
  /**
   * Runs `tandem` in a project's folder, with the Node of this checkout, and gives what it printed.
   * @throws Error with the end of what it said on stderr, where it does not end with 0
   */
  tandem(project: string, ...args: string[]): string;
  /** Questions straight to the library, each with its own options; the whole `Retrieval` of each, in their order. */
  search(project: string, requests: SearchRequest[]): unknown[];
}

/** Options as `RetrieveOptions` of the library has them. */
export interface SearchRequest {
  id: string;
  question: string;
  options: Record<string, unknown>;
}

export function openCheckout(given: string): Checkout {
  const directory = resolve(given);
  const node = join(directory, 'node_modules', '.bin', 'node');
  const manifest = join(directory, 'packages', 'tandem', 'package.json');
  if (!existsSync(manifest)) throw new Error(`${directory} is not a checkout of Tandem.`);
  if (!existsSync(node)) throw new Error(`${directory} has no node_modules yet: run \`npm ci\` there.`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { tandem: string } };
  const command = join(directory, 'packages', 'tandem', bin.tandem);

  const run = (cwd: string, words: string[], input?: string) => {
    try {
      return execFileSync(node, words, {
        cwd,
        encoding: 'utf8',
        maxBuffer: 2 ** 30,
        stdio: ['pipe', 'pipe', 'pipe'],
        ...(input !== undefined && { input }),
      });
    } catch (error) {
      const { stderr = '', status } = error as { stderr?: string; status?: number };
      throw new Error(`In ${directory}: ${words.join(' ')} ended with ${status}:\n${stderr.slice(-2000)}`);
    }
  };
  const git = (...words: string[]) => execFileSync('git', ['-C', directory, ...words], { encoding: 'utf8' });

  return {
    directory,
    version: `${git('rev-parse', '--short', 'HEAD').trim()}${git('status', '--porcelain') === '' ? '' : ' and changes'}`,
    tandem: (project, ...args) => run(project, [command, ...args]),
    search: (project, requests) =>
      jsonLines(
        run(project, [join(import.meta.dirname, 'search-driver.ts'), directory], JSON.stringify(requests)),
      ),
  };
}
