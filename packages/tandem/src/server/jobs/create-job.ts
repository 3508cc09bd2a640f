import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { ApiError, notFound } from '../http/api-error.ts';
import { makeId } from '../http/make-id.ts';
import { type Caller, holdsAll } from '../keys/caller.ts';
import type { ModelDirectory } from '../models/model-directory.ts';
import type { JobRequestBody, TuningMethod } from '../schemas/fine-tuning.ts';
import type { Job, JobRequest } from './job.ts';
import { fillFolder, jobFolder } from './job-folder.ts';
import type { JobTable } from './job-table.ts';
import type { TrainingFile, TrainingFiles } from './training-files.ts';

/** Jobs of a tenant that wait, train or are paused. */
const mostUnfinished = 100;

/** What a new job is made with. */
export interface JobMakers {
  /** The server's. */
  folder: string;
  models: ModelDirectory;
  files: TrainingFiles;
  table: JobTable;
}

/**
 * Takes a job in: copies its files, so that it does not hang on their being kept, and writes it down. What the files hold is checked later.
 * @throws ApiError for a model that cannot be trained here, files that are not there or not for this, and too many jobs that wait
 */
export async function createJob(
  body: JobRequestBody,
  caller: Caller,
  { folder, models, files, table }: JobMakers,
): Promise<Job> {
  const served = models.get(body.model, 'chat', caller);
  if (!served.training)
    throw new ApiError(
      400,
      `The model ${served.id} cannot be fine-tuned here: only models whose weights are on this machine, and what was trained of them.`,
      { param: 'model', code: 'model_not_available' },
    );
  const training = fileOf(body.training_file, 'training_file', { caller, files });
  const validation =
    body.validation_file == null
      ? undefined
      : fileOf(body.validation_file, 'validation_file', { caller, files });
  const method = methodOf(body);
  const waiting = table.countUnfinished(caller.tenant);
  if (waiting >= mostUnfinished)
    throw new ApiError(
      429,
      `${waiting} jobs of ${caller.tenant} have not ended. Cancel some, or wait for them.`,
      {
        code: 'rate_limit_exceeded',
        retryAfter: 60,
      },
    );
  const request: JobRequest = {
    model: served.id,
    trainingFile: training.id,
    validationFile: validation?.id ?? null,
    method,
    seed: body.seed ?? randomInt(2 ** 31),
    suffix: body.suffix ?? null,
    metadata: body.metadata ?? null,
    access: labelsOf(body.access, caller, [
      ...(training.access ?? []),
      ...(validation?.access ?? []),
      ...(served.access ?? []),
    ]),
    filenames: { training: training.filename, ...(validation && { validation: validation.filename }) },
    start: served.training,
  };
  const id = makeId('ftjob');
  const own = jobFolder(folder, id);
  try {
    await fillFolder(own, { training: training.path, validation: validation?.path });
    return table.atOnce(() => {
      const job = table.add(id, caller.tenant, request);
      table.tell(job, `Created fine-tuning job: ${id}`);
      return job;
    });
  } catch (error) {
    await rm(own.path, { recursive: true, force: true });
    throw error;
  }
}

/** All hyperparameters by name; what is not given is `auto`. */
function methodOf({ method, hyperparameters }: JobRequestBody): TuningMethod {
  const given = method?.type === 'dpo' ? method.dpo?.hyperparameters : method?.supervised?.hyperparameters;
  if (hyperparameters && (given ?? (method?.type === 'dpo' ? {} : undefined)))
    throw new ApiError(
      400,
      '"hyperparameters" stands beside those of "method", so that either could be meant. Give them in "method" alone.',
      { param: 'hyperparameters', code: 'invalid_value' },
    );
  const {
    n_epochs = 'auto',
    batch_size = 'auto',
    learning_rate_multiplier = 'auto',
  } = given ?? hyperparameters ?? {};
  const known = { n_epochs, batch_size, learning_rate_multiplier };
  if (method?.type !== 'dpo') return { type: 'supervised', supervised: { hyperparameters: known } };
  const { beta = 'auto' } = method.dpo?.hyperparameters ?? {};
  return { type: 'dpo', dpo: { hyperparameters: { ...known, beta } } };
}

function fileOf(
  id: string,
  param: 'training_file' | 'validation_file',
  { caller, files }: { caller: Caller; files: TrainingFiles },
): TrainingFile {
  const file = files.open(caller.tenant, id);
  if (!file || !holdsAll(caller, file.access))
    throw notFound(`There is no file ${id}.`, { param, code: 'file_not_found' });
  if (file.purpose !== 'fine-tune')
    throw new ApiError(
      400,
      `The file ${id} was uploaded with the purpose "${file.purpose}"; it needs to be "fine-tune".`,
      { param, code: `invalid_${param}` },
    );
  return file;
}

/**
 * What a model was trained on, it tells whoever asks it: so it is for those who hold the labels of its files and of the model before it, and
 * for those who hold what its maker holds, unless the request says less than that.
 * @throws ApiError 403 for a label that the caller does not hold
 */
function labelsOf(
  given: readonly string[] | undefined,
  caller: Caller,
  inherited: readonly string[],
): string[] {
  const lacking = given?.find((label) => !holdsAll(caller, [label]));
  if (lacking !== undefined)
    throw new ApiError(403, `This API key does not hold the label "${lacking}".`, {
      param: 'access',
      code: 'insufficient_permissions',
    });
  return [...new Set([...inherited, ...(given ?? caller.access ?? [])])].toSorted();
}
