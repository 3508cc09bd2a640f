import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainingDivergedError } from '@tandem/nn';
import type { Catalog } from '../catalog/catalog.ts';
import { finishFailedRun } from '../catalog/finish-failed-run.ts';
import type { Adapter } from '../core/types/adapter.ts';
import type { Run } from '../core/types/run.ts';
import type { Parts } from '../parts/parts.ts';

/** Where a run keeps what it needs to continue, absolute. The same data, settings and base are the same run. */
export function checkpointDirectoryOf(
  { dataDirectory }: Pick<Parts, 'dataDirectory'>,
  fingerprint: string,
): string {
  return join(dataDirectory, 'training', fingerprint.slice(0, 16));
}

/**
 * Drops the interrupted trainings of this machine: their checkpoints are removed, and the runs end as cancelled. One that
 * is running in another process is left alone: interrupt that first. Returns the runs' ids.
 */
export async function cancelTraining(
  parts: Pick<Parts, 'catalog' | 'dataDirectory' | 'whileOpen'>,
  options: { signal?: AbortSignal } = {},
): Promise<string[]> {
  return parts.whileOpen((signal) => cancelInterrupted(parts, signal), options.signal);
}

async function cancelInterrupted(
  parts: Pick<Parts, 'catalog' | 'dataDirectory'>,
  signal: AbortSignal,
): Promise<string[]> {
  const { catalog } = parts;
  await using _lock = await catalog.lockForWriting('cancelling a training', { signal });
  const cancelled: string[] = [];
  for (const run of await catalog.runs.interrupted('tune')) {
    if (run.inputs.fingerprint === undefined) continue;
    await rm(checkpointDirectoryOf(parts, run.inputs.fingerprint), { recursive: true, force: true });
    await catalog.runs.finish(run.id, {
      status: 'cancelled',
      error:
        'It was interrupted and then cancelled: its checkpoints were removed, and no adapter came of it.',
    });
    cancelled.push(run.id);
  }
  await sweepFailedRuns(parts);
  return cancelled;
}

/**
 * Removes the checkpoints that failed trainings left. Call it under the writer's lock. Kept are folders of runs that were
 * interrupted, of jobs at a provider, and of `except`, the fingerprint that is about to be trained (again).
 */
export async function sweepFailedRuns(
  parts: Pick<Parts, 'catalog' | 'dataDirectory'>,
  except?: string,
): Promise<void> {
  const { catalog } = parts;
  const runs = await catalog.runs.list({ kind: 'tune', limit: 10_000 });
  const wanted = new Set(
    runs.flatMap(({ status, inputs }) =>
      status === 'interrupted' || status === 'running' ? (inputs.fingerprint ?? []) : [],
    ),
  );
  if (except !== undefined) wanted.add(except);
  for (const { status, inputs } of runs) {
    if (status !== 'failed' || inputs.fingerprint === undefined || wanted.has(inputs.fingerprint)) continue;
    const folder = checkpointDirectoryOf(parts, inputs.fingerprint);
    if (existsSync(join(folder, 'hosted-job.json'))) continue;
    await rm(folder, { recursive: true, force: true });
  }
}

/** A run of the same data, settings and base that diverged the last time, if the last one did. */
export async function findDivergedRun(catalog: Catalog, fingerprint: string): Promise<Run | undefined> {
  const last = (await catalog.runs.list({ kind: 'tune', limit: 10_000 })).find(
    ({ inputs }) => inputs.fingerprint === fingerprint,
  );
  return last?.status === 'failed' && last.metrics.divergedAtStep !== undefined ? last : undefined;
}

/** An adapter made by a run of the same data, settings and base. */
export async function findFinishedRun(
  catalog: Catalog,
  fingerprint: string,
): Promise<{ adapter: Adapter; run: Run } | undefined> {
  const runs = new Map((await catalog.runs.list({ kind: 'tune' })).map((run) => [run.id, run]));
  for (const adapter of await catalog.adapters.list()) {
    const run = runs.get(adapter.lineage.runId);
    if (run?.status === 'done' && run.inputs.fingerprint === fingerprint) return { adapter, run };
  }
  return undefined;
}

