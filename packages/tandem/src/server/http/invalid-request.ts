import type { z } from '@hono/zod-openapi';
import { ApiError } from './api-error.ts';

/** What does not fit a schema, as one sentence that names the member. */
export function invalidRequest(error: z.core.$ZodError): ApiError {
  const [issue] = error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])];
  const param = path.reduce<string>(
    (written, part) =>
      typeof part === 'number'
        ? `${written}[${part}]`
        : written === ''
          ? String(part)
          : `${written}.${String(part)}`,
    '',
  );
  return new ApiError(
    400,
    unknown === undefined
      ? `${param === '' ? 'The request' : `"${param}"`} is not understood: ${issue?.message}.`
      : `"${param}" is not known here, or not supported.`,
    {
      ...(param !== '' && { param }),
      code: unknown === undefined ? 'invalid_value' : 'unknown_parameter',
    },
  );
}

/** A value as its schema reads it. @throws ApiError 400 where it does not fit */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidRequest(result.error);
}
