import { OpenAPIHono } from '@hono/zod-openapi';
import type { Database } from '../catalog/sqlite/database.ts';
import { ApiError } from './http/api-error.ts';
import type { Environment } from './http/environment.ts';
import type { FineTuning } from './jobs/fine-tuning.ts';
import type { ApiKeys } from './keys/api-keys.ts';
import type { ModelDirectory } from './models/model-directory.ts';
import type { TunedModels } from './models/tuned-models.ts';
import type { EmbeddingBatches } from './queue/embedding-batches.ts';

/** What all routes work on. */
export interface ServerContext {
  /** Folder of what the server keeps; files of its routes lie in folders of their own below it. */
  folder: string;
  database: Database;
  keys: ApiKeys;
  models: ModelDirectory;
  embeddings: EmbeddingBatches;
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
      if (result.success) return;
      const [issue] = result.error.issues;
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
      throw new ApiError(
        400,
        unknown === undefined
          ? `${param === '' ? 'The request' : `"${param}"`} is not understood: ${issue?.message}.`
          : `"${param}" is not known here, or not supported.`,
        {
          ...(param !== '' && { param }),
          code: unknown === undefined ? 'invalid_value' : 'unknown_parameter',
        },
      );
    },
  });
}
