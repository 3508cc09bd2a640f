import { z } from '@hono/zod-openapi';
import { fileExpirySchema, filenameSchema, fileSchema, purposeSchema } from './files.ts';

/** POST /v1/uploads */
export const createUploadSchema = z
  .strictObject({
    filename: filenameSchema,
    purpose: purposeSchema,
    bytes: z.int().min(1),
    mime_type: z.string().min(1).max(255),
    expires_after: fileExpirySchema.optional(),
  })
  .openapi('CreateUploadRequest');
export type NewUpload = z.output<typeof createUploadSchema>;

/** POST /v1/uploads/ID/parts */
export const addPartSchema = z
  .strictObject({ data: z.string().openapi({ format: 'binary' }) })
  .openapi('AddUploadPartRequest');

/** POST /v1/uploads/ID/complete */
export const completeUploadSchema = z
  .strictObject({
    part_ids: z.array(z.string()).min(1).max(10_000),
    md5: z
      .string()
      .regex(/^[\da-f]{32}$/i, '32 hexadecimal digits')
      .nullish(),
  })
  .openapi('CompleteUploadRequest');

export const uploadSchema = z
  .object({
    id: z.string(),
    object: z.literal('upload'),
    bytes: z.int(),
    created_at: z.int(),
    filename: z.string(),
    purpose: z.string(),
    status: z.enum(['pending', 'completed', 'cancelled', 'expired']),
    expires_at: z.int(),
    file: fileSchema.nullable(),
  })
  .openapi('Upload');
export type UploadBody = z.output<typeof uploadSchema>;

export const partSchema = z
  .object({ id: z.string(), object: z.literal('upload.part'), created_at: z.int(), upload_id: z.string() })
  .openapi('UploadPart');
