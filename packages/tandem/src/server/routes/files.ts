import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createRoute, z } from '@hono/zod-openapi';
import { checkContent } from '../files/check-content.ts';
import type { ServerFile } from '../files/server-files.ts';
import { ApiError } from '../http/api-error.ts';
import { needs } from '../http/authenticate.ts';
import type { RequestContext } from '../http/environment.ts';
import { checked } from '../http/invalid-request.ts';
import { receiveForm } from '../http/receive-form.ts';
import { errorResponses } from '../schemas/error.ts';
import {
  createFileSchema,
  deletedFileSchema,
  type FileBody,
  fileFieldsSchema,
  fileListSchema,
  filenameSchema,
  fileQuerySchema,
  fileSchema,
} from '../schemas/files.ts';
import { jsonResponse } from '../schemas/json-response.ts';
import { listBody } from '../schemas/list.ts';
import { newRoutes, type ServerContext } from '../server-context.ts';

const oneFile = { params: z.object({ file_id: z.string() }) };

const create = createRoute({
  method: 'post',
  path: '/files',
  tags: ['Files'],
  summary: 'Uploads a file',
  request: { body: { required: true, content: { 'multipart/form-data': { schema: createFileSchema } } } },
  responses: { 200: jsonResponse(fileSchema, 'The file. It is on disk.'), ...errorResponses },
});
const list = createRoute({
  method: 'get',
  path: '/files',
  tags: ['Files'],
  summary: 'Lists files',
  middleware: [needs('read')] as const,
  request: { query: fileQuerySchema },
  responses: { 200: jsonResponse(fileListSchema, 'Files, the newest first.'), ...errorResponses },
});
const retrieve = createRoute({
  method: 'get',
  path: '/files/{file_id}',
  tags: ['Files'],
  summary: 'What is known of a file',
  middleware: [needs('read')] as const,
  request: oneFile,
  responses: { 200: jsonResponse(fileSchema, 'The file.'), ...errorResponses },
});
const remove = createRoute({
  method: 'delete',
  path: '/files/{file_id}',
  tags: ['Files'],
  summary: 'Deletes a file, also from all vector stores',
  middleware: [needs('ingest')] as const,
  request: oneFile,
  responses: { 200: jsonResponse(deletedFileSchema, 'It is gone.'), ...errorResponses },
});
const content = createRoute({
  method: 'get',
  path: '/files/{file_id}/content',
  tags: ['Files'],
  summary: 'A file’s bytes',
  middleware: [needs('read')] as const,
  request: oneFile,
  responses: {
    200: {
      description: 'The bytes, as they were uploaded.',
      content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } },
    },
    ...errorResponses,
  },
});

/** /files */
export function fileRoutes(context: ServerContext) {
  const { files } = context;
  const routes = newRoutes();
  const readable = (c: RequestContext, id: string) => readableFile(context, c, id);
  // Described only: its form is read as it comes, straight to disk.
  routes.openAPIRegistry.registerPath(create);
  routes.post('/files', needs('ingest'), async (c) => {
    const partial = files.newPartial();
    try {
      const form = await receiveForm(c.req.raw, {
        member: 'file',
        path: partial,
        mostBytes: context.mostFileBytes,
      });
      const { purpose, expires_after } = checked(fileFieldsSchema, form.fields);
      const filename = checked(z.object({ filename: filenameSchema }), form).filename;
      await checkContent(partial, purpose);
      const file = await files.adopt(
        partial,
        { tenant: c.get('caller').tenant, filename, purpose, expiresIn: expires_after?.seconds },
        form.bytes,
      );
      return c.json(fileSchema.parse(shownFile(file)), 200);
    } finally {
      await rm(partial, { force: true });
    }
  });
  routes.openapi(list, (c) => {
    const { tenant, access } = c.get('caller');
    const { rows, hasMore } = files.list(tenant, { ...c.req.valid('query'), readable: access });
    return c.json(fileListSchema.parse(listBody(rows.map(shownFile), hasMore)), 200);
  });
  routes.openapi(retrieve, (c) =>
    c.json(fileSchema.parse(shownFile(readable(c, c.req.valid('param').file_id))), 200),
  );
  routes.openapi(remove, async (c) => {
    const file = readable(c, c.req.valid('param').file_id);
    await files.delete(file);
    return c.json(deletedFileSchema.parse({ id: file.id, object: 'file', deleted: true }), 200);
  });
  routes.openapi(content, (c) => {
    const file = readable(c, c.req.valid('param').file_id);
    return c.body(Readable.toWeb(files.stream(file)) as unknown as ReadableStream, 200, {
      'content-type': 'application/octet-stream',
      'content-length': String(file.bytes),
      // Whatever it is, a browser shows nothing of it here.
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.filename)}`,
      'x-content-type-options': 'nosniff',
    });
  });
  return routes;
}

/** @throws ApiError 404 where the caller has no such file, or may not read it */
function readableFile({ files }: ServerContext, c: RequestContext, id: string): ServerFile {
  const { tenant, access } = c.get('caller');
  const file = files.get(tenant, id);
  if (files.mayRead(file, access)) return file;
  throw new ApiError(404, `There is no file ${id}.`, { param: 'file_id', code: 'file_not_found' });
}

/** A file as clients see it. */
export const shownFile = ({ id, bytes, createdAt, expiresAt, filename, purpose }: ServerFile): FileBody => ({
  id,
  object: 'file',
  bytes,
  created_at: createdAt,
  ...(expiresAt !== null && { expires_at: expiresAt }),
  filename,
  purpose,
  status: 'processed',
});
