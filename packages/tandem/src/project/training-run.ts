import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Catalog } from '../catalog/catalog.ts';
import type { Adapter } from '../core/types/adapter.ts';
import type { Run } from '../core/types/run.ts';
import type { Project } from './project.ts';

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
 * Keeps a training in the catalogue from its start to its end: the run (an interrupted one of the same fingerprint is gone on
 * with), its events in batches, the adapter, and how it ended. `train` gives the adapter to register.
 */
export async function recordTraining<Result>(
  { catalog }: Project,
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
    }) => Promise<{ adapter: Adapter; metrics: Record<string, number | undefined>; result: Result }>;
  },
): Promise<Result> {
  const { fingerprint, checkpointDirectory, signal } = options;
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
  const flush = () => {
    const batch = events.splice(0);
    if (batch.length > 0) writing = writing.then(() => catalog.runs.addEvents(run.id, batch));
    return writing;
  };
  try {
    const { adapter, metrics, result } = await options.train({
      run,
      onEvent: (kind, data) => {
        events.push({ kind, data, at: new Date().toISOString() });
        if (events.length >= 10) void flush();
      },
      keep: (inputs) => {
        writing = writing.then(() => catalog.runs.update(run.id, { inputs }));
      },
    });
    await flush();
    await catalog.adapters.put(adapter);
    const known = Object.entries(metrics).filter(
      (entry): entry is [string, number] => entry[1] !== undefined,
    );
    await catalog.runs.finish(run.id, {
      status: 'done',
      metrics: Object.fromEntries(known),
      artefacts: [adapter.directory],
    });
    await rm(checkpointDirectory, { recursive: true, force: true });
    return result;
  } catch (error) {
    await flush();
    await catalog.runs.finish(run.id, {
      status: signal?.aborted ? 'interrupted' : 'failed',
      error: (error as Error).message,
    });
    throw error;
  }
}
