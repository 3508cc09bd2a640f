import type { ShownJob } from '../schemas/fine-tuning.ts';
import type { Job, JobCheckpoint, JobEvent } from './job.ts';
import { hyperparametersIn, settledMethod } from './tune-settings.ts';

/** A job as the API shows it. */
export function shownJob(job: Job): ShownJob {
  const { request, status } = job;
  const method = settledMethod(request.method, job.settled);
  const { n_epochs, batch_size, learning_rate_multiplier } = hyperparametersIn(method);
  return {
    object: 'fine_tuning.job',
    id: job.id,
    created_at: job.createdAt,
    finished_at: job.finishedAt,
    estimated_finish: status === 'running' ? job.estimatedFinish : null,
    model: request.model,
    fine_tuned_model: status === 'succeeded' ? job.tunedModel : null,
    organization_id: job.tenant,
    status,
    error: job.error,
    hyperparameters: { n_epochs, batch_size, learning_rate_multiplier },
    method,
    training_file: request.trainingFile,
    validation_file: request.validationFile,
    result_files: [...job.resultFiles],
    trained_tokens: job.trainedTokens,
    seed: request.seed,
    integrations: [],
    user_provided_suffix: request.suffix,
    metadata: request.metadata,
    ...(request.access.length > 0 && { access: [...request.access] }),
  };
}

export const shownEvent = ({ id, createdAt, level, message, type, data }: JobEvent) => ({
  object: 'fine_tuning.job.event' as const,
  id,
  created_at: createdAt,
  level,
  message,
  type,
  data,
});

export const shownCheckpoint = ({ id, createdAt, jobId, model, step, metrics }: JobCheckpoint) => ({
  object: 'fine_tuning.job.checkpoint' as const,
  id,
  created_at: createdAt,
  fine_tuning_job_id: jobId,
  fine_tuned_model_checkpoint: model,
  step_number: step,
  metrics: { step, ...metrics },
});
