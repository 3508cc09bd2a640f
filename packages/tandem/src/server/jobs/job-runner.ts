import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../http/api-error.ts';
import { type CheckedFile, checkTrainingFile } from './check-training-file.ts';
import { finalStatuses, type Job, type JobError, type JobStatus } from './job.ts';
import { jobFolder, jobsIn, removeTrainingData } from './job-folder.ts';
import type { JobTable } from './job-table.ts';
import { metricsAt, resultsTable } from './results-table.ts';
import { startTraining } from './start-training.ts';
import type { TrainingFiles } from './training-files.ts';
import type {
  RunningTraining,
  StartTraining,
  TrainingEnd,
  TrainingReport,
  TrainingSpec,
} from './training-messages.ts';

/** A process that ends without a word is started again so often, unless it got a step further. */
const mostAttempts = 5;

/** The checkpoints of so many epochs are kept, as OpenAI does. */
const keptCheckpoints = 3;

/** So long a training has to keep its checkpoint when the server closes. */
const closeWithinMs = 60_000;

const retryAfterMs = 10_000;

/** What jobs run with. */
export interface JobRunnerParts {
  /** The server's. */
  folder: string;
  table: JobTable;
  files: TrainingFiles;
  /** Unix seconds. */
  now(): number;
  log(error: unknown): void;
  /** Default: a process of its own. */
  startTraining?: StartTraining | undefined;
  /** Which hosts its process may reach, how often it keeps its state, and the memory that it should stay within. */
  limits?: Pick<TrainingSpec, 'network' | 'checkpointEverySeconds' | 'memory'> | undefined;
}

/**
 * Brings jobs from `validating_files` to their end: one training at a time, tenants in turns. All that is known of a job is in the table and its
 * folder: whenever this process ends, the next one goes on from there.
 */
export class JobRunner {
  readonly #parts: JobRunnerParts;
  readonly #start: StartTraining;
  #current: { id: string; training: RunningTraining } | undefined;
  #validating: Promise<void> | undefined;
  #training: Promise<void> | undefined;
  readonly #closed = new AbortController();

  constructor(parts: JobRunnerParts) {
    this.#parts = parts;
    this.#start = parts.startTraining ?? startTraining;
  }

