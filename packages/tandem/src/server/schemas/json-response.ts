import type { z } from '@hono/zod-openapi';

/** For a route's list of responses. */
export const jsonResponse = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});
