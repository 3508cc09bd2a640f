import { rm } from 'node:fs/promises';
import { createRoute, z } from '@hono/zod-openapi';
import { needs } from '../http/authenticate.ts';
import { checked } from '../http/invalid-request.ts';
import { receiveForm } from '../http/receive-form.ts';
import { errorResponses } from '../schemas/error.ts';
import { jsonResponse } from '../schemas/json-response.ts';
import {
  addPartSchema,
  completeUploadSchema,
  createUploadSchema,
  partSchema,
  type UploadBody,
  uploadSchema,
} from '../schemas/uploads.ts';
import { newRoutes, type ServerContext } from '../server-context.ts';
import { mostPartBytes, type Upload } from '../uploads/uploads.ts';
import { shownFile } from './files.ts';

const tags = ['Uploads'];
const params = z.object({ upload_id: z.string() });
const theUpload = jsonResponse(uploadSchema, 'The upload.');

const create = createRoute({
  method: 'post',
  path: '/uploads',
  tags,
  summary: 'Begins a file that comes in parts, within an hour',
  middleware: [needs('ingest')] as const,
  request: { body: { required: true, content: { 'application/json': { schema: createUploadSchema } } } },
  responses: { 200: theUpload, ...errorResponses },
});
const addPart = createRoute({
  method: 'post',
  path: '/uploads/{upload_id}/parts',
  tags,
  summary: 'Adds a part, of 64 MB at most; parts may come at the same time',
  request: {
    params,
    body: { required: true, content: { 'multipart/form-data': { schema: addPartSchema } } },
  },
  responses: { 200: jsonResponse(partSchema, 'The part. It is on disk.'), ...errorResponses },
});
const complete = createRoute({
  method: 'post',
  path: '/uploads/{upload_id}/complete',
  tags,
  summary: 'Makes a file of the parts',
  middleware: [needs('ingest')] as const,
  request: {
    params,
    body: { required: true, content: { 'application/json': { schema: completeUploadSchema } } },
  },
  responses: { 200: jsonResponse(uploadSchema, 'The upload, with its file.'), ...errorResponses },
});
const cancel = createRoute({
  method: 'post',
  path: '/uploads/{upload_id}/cancel',
  tags,
  summary: 'Gives an upload up',
  middleware: [needs('ingest')] as const,
  request: { params },
  responses: { 200: theUpload, ...errorResponses },
});

/** /uploads */
export function uploadRoutes({ uploads }: ServerContext) {
  const routes = newRoutes();
  routes.openapi(create, async (c) => {
    const upload = await uploads.create(c.get('caller').tenant, c.req.valid('json'));
    return c.json(uploadSchema.parse(shownUpload(upload)), 200);
  });
  // Described only: its form is read as it comes, straight to disk.
  routes.openAPIRegistry.registerPath(addPart);
  routes.post('/uploads/:upload_id/parts', needs('ingest'), async (c) => {
    const { tenant } = c.get('caller');
    const upload = uploads.pending(tenant, c.req.param('upload_id'));
    const { part, path } = uploads.newPart(upload);
    let isAdopted = false;
    try {
      const form = await receiveForm(c.req.raw, {
        member: 'data',
        path,
        mostBytes: Math.min(mostPartBytes, uploads.room(upload)),
      });
      checked(z.strictObject({}), form.fields);
      const { createdAt } = uploads.adopt(tenant, upload.id, part, form.bytes);
      isAdopted = true;
      return c.json(
        partSchema.parse({ id: part, object: 'upload.part', created_at: createdAt, upload_id: upload.id }),
        200,
      );
    } finally {
      if (!isAdopted) await rm(path, { force: true });
    }
  });
  routes.openapi(complete, async (c) => {
    const { part_ids, md5 } = c.req.valid('json');
    const upload = await uploads.complete(c.get('caller').tenant, c.req.valid('param').upload_id, {
      parts: part_ids,
      ...(md5 && { md5 }),
    });
    return c.json(uploadSchema.parse(shownUpload(upload)), 200);
  });
  routes.openapi(cancel, async (c) => {
    const upload = await uploads.cancel(c.get('caller').tenant, c.req.valid('param').upload_id);
    return c.json(uploadSchema.parse(shownUpload(upload)), 200);
  });
  return routes;
}

/** An upload as clients see it. */
const shownUpload = (upload: Upload): UploadBody => ({
  id: upload.id,
  object: 'upload',
  bytes: upload.bytes,
  created_at: upload.createdAt,
  filename: upload.filename,
  purpose: upload.purpose,
  status: upload.status,
  expires_at: upload.expiresAt,
  file: upload.file && shownFile(upload.file),
});
