import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { WorkerError } from '../../core/errors/worker-error.ts';
import { type WorkerMessage, workerMessageSchema } from './protocol.ts';

const script = join(import.meta.dirname, 'train_lora.py');

export interface PythonOptions {
  /** A Python that has the packages; absent: uv brings those that the script's header pins. */
  python: string | undefined;
  env: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Told once, before packages are downloaded. */
  onInstall?: () => void;
}

/** The command that runs the script, its packages in place. uv's cache is tried first, so that a second run needs no network. */
export async function pythonCommand(options: PythonOptions): Promise<string[]> {
  const { python } = options;
  if (python !== undefined) {
    await check([python, script], options, `The Python ${python} cannot run the worker`, {
      hint: 'Give one that has torch, transformers, peft, safetensors and gguf (tune.worker.python or TANDEM_PYTHON), or none, and uv brings them.',
    });
    return [python, script];
  }
  const uv = (...flags: string[]) => ['uv', 'run', '--quiet', ...flags, '--script', script];
  const offline = uv('--offline');
  try {
    await check(offline, options, '', { hint: '' });
    return offline;
  } catch (error) {
    if (!WorkerError.isInstance(error)) throw error;
  }
  options.onInstall?.();
  await check(uv(), options, 'uv could not bring the packages that the worker needs', {
    hint: 'Check the network, or set TANDEM_PYTHON to a Python that has torch, transformers, peft, safetensors and gguf.',
  });
  return offline;
}

async function check(
  command: string[],
  { env, signal }: PythonOptions,
  what: string,
  { hint }: { hint: string },
): Promise<void> {
  const [file, ...args] = command;
  const child = spawn(file!, [...args, '--check'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(signal && { signal }),
  });
  const errors = tailOf(child);
  const code = await ended(child, file!);
  signal?.throwIfAborted();
  if (code !== 0)
    throw new WorkerError({ message: `${what}: ${errors.last() ?? `it ended with ${code}`}`, hint });
}

/** A running worker: its messages as they come. Disposed, it is gone. */
export interface PythonProcess extends AsyncDisposable {
  messages(): AsyncIterable<WorkerMessage>;
  /** Asks it to stop after its step, with a checkpoint. */
  cancel(): void;
}

export function startPython(command: string[], job: object, env: Record<string, string>): PythonProcess {
  const [file, ...args] = command;
  const child = spawn(file!, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // Its own group: a Ctrl-C in the terminal is ours to pass on as a cancel, and uv's child can be ended with uv.
    detached: process.platform !== 'win32',
  });
  const errors = tailOf(child);
  const exit = ended(child, file!);
  exit.catch(() => {});
  // Whether it still listens is seen by its end.
  child.stdin!.on('error', () => {});
  const write = (message: object) => child.stdin!.write(`${JSON.stringify(message)}\n`);
  write(job);
  return {
    cancel: () => void write({ type: 'cancel' }),
    async *messages() {
      for await (const line of createInterface({ input: child.stdout! })) {
        const parsed = workerMessageSchema.safeParse(JSON.parse(line));
        if (!parsed.success)
          throw new WorkerError({
            message: `The Python worker sent a line that is not understood: ${line.slice(0, 200)}`,
            hint: 'Use the worker script that came with this version of Tandem.',
          });
        yield parsed.data;
        if (['done', 'cancelled', 'error'].includes(parsed.data.type)) return;
      }
      const code = await exit;
      throw new WorkerError({
        message: `The Python worker ended unexpectedly (${code ?? 'killed'})${errors.last() ? `: ${errors.last()}` : '.'}`,
        hint: 'Train again: it continues from the last checkpoint.',
      });
    },
    async [Symbol.asyncDispose]() {
      // The end of its stdin is its end; a process that does not notice is killed.
      child.stdin!.destroy();
      const timer = setTimeout(() => kill(child), 5000);
      await exit.catch(() => {});
      clearTimeout(timer);
    },
  };
}

function kill(child: ChildProcess): void {
  try {
    if (process.platform !== 'win32' && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // Gone already.
  }
}

function ended(child: ChildProcess, file: string): Promise<number | null> {
  return new Promise((settle, fail) => {
    child.once('close', settle);
    child.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.name === 'AbortError') settle(null);
      else fail(notFound(file, cause));
    });
  });
}

function notFound(file: string, cause: Error): Error {
  return file === 'uv'
    ? new InvalidInputError({
        domain: 'tune',
        where: 'tune.trainer',
        message: 'tune.trainer is worker, which runs Python through uv, and uv is not on this machine.',
        hint: 'Install it with `pip install uv`, or set TANDEM_PYTHON to a Python that has torch, transformers, peft, safetensors and gguf.',
        cause,
      })
    : new InvalidInputError({
        domain: 'tune',
        where: 'tune.worker.python',
        message: `There is no Python at ${file}: ${cause.message}.`,
        hint: 'Fix tune.worker.python or TANDEM_PYTHON, or leave them out, and uv brings Python.',
        cause,
      });
}

/** The last line of stderr is where Python says why. */
function tailOf(child: ChildProcess): { last(): string | undefined } {
  let text = '';
  child.stderr!.setEncoding('utf8').on('data', (piece: string) => {
    text = (text + piece).slice(-4000);
  });
  return { last: () => text.trim().split('\n').at(-1) || undefined };
}
