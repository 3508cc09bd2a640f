import type { EmbedderLanguages } from './embedder-languages.ts';
import { cachedModel } from './fetch/fetch-model.ts';
import { memoryLimit } from './free-memory.ts';
import { type KnownModel, knownModels } from './registry.ts';

export interface ListedModel
  extends Pick<KnownModel, 'name' | 'kind' | 'title' | 'licence' | 'parameters' | 'memory' | 'speed'> {
  /** Bytes to fetch. */
  size: number;
  cached: boolean;
  /** Whether its memory fits this machine with room for the rest. */
  fits: boolean;
  /** True when `tandem tune` can train it here; otherwise why not. */
  trainable: true | string;
  /** Of an embedder or a reranker: the languages that it reads (ISO 639-1), or `many`. */
  languages?: EmbedderLanguages;
  /** False where its files were never seen by Tandem's makers: what is said of it is its own makers' word. */
  tried: boolean;
}

/** What Tandem needs beside a model, and what a working machine does: a quarter of its memory stays free. */
const usableShare = 0.75;

/** The models that can be named as `local:NAME`, with what this machine makes of them: `tandem models list`. */
export async function listModels(
  options: { cacheDirectory?: string; totalMemory?: number; signal?: AbortSignal } = {},
): Promise<ListedModel[]> {
  const usable = (options.totalMemory ?? memoryLimit()) * usableShare;
  return Promise.all(
    knownModels.map(async (model) => {
      const { name, kind, title, licence, parameters, memory } = model;
      const found = await cachedModel(`local:${name}`, {
        ...(options.cacheDirectory && { cacheDirectory: options.cacheDirectory }),
        ...(options.signal && { signal: options.signal }),
      });
      return {
        name,
        kind,
        title,
        licence,
        parameters,
        memory,
        size: model.files.reduce((sum, file) => sum + file.size, 0),
        cached: found !== undefined,
        fits: memory <= usable,
        trainable: trainableHere(model, usable),
        ...(model.speed && { speed: model.speed }),
        ...(model.languages && { languages: model.languages }),
        tried: model.files.every(({ sha256 }) => sha256 !== undefined),
      };
    }),
  );
}

function trainableHere(model: KnownModel, usable: number): true | string {
  if (typeof model.trainable === 'string') return model.trainable;
  if (model.trainable.memory <= usable) return true;
  return `training it takes about ${(model.trainable.memory / 1e9).toFixed(0)} GB of memory, more than this machine can spare`;
}
