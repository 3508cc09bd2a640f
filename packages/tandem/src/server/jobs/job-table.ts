import type { Database } from '../../catalog/sqlite/database.ts';
import { makeId } from '../http/make-id.ts';
import { type Caller, holdsAll } from '../keys/caller.ts';
import {
  finalStatuses,
  type Job,
  type JobCheckpoint,
  type JobEvent,
  type JobRequest,
  type JobStatus,
} from './job.ts';

/** A part of a list, the newest first. */
export interface Page {
  /** Id of the last item that is known already; the page begins behind it. */
  after?: string | undefined;
  limit: number;
}

/** Items of a page, and whether more come after them. */
export interface Paged<Item> {
  items: Item[];
  hasMore: boolean;
}

interface JobRow {
  id: string;
  tenant: string;
  status: JobStatus;
  request: string;
  settled: string | null;
  error: string | null;
  tuned_model: string | null;
  weights: string | null;
  result_files: string;
  trained_tokens: number | null;
  step: number;
  steps: number | null;
  attempts: number;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  estimated_finish: number | null;
  model_deleted_at: number | null;
}

interface EventRow extends Omit<JobEvent, 'createdAt' | 'data'> {
  created_at: number;
  data: string;
}

interface CheckpointRow extends Pick<JobCheckpoint, 'id' | 'model' | 'step' | 'file'> {
  job_id: string;
  created_at: number;
  metrics: string;
}

const columns = {
  status: 'status',
  settled: 'settled',
  error: 'error',
  tunedModel: 'tuned_model',
  weights: 'weights',
  resultFiles: 'result_files',
  trainedTokens: 'trained_tokens',
  step: 'step',
  steps: 'steps',
  attempts: 'attempts',
  startedAt: 'started_at',
  finishedAt: 'finished_at',
  estimatedFinish: 'estimated_finish',
  modelDeletedAt: 'model_deleted_at',
} as const satisfies Partial<Record<keyof Job, string>>;
type Changeable = Pick<Job, keyof typeof columns>;

/** Fine-tuning jobs with their events and checkpoints. What a method has written when it returns survives a power cut. */
export class JobTable {
  readonly #database: Database;
  readonly #now: () => number;
  #isAtOnce = false;

  /** @param now Unix seconds */
  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  /** All that `work` changes, or nothing of it. */
  atOnce<T>(work: () => T): T {
    // All of it is one thread's, without a pause: what is begun within is a part of it.
    if (this.#isAtOnce) return work();
    this.#isAtOnce = true;
    try {
      return this.#database.transaction(work);
    } finally {
      this.#isAtOnce = false;
    }
  }

  add(id: string, tenant: string, request: JobRequest): Job {
    this.#database.run(
      'INSERT INTO fine_tuning_jobs (id, tenant, status, request, metadata, created_at) VALUES (?, ?, ?, ?, ?, ?)',
      id,
      tenant,
      'validating_files' satisfies JobStatus,
      JSON.stringify(request),
      request.metadata && JSON.stringify(request.metadata),
      this.#now(),
    );
    return this.get(id)!;
  }

  get(id: string): Job | undefined {
    return jobOf(this.#database.get<JobRow>('SELECT * FROM fine_tuning_jobs WHERE id = ?', id));
  }

  /** Undefined, too, where the job is another tenant's, or has labels that the caller does not hold: its messages may quote its files. */
  seenBy(caller: Caller, id: string): Job | undefined {
    const job = this.get(id);
    return job?.tenant === caller.tenant && holdsAll(caller, job.request.access) ? job : undefined;
  }

  /**
   * @param of `access`: labels of the reader, who sees no jobs with others; absent: all. `metadata`: pairs that a job must have; null: it has none
   * @returns undefined where `after` is no job of the tenant
   */
  list(
    { tenant, access }: Pick<Caller, 'tenant' | 'access'>,
    { after, limit }: Page,
    metadata?: Readonly<Record<string, string>> | null,
  ): Paged<Job> | undefined {
    const before = this.#seqAfter('fine_tuning_jobs', after, { tenant });
    if (before === undefined) return undefined;
    const pairs = Object.entries(metadata ?? {});
    const rows = this.#database.all<JobRow>(
      `SELECT * FROM fine_tuning_jobs WHERE tenant = ? AND seq < ?
       ${metadata === null ? "AND (metadata IS NULL OR metadata = '{}')" : ''}
       ${pairs.map(() => 'AND EXISTS (SELECT 1 FROM json_each(metadata) WHERE key = ? AND value = ?)').join(' ')}
       ${access ? "AND NOT EXISTS (SELECT 1 FROM json_each(request, '$.access') WHERE value NOT IN (SELECT value FROM json_each(?)))" : ''}
       ORDER BY seq DESC LIMIT ?`,
      tenant,
      before,
      ...pairs.flat(),
      ...(access ? [JSON.stringify(access)] : []),
      limit + 1,
    );
    return pageOf(
      rows.map((row) => jobOf(row)),
      limit,
    );
  }

