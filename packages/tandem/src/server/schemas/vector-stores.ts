import { z } from '@hono/zod-openapi';
import { metadataSchema } from './chat.ts';
import { limitUpTo, listOf, order } from './list.ts';

const fewKeys = { most: 16, error: 'it has more than 16 keys' };
const metadata = metadataSchema.refine((pairs) => Object.keys(pairs).length <= fewKeys.most, fewKeys);

/** `access` is ours: the label that a key must hold to find the file. */
export const attributesSchema = z
  .record(z.string().min(1).max(64), z.union([z.string().max(512), z.number(), z.boolean()]))
  .refine((pairs) => Object.keys(pairs).length <= fewKeys.most, fewKeys)
  .refine(({ access }) => access === undefined || (typeof access === 'string' && access !== ''), {
    path: ['access'],
    error: 'an access label is a text',
  })
  .openapi('VectorStoreFileAttributes', { maxProperties: fewKeys.most });
export type Attributes = z.output<typeof attributesSchema>;

const staticChunking = z
  .strictObject({
    max_chunk_size_tokens: z.int().min(100).max(4096),
    chunk_overlap_tokens: z.int().min(0).max(2048),
  })
  .refine(({ max_chunk_size_tokens: most, chunk_overlap_tokens: overlap }) => overlap <= most / 2, {
    path: ['chunk_overlap_tokens'],
    error: 'it may be half of "max_chunk_size_tokens" at most',
  })
  .openapi('StaticChunkingStrategy');
export const chunkingSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('auto') }).openapi('AutoChunkingStrategyRequestParam'),
    z
      .strictObject({ type: z.literal('static'), static: staticChunking })
      .openapi('StaticChunkingStrategyRequestParam'),
  ])
  .openapi('ChunkingStrategyRequestParam');
export type ChunkingRequest = z.output<typeof chunkingSchema>;

const expiresAfter = z
  .strictObject({ anchor: z.literal('last_active_at'), days: z.int().min(1).max(365) })
  .openapi('VectorStoreExpirationAfter');

/** POST /v1/vector_stores */
export const createStoreSchema = z
  .strictObject({
    name: z.string().max(512).nullish(),
    description: z.string().max(2048).nullish(),
    file_ids: z.array(z.string()).max(500).nullish(),
    expires_after: expiresAfter.nullish(),
    chunking_strategy: chunkingSchema.nullish(),
    metadata: metadata.nullish(),
  })
  .openapi('CreateVectorStoreRequest');

/** POST /v1/vector_stores/ID */
export const updateStoreSchema = z
  .strictObject({
    name: z.string().max(512).nullish(),
    expires_after: expiresAfter.nullish(),
    metadata: metadata.nullish(),
  })
  .openapi('UpdateVectorStoreRequest');
export type StoreChange = z.output<typeof updateStoreSchema>;

const pageQuery = {
  limit: limitUpTo(100, 20),
  order,
  after: z.string().optional(),
  before: z.string().optional(),
};
export const storeQuerySchema = z.strictObject(pageQuery);

const fileStatus = z.enum(['in_progress', 'completed', 'cancelled', 'failed']);
export type FileStatus = z.output<typeof fileStatus>;
export const storeFileQuerySchema = z.strictObject({ ...pageQuery, filter: fileStatus.optional() });

const fileCounts = z.object({
  in_progress: z.int(),
  completed: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  total: z.int(),
});

export const storeSchema = z
  .object({
    id: z.string(),
    object: z.literal('vector_store'),
    created_at: z.int(),
    name: z.string(),
    description: z.string().optional(),
    usage_bytes: z.int(),
    file_counts: fileCounts,
    status: z.enum(['expired', 'in_progress', 'completed']),
    expires_after: expiresAfter.optional(),
    expires_at: z.int().nullable(),
    last_active_at: z.int().nullable(),
    metadata: metadataSchema,
  })
  .openapi('VectorStoreObject');
export type StoreBody = z.output<typeof storeSchema>;
export const storeListSchema = listOf(storeSchema).openapi('ListVectorStoresResponse');
export const deletedStoreSchema = z
  .object({ id: z.string(), object: z.literal('vector_store.deleted'), deleted: z.boolean() })
  .openapi('DeleteVectorStoreResponse');

/** POST /v1/vector_stores/ID/files */
export const createStoreFileSchema = z
  .strictObject({
    file_id: z.string(),
    attributes: attributesSchema.nullish(),
    chunking_strategy: chunkingSchema.nullish(),
  })
  .openapi('CreateVectorStoreFileRequest');
export type NewStoreFile = z.output<typeof createStoreFileSchema>;

/** POST /v1/vector_stores/ID/files/FILE */
export const updateStoreFileSchema = z
  .strictObject({ attributes: attributesSchema.nullable() })
  .openapi('UpdateVectorStoreFileAttributesRequest');

export const storeFileSchema = z
  .object({
    id: z.string(),
    object: z.literal('vector_store.file'),
    usage_bytes: z.int(),
    created_at: z.int(),
    vector_store_id: z.string(),
    status: fileStatus,
    last_error: z
      .object({ code: z.enum(['server_error', 'unsupported_file', 'invalid_file']), message: z.string() })
      .nullable(),
    chunking_strategy: z.object({
      type: z.literal('static'),
      static: z.object({ max_chunk_size_tokens: z.int(), chunk_overlap_tokens: z.int() }),
    }),
    attributes: attributesSchema,
  })
  .openapi('VectorStoreFileObject');
