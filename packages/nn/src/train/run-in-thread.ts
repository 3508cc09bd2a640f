import path from 'node:path';
import v8 from 'node:v8';
import { Worker } from 'node:worker_threads';
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';
import { NnError } from '../errors/nn-error.ts';
import type { Job } from './job.ts';
import { checkOptions } from './options.ts';
import type { TrainingProgress } from './training-job.ts';

/** The data that the worker thread starts with. */
export interface ThreadStart {
  job: Job;
  /** One Int32: 1 asks the thread to stop. In shared memory, because the thread reads no messages while a pass runs. */
  stop: SharedArrayBuffer;
}

/** What the worker thread sends back. */
export type ThreadMessage =
  | { type: 'progress'; progress: TrainingProgress }
  | { type: 'result'; result: unknown }
  | { type: 'stopped' }
  | { type: 'error'; message: string; name?: string; fields?: Record<string, unknown>; stack?: string };

/**
 * Runs a job in a worker thread, so that the caller's event loop stays free: a pass through the graph occupies its
 * thread for seconds. An abort takes effect at the next pass; the job then saves its state, and the promise is rejected
 * with the signal's reason.
 *
 * @throws InvalidHyperparameterError for options that are unknown, out of range or cannot be sent to a thread, before
 *   the thread is started; the job's own errors; NnError `thread_ended` where the thread ended without a result.
 */
export async function runInThread<T>(
  job: Job,
  options: {
    signal?: AbortSignal | undefined;
    onProgress?: ((progress: TrainingProgress) => void) | undefined;
  },
): Promise<T> {
  const { signal, onProgress } = options;
  checkOptions(job);
  signal?.throwIfAborted();
  const stop = new SharedArrayBuffer(4);
  const start: ThreadStart = { job, stop };
  const worker = startWorker(start);
  const abort = () => Atomics.store(new Int32Array(stop), 0, 1);
  signal?.addEventListener('abort', abort);

  return new Promise<T>((resolve, reject) => {
    let outcome: (() => void) | undefined;
    worker.on('message', (message: ThreadMessage) => {
      if (message.type === 'progress') onProgress?.(message.progress);
      else if (message.type === 'result') outcome = () => resolve(message.result as T);
      else if (message.type === 'stopped') outcome = () => reject(signal?.reason);
      else outcome = () => reject(rebuildError(message));
    });
    worker.on('error', (error) => {
      outcome ??= () => reject(unexpectedError(error.message, error.stack));
    });
    // Settled only when the thread has ended and its memory is free: the next job may need as much.
    worker.on('exit', (code) => {
      signal?.removeEventListener('abort', abort);
      const lost = () =>
        reject(
          new NnError({
            code: 'thread_ended',
            domain: 'train',
            category: 'system',
            message: `The thread that ran the model ended without a result (exit code ${code}).`,
            hint: 'It probably ran out of memory; close other programs, or lower tokensPerPass.',
          }),
        );
      (outcome ?? lost)();
    });
  });
}

function startWorker(start: ThreadStart): Worker {
  // From source, Node strips the types of what the thread loads, in WebAssembly. On a busy machine, about once in some
  // hundred threads, V8 13.6 (Node 24) ends the whole process when it frees a wrapper that it compiled for a call out
  // of WebAssembly ("Check failed: jit_page.has_value()", https://github.com/nodejs/node/issues/64500). This flag keeps
  // it from compiling any. Published packages are JavaScript and not affected.
  if (path.extname(import.meta.filename) === '.ts')
    v8.setFlagsFromString('--wasm-wrapper-tiering-budget=2000000000');
  try {
    return new Worker(new URL(`./thread-entry${path.extname(import.meta.filename)}`, import.meta.url), {
      workerData: start,
      execArgv: [],
    });
  } catch (cause) {
    throw new InvalidHyperparameterError({
      parameter: 'options',
      message: `The options hold something that cannot be sent to a thread: ${(cause as Error).message.split('\n')[0]}`,
      hint: 'Give plain data: no functions, promises or class instances but arrays, typed arrays and maps.',
      cause,
    });
  }
}

/** The error that the job threw, with its fields. */
function rebuildError({ message, name, fields, stack }: Extract<ThreadMessage, { type: 'error' }>): NnError {
  if (!fields) return unexpectedError(message, stack);
  const error = new NnError({ ...(fields as unknown as NnError), message });
  return Object.assign(error, fields, { name });
}

/** An error that is not one of this package's: its first line as the message, its stack in the cause. */
function unexpectedError(message: string, stack: string | undefined): NnError {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  const [sentence] = message.split('\n');
  return new NnError({
    code: 'unexpected',
    domain: 'train',
    category: 'system',
    message: `The thread that runs the model failed unexpectedly: ${sentence}`,
    hint: 'This is a defect: report it with the stack in the cause. If memory ran out, lower tokensPerPass.',
    cause,
  });
}
