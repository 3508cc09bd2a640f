import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = path.resolve(import.meta.dirname, '../node_modules/.cache/fast-tests');
const logs = path.join(folder, 'attempts');
const cache = path.join(folder, 'cache');
const guard = pathToFileURL(path.join(import.meta.dirname, 'offline.mjs')).href;

/** What a process of the fast tests is started with: no network for it nor for what it starts in turn, and a model cache that is empty. */
export const offlineProcess = {
  execArgv: ['--import', guard],
  env: {
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import ${guard}`.trim(),
    TANDEM_OFFLINE_LOG: path.join(logs, 'log'),
    TANDEM_CACHE: cache,
    TANDEM_TEST_MODELS: '',
    PIP_NO_INDEX: '1',
  },
};

/**
 * Makes the folders, and fails the run at its end if what a test started has talked to another machine, or brought a model, when the
 * test was over already (see `fast-rules.ts` for the rest).
 */
export default function setup(): () => void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  return () => {
    const attempts = readdirSync(logs).map((name) => readFileSync(path.join(logs, name), 'utf8'));
    const models = path.join(cache, 'models');
    if (existsSync(models)) attempts.push(`There are models in ${models}.\n`);
    if (attempts.length > 0)
      throw new Error(`The fast tests have neither network nor models.\n${attempts.join('\n')}`);
  };
}
