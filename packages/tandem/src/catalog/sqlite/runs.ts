import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { newId } from '../../core/id.ts';
import type { Run } from '../../core/types/run.ts';
import type { RunCatalog } from '../catalog.ts';
import type { Database } from './database.ts';
import { mayStillRun, processIdentity } from './process-identity.ts';

export function runCatalog(database: Database): RunCatalog {
  const get = (id: string) => {
    const row = database.get<RunRow>('SELECT * FROM runs WHERE id = ?', id);
    return row && toRun(row);
  };
  const existing = (id: string) => {
    const run = get(id);
    if (!run)
      throw new InvalidInputError({
        domain: 'catalog',
        message: `There is no run ${id} in this project.`,
        hint: 'Look up its id again; it is printed when a run starts.',
      });
    return run;
  };
  const merge = (run: Run, change: Partial<Pick<Run, 'inputs' | 'metrics' | 'artefacts'>>) =>
    database.run(
      'UPDATE runs SET inputs = ?, metrics = ?, artefacts = ? WHERE id = ?',
      JSON.stringify({ ...run.inputs, ...change.inputs }),
      JSON.stringify({ ...run.metrics, ...change.metrics }),
      JSON.stringify([...new Set([...run.artefacts, ...(change.artefacts ?? [])])]),
      run.id,
    );

  return {
    async start({ kind, config, inputs = {}, resume }) {
      const id = resume ?? newId('run');
      return database.transaction(() => {
        if (resume) {
          merge(existing(id), { inputs });
          database.run(
            `UPDATE runs SET status = 'running', finished_at = NULL, error = NULL, config = ?, process = ? WHERE id = ?`,
            JSON.stringify(config ?? null),
            processIdentity(),
            id,
          );
        } else {
          database.run(
            `INSERT INTO runs VALUES (?, ?, 'running', ?, NULL, ?, ?, '{}', '[]', NULL, ?)`,
            id,
            kind,
            new Date().toISOString(),
            JSON.stringify(config ?? null),
            JSON.stringify(inputs),
            processIdentity(),
          );
        }
        return get(id)!;
      });
    },

    async update(id, change) {
      database.transaction(() => merge(existing(id), change));
    },

    async finish(id, { status, error, ...change }) {
      return database.transaction(() => {
        merge(existing(id), change);
        database.run(
          'UPDATE runs SET status = ?, finished_at = ?, error = ? WHERE id = ?',
          status,
          new Date().toISOString(),
          error ?? null,
          id,
        );
        return get(id)!;
      });
    },

    async addEvents(id, events) {
      database.transaction(() => {
        let seq = database.get<{ last: number | null }>(
          'SELECT max(seq) AS last FROM run_events WHERE run_id = ?',
          existing(id).id,
        )!.last;
        for (const { kind, data, at } of events) {
          seq = (seq ?? 0) + 1;
          database.run(
            'INSERT INTO run_events VALUES (?, ?, ?, ?, ?)',
            id,
            seq,
            at ?? new Date().toISOString(),
            kind,
            JSON.stringify(data ?? null),
          );
        }
      });
    },

    async events(id, { kind } = {}) {
      return database
        .all<{ at: string; kind: string; data: string }>(
          'SELECT at, kind, data FROM run_events WHERE run_id = ? AND (? IS NULL OR kind = ?) ORDER BY seq',
          id,
          kind ?? null,
          kind ?? null,
        )
        .map((row) => ({ ...row, data: JSON.parse(row.data) }));
    },

    async get(id) {
      return get(id);
    },

    async list({ kind, limit = 100 } = {}) {
      return database
        .all<RunRow>(
          'SELECT * FROM runs WHERE ? IS NULL OR kind = ? ORDER BY started_at DESC, rowid DESC LIMIT ?',
          kind ?? null,
          kind ?? null,
          limit,
        )
        .map(toRun);
    },

    async interrupted(kind) {
      return database
        .all<RunRow>(
          `SELECT * FROM runs WHERE kind = ? AND status IN ('running', 'interrupted') ORDER BY started_at DESC, rowid DESC`,
          kind,
        )
        .map(toRun)
        .filter((run) => run.status === 'interrupted');
    },
  };
}

interface RunRow {
  id: string;
  kind: string;
  status: string;
  started_at: string;
  finished_at: string | null;
  config: string;
  inputs: string;
  metrics: string;
  artefacts: string;
  error: string | null;
  process: string;
}

function toRun(row: RunRow): Run {
  const status = row.status as Run['status'];
  return {
    id: row.id,
    kind: row.kind as Run['kind'],
    // A killed process cannot note that it was interrupted: a run whose process is gone counts as interrupted.
    status: status === 'running' && !mayStillRun(row.process) ? 'interrupted' : status,
    startedAt: row.started_at,
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
    config: JSON.parse(row.config),
    inputs: JSON.parse(row.inputs),
    metrics: JSON.parse(row.metrics),
    artefacts: JSON.parse(row.artefacts),
    ...(row.error === null ? {} : { error: row.error }),
  };
}
