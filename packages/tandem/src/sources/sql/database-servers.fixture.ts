import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmod, chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../core/free-port.fixture.ts';

/** Debian's database servers, each in a folder of its own, on a free port of loopback; `.ci/prepare-databases` installs them. */
export interface DatabaseServer extends AsyncDisposable {
  /** Without the password. */
  url: string;
  password: string;
}

const password = 'p/w: with@signs';
const run = promisify(execFile);

export async function startPostgres(): Promise<DatabaseServer> {
  const versions = await readdir('/usr/lib/postgresql');
  const bin = `/usr/lib/postgresql/${versions.sort().at(-1)}/bin`;
  const server = await ServerFolder.make('postgres');
  const data = path.join(server.folder, 'data');
  const passwordFile = await server.write('password', password);
  await server.run(`${bin}/initdb`, [
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
  ]);
  const port = await freePort();
  server.start(`${bin}/postgres`, [
    '-D',
    data,
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'unix_socket_directories=',
    '-c',
    'shared_buffers=32MB',
    '-c',
    'fsync=off',
  ]);
  await server.says('database system is ready to accept connections');
  return {
    url: `postgres://app@127.0.0.1:${port}/postgres`,
    password,
    [Symbol.asyncDispose]: () => server.stop('SIGINT'),
  };
}

export async function startMariadb(): Promise<DatabaseServer> {
  const server = await ServerFolder.make('mysql');
  const data = path.join(server.folder, 'data');
  await server.run('mariadb-install-db', [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]);
  const init = await server.write(
    'init.sql',
    [
      // One statement a line.
      'CREATE DATABASE app CHARACTER SET utf8mb4;',
      `CREATE USER app@'%' IDENTIFIED BY '${password}';`,
      "GRANT ALL ON app.* TO app@'%';",
      '',
    ].join('\n'),
  );
  const port = await freePort();
  server.start('/usr/sbin/mariadbd', [
    '--no-defaults',
    `--datadir=${data}`,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    `--init-file=${init}`,
    `--socket=${path.join(server.folder, 'socket')}`,
    `--pid-file=${path.join(server.folder, 'pid')}`,
    '--innodb-buffer-pool-size=32M',
    '--skip-log-bin',
    '--skip-name-resolve',
  ]);
  await server.says('ready for connections');
  return {
    url: `mariadb://app@127.0.0.1:${port}/app`,
    password,
    [Symbol.asyncDispose]: () => server.stop('SIGTERM'),
  };
}

/** A temporary folder and what runs in it, as a user of its own where this is root: the servers refuse to be root. */
class ServerFolder {
  readonly folder: string;
  readonly #identity: { uid?: number; gid?: number };
  #process: ChildProcess | undefined;
  #output = '';

  private constructor(folder: string, identity: { uid?: number; gid?: number }) {
    this.folder = folder;
    this.#identity = identity;
  }

  static async make(user: string): Promise<ServerFolder> {
    const folder = await mkdtemp(path.join(tmpdir(), `tandem-${user}-`));
    if (process.getuid?.() !== 0) return new ServerFolder(folder, {});
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, user])).stdout)),
    );
    await chown(folder, uid!, gid!);
    return new ServerFolder(folder, { uid: uid!, gid: gid! });
  }

  async write(name: string, content: string): Promise<string> {
    const file = path.join(this.folder, name);
    await writeFile(file, content);
    await chmod(file, 0o644);
    return file;
  }

  async run(command: string, args: string[]): Promise<void> {
    await run(command, args, { ...this.#identity, cwd: this.folder });
  }

  start(command: string, args: string[]): void {
    this.#process = spawn(command, args, {
      ...this.#identity,
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout!, this.#process.stderr!]) {
      stream.on('data', (data) => (this.#output = (this.#output + data).slice(-4000)));
    }
  }

  /** Until the server has said so. */
  async says(sentence: string): Promise<void> {
    for (const end = performance.now() + 120_000; performance.now() < end; await sleep(50)) {
      if (this.#output.includes(sentence)) return;
      if (this.#process!.exitCode !== null) break;
    }
    throw new Error(`The server did not start:\n${this.#output}`);
  }

  async stop(signal: NodeJS.Signals): Promise<void> {
    const server = this.#process;
    if (server && server.exitCode === null) {
      const ended = new Promise((resolve) => server.on('exit', resolve));
      server.kill(signal);
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
