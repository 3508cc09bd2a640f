import { freemem, totalmem } from 'node:os';
import { cachedModel } from './fetch/fetch-model.ts';
import { type KnownModel, knownModels } from './registry.ts';

export interface ListedModel
  extends Pick<KnownModel, 'name' | 'kind' | 'title' | 'licence' | 'memory' | 'trainable'> {
  /** Bytes to download. */
  size: number;
  cached: boolean;
  /** Its memory is no more than three quarters of this machine's. */
  fits: boolean;
}

/** The models that can be named as `local:NAME`, with what it takes to use them here. Asks nobody outside. */
export async function listModels(options: { cacheDirectory?: string } = {}): Promise<ListedModel[]> {
  return Promise.all(
    knownModels.map(async ({ name, kind, title, licence, memory, trainable, files }) => ({
      name,
      kind,
      title,
      licence,
      memory,
      trainable,
      size: files.reduce((sum, file) => sum + file.size, 0),
      cached: (await cachedModel(`local:${name}`, options)) !== undefined,
      fits: memory <= Math.max(freemem(), totalmem() * 0.75),
    })),
  );
}
