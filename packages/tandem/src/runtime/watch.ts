import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { LockedError } from '../core/errors/locked-error.ts';
import { SourceError } from '../core/errors/source-error.ts';
import type { Source } from '../sources/source.ts';
import { type IngestOptions, type IngestParts, type IngestResult, ingestOpened } from './ingest.ts';

/** When to look for changes, and what to call with their results. */
export interface WatchOptions extends Omit<IngestOptions, 'sources'> {
  /** Ends the watch; what is being ingested then is ended cleanly too. */
  signal: AbortSignal;
  /** After every ingest that was not interrupted; the watch waits for it. */
  onReport: (report: IngestResult) => void | Promise<void>;
  /** A source that could not be read this time: the watch continues, and nothing of it was removed. */
  onSourceError?: (error: SourceError) => void;
  /** How long files must be unchanged before an ingest begins. Default 500 ms. */
  quietMs?: number;
  /**
   * Sources that are not notified of changes (web, databases) are listed again at this interval: at most `longestEverySeconds`.
   * Default: only when files change.
   */
  everySeconds?: number;
}

/** Node's timers do not wait at all when they are given more than 2³¹ ms. */
export const longestEverySeconds = 24 * 86_400;

/**
 * Ingests, and again whenever a watched source changes, until the signal aborts. Changes during an ingest are one ingest
 * after it.
 * @throws InvalidInputError when no source can be watched and no interval is given, or the interval is out of range
 *
 * @example
 * await watchSources(tandem, {
 *   signal: AbortSignal.timeout(1000),
 *   everySeconds: 60,
 *   onReport: ({ added, changed, removed }) => console.log(added, changed, removed),
 * });
 */
export async function watchSources(parts: IngestParts, options: WatchOptions): Promise<void> {
  const { everySeconds } = options;
  if (everySeconds !== undefined && !(everySeconds > 0 && everySeconds <= longestEverySeconds)) {
    throw new InvalidInputError({
      domain: 'runtime',
      where: 'everySeconds',
      message: `Sources cannot be listed again every ${everySeconds} seconds.`,
      hint: `Give more than 0 and at most ${longestEverySeconds} (24 days).`,
    });
  }
  await parts.whileOpen(async (signal) => {
    await using opened = await parts.openSources();
    await watchOpened(parts, opened.sources, { ...options, signal });
  }, options.signal);
}

async function watchOpened(
  parts: IngestParts,
  sources: readonly Source[],
  options: WatchOptions,
): Promise<void> {
  const { signal, onReport, quietMs = 500, everySeconds } = options;
  const watched = sources.filter((source) => source.watch !== undefined);
  if (watched.length === 0 && everySeconds === undefined) {
    throw new InvalidInputError({
      domain: 'runtime',
      where: 'everySeconds',
      message: 'None of the sources can be watched: none of them is a file or a folder.',
      hint: 'Say how often to look at them.',
    });
  }

  let changed = true;
  let failure: { cause: unknown } | undefined;
  let notify = () => {};
  const onChange = () => {
    changed = true;
    notify();
  };
  // The watchers end with the watch, however it ends: a process that watches files never ends by itself.
  const stop = new AbortController();
  signal.addEventListener('abort', () => notify(), { once: true, signal: stop.signal });
  /** Until something happens, or so many milliseconds have passed. */
  const event = async (ms?: number) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    notify = resolve;
    const timeout = ms === undefined ? undefined : setTimeout(resolve, ms);
    if (!signal.aborted && !failure) await promise;
    clearTimeout(timeout);
  };

  const untilStopped = AbortSignal.any([signal, stop.signal]);
  const watching = Promise.all(
    watched.map((source) => source.watch!({ signal: untilStopped, onChange })),
  ).catch((cause: unknown) => {
    failure = { cause };
    notify();
  });
  const timer = everySeconds === undefined ? undefined : setInterval(onChange, everySeconds * 1000);
  try {
    for (let first = true; !signal.aborted; ) {
      if (failure) throw failure.cause;
      if (!changed) {
        await event();
        continue;
      }
      // A program that saves a whole folder makes one change of it, not many.
      while (!first) {
        changed = false;
        await event(quietMs);
        if (!changed || signal.aborted || failure) break;
      }
      changed = false;
      if (signal.aborted || failure) continue;
      try {
        const report = await ingestOpened(parts, sources, options);
        await onReport(report);
        for (const { uri, message, hint } of report.problems)
          if (report.unavailable.includes(uri))
            options.onSourceError?.(new SourceError({ uri, message, ...(hint !== undefined && { hint }) }));
        first = false;
      } catch (error) {
        // Ctrl-C is how a watch ends: nothing went wrong.
        if (signal.aborted) break;
        if (first) throw error;
        if (SourceError.isInstance(error) && options.onSourceError) {
          // Looked at again with the next change, or when it is time.
          options.onSourceError(error);
        } else if (LockedError.isInstance(error)) {
          // Another process is writing: wait, then try again.
          await event(2000);
          changed = true;
        } else throw error;
      }
    }
  } finally {
    clearInterval(timer);
    stop.abort();
    await watching;
  }
}