/** What a training does while its run is open in the catalogue. */
export interface TrainingRecording {
  run: Run;
  /** Keeps an event; they are written in batches. */
  onEvent: (kind: string, data: Record<string, number | string>) => void;
  /** Writes the events that are not written yet. @throws what writing any of them threw */
  flush: () => Promise<void>;
}

/**
 * Keeps a training in the catalogue from its start to its end, under the writer's lock: the run (an interrupted one of the same fingerprint
 * is resumed), its events, and how it ended. A provider's job is written down as soon as it is known, for the next process after a crash.
 * When it has ended well, its checkpoints are removed.
 */
export async function recordTraining<Result>(
  parts: Pick<Parts, 'catalog' | 'dataDirectory'>,
  options: {
    fingerprint: string;
    config: unknown;
    /** What it reads, by hash. */
    inputs: Record<string, string>;
    signal: AbortSignal | undefined;
    /** Drop what was interrupted instead of continuing it. */
    fresh?: boolean;
    /** Called before something is dropped: ends what is still being trained of it on another machine. */
    cancelElsewhere?: () => Promise<unknown>;
    train: (recording: TrainingRecording) => Promise<{
      /** Paths of what it wrote, relative to the data folder. */
      artefacts?: string[];
      metrics: Record<string, number | undefined>;
      result: Result;
    }>;
  },
): Promise<Result> {
  const { fingerprint, signal } = options;
  const { catalog } = parts;
  const checkpointDirectory = checkpointDirectoryOf(parts, fingerprint);
  const dropCheckpoints = () => rm(checkpointDirectory, { recursive: true, force: true });

  await using _lock = await catalog.lockForWriting('training', signal && { signal });
  if (options.fresh) {
    await options.cancelElsewhere?.();
    await dropCheckpoints();
  }
  await sweepFailedRuns(parts, fingerprint);
  const run = await startRun(catalog, checkpointDirectory, options);
  const { onEvent, flush } = recordEvents(catalog, run.id);
  try {
    const { artefacts = [], metrics, result } = await options.train({ run, onEvent, flush });
    await flush();
    const known = Object.entries(metrics).filter(
      (entry): entry is [string, number] => entry[1] !== undefined,
    );
    await catalog.runs.finish(run.id, { status: 'done', metrics: Object.fromEntries(known), artefacts });
    await dropCheckpoints();
    return result;
  } catch (error) {
    await flush().catch(() => {}); // What failed first is what is told.
    const diverged = TrainingDivergedError.isInstance(error);
    await finishFailedRun(catalog, run.id, error, {
      signal,
      ...(diverged && { metrics: { divergedAtStep: error.step } }),
    });
    // The same again would only come to the same end.
    if (diverged) await dropCheckpoints();
    throw error;
  }
}

/** A new run, or the interrupted one of the same fingerprint while its folder is there. */
async function startRun(
  catalog: Catalog,
  checkpointDirectory: string,
  { fingerprint, config, inputs }: { fingerprint: string; config: unknown; inputs: Record<string, string> },
): Promise<Run> {
  const interrupted = existsSync(checkpointDirectory)
    ? (await catalog.runs.interrupted('tune')).find((run) => run.inputs.fingerprint === fingerprint)
    : undefined;
  await mkdir(checkpointDirectory, { recursive: true });
  return catalog.runs.start({
    kind: 'tune',
    config,
    inputs: { fingerprint, ...inputs },
    ...(interrupted && { resume: interrupted.id }),
  });
}

/** Events are written in batches of ten, one batch after the other. */
function recordEvents(catalog: Catalog, runId: string): Pick<TrainingRecording, 'onEvent' | 'flush'> {
  const events: { kind: string; data: unknown; at: string }[] = [];
  let writing = Promise.resolve();
  const write = (work: () => Promise<void>) => {
    writing = writing.then(work);
    // The next `flush` throws it: a training is not stopped because its events cannot be written.
    writing.catch(() => {});
  };
  const flush = () => {
    const batch = events.splice(0);
    if (batch.length > 0) write(() => catalog.runs.addEvents(runId, batch));
    return writing;
  };
  return {
    onEvent(kind, data) {
      events.push({ kind, data, at: new Date().toISOString() });
      if (events.length >= 10) void flush();
      if (kind === 'job') write(() => catalog.runs.update(runId, { inputs: { job: String(data.job) } }));
    },
    flush,
  };
}
