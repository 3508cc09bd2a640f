import { z } from '@hono/zod-openapi';

/** A model as it is listed. */
export const modelSchema = z
  .object({
    id: z.string(),
    object: z.literal('model'),
    created: z.int(),
    owned_by: z.string(),
    /** A model here is shut down by nobody but its owner. */
    shutdown_date: z.null(),
  })
  .openapi('Model');

export const modelListSchema = z
  .object({ object: z.literal('list'), data: z.array(modelSchema) })
  .openapi('ListModelsResponse');

export const deletedModelSchema = z
  .object({ id: z.string(), object: z.literal('model'), deleted: z.boolean() })
  .openapi('DeleteModelResponse');