  update(id: string, change: Partial<Changeable>): void {
    const entries = Object.entries(change) as [keyof Changeable, unknown][];
    this.#database.run(
      `UPDATE fine_tuning_jobs SET ${entries.map(([name]) => `${columns[name]} = ?`).join(', ')} WHERE id = ?`,
      ...entries.map(([, value]) =>
        typeof value === 'object' && value !== null
          ? JSON.stringify(value)
          : (value as string | number | null),
      ),
      id,
    );
  }

  /** The next status, where the job has one of `from`; false where it has another. */
  move(id: string, from: readonly JobStatus[], to: JobStatus, change: Partial<Changeable> = {}): boolean {
    return this.atOnce(() => {
      const job = this.get(id);
      if (!job || !from.includes(job.status)) return false;
      this.update(id, { ...change, status: to });
      return true;
    });
  }

  nextToValidate(): Job | undefined {
    return jobOf(
      this.#database.get<JobRow>(
        "SELECT * FROM fine_tuning_jobs WHERE status = 'validating_files' ORDER BY seq LIMIT 1",
      ),
    );
  }

  /** First what was running when it was stopped; of those that wait, one of the tenant that has waited longest since its last turn. */
  nextToTrain(): Job | undefined {
    return jobOf(
      this.#database.get<JobRow>(
        `SELECT * FROM fine_tuning_jobs AS job WHERE status IN ('running', 'queued')
         ORDER BY status = 'running' DESC,
           (SELECT coalesce(max(started_at), 0) FROM fine_tuning_jobs AS own WHERE own.tenant = job.tenant),
           (SELECT coalesce(max(own.seq), 0) FROM fine_tuning_jobs AS own WHERE own.tenant = job.tenant AND own.started_at IS NOT NULL),
           seq
         LIMIT 1`,
      ),
    );
  }

  /** Jobs of the tenant that have not ended. */
  countUnfinished(tenant: string): number {
    return this.#database.get<{ count: number }>(
      `SELECT count(*) AS count FROM fine_tuning_jobs WHERE tenant = ? AND status NOT IN (${finalStatuses.map((status) => `'${status}'`).join(', ')})`,
      tenant,
    )!.count;
  }

  tell(
    { id, tenant }: Pick<Job, 'id' | 'tenant'>,
    message: string,
    {
      level = 'info',
      data,
    }: { level?: JobEvent['level']; data?: Record<string, number | string> | undefined } = {},
  ): void {
    this.#database.run(
      'INSERT INTO fine_tuning_events (id, tenant, job_id, created_at, level, type, message, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      makeId('ftevent'),
      tenant,
      id,
      this.#now(),
      level,
      data ? 'metrics' : 'message',
      message,
      JSON.stringify(data ?? {}),
    );
  }

  /** @returns undefined where `after` is no event of the job */
  events(jobId: string, { after, limit }: Page): Paged<JobEvent> | undefined {
    const before = this.#seqAfter('fine_tuning_events', after, { job_id: jobId });
    if (before === undefined) return undefined;
    const rows = this.#database.all<EventRow>(
      'SELECT * FROM fine_tuning_events WHERE job_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
      jobId,
      before,
      limit + 1,
    );
    return pageOf(rows.map(eventOf), limit);
  }

  /** Data of all events of the type `metrics`, oldest first. */
  metrics(jobId: string): Record<string, number | string>[] {
    return this.#database
      .all<{ data: string }>(
        "SELECT data FROM fine_tuning_events WHERE job_id = ? AND type = 'metrics' ORDER BY seq",
        jobId,
      )
      .map(({ data }) => JSON.parse(data));
  }

  /** One checkpoint a step: told again, it is the one that there is. */
  addCheckpoint(
    { id: jobId, tenant }: Pick<Job, 'id' | 'tenant'>,
    given: Pick<JobCheckpoint, 'model' | 'step' | 'metrics' | 'file'>,
  ): void {
    this.#database.run(
      'INSERT INTO fine_tuning_checkpoints (id, tenant, job_id, created_at, model, step, metrics, file) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      makeId('ftckpt', '_'),
      tenant,
      jobId,
      this.#now(),
      given.model,
      given.step,
      JSON.stringify(given.metrics),
      given.file,
    );
  }

  /** @returns undefined where `after` is no checkpoint of the job */
  checkpoints(jobId: string, { after, limit }: Page): Paged<JobCheckpoint> | undefined {
    const before = this.#seqAfter('fine_tuning_checkpoints', after, { job_id: jobId });
    if (before === undefined) return undefined;
    const rows = this.#database.all<CheckpointRow>(
      'SELECT * FROM fine_tuning_checkpoints WHERE job_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
      jobId,
      before,
      limit + 1,
    );
    return pageOf(rows.map(checkpointOf), limit);
  }

  dropCheckpoint(id: string): void {
    this.#database.run('DELETE FROM fine_tuning_checkpoints WHERE id = ?', id);
  }

  /** Succeeded jobs whose model is there, oldest first. */
  withModels(tenant: string): Job[] {
    return this.#database
      .all<JobRow>(
        "SELECT * FROM fine_tuning_jobs WHERE tenant = ? AND status = 'succeeded' AND model_deleted_at IS NULL ORDER BY seq",
        tenant,
      )
      .map((row) => jobOf(row));
  }

  /** The job that made a model, and of a checkpoint's model the checkpoint. Undefined where it was deleted, or is another tenant's. */
  ofModel(tenant: string, model: string): { job: Job; checkpoint?: JobCheckpoint } | undefined {
    const made = this.#database.get<JobRow>(
      "SELECT * FROM fine_tuning_jobs WHERE tenant = ? AND tuned_model = ? AND status = 'succeeded' AND model_deleted_at IS NULL",
      tenant,
      model,
    );
    if (made) return { job: jobOf(made) };
    const row = this.#database.get<CheckpointRow>(
      'SELECT * FROM fine_tuning_checkpoints WHERE tenant = ? AND model = ? AND file IS NOT NULL',
      tenant,
      model,
    );
    const job = row && this.get(row.job_id);
    if (!job || job.modelDeletedAt !== null) return undefined;
    return { job, checkpoint: checkpointOf(row) };
  }

  /** The place behind which a page begins, of newest first; undefined for an id that is not there. */
  #seqAfter(table: string, after: string | undefined, of: Record<string, string>): number | undefined {
    if (after === undefined) return Number.MAX_SAFE_INTEGER;
    const [[column, value]] = Object.entries(of) as [[string, string]];
    return this.#database.get<{ seq: number }>(
      `SELECT seq FROM ${table} WHERE id = ? AND ${column} = ?`,
      after,
      value,
    )?.seq;
  }
}

