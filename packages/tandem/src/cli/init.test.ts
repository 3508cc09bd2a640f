import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { initProject } from '../project/init-project.ts';
import { findProject } from '../project/load-config.ts';
import { startTandem } from './tandem-process.fixture.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-init-'));
});
afterEach(() => rm(directory, { recursive: true }));

const manifest = (content: object, folder = directory) =>
  writeFile(join(folder, 'package.json'), JSON.stringify(content));
/** Node itself loads the config there, which vitest would do otherwise. */
const run = () => startTandem(['trace'], { cwd: directory }).done;
const loads = { code: 0, out: 'No question has been asked yet.\n', err: '' };

describe('a config that Node can load without a warning', () => {
  test.for([
    ['no package', undefined, 'tandem.config.ts'],
    ['a package of modules', { type: 'module' }, 'tandem.config.ts'],
    ['a package of CommonJS', { type: 'commonjs' }, 'tandem.config.mts'],
    ['a package that does not say which', { name: 'shop' }, 'tandem.config.mts'],
  ] as const)('in %s', async ([, content, name]) => {
    if (content) await manifest(content);
    const { config } = await initProject({ directory });
    expect(basename(config)).toBe(name);
    expect(await run()).toEqual(loads);
  });

  test('in a package whose package.json is damaged', async () => {
    await writeFile(join(directory, 'package.json'), '{ "name": "shop", }');
    await initProject({ directory });
    expect(await run()).toEqual(loads);
  });

  test('in a folder of a package', async () => {
    await manifest({ type: 'commonjs' });
    const inside = join(directory, 'docs');
    await mkdir(inside);
    const { config } = await initProject({ directory: inside });
    expect(basename(config)).toBe('tandem.config.mts');
    expect(findProject(join(inside, '..', 'docs'))).toBe(inside);
  });
});

test('a project is there already, under either name', async () => {
  const { config } = await initProject({ directory });
  await rename(config, join(directory, 'tandem.config.mts'));
  await expect(initProject({ directory })).rejects.toThrow(
    /There is a project already: .*tandem\.config\.mts/,
  );
  expect(findProject(directory)).toBe(directory);
});

test('two configs in one folder are an error that names both', async () => {
  for (const name of ['tandem.config.ts', 'tandem.config.mts'])
    await writeFile(join(directory, name), "export default { name: 'x' };\n");
  expect(await run()).toMatchObject({
    code: 1,
    err: expect.stringMatching(/has both tandem\.config\.ts and tandem\.config\.mts\.\nKeep one of them/),
  });
});

test('a config that its package makes CommonJS is told how to load', async () => {
  await initProject({ directory });
  await manifest({ type: 'commonjs' });
  expect(await run()).toMatchObject({
    code: 1,
    err: expect.stringContaining('Rename it to tandem.config.mts'),
  });
});
