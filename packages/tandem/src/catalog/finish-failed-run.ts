import type { Catalog } from './catalog.ts';

/**
 * Notes how a run that failed ended. On a full disk even this cannot be written; later commands see that the process is gone. The first failure is
 * what must be reported, so this throws nothing.
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