  get #closing(): boolean {
    return this.#closed.signal.aborted;
  }

  /** Removes what no job needs any more, and goes on with those that had not ended. */
  async open(): Promise<void> {
    const { folder, table } = this.#parts;
    const there = existsSync(jobsIn(folder)) ? await readdir(jobsIn(folder)) : [];
    for (const id of there) {
      const job = table.get(id);
      if (!job || job.modelDeletedAt !== null)
        await rm(join(jobsIn(folder), id), { recursive: true, force: true });
      else if (finalStatuses.includes(job.status)) await removeTrainingData(jobFolder(folder, id));
    }
    this.wake();
  }

  /** Looks for work. Call it when a job was added. */
  wake(): void {
    if (this.#closing) return;
    const { table } = this.#parts;
    this.#validating ??= this.#retried(this.#validateAll()).then(() => {
      this.#validating = undefined;
      if (!this.#closing && table.nextToValidate()) this.wake();
    });
    this.#training ??= this.#retried(this.#trainAll()).then(() => {
      this.#training = undefined;
      if (!this.#closing && table.nextToTrain()) this.wake();
    });
  }

  /** Where not even a failure can be written down (a full disk), it is tried again after a while. */
  async #retried(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#parts.log(error);
      if (!this.#closing)
        await sleep(retryAfterMs, undefined, { signal: this.#closed.signal }).catch(() => {});
    }
  }

  /** @throws ApiError 400 where the job waits for nothing and does not train */
  pause(job: Job): Job {
    this.#move(job, { from: ['queued', 'running'], to: 'paused', verb: 'paused' });
    if (this.#current?.id === job.id) this.#current.training.stop();
    return this.#parts.table.get(job.id)!;
  }

  /** @throws ApiError 400 where the job is not paused */
  resume(job: Job): Job {
    this.#move(job, { from: ['paused'], to: 'queued', verb: 'resumed' });
    this.wake();
    return this.#parts.table.get(job.id)!;
  }

  /** @throws ApiError 400 where the job has ended */
  cancel(job: Job): Job {
    const { table, folder, now, log } = this.#parts;
    this.#move(job, {
      from: ['validating_files', 'queued', 'running', 'paused'],
      to: 'cancelled',
      verb: 'cancelled',
      change: { finishedAt: now(), estimatedFinish: null },
    });
    // What is being trained is removed when its process is gone.
    if (this.#current?.id === job.id) this.#current.training.kill();
    else void removeTrainingData(jobFolder(folder, job.id)).catch(log);
    return table.get(job.id)!;
  }

  /** Ends what runs, after its checkpoint; the next start goes on from there. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    this.#current?.training.stop();
    const late = setTimeout(() => this.#current?.training.kill(), closeWithinMs);
    await Promise.allSettled([this.#validating, this.#training]);
    clearTimeout(late);
  }

  #move(
    job: Job,
    {
      from,
      to,
      verb,
      change = {},
    }: { from: readonly JobStatus[]; to: JobStatus; verb: string; change?: Parameters<JobTable['move']>[3] },
  ): void {
    const { table } = this.#parts;
    if (!table.move(job.id, from, to, { estimatedFinish: null, attempts: 0, ...change })) {
      const { status } = table.get(job.id)!;
      throw new ApiError(
        400,
        finalStatuses.includes(status)
          ? `The job ${job.id} has ended (${status}), so it cannot be ${verb}.`
          : `The job ${job.id} is ${status}, so it cannot be ${verb}: only one that is ${from.join(' or ')}.`,
        { code: 'invalid_job_status' },
      );
    }
    table.tell(job, `Fine-tuning job ${verb}`);
  }

  async #validateAll(): Promise<void> {
    const { table } = this.#parts;
    for (let job = table.nextToValidate(); job && !this.#closing; job = table.nextToValidate())
      await this.#guarded(job, (next) => this.#validate(next));
  }

  async #trainAll(): Promise<void> {
    const { table } = this.#parts;
    for (let job = table.nextToTrain(); job && !this.#closing; job = table.nextToTrain())
      await this.#guarded(job, (next) => this.#train(next));
  }

  /** An error that nobody expected ends its job and no other. */
  async #guarded(job: Job, work: (job: Job) => Promise<void>): Promise<void> {
    try {
      await work(job);
    } catch (error) {
      this.#parts.log(error);
      await this.#fail(job, {
        code: 'server_error',
        message: 'The server had an error while it worked on the job. Its log says more.',
        param: null,
      });
    }
  }

  async #validate(job: Job): Promise<void> {
    const { table } = this.#parts;
    for (const file of this.#filesOf(job)) {
      table.tell(job, `Validating ${file.param.replace('_', ' ')}: ${file.id}`);
      const checked = await checkTrainingFile(file, job.request.method.type);
      // Cancelled, or the server closes: then it is read again.
      if (this.#closing || table.get(job.id)?.status !== 'validating_files') return;
      if ('error' in checked) return this.#fail(job, checked.error);
    }
    table.atOnce(() => {
      table.update(job.id, { status: 'queued' });
      table.tell(job, 'Files validated, moving job to queued state');
    });
    this.wake();
  }

  #filesOf({ id, request }: Pick<Job, 'id' | 'request'>): (CheckedFile & { id: string })[] {
    const { trainingFile, validationFile } = jobFolder(this.#parts.folder, id);
    const { filenames } = request;
    return [
      { id: request.trainingFile, path: trainingFile, filename: filenames.training, param: 'training_file' },
      ...(request.validationFile !== null && filenames.validation !== undefined
        ? [
            {
              id: request.validationFile,
              path: validationFile,
              filename: filenames.validation,
              param: 'validation_file' as const,
            },
          ]
        : []),
    ];
  }

  async #train(job: Job): Promise<void> {
    const { table, folder, now } = this.#parts;
    if (job.attempts >= mostAttempts)
      return this.#fail(job, {
        code: 'training_process_died',
        param: null,
        message: `The training's process was ended ${job.attempts} times without getting further. Probably memory ran out: shorten the longest examples, or take a smaller model.`,
      });
    const spec = this.#specOf(job);
    if ('code' in spec) return this.#fail(job, spec);
    const from: readonly JobStatus[] = ['queued', 'running'];
    const startedAt = job.status === 'running' ? (job.startedAt ?? now()) : now();
    if (!table.move(job.id, from, 'running', { startedAt, attempts: job.attempts + 1 })) return;
    table.tell(job, job.step === 0 ? 'Fine-tuning job started' : 'Fine-tuning job continues');
    const training = this.#start(spec, this.#listener(job));
    this.#current = { id: job.id, training };
    const end = await training.ended;
    this.#current = undefined;
    // It ended as it was told to.
    if (end.type === 'stopped') table.update(job.id, { attempts: 0 });
    const { status } = table.get(job.id)!;
    if (status === 'cancelled') await removeTrainingData(jobFolder(folder, job.id));
    else if (status === 'running') await this.#settle(job, end);
  }

  #specOf({ id, request, step }: Job): TrainingSpec | JobError {
    const { folder, table, limits } = this.#parts;
    const own = jobFolder(folder, id);
    const [training, validation] = this.#filesOf({ id, request });
    const before = request.start.job === undefined ? undefined : table.get(request.start.job);
    // Once begun, it has its own copy.
    if (before && step === 0 && (before.modelDeletedAt !== null || !before.weights))
      return {
        code: 'model_not_found',
        param: 'model',
        message: `The model ${request.model} was deleted before the training of this one had begun.`,
      };
    const fileOf = ({ path, filename }: CheckedFile) => ({ path, filename });
    return {
      jobId: id,
      folder: own.path,
      catalog: own.catalog,
      reference: request.start.reference,
      training: fileOf(training!),
      ...(validation && { validation: fileOf(validation) }),
      method: request.method,
      seed: request.seed,
      ...limits,
      ...(before && {
        from: {
          folder: jobFolder(folder, before.id).path,
          catalog: jobFolder(folder, before.id).catalog,
          adapterId: before.weights!.adapterId,
        },
      }),
    };
  }

  /** Writes down what a training tells. */
  #listener(job: Job): (report: TrainingReport) => void {
    const { table, now, log } = this.#parts;
    const hear = (report: TrainingReport) => {
      const current = table.get(job.id);
      if (!current || finalStatuses.includes(current.status)) return;
      switch (report.type) {
        case 'planned':
          table.update(job.id, { settled: report.settled, steps: report.steps });
          break;
        case 'step': {
          const { step, steps, loss, secondsLeft } = report;
          table.update(job.id, {
            step: Math.max(step, current.step),
            steps,
            ...(step > current.step && { attempts: 0 }),
            ...(secondsLeft !== undefined &&
              current.status === 'running' && { estimatedFinish: now() + Math.ceil(secondsLeft) }),
          });
          this.#tellLoss(job, { step, steps, loss });
          break;
        }
        case 'validation':
          this.#tellValidation(job, report);
          break;
        case 'continued':
          this.#catchUp(current, report);
          break;
        case 'checkpoint':
          this.#keepCheckpoint(current, report);
      }
    };
    return (report) => {
      try {
        table.atOnce(() => hear(report));
      } catch (error) {
        log(error);
      }
    };
  }

  /** What a process did after the server that it told it to had died: its steps are in the checkpoint, and not among the events. */
  #catchUp(job: Job, { step, losses, validation }: Extract<TrainingReport, { type: 'continued' }>): void {
    const { table } = this.#parts;
    const known = table.metrics(job.id);
    const stepsWith = (name: string) =>
      new Set(known.filter((each) => each[name] !== undefined).map((each) => each.step));
    const [trained, measured] = [stepsWith('train_loss'), stepsWith('valid_loss')];
    for (let at = 0; at <= step; at++) {
      const loss = losses[at - 1];
      if (loss != null && !trained.has(at)) this.#tellLoss(job, { step: at, steps: job.steps, loss });
      const own = measured.has(at) ? undefined : validation.find((each) => each.step === at);
      if (own) this.#tellValidation(job, own);
    }
    table.update(job.id, { step: Math.max(step, job.step) });
    table.tell(job, `Continued from the checkpoint of step ${step}`);
  }

  #tellLoss(job: Job, { step, steps, loss }: { step: number; steps: number | null; loss: number }): void {
    this.#parts.table.tell(
      job,
      `Step ${step}${steps === null ? '' : `/${steps}`}: training loss=${loss.toFixed(4)}`,
      { data: { step, ...(steps !== null && { total_steps: steps }), train_loss: loss } },
    );
  }

  /** Of step 0, before anything was learnt, it is what the base makes of the validation file. */
  #tellValidation(job: Job, { step, loss }: { step: number; loss: number }): void {
    this.#parts.table.tell(job, `Step ${step}: validation loss=${loss.toFixed(4)}`, {
      data: { step, valid_loss: loss },
    });
  }

  #keepCheckpoint(job: Job, { step, file }: Extract<TrainingReport, { type: 'checkpoint' }>): void {
    const { table, folder, log } = this.#parts;
    table.addCheckpoint(job, {
      model: `${nameOfModel(job)}:ckpt-step-${step}`,
      step,
      metrics: metricsAt(table.metrics(job.id), step),
      file,
    });
    const { items } = table.checkpoints(job.id, { limit: 100 })!;
    for (const old of items.slice(keptCheckpoints)) {
      table.dropCheckpoint(old.id);
      if (old.file !== null)
        void rm(join(jobFolder(folder, job.id).path, dirname(old.file)), {
          recursive: true,
          force: true,
        }).catch(log);
    }
  }

  async #settle(job: Job, end: TrainingEnd): Promise<void> {
    const { table, log } = this.#parts;
    switch (end.type) {
      case 'succeeded':
        return this.#finish(job, end);
      case 'failed':
        return this.#fail(job, end.error);
      case 'died':
        log(new Error(`The training of ${job.id} ended ${end.how}`));
        if (!this.#closing)
          table.tell(job, "The training's process was ended, and is started again from its checkpoint", {
            level: 'warn',
          });
    }
  }

  async #finish(
    job: Job,
    { weights, step, tokens }: Extract<TrainingEnd, { type: 'succeeded' }>,
  ): Promise<void> {
    const { table, files, folder, now, log } = this.#parts;
    const metrics = table.metrics(job.id);
    const resultFiles: string[] = [];
    try {
      resultFiles.push(
        await files.addResult(job.tenant, {
          filename: 'step_metrics.csv',
          content: resultsTable(metrics),
          access: job.request.access,
        }),
      );
    } catch (error) {
      log(error);
      table.tell(job, 'The file of results could not be stored; the events have what it would say', {
        level: 'warn',
      });
    }
    const model = nameOfModel(job);
    table.atOnce(() => {
      const moved = table.move(job.id, ['running'], 'succeeded', {
        weights,
        tunedModel: model,
        resultFiles,
        trainedTokens: tokens,
        step,
        finishedAt: now(),
        estimatedFinish: null,
      });
      if (!moved) return;
      table.addCheckpoint(job, { model, step, metrics: metricsAt(metrics, step), file: null });
      table.tell(job, `New fine-tuned model created: ${model}`);
      table.tell(job, 'The job has successfully completed');
    });
    await removeTrainingData(jobFolder(folder, job.id));
  }

  async #fail(job: Job, error: JobError): Promise<void> {
    const { table, folder, now } = this.#parts;
    const ended = table.move(job.id, ['validating_files', 'queued', 'running', 'paused'], 'failed', {
      error,
      finishedAt: now(),
      estimatedFinish: null,
    });
    if (!ended) return;
    table.tell(job, `The job failed: ${error.message}`, { level: 'error' });
    await removeTrainingData(jobFolder(folder, job.id));
  }
}

/** `ft:BASE:TENANT:SUFFIX:ID`. Its checkpoints' names begin with it, so it is known before there is a model. */
function nameOfModel({ id, tenant, request }: Pick<Job, 'id' | 'tenant' | 'request'>): string {
  const part = (name: string) => name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-');
  return `ft:${request.start.base}:${part(tenant)}:${part(request.suffix ?? '')}:${id.slice(-8)}`;
}
