import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tandem-command-'));
});

afterAll(() => rm(folder, { recursive: true }));

/** Without what npm adds for a script: the machine's own Node, of whatever version. */
const env = {
  ...process.env,
  PATH: process.env
    .PATH!.split(path.delimiter)
    .filter((place) => !place.includes('node_modules'))
    .join(path.delimiter),
};

test('the command runs from any folder, with the machine’s own Node', async () => {
  const command = path.join(root, 'node_modules/.bin/tandem');
  const { stdout, stderr } = await promisify(execFile)(command, ['--version'], { cwd: folder, env });
  const { version } = JSON.parse(await readFile(path.join(root, 'packages/tandem/package.json'), 'utf8'));
  expect({ stdout, stderr }).toEqual({ stdout: `${version}\n`, stderr: '' });
});

/** Says what it was started with and what it read, counts the interrupts it gets, and ends as its first argument tells. */
const program = `
const [how] = process.argv.slice(2);
let interrupts = 0;
process.on('SIGINT', () => {
  if (++interrupts === 1) setTimeout(() => { console.log('interrupts', interrupts); process.exit(130); }, 300);
});
if (how === 'wait') { console.log('waiting'); setInterval(() => {}, 1000); }
else if (how === 'die') process.kill(process.pid, 'SIGKILL');
else {
  let input = '';
  for await (const data of process.stdin) input += data;
  console.error('said on stderr');
  console.log(JSON.stringify({ args: process.argv.slice(2), input, cwd: process.cwd(), by: process.argv0 }));
  process.exitCode = 7;
}
`;

/** The command as it is installed, for a Node that is newer than any: whatever runs it is too old. `brought` is what npm has beside it. */
async function install(name: string, brought?: string): Promise<string> {
  const place = path.join(folder, name, 'node_modules/tandem');
  await mkdir(path.join(place, 'lib/cli'), { recursive: true });
  await cp(path.join(root, 'packages/tandem/bin'), path.join(place, 'bin'), { recursive: true });
  await writeFile(path.join(place, 'package.json'), JSON.stringify({ engines: { node: '>=990.1' } }));
  await writeFile(path.join(place, 'lib/cli/main.js'), program);
  const system = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  if (brought) {
    const node = path.join(folder, name, `node_modules/node-${system}`);
    await mkdir(path.join(node, 'bin'), { recursive: true });
    await writeFile(
      path.join(node, 'package.json'),
      JSON.stringify({ version: brought, bin: { node: 'bin/node' } }),
    );
    await symlink(process.execPath, path.join(node, 'bin/node'));
  }
  const link = path.join(folder, name, 'tandem');
  await symlink(path.join(place, 'bin/tandem.mjs'), link);
  await chmod(link, 0o755);
  return link;
}

interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

function start(command: string, args: readonly string[], input = '') {
  // In a group of its own, as a terminal starts it.
  const child = spawn(command, args, { cwd: folder, env, detached: true });
  child.stdin.end(input);
  let [out, err] = ['', ''];
  child.stderr.on('data', (data) => (err += data));
  const speaks = new Promise((settle) => child.stdout.on('data', (data) => settle((out += data))));
  const done = new Promise<Outcome>((settle) =>
    child.on('close', (code, signal) => settle({ code, signal, out, err })),
  );
  return { child, speaks, done };
}

describe('run by a Node that is too old', () => {
  test('the one that came through npm is run, with all that was given', async () => {
    const command = await install('brought', '990.2.0');
    const { code, out, err } = await start(command, ['a b', '--c=*'], 'piped in').done;
    expect({ code, err }).toEqual({ code: 7, err: 'said on stderr\n' });
    expect(JSON.parse(out)).toMatchObject({ args: ['a b', '--c=*'], input: 'piped in' });
    expect(JSON.parse(out).by).toMatch(/brought\/node_modules\/node-.*\/bin\/node$/);
  });

  test('a signal that only it gets reaches the program, and the program says how that ends', async () => {
    const command = await install('signalled', '991.0.0');
    const { child, speaks, done } = start(command, ['wait']);
    await speaks;
    child.kill('SIGINT');
    expect(await done).toMatchObject({ code: 130, out: 'waiting\ninterrupts 1\n', err: '' });
    expect(await start(command, ['die']).done).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('Ctrl-C, which all processes of a terminal get, does not end it before the program', async () => {
    const command = await install('terminal', '990.1.0');
    const { child, speaks, done } = start(command, ['wait']);
    await speaks;
    process.kill(-child.pid!, 'SIGINT');
    const { code, out } = await done;
    expect(code).toBe(130);
    expect(out).toMatch(/interrupts [12]\n$/);
  });

  test.each([
    ['none', undefined],
    ['older', '990.0.9'],
  ])('one sentence tells which Node is needed, where npm brought %s', async (name, brought) => {
    const { code, out, err } = await start(await install(name, brought), ['--version']).done;
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(
      /^tandem needs Node 990\.1 or later, and \S+ is Node \d+\.\d+\.\d+: install .*https:\/\/nodejs\.org, or run `npm install node-\S+@990` .*\.\n$/,
    );
  });
});
