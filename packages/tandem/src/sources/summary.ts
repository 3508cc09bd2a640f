import type { Source, SourceEntry, SourceProblem } from './source.ts';

/** What one source did in one ingest. */
export interface SourceSummary {
  id: string;
  /** Documents that it named. */
  listed: number;
  /** Of them, how many were loaded: new, changed, or no longer sure to be the same. */
  loaded: number;
  /** Of what was loaded. */
  bytes: number;
  /** Entries that should have been read and could not be, in listing and loading together. */
  failed: number;
  /** Entries left out on purpose. */
  skipped: number;
  /** Seconds until its listing was complete. */
  listSeconds: number;
}

/** The same source, counting what it is asked for. */
export function observeSource(source: Source): { source: Source; summary: () => SourceSummary } {
  const summary: SourceSummary = {
    id: source.id,
    listed: 0,
    loaded: 0,
    bytes: 0,
    failed: 0,
    skipped: 0,
    listSeconds: 0,
  };
  const observed: Source = {
    id: source.id,
    async *list(options = {}): AsyncIterable<SourceEntry> {
      const started = performance.now();
      const onProblem = (problem: SourceProblem) => {
        summary[problem.kind]++;
        options.onProblem?.(problem);
      };
      try {
        for await (const entry of source.list({ ...options, onProblem })) {
          summary.listed++;
          yield entry;
        }
      } catch (error) {
        summary.failed++;
        throw error;
      } finally {
        summary.listSeconds = (performance.now() - started) / 1000;
      }
    },
    async load(entry, options) {
      try {
        const loaded = await source.load(entry, options);
        summary.loaded++;
        summary.bytes += loaded.bytes.length;
        return loaded;
      } catch (error) {
        summary.failed++;
        throw error;
      }
    },
  };
  return { source: observed, summary: () => ({ ...summary }) };
}
