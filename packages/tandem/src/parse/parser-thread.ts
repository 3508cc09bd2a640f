import path from 'node:path';
import v8 from 'node:v8';
import { Worker } from 'node:worker_threads';
import { UnreadableDocumentError, type UnreadableReason } from '../core/errors/unreadable-document-error.ts';
import type { ParsedBody, ParseInput } from './parsed-body.ts';

export interface ParserRequest {
  mediaType: string | undefined;
  input: Omit<ParseInput, 'signal' | 'onPage'>;
}

/** Sent any number of times before the reply. */
export interface ParserProgress {
  page: number;
  pages: number;
}

export type ParserReply =
  | { body: ParsedBody }
  | { unreadable: { uri: string; reason: UnreadableReason; message: string; hint: string | undefined } }
  | { failed: { message: string; stack: string | undefined } };

/** Megabytes of JavaScript heap: a file that needs more is reported, and the process continues. */
const mostMemory = 1536;
/** Milliseconds without work after which the thread and its memory are given back. */
const idle = 10_000;

/** Milliseconds: a minute, and twenty seconds for each megabyte, ten times what the slowest real files took on two cores. */
function timeLimit(bytes: Uint8Array): number {
  return 60_000 + (20_000 * bytes.length) / 2 ** 20;
}

/**
 * Parses in a thread of its own, one document at a time. Formats with programs, pages and archives inside can send a parser
 * round in circles or through all memory, whether by damage or on purpose: a thread can be ended, and the document is then
 * an `UnreadableDocumentError` (too slow, too large). An abort ends it too.
 */
export function parseInThread(
  mediaType: string | undefined,
  { signal, onPage, ...input }: ParseInput,
  limit = timeLimit(input.bytes),
): Promise<ParsedBody> {
  const parse = () => run({ mediaType, input }, limit, { signal, onPage });
  const turn = queue.then(parse, parse);
  queue = turn.catch(() => undefined);
  return turn;
}

let queue: Promise<unknown> = Promise.resolve();
let thread: Worker | undefined;
let retirement: NodeJS.Timeout | undefined;

function run(
  request: ParserRequest,
  limit: number,
  { signal, onPage }: { signal: ParseInput['signal']; onPage: ParseInput['onPage'] },
): Promise<ParsedBody> {
  const { uri } = request.input;
  clearTimeout(retirement);
  thread ??= startThread();
  const worker = thread;
  return new Promise<ParsedBody>((resolve, reject) => {
    const settle = (outcome: () => void) => {
      clearInterval(timer);
      signal?.removeEventListener('abort', abort);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      // An idle thread keeps no process alive.
      worker.unref();
      if (thread === worker) retirement = setTimeout(retire, idle).unref();
      outcome();
    };
    const end = (outcome: () => void) => {
      if (thread === worker) thread = undefined;
      // Errors of a thread that is being ended are ignored.
      worker.on('error', () => undefined);
      settle(() => void worker.terminate().then(outcome));
    };
    const unreadable = (reason: UnreadableReason, what: string, hint: string) =>
      end(() => reject(new UnreadableDocumentError({ uri, reason, message: `${uri} ${what}.`, hint })));
    const abort = () => end(() => reject(signal?.reason));
    // On a busy machine the clock says little: the processor must have worked as long, too. A parser
    // that only waits is given up in the end.
    const started = performance.now();
    const before = process.cpuUsage();
    const timer = setInterval(
      () => {
        const waited = performance.now() - started;
        const { user, system } = process.cpuUsage(before);
        if (waited < limit || ((user + system) / 1000 < limit && waited < 10 * limit)) return;
        unreadable(
          'too slow',
          `was given up after ${Math.round(waited / 1000)} seconds: it may be damaged so that its parser never ends`,
          'Save it again with the program it comes from, split it, or exclude it from the source.',
        );
      },
      Math.min(1000, limit),
    );
    const onMessage = (message: ParserReply | ParserProgress) => {
      if ('page' in message) onPage?.(message.page, message.pages);
      else onReply(message);
    };
    const onReply = (reply: ParserReply) =>
      settle(() => {
        if ('body' in reply) resolve(reply.body);
        else if ('unreadable' in reply) {
          const { hint, ...rest } = reply.unreadable;
          reject(new UnreadableDocumentError({ ...rest, ...(hint !== undefined && { hint }) }));
        } else reject(Object.assign(new Error(reply.failed.message), { stack: reply.failed.stack }));
      });
    const onError = (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ERR_WORKER_OUT_OF_MEMORY')
        unreadable(
          'too large',
          `needs more than ${mostMemory} MB of memory to be read`,
          'Split it, or exclude it from the source.',
        );
      else end(() => reject(cause));
    };
    const onExit = (code: number) =>
      end(() => reject(new Error(`The parser's thread ended with exit code ${code}.`)));
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) {
      abort();
      return;
    }
    worker.ref();
    worker.postMessage(request);
  });
}

function retire(): void {
  const worker = thread;
  thread = undefined;
  void worker?.terminate();
}

function startThread(): Worker {
  // As for `@tandem/nn`'s threads (its train/thread.ts): from source, types are stripped in WebAssembly, whose compiled wrappers crash V8 13.6.
  if (path.extname(import.meta.filename) === '.ts')
    v8.setFlagsFromString('--wasm-wrapper-tiering-budget=2000000000');
  return new Worker(new URL(`./parser-worker${path.extname(import.meta.filename)}`, import.meta.url), {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: mostMemory, stackSizeMb: 8 },
  });
}
