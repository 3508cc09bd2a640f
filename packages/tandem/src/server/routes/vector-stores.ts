import { createRoute, z } from '@hono/zod-openapi';
import { needs } from '../http/authenticate.ts';
import { errorResponses } from '../schemas/error.ts';
import { jsonResponse } from '../schemas/json-response.ts';
import { listBody } from '../schemas/list.ts';
import {
  createStoreSchema,
  deletedStoreSchema,
  type StoreBody,
  searchRequestSchema,
  searchResultsSchema,
  storeListSchema,
  storeQuerySchema,
  storeSchema,
  updateStoreSchema,
} from '../schemas/vector-stores.ts';
import { newRoutes, type ServerContext } from '../server-context.ts';
import type { StoreRows, VectorStore } from '../vector-stores/store-rows.ts';

const tags = ['Vector stores'];
const params = z.object({ vector_store_id: z.string() });
const oneStore = '/vector_stores/{vector_store_id}';

const create = createRoute({
  method: 'post',
  path: '/vector_stores',
  tags,
  summary: 'Makes a vector store',
  middleware: [needs('ingest')] as const,
  request: { body: { required: false, content: { 'application/json': { schema: createStoreSchema } } } },
  responses: {
    200: jsonResponse(storeSchema, 'The store; its files are indexed in the background.'),
    ...errorResponses,
  },
});
const list = createRoute({
  method: 'get',
  path: '/vector_stores',
  tags,
  summary: 'Lists vector stores',
  middleware: [needs('read')] as const,
  request: { query: storeQuerySchema },
  responses: { 200: jsonResponse(storeListSchema, 'Stores, the newest first.'), ...errorResponses },
});
const retrieve = createRoute({
  method: 'get',
  path: oneStore,
  tags,
  summary: 'What is known of a vector store',
  middleware: [needs('read')] as const,
  request: { params },
  responses: { 200: jsonResponse(storeSchema, 'The store.'), ...errorResponses },
});
const update = createRoute({
  method: 'post',
  path: oneStore,
  tags,
  summary: 'Changes name, metadata or expiry',
  middleware: [needs('ingest')] as const,
  request: {
    params,
    body: { required: true, content: { 'application/json': { schema: updateStoreSchema } } },
  },
  responses: { 200: jsonResponse(storeSchema, 'The store.'), ...errorResponses },
});
const remove = createRoute({
  method: 'delete',
  path: oneStore,
  tags,
  summary: 'Deletes a vector store with its index; the files stay',
  middleware: [needs('ingest')] as const,
  request: { params },
  responses: { 200: jsonResponse(deletedStoreSchema, 'It is gone.'), ...errorResponses },
});
const search = createRoute({
  method: 'post',
  path: `${oneStore}/search`,
  tags,
  summary: 'Finds chunks of files',
  middleware: [needs('read')] as const,
  request: {
    params,
    body: { required: true, content: { 'application/json': { schema: searchRequestSchema } } },
  },
  responses: { 200: jsonResponse(searchResultsSchema, 'What was found, best first.'), ...errorResponses },
});

/** /vector_stores, but for their files */
export function vectorStoreRoutes({ vectorStores }: ServerContext) {
  const { stores } = vectorStores;
  const routes = newRoutes();
  const shown = (store: VectorStore) => storeSchema.parse(shownStore(store, stores.usage(store)));
  routes.openapi(create, async (c) => {
    const { name, description, file_ids, expires_after, chunking_strategy, metadata } = c.req.valid('json');
    const store = await vectorStores.create(
      c.get('caller'),
      {
        name: name ?? '',
        ...(description != null && { description }),
        metadata: metadata ?? {},
        ...(expires_after && { expiresDays: expires_after.days }),
      },
      (file_ids ?? []).map((file_id) => ({ file_id, chunking_strategy })),
    );
    return c.json(shown(store), 200);
  });
  routes.openapi(list, (c) => {
    const { rows, hasMore } = stores.list(c.get('caller').tenant, c.req.valid('query'));
    return c.json(storeListSchema.parse(listBody(rows.map(shown), hasMore)), 200);
  });
  routes.openapi(retrieve, (c) =>
    c.json(shown(vectorStores.get(c.get('caller'), c.req.valid('param').vector_store_id)), 200),
  );
  routes.openapi(update, (c) => {
    const caller = c.get('caller');
    const { vector_store_id: id } = c.req.valid('param');
    stores.change(vectorStores.get(caller, id), c.req.valid('json'));
    return c.json(shown(vectorStores.get(caller, id)), 200);
  });
  routes.openapi(remove, async (c) => {
    const { vector_store_id: id } = c.req.valid('param');
    await vectorStores.delete(c.get('caller'), id);
    return c.json(deletedStoreSchema.parse({ id, object: 'vector_store.deleted', deleted: true }), 200);
  });
  routes.openapi(search, async (c) =>
    c.json(
      searchResultsSchema.parse(
        await vectorStores.search(
          c.get('caller'),
          c.req.valid('param').vector_store_id,
          c.req.valid('json'),
          c.req.raw.signal,
        ),
      ),
      200,
    ),
  );
  return routes;
}

/** A store as clients see it. */
function shownStore(store: VectorStore, { bytes, counts }: ReturnType<StoreRows['usage']>): StoreBody {
  const { id, name, description, metadata, expiresDays, createdAt, lastActiveAt, expiresAt, expired } = store;
  return {
    id,
    object: 'vector_store',
    created_at: createdAt,
    name,
    ...(description !== null && { description }),
    usage_bytes: bytes,
    file_counts: { ...counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) },
    status: expired ? 'expired' : counts.in_progress > 0 ? 'in_progress' : 'completed',
    ...(expiresDays !== null && { expires_after: { anchor: 'last_active_at' as const, days: expiresDays } }),
    expires_at: expiresAt,
    last_active_at: lastActiveAt,
    metadata,
  };
}
