import { OpenAPIHono } from '@hono/zod-openapi';
import type { Database } from '../catalog/sqlite/database.ts';
import type { ServerFiles } from './files/server-files.ts';
import type { Environment } from './http/environment.ts';
import { invalidRequest } from './http/invalid-request.ts';
import type { FineTuning } from './jobs/fine-tuning.ts';
import type { ApiKeys } from './keys/api-keys.ts';
import type { ModelDirectory } from './models/model-directory.ts';
import type { TunedModels } from './models/tuned-models.ts';
import type { EmbeddingBatches } from './queue/embedding-batches.ts';
import type { Uploads } from './uploads/uploads.ts';
import type { VectorStores } from './vector-stores/vector-stores.ts';

/** What all routes work on. */
export interface ServerContext {
  /** Folder of what the server keeps; files of its routes lie in folders of their own below it. */
  folder: string;
  database: Database;
  keys: ApiKeys;
  models: ModelDirectory;
  embeddings: EmbeddingBatches;
  files: ServerFiles;
  /** The most bytes of one file. */
  mostFileBytes: number;
  uploads: Uploads;
  vectorStores: VectorStores;
  fineTuning: FineTuning;
  tunedModels: TunedModels;
  /** Unix seconds. */
  now(): number;
  /** Aborts when the server closes. */
  closing: AbortSignal;
  /** What a client is not told. */
  log(error: unknown): void;
}

/** Routes whose requests are checked by their schemas: what does not fit is one sentence. */
export function newRoutes(): OpenAPIHono<Environment> {
  return new OpenAPIHono<Environment>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.error);
    },
  });
}