function pageOf<Item>(items: Item[], limit: number): Paged<Item> {
  return { items: items.slice(0, limit), hasMore: items.length > limit };
}

function jobOf(row: JobRow): Job;
function jobOf(row: JobRow | undefined): Job | undefined;
function jobOf(row: JobRow | undefined): Job | undefined {
  if (!row) return undefined;
  const parsed = (json: string | null) => (json === null ? null : JSON.parse(json));
  return {
    id: row.id,
    tenant: row.tenant,
    status: row.status,
    request: JSON.parse(row.request),
    settled: parsed(row.settled),
    error: parsed(row.error),
    tunedModel: row.tuned_model,
    weights: parsed(row.weights),
    resultFiles: JSON.parse(row.result_files),
    trainedTokens: row.trained_tokens,
    step: row.step,
    steps: row.steps,
    attempts: row.attempts,
    createdAt: row.created_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    estimatedFinish: row.estimated_finish,
    modelDeletedAt: row.model_deleted_at,
  };
}

const eventOf = ({ created_at, data, ...row }: EventRow): JobEvent => ({
  id: row.id,
  level: row.level,
  type: row.type,
  message: row.message,
  createdAt: created_at,
  data: JSON.parse(data),
});

const checkpointOf = (row: CheckpointRow): JobCheckpoint => ({
  id: row.id,
  jobId: row.job_id,
  createdAt: row.created_at,
  model: row.model,
  step: row.step,
  metrics: JSON.parse(row.metrics),
  file: row.file,
});
