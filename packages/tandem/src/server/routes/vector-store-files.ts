import { createRoute, z } from '@hono/zod-openapi';
import { needs } from '../http/authenticate.ts';
import { errorResponses } from '../schemas/error.ts';
import { jsonResponse } from '../schemas/json-response.ts';
import { listBody } from '../schemas/list.ts';
import {
  type BatchBody,
  batchSchema,
  createBatchSchema,
  createStoreFileSchema,
  deletedStoreFileSchema,
  type FileStatus,
  type StoreFileBody,
  storeFileContentSchema,
  storeFileListSchema,
  storeFileQuerySchema,
  storeFileSchema,
  updateStoreFileSchema,
} from '../schemas/vector-stores.ts';
import { newRoutes, type ServerContext } from '../server-context.ts';
import { shownChunking } from '../vector-stores/chunking.ts';
import type { Batch, StoreFile } from '../vector-stores/file-rows.ts';

const body = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true as const,
  content: { 'application/json': { schema } },
});
const tags = ['Vector stores'];
const oneStore = z.object({ vector_store_id: z.string() });
const oneFile = z.object({ vector_store_id: z.string(), file_id: z.string() });
const oneBatch = z.object({ vector_store_id: z.string(), batch_id: z.string() });
const files = '/vector_stores/{vector_store_id}/files';
const batches = '/vector_stores/{vector_store_id}/file_batches';
const theFile = jsonResponse(storeFileSchema, 'The file as it is in the store.');
const theFiles = jsonResponse(storeFileListSchema, 'Files, the newest first.');
const theBatch = jsonResponse(batchSchema, 'The batch.');

const create = createRoute({
  method: 'post',
  path: files,
  tags,
  summary: 'Puts a file into a vector store; it is indexed in the background',
  middleware: [needs('ingest')] as const,
  request: { params: oneStore, body: body(createStoreFileSchema) },
  responses: { 200: theFile, ...errorResponses },
});
const list = createRoute({
  method: 'get',
  path: files,
  tags,
  summary: 'Lists the files of a vector store',
  middleware: [needs('read')] as const,
  request: { params: oneStore, query: storeFileQuerySchema },
  responses: { 200: theFiles, ...errorResponses },
});
const retrieve = createRoute({
  method: 'get',
  path: `${files}/{file_id}`,
  tags,
  summary: 'What is known of a file in a vector store',
  middleware: [needs('read')] as const,
  request: { params: oneFile },
  responses: { 200: theFile, ...errorResponses },
});
const update = createRoute({
  method: 'post',
  path: `${files}/{file_id}`,
  tags,
  summary: 'Sets a file’s attributes',
  middleware: [needs('ingest')] as const,
  request: { params: oneFile, body: body(updateStoreFileSchema) },
  responses: { 200: theFile, ...errorResponses },
});
const remove = createRoute({
  method: 'delete',
  path: `${files}/{file_id}`,
  tags,
  summary: 'Takes a file out of a vector store; the file itself stays',
  middleware: [needs('ingest')] as const,
  request: { params: oneFile },
  responses: { 200: jsonResponse(deletedStoreFileSchema, 'It is not found any more.'), ...errorResponses },
});
const content = createRoute({
  method: 'get',
  path: `${files}/{file_id}/content`,
  tags,
  summary: 'The text that was read of a file',
  middleware: [needs('read')] as const,
  request: { params: oneFile },
  responses: { 200: jsonResponse(storeFileContentSchema, 'The text.'), ...errorResponses },
});
const createBatch = createRoute({
  method: 'post',
  path: batches,
  tags,
  summary: 'Puts several files into a vector store',
  middleware: [needs('ingest')] as const,
  request: { params: oneStore, body: body(createBatchSchema) },
  responses: { 200: theBatch, ...errorResponses },
});
const retrieveBatch = createRoute({
  method: 'get',
  path: `${batches}/{batch_id}`,
  tags,
  summary: 'How far a batch is',
  middleware: [needs('read')] as const,
  request: { params: oneBatch },
  responses: { 200: theBatch, ...errorResponses },
});
const cancelBatch = createRoute({
  method: 'post',
  path: `${batches}/{batch_id}/cancel`,
  tags,
  summary: 'Leaves out the files of a batch that are not indexed yet',
  middleware: [needs('ingest')] as const,
  request: { params: oneBatch },
  responses: { 200: theBatch, ...errorResponses },
});
const listBatch = createRoute({
  method: 'get',
  path: `${batches}/{batch_id}/files`,
  tags,
  summary: 'Lists the files of a batch',
  middleware: [needs('read')] as const,
  request: { params: oneBatch, query: storeFileQuerySchema },
  responses: { 200: theFiles, ...errorResponses },
});

