import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { allocatorSettings } from './allocator-settings.ts';
import { startTandem } from './tandem-process.fixture.ts';

const script = join(tmpdir(), `allocator-settings-${process.pid}.mjs`);
writeFileSync(
  script,
  `import { restartWithAllocatorSettings } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'allocator-settings.ts')).href)};
restartWithAllocatorSettings();
let input = '';
for await (const data of process.stdin) input += data;
const { pid, argv, execArgv, env } = process;
console.log(JSON.stringify({ pid, argv: argv.slice(2), execArgv, input,
  settings: Object.fromEntries(Object.entries(env).filter(([name]) => /^(MALLOC_|GLIBC_)/.test(name))) }));`,
);

async function started(env: Record<string, string> = {}) {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(MALLOC_|GLIBC_)/.test(name)),
  );
  const child = spawn(process.execPath, ['--no-deprecation', script, 'a b', '--c'], {
    env: { ...clean, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end('what was piped in');
  let [out, err] = ['', ''];
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (err += data));
  const code = await new Promise((settle) => child.on('close', settle));
  return { code, err, pid: child.pid, out: JSON.parse(out) };
}

test('the command starts again in the same process, with its arguments and its input, and says nothing', async () => {
  const { code, err, pid, out } = await started();
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toEqual({
    pid,
    argv: ['a b', '--c'],
    execArgv: ['--no-deprecation'],
    input: 'what was piped in',
    settings: process.platform === 'linux' ? allocatorSettings : {},
  });
});

test.each([
  ['MALLOC_ARENA_MAX', '8'],
  ['GLIBC_TUNABLES', 'glibc.malloc.arena_max=8'],
])('a setting of one’s own stays as it is: %s', async (name, value) => {
  expect((await started({ [name]: value })).out.settings).toEqual({ [name]: value });
});

test('an ingest started this way still reports what is wrong, and how it ended', async () => {
  const { code, err } = await startTandem(['ingest', '--no-such-option'], { cwd: tmpdir() }).done;
  expect(code).not.toBe(0);
  expect(err).toMatch(/unknown option/);
});
