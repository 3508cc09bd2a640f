import { z } from '@hono/zod-openapi';
import { limitUpTo, listOf, order } from './list.ts';

/** What a file is for. */
export const filePurposes = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals'] as const;
export const purposeSchema = z.enum(filePurposes);
export type FilePurpose = (typeof filePurposes)[number];

/** When a file goes by itself: an hour to thirty days after it was made. */
export const fileExpirySchema = z
  .strictObject({
    anchor: z.literal('created_at'),
    seconds: z.int().min(3600).max(2_592_000),
  })
  .openapi('FileExpirationAfter');

/** A name as it is shown: a path before it is left out by whoever reads the form. */
export const filenameSchema = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{Cc}/\\]+$/u, 'it has slashes or control characters');

/** The members of POST /v1/files beside the file: `expires_after[seconds]` and the like are one member, and numbers are text. */
export const fileFieldsSchema = z.strictObject({
  purpose: purposeSchema,
  expires_after: z
    .strictObject({
      anchor: z.literal('created_at'),
      seconds: z.coerce.number().int().min(3600).max(2_592_000),
    })
    .optional(),
});

/** POST /v1/files */
export const createFileSchema = fileFieldsSchema
  .extend({ file: z.string().openapi({ format: 'binary' }) })
  .openapi('CreateFileRequest');

/** GET /v1/files */
export const fileQuerySchema = z.strictObject({
  purpose: purposeSchema.optional(),
  limit: limitUpTo(10_000, 10_000),
  order,
  after: z.string().optional(),
});

export const fileSchema = z
  .object({
    id: z.string(),
    object: z.literal('file'),
    bytes: z.int(),
    created_at: z.int(),
    expires_at: z.int().optional(),
    filename: z.string(),
    purpose: z.string(),
    status: z.literal('processed'),
  })
  .openapi('OpenAIFile');
export type FileBody = z.output<typeof fileSchema>;

export const fileListSchema = listOf(fileSchema).openapi('ListFilesResponse');

export const deletedFileSchema = z
  .object({ id: z.string(), object: z.literal('file'), deleted: z.boolean() })
  .openapi('DeleteFileResponse');
