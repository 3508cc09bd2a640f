import { z } from '@hono/zod-openapi';
import { metadataSchema } from './chat.ts';
import { refused } from './refused.ts';

const auto = z.literal('auto');
const shared = {
  n_epochs: z.union([auto, z.int().min(1).max(50)]).optional(),
  batch_size: z.union([auto, z.int().min(1).max(256)]).optional(),
  learning_rate_multiplier: z.union([auto, z.number().gt(0)]).optional(),
};
const supervisedHyperparameters = z.strictObject(shared).openapi('FineTuneSupervisedHyperparameters');
const dpoHyperparameters = z
  .strictObject({ ...shared, beta: z.union([auto, z.number().gt(0).max(2)]).optional() })
  .openapi('FineTuneDPOHyperparameters');

const method = z
  .discriminatedUnion(
    'type',
    [
      z.strictObject({
        type: z.literal('supervised'),
        supervised: z.strictObject({ hyperparameters: supervisedHyperparameters.optional() }).optional(),
        ...refused(['dpo', 'reinforcement']),
      }),
      z.strictObject({
        type: z.literal('dpo'),
        dpo: z.strictObject({ hyperparameters: dpoHyperparameters.optional() }).optional(),
        ...refused(['supervised', 'reinforcement']),
      }),
    ],
    {
      error: ({ code }) =>
        code === 'invalid_union' ? 'only "supervised" and "dpo" are supported by this server' : undefined,
    },
  )
  .openapi('FineTuneMethod');

/** POST /v1/fine_tuning/jobs */
export const jobRequestSchema = z
  .strictObject({
    model: z.string(),
    training_file: z.string(),
    validation_file: z.string().nullish(),
    method: method.nullish(),
    hyperparameters: supervisedHyperparameters
      .nullish()
      .openapi({ deprecated: true, description: 'The older place of what stands in "method".' }),
    suffix: z.string().min(1).max(64).nullish(),
    seed: z.int().min(0).max(2_147_483_647).nullish(),
    metadata: z
      .record(z.string().max(64), z.string().max(512))
      .refine((pairs) => Object.keys(pairs).length <= 16, 'at most 16 pairs')
      .openapi({ maxProperties: 16 })
      .nullish(),
    integrations: z
      .array(z.unknown())
      .max(0, '"integrations" is not supported by this server')
      .nullish()
      .openapi({ description: 'Not supported: only null or an empty list.' }),
    access: z.array(z.string().min(1)).max(64).optional().openapi({
      description:
        "Beyond OpenAI's form: labels of which a caller must hold all to ask the tuned model. Default: the key's own labels, and those of the files.",
    }),
  })
  .openapi('CreateFineTuningJobRequest');
export type JobRequestBody = z.output<typeof jobRequestSchema>;

const known = {
  n_epochs: z.union([auto, z.int()]),
  batch_size: z.union([auto, z.int()]),
  learning_rate_multiplier: z.union([auto, z.number()]),
};
const knownDpo = { ...known, beta: z.union([auto, z.number()]) };
const tuningMethod = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('supervised'),
    supervised: z.object({ hyperparameters: z.object(known) }),
  }),
  z.object({ type: z.literal('dpo'), dpo: z.object({ hyperparameters: z.object(knownDpo) }) }),
]);
/** How a job trains, each value as it was asked for or settled. */
export type TuningMethod = z.output<typeof tuningMethod>;

/** A job as it is shown. */
export const jobSchema = z
  .object({
    object: z.literal('fine_tuning.job'),
    id: z.string(),
    created_at: z.int(),
    finished_at: z.int().nullable(),
    estimated_finish: z.int().nullable(),
    model: z.string(),
    fine_tuned_model: z.string().nullable(),
    organization_id: z.string(),
    status: z.enum(['validating_files', 'queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled']),
    error: z.object({ code: z.string(), message: z.string(), param: z.string().nullable() }).nullable(),
    hyperparameters: z.object(known),
    method: tuningMethod.openapi('FineTuningJobMethod'),
    training_file: z.string(),
    validation_file: z.string().nullable(),
    result_files: z.array(z.string()),
    trained_tokens: z.int().nullable(),
    seed: z.int(),
    integrations: z.array(z.unknown()).max(0),
    user_provided_suffix: z.string().nullable(),
    metadata: metadataSchema.nullable(),
    access: z.array(z.string()).optional(),
  })
  .openapi('FineTuningJob');
export type ShownJob = z.output<typeof jobSchema>;

export const jobListSchema = z
  .object({ object: z.literal('list'), data: z.array(jobSchema), has_more: z.boolean() })
  .openapi('ListPaginatedFineTuningJobsResponse');

export const jobEventSchema = z
  .object({
    object: z.literal('fine_tuning.job.event'),
    id: z.string(),
    created_at: z.int(),
    level: z.enum(['info', 'warn', 'error']),
    message: z.string(),
    type: z.enum(['message', 'metrics']),
    data: z.record(z.string(), z.union([z.number(), z.string()])),
  })
  .openapi('FineTuningJobEvent');

export const jobEventListSchema = z
  .object({ object: z.literal('list'), data: z.array(jobEventSchema), has_more: z.boolean() })
  .openapi('ListFineTuningJobEventsResponse');

export const jobCheckpointSchema = z
  .object({
    object: z.literal('fine_tuning.job.checkpoint'),
    id: z.string(),
    created_at: z.int(),
    fine_tuning_job_id: z.string(),
    fine_tuned_model_checkpoint: z.string(),
    step_number: z.int(),
    metrics: z.object({
      step: z.number(),
      train_loss: z.number().optional(),
      valid_loss: z.number().optional(),
      full_valid_loss: z.number().optional(),
    }),
  })
  .openapi('FineTuningJobCheckpoint');

export const jobCheckpointListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(jobCheckpointSchema),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .openapi('ListFineTuningJobCheckpointsResponse');

const page = (most: number) => ({
  after: z.string().optional(),
  limit: z.coerce.number<string>().int().min(1).max(100).optional().openapi({ default: most }),
});

/** A page of a list; the newest come first. */
export const pageSchema = (most: number) => z.strictObject(page(most));

/** `metadata[KEY]=VALUE` asks for jobs that have all of these pairs, `metadata=null` for those that have none. */
export const jobPageSchema = z.pipe(
  z.transform(gatherMetadata),
  z.strictObject({
    ...page(20),
    metadata: z
      .union([z.record(z.string(), z.string()), z.literal('null')])
      .optional()
      .openapi({ param: { name: 'metadata', in: 'query', style: 'deepObject', explode: true } }),
  }),
);

function gatherMetadata(query: unknown): unknown {
  const metadata: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query as Record<string, unknown>)) {
    const key = /^metadata\[(.*)\]$/s.exec(name)?.[1];
    if (key === undefined) others[name] = value;
    else metadata[key] = value;
  }
  return Object.keys(metadata).length > 0 ? { ...others, metadata } : others;
}
