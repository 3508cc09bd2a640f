import { z } from '@hono/zod-openapi';

/** The body of every error. */
export const errorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  })
  .openapi('Error');

/** For a route's list of responses: what may go wrong everywhere. */
export const errorResponses = {
  default: {
    description: 'What is wrong, in a sentence.',
    content: { 'application/json': { schema: errorSchema } },
  },
} as const;
