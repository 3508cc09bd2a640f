import { z } from '@hono/zod-openapi';

/**
 * Members of OpenAI's API that are not supported here: each is refused by its name, because a client that sends one counts on what it does.
 * `null` is what clients send for "not set". They are not part of our own description of the API.
 */
export function refused<Name extends string>(names: readonly Name[]): Record<Name, z.ZodOptional<z.ZodNull>> {
  return Object.assign(
    {},
    ...names.map((name) => ({
      [name]: z
        .null({ error: `"${name}" is not supported by this server` })
        .optional()
        .openapi({ description: 'Not supported: only null.' }),
    })),
  );
}