/** /vector_stores/ID/files and /vector_stores/ID/file_batches */
export function vectorStoreFileRoutes({ vectorStores }: ServerContext) {
  const routes = newRoutes();
  const shown = (file: StoreFile) => storeFileSchema.parse(shownStoreFile(file));
  routes.openapi(create, async (c) => {
    const { vector_store_id } = c.req.valid('param');
    return c.json(
      shown(await vectorStores.addFile(c.get('caller'), vector_store_id, c.req.valid('json'))),
      200,
    );
  });
  routes.openapi(list, (c) => {
    const { vector_store_id } = c.req.valid('param');
    const { rows, hasMore } = vectorStores.listFiles(c.get('caller'), vector_store_id, c.req.valid('query'));
    return c.json(storeFileListSchema.parse(listBody(rows.map(shown), hasMore)), 200);
  });
  routes.openapi(retrieve, (c) => {
    const { vector_store_id, file_id } = c.req.valid('param');
    return c.json(shown(vectorStores.getFile(c.get('caller'), vector_store_id, file_id)), 200);
  });
  routes.openapi(update, (c) => {
    const { vector_store_id, file_id } = c.req.valid('param');
    const { attributes } = c.req.valid('json');
    return c.json(
      shown(vectorStores.setAttributes(c.get('caller'), vector_store_id, file_id, attributes ?? {})),
      200,
    );
  });
  routes.openapi(remove, (c) => {
    const { vector_store_id, file_id } = c.req.valid('param');
    vectorStores.removeFile(c.get('caller'), vector_store_id, file_id);
    return c.json(
      deletedStoreFileSchema.parse({ id: file_id, object: 'vector_store.file.deleted', deleted: true }),
      200,
    );
  });
  routes.openapi(content, async (c) => {
    const { vector_store_id, file_id } = c.req.valid('param');
    const text = await vectorStores.textOf(c.get('caller'), vector_store_id, file_id);
    return c.json(
      storeFileContentSchema.parse({
        object: 'vector_store.file_content.page',
        data: [{ type: 'text', text }],
        has_more: false,
        next_page: null,
      }),
      200,
    );
  });
  routes.openapi(createBatch, async (c) => {
    const { vector_store_id } = c.req.valid('param');
    const { file_ids, files: given, attributes, chunking_strategy } = c.req.valid('json');
    const together = given ?? file_ids!.map((file_id) => ({ file_id, attributes, chunking_strategy }));
    const batch = await vectorStores.addBatch(c.get('caller'), vector_store_id, together);
    return c.json(batchSchema.parse(shownBatch(batch)), 200);
  });
  routes.openapi(retrieveBatch, (c) => {
    const { vector_store_id, batch_id } = c.req.valid('param');
    return c.json(
      batchSchema.parse(shownBatch(vectorStores.getBatch(c.get('caller'), vector_store_id, batch_id))),
      200,
    );
  });
  routes.openapi(cancelBatch, (c) => {
    const { vector_store_id, batch_id } = c.req.valid('param');
    return c.json(
      batchSchema.parse(shownBatch(vectorStores.cancelBatch(c.get('caller'), vector_store_id, batch_id))),
      200,
    );
  });
  routes.openapi(listBatch, (c) => {
    const { vector_store_id, batch_id } = c.req.valid('param');
    const { id } = vectorStores.getBatch(c.get('caller'), vector_store_id, batch_id);
    const { rows, hasMore } = vectorStores.listFiles(c.get('caller'), vector_store_id, {
      ...c.req.valid('query'),
      batch: id,
    });
    return c.json(storeFileListSchema.parse(listBody(rows.map(shown), hasMore)), 200);
  });
  return routes;
}

/** A file of a store as clients see it. */
const shownStoreFile = (file: StoreFile): StoreFileBody => ({
  id: file.file,
  object: 'vector_store.file',
  usage_bytes: file.usageBytes,
  created_at: file.createdAt,
  vector_store_id: file.store,
  status: file.status as FileStatus,
  last_error: file.error,
  chunking_strategy: shownChunking(file.chunking),
  attributes: file.attributes,
});

/** It has failed where all of its files have. */
function shownBatch({ id, store, createdAt, cancelled, counts }: Batch): BatchBody {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const ended = counts.failed === total ? 'failed' : 'completed';
  return {
    id,
    object: 'vector_store.files_batch',
    created_at: createdAt,
    vector_store_id: store,
    status: cancelled ? 'cancelled' : counts.in_progress > 0 ? 'in_progress' : ended,
    file_counts: { ...counts, total },
  };
}
