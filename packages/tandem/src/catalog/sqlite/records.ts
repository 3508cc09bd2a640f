import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type {
  CalibrationCatalog,
  Deployment,
  DeploymentCatalog,
  DeploymentEvent,
  Look,
  LookCatalog,
} from '../catalog.ts';
import type { Database } from './database.ts';

/** Datasets, adapters and traces are whole records found by id and listed by age. */
export function recordTable<T extends { id: string }>(
  database: Database,
  table: 'datasets' | 'adapters' | 'traces',
  createdAt: (record: T) => string,
  defaultLimit: number,
) {
  return {
    async put(record: T): Promise<void> {
      database.run(
        `INSERT INTO ${table} VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, record = excluded.record`,
        record.id,
        createdAt(record),
        JSON.stringify(record),
      );
    },

    async get(id: string): Promise<T | undefined> {
      const row = database.get<{ record: string }>(`SELECT record FROM ${table} WHERE id = ?`, id);
      return row && (JSON.parse(row.record) as T);
    },

    async list({ limit = defaultLimit }: { limit?: number } = {}): Promise<T[]> {
      return database
        .all<{ record: string }>(
          `SELECT record FROM ${table} ORDER BY created_at DESC, rowid DESC LIMIT ?`,
          limit,
        )
        .map((row) => JSON.parse(row.record) as T);
    },

    async *all(): AsyncIterable<T> {
      let last = 0;
      for (;;) {
        const rows = database.all<{ number: number; record: string }>(
          `SELECT rowid AS number, record FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT 20`,
          last,
        );
        if (rows.length === 0) return;
        for (const row of rows) yield JSON.parse(row.record) as T;
        last = rows.at(-1)!.number;
      }
    },
  };
}

export function deploymentCatalog(database: Database): DeploymentCatalog {
  const history = () =>
    database
      .all<{ seq: number; at: string; kind: string; data: string }>(
        'SELECT * FROM deployment_events ORDER BY seq',
      )
      .map(({ seq, at, kind, data }) =>
        kind === 'push'
          ? { seq, at, kind: 'push' as const, deployment: JSON.parse(data) as Deployment }
          : { seq, at, kind: 'undo' as const, undone: JSON.parse(data) as number },
      );
  const append = (kind: 'push' | 'undo', at: string, data: unknown) =>
    database.run(
      'INSERT INTO deployment_events (at, kind, data) VALUES (?, ?, ?)',
      at,
      kind,
      JSON.stringify(data),
    );

  return {
    async current() {
      return remainingPushes(history()).at(-1)?.deployment;
    },

    async push(decision) {
      const deployment = { ...decision, at: new Date().toISOString() };
      append('push', deployment.at, deployment);
      return deployment;
    },

    async undo() {
      return database.transaction(() => {
        const stack = remainingPushes(history());
        const last = stack.pop();
        if (!last)
          throw new InvalidInputError({
            domain: 'catalog',
            message: 'There is no deployment to undo: the arm in the config answers.',
            hint: 'Deploy an arm first.',
          });
        append('undo', new Date().toISOString(), last.seq);
        return { undone: last.deployment, current: stack.at(-1)?.deployment };
      });
    },

    async history() {
      return history();
    },
  };
}

/** Pushes that no later event undid, oldest first. */
function remainingPushes(events: DeploymentEvent[]) {
  const undone = new Set(events.map((event) => (event.kind === 'undo' ? event.undone : 0)));
  return events.filter((event) => event.kind === 'push').filter((event) => !undone.has(event.seq));
}

export function lookCatalog(database: Database): LookCatalog {
  return {
    async add(spent) {
      const look: Look = { ...spent, at: new Date().toISOString() };
      database.run(
        'INSERT INTO looks (at, cases_hash, purpose, run_id) VALUES (?, ?, ?, ?)',
        look.at,
        look.casesHash,
        look.purpose,
        look.runId ?? null,
      );
      return look;
    },

    async list({ casesHash } = {}) {
      return database
        .all<{ at: string; cases_hash: string; purpose: string; run_id: string | null }>(
          'SELECT at, cases_hash, purpose, run_id FROM looks WHERE ? IS NULL OR cases_hash = ? ORDER BY seq',
          casesHash ?? null,
          casesHash ?? null,
        )
        .map((row) => ({
          at: row.at,
          casesHash: row.cases_hash,
          purpose: row.purpose,
          ...(row.run_id === null ? {} : { runId: row.run_id }),
        }));
    },
  };
}

export function calibrationCatalog(database: Database): CalibrationCatalog {
  return {
    async put(key, value) {
      database.run(
        'INSERT OR REPLACE INTO calibrations VALUES (?, ?, ?)',
        key,
        JSON.stringify(value ?? null),
        new Date().toISOString(),
      );
    },

    async get(key) {
      const row = database.get<{ value: string }>('SELECT value FROM calibrations WHERE key = ?', key);
      return row && JSON.parse(row.value);
    },
  };
}
