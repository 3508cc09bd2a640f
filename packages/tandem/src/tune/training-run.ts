import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TrainingDivergedError } from '@tandem/nn';
import type { Catalog } from '../catalog/catalog.ts';
import { finishFailedRun } from '../catalog/finish-failed-run.ts';
import type { Adapter } from '../core/types/adapter.ts';
import type { Run } from '../core/types/run.ts';
import type { Parts } from '../parts/parts.ts';

/** Where a run keeps what it needs to go on. The same data, settings and base are the same run. */
export function checkpointDirectoryOf({ dataDirectory }: Parts, fingerprint: string): string {
  return join(dataDirectory, 'training', fingerprint.slice(0, 16));
}

/**
 * Drops the interrupted trainings of this machine: their checkpoints are removed, and the runs end as cancelled. One that
 * is running in another process is left alone: interrupt that first. Returns the runs' ids.
 */
export async function cancelTraining(
  parts: Parts,
  options: { signal?: AbortSignal } = {},
): Promise<string[]> {
  const { catalog } = parts;
  await using _lock = await catalog.lockForWriting('cancelling a training', options);
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
 * Removes what failed trainings left to be gone on from. Call it under the writer's lock. Kept are folders of runs that were
 * interrupted, of jobs at a provider, and of `except`, the fingerprint that is about to be trained (again).
 */
export async function sweepFailedRuns(parts: Parts, except?: string): Promise<void> {
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

/**
 * Keeps a training in the catalogue from its start to its end: the run (an interrupted one of the same fingerprint is
 * resumed), its events in batches, the adapter, and how it ended. `train` gives the adapter to register.
 */
export async function recordTraining<Result>(
  parts: Parts,
  options: {
    fingerprint: string;
    checkpointDirectory: string;
    config: unknown;
    inputs: Record<string, string>;
    signal: AbortSignal | undefined;
    train: (recording: {
      run: Run;
      onEvent: (kind: string, values: Record<string, number | string>) => void;
      /** Written down at once, for whoever looks after a crash. */
      keep: (inputs: Record<string, string>) => void;
    }) => Promise<{
      /** Undefined where no adapter comes of it: an encoder is a folder, named in `artefacts`. */
      adapter?: Adapter;
      /** Relative to the project's data folder. */
      artefacts?: string[];
      metrics: Record<string, number | undefined>;
      result: Result;
    }>;
  },
): Promise<Result> {
  const { fingerprint, checkpointDirectory, signal } = options;
  const { catalog } = parts;
  await sweepFailedRuns(parts, fingerprint);
  const interrupted = existsSync(checkpointDirectory)
    ? (await catalog.runs.interrupted('tune')).find(({ inputs }) => inputs.fingerprint === fingerprint)
    : undefined;
  const run = await catalog.runs.start({
    kind: 'tune',
    config: options.config,
    inputs: { fingerprint, ...options.inputs },
    ...(interrupted && { resume: interrupted.id }),
  });
  const events: { kind: string; data: unknown; at: string }[] = [];
  let writing = Promise.resolve();
  const write = (work: () => Promise<void>) => {
    writing = writing.then(work);
    // Told by the `flush` at the end: a training is not ended by what is noted of it.
    writing.catch(() => {});
  };
  const flush = () => {
    const batch = events.splice(0);
    if (batch.length > 0) write(() => catalog.runs.addEvents(run.id, batch));
    return writing;
  };
  try {
    const {
      adapter,
      artefacts = [],
      metrics,
      result,
    } = await options.train({
      run,
      onEvent: (kind, data) => {
        events.push({ kind, data, at: new Date().toISOString() });
        if (events.length >= 10) void flush();
      },
      keep: (inputs) => {
        write(() => catalog.runs.update(run.id, { inputs }));
      },
    });
    await flush();
    if (adapter) await catalog.adapters.put(adapter);
    const known = Object.entries(metrics).filter(
      (entry): entry is [string, number] => entry[1] !== undefined,
    );
    await catalog.runs.finish(run.id, {
      status: 'done',
      metrics: Object.fromEntries(known),
      artefacts: [...(adapter ? [adapter.directory] : []), ...artefacts],
    });
    await rm(checkpointDirectory, { recursive: true, force: true });
    return result;
  } catch (error) {
    await flush().catch(() => {}); // What failed first is what is told.
    await finishFailedRun(catalog, run.id, error, {
      signal,
      ...(TrainingDivergedError.isInstance(error) && { metrics: { divergedAtStep: error.step } }),
    });
    // The same again would only come to the same end.
    if (TrainingDivergedError.isInstance(error))
      await rm(checkpointDirectory, { recursive: true, force: true });
    throw error;
  }
}
