import type { Catalog } from './catalog.ts';

/**
 * Notes how a run that failed ended. On a full disk not even this can be written; the process's absence will say it. What failed first is
 * what must be told, so this throws nothing.
 */
export async function finishFailedRun(
  catalog: Catalog,
  runId: string,
  error: unknown,
  { signal, metrics }: { signal?: AbortSignal | undefined; metrics?: Record<string, number> } = {},
): Promise<void> {
  try {
    await catalog.runs.finish(runId, {
      status: signal?.aborted ? 'interrupted' : 'failed',
      error: error instanceof Error ? error.message : String(error),
      ...(metrics && { metrics }),
    });
  } catch {}
}
