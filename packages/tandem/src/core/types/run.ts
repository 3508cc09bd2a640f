/** One tracked execution of ingest, tune or compare. */
export interface Run {
  id: string;
  kind: 'ingest' | 'tune' | 'compare';
  status: 'running' | 'done' | 'failed' | 'interrupted' | 'cancelled';
  startedAt: string;
  finishedAt?: string;
  config: unknown;
  /** What it read, by hash. */
  inputs: Record<string, string>;
  metrics: Record<string, number>;
  /** Paths of what it wrote, relative to the project's data folder. */
  artefacts: string[];
  error?: string;
}
