import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const guard = path.join(import.meta.dirname, 'offline.mjs');
let folder: string;
let log: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tandem-offline-'));
  log = path.join(folder, 'attempts.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a program as the fast tests are run; the log is its own. Gives what it printed. */
async function run(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', guard, '--input-type=module', '--eval', program],
    { env: { ...process.env, NODE_OPTIONS: `--import ${guard}`, TANDEM_OFFLINE_LOG: log } },
  );
  return stdout.trim();
}

test.each([
  ['a request by name', "await fetch('https://models.example.com/')", 'models.example.com'],
  ['a request by address', "await fetch('http://192.0.2.1/')", '192.0.2.1'],
  ['a connection', "const { connect } = await import('node:net'); connect(80, '2001:db8::1')", '2001:db8::1'],
  [
    'a look-up by promise',
    "const { lookup } = await import('node:dns/promises'); await lookup('models.example.com')",
    'models.example.com',
  ],
  [
    'a look-up by callback',
    "const { resolve4 } = await import('node:dns'); await new Promise((settle, fail) => resolve4('models.example.com', (error) => (error ? fail(error) : settle())))",
    'models.example.com',
  ],
  [
    'a datagram',
    "const { createSocket } = await import('node:dgram'); createSocket('udp4').send('x', 53, '192.0.2.1')",
    '192.0.2.1',
  ],
  [
    'a process that is started in turn',
    "const { execFileSync } = await import('node:child_process'); execFileSync(process.execPath, ['--eval', \"fetch('http://192.0.2.1/')\"], { stdio: 'ignore' })",
    '192.0.2.1',
  ],
])('%s to another machine fails and is written down', async (_, program, host) => {
  // The error is swallowed, as a test or what it tests might.
  expect(
    await run(`try { ${program}; console.log('done') } catch { console.log('failed'); } process.exit()`),
  ).toBe('failed');
  expect(readFileSync(log, 'utf8')).toContain(`this would talk to ${host}`);
});

test('this machine can be talked to, and a name that no machine can have is merely not found', async () => {
  const program = `
import { createServer } from 'node:http';
const server = createServer((_, response) => response.end('here')).listen(0);
await new Promise((settle) => server.on('listening', settle));
const { port } = server.address();
const answers = [];
for (const host of ['localhost', '127.0.0.1']) answers.push(await (await fetch(\`http://\${host}:\${port}/\`)).text());
answers.push(await fetch('http://nowhere.test/').catch(({ cause }) => cause.code));
console.log(answers.join());
process.exit();
`;
  expect(await run(program)).toBe('here,here,ENOTFOUND');
  expect(existsSync(log)).toBe(false);
});
