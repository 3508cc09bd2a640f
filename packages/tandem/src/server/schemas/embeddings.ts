import { z } from '@hono/zod-openapi';

/** POST /v1/embeddings */
export const embeddingRequestSchema = z
  .strictObject({
    model: z.string(),
    input: z.union([
      z.string().min(1, 'an empty text cannot be embedded'),
      z.array(z.string().min(1, 'an empty text cannot be embedded')).min(1).max(2048),
      z.array(z.int().min(0)).min(1),
      z
        .array(z.array(z.int().min(0)).min(1))
        .min(1)
        .max(2048),
    ]),
    encoding_format: z.enum(['float', 'base64']).nullish(),
    dimensions: z.int().min(1).nullish(),
    user: z.string().optional(),
  })
  .openapi('CreateEmbeddingRequest');

export const embeddingResponseSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(
      z.object({
        object: z.literal('embedding'),
        index: z.int(),
        embedding: z.union([z.array(z.number()), z.string()]),
      }),
    ),
    model: z.string(),
    usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
  })
  .openapi('CreateEmbeddingResponse');
export type EmbeddingResponse = z.output<typeof embeddingResponseSchema>;