export type StoreFileBody = z.output<typeof storeFileSchema>;
export type FileError = NonNullable<StoreFileBody['last_error']>;
export const storeFileListSchema = listOf(storeFileSchema).openapi('ListVectorStoreFilesResponse');
export const deletedStoreFileSchema = z
  .object({ id: z.string(), object: z.literal('vector_store.file.deleted'), deleted: z.boolean() })
  .openapi('DeleteVectorStoreFileResponse');

/** POST /v1/vector_stores/ID/file_batches */
export const createBatchSchema = z
  .strictObject({
    file_ids: z.array(z.string()).min(1).max(2000).optional(),
    files: z.array(createStoreFileSchema).min(1).max(2000).optional(),
    attributes: attributesSchema.nullish(),
    chunking_strategy: chunkingSchema.nullish(),
  })
  .refine(({ file_ids, files }) => (file_ids === undefined) !== (files === undefined), {
    path: ['file_ids'],
    error: 'give either "file_ids" or "files"',
  })
  .refine(({ files, attributes, chunking_strategy }) => !files || (!attributes && !chunking_strategy), {
    path: ['files'],
    error:
      'each of "files" has its own "attributes" and "chunking_strategy": beside them they would say nothing',
  })
  .openapi('CreateVectorStoreFileBatchRequest');

export const batchSchema = z
  .object({
    id: z.string(),
    object: z.literal('vector_store.files_batch'),
    created_at: z.int(),
    vector_store_id: z.string(),
    status: fileStatus,
    file_counts: fileCounts,
  })
  .openapi('VectorStoreFileBatchObject');
export type BatchBody = z.output<typeof batchSchema>;

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const comparisonSchema = z
  .strictObject({
    type: z.enum(['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin']),
    key: z.string().min(1),
    value: z.union([scalar, z.array(z.union([z.string(), z.number()]))]),
  })
  .refine(({ type, value }) => Array.isArray(value) === (type === 'in' || type === 'nin'), {
    path: ['value'],
    error: '"in" and "nin" take a list, the others one value',
  })
  .refine(({ type, value }) => !/^[gl]t/.test(type) || typeof value !== 'boolean', {
    path: ['value'],
    error: 'true and false have no order',
  })
  .openapi('ComparisonFilter');
export type Comparison = z.output<typeof comparisonSchema>;
/** Conditions of conditions. */
export type AttributeFilter = Comparison | { type: 'and' | 'or'; filters: AttributeFilter[] };

/** So deep at most: nobody's filter needs more, and what is nested without end is refused. */
const mostDepth = 6;
function filterOf(depth: number): z.ZodType<AttributeFilter> {
  if (depth === 0) return comparisonSchema;
  const compound = z
    .strictObject({ type: z.enum(['and', 'or']), filters: z.array(filterOf(depth - 1)) })
    .openapi(depth === mostDepth ? 'CompoundFilter' : `CompoundFilter${mostDepth - depth + 1}`);
  return z.union([comparisonSchema, compound], {
    error: ({ input }) =>
      typeof input === 'object' && input !== null && 'type' in input
        ? `no comparison or group of them, at most ${mostDepth} deep`
        : 'a filter has a "type"',
  });
}

/** POST /v1/vector_stores/ID/search */
export const searchRequestSchema = z
  .strictObject({
    query: z.union([z.string().min(1).max(16_384), z.array(z.string().min(1).max(16_384)).min(1).max(16)]),
    rewrite_query: z
      .literal(false, { error: 'queries are searched as they are: only false is supported' })
      .nullish(),
    max_num_results: z.int().min(1).max(50).nullish(),
    filters: filterOf(mostDepth).nullish(),
    ranking_options: z
      .strictObject({
        ranker: z
          .enum(['none', 'auto', 'default-2024-11-15'], { error: 'known are "auto" and "none"' })
          .optional(),
        score_threshold: z.number().min(0).max(1).optional(),
      })
      .nullish(),
  })
  .openapi('VectorStoreSearchRequest');
export type SearchRequest = z.output<typeof searchRequestSchema>;

const text = z.object({ type: z.literal('text'), text: z.string() });
export const searchResultsSchema = z
  .object({
    object: z.literal('vector_store.search_results.page'),
    search_query: z.array(z.string()),
    data: z.array(
      z.object({
        file_id: z.string(),
        filename: z.string(),
        score: z.number().min(0).max(1),
        attributes: attributesSchema,
        content: z.array(text),
      }),
    ),
    has_more: z.boolean(),
    next_page: z.string().nullable(),
  })
  .openapi('VectorStoreSearchResultsPage');
export type SearchResults = z.output<typeof searchResultsSchema>;

export const storeFileContentSchema = z
  .object({
    object: z.literal('vector_store.file_content.page'),
    data: z.array(text),
    has_more: z.boolean(),
    next_page: z.string().nullable(),
  })
  .openapi('VectorStoreFileContentResponse');
