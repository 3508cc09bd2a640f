import { resolve } from 'node:path';
import type { Catalog } from '../catalog/catalog.ts';
import type { Settings } from '../core/settings.ts';
import type { GlossaryEntry } from '../core/types/glossary.ts';
import type { Models } from '../models/providers.ts';
import { readLearnedRanking } from '../retrieve/learn/learned-ranking.ts';
import { createRetriever, type Retriever } from '../retrieve/retriever.ts';
import type { Store } from '../store/store.ts';
import type { Material } from './material.ts';

/** The retriever that the settings ask for, over an index. */
export async function retrieverFor(
  { chunk, retrieve }: Pick<Settings, 'chunk' | 'retrieve'>,
  {
    catalog,
    store,
    models,
    material,
    directory,
  }: {
    catalog: Catalog;
    store: Store;
    models: Models;
    material: Material;
    /** Where a relative path in the settings starts. */
    directory: string;
  },
): Promise<Retriever> {
  const reranker = await models.reranker();
  const glossary = await material.searchGlossary?.read();
  return createRetriever({
    catalog,
    store,
    embedder: await models.embedder(),
    candidates: retrieve.candidates,
    chunking: chunk,
    ...(retrieve.ranking !== undefined && {
      learned: await readLearnedRanking(resolve(directory, retrieve.ranking)),
    }),
    ...(reranker && { reranker: { model: reranker, candidates: retrieve.rerankCandidates } }),
    ...(glossary && { glossary }),
  });
}

/** Everything beside the index that decides which passages a question gets, the glossary by its entries: for hashes of what was made with them. */
export async function retrievalSettings({
  settings: { retrieve },
  models,
  material,
}: {
  settings: Pick<Settings, 'retrieve'>;
  models: Pick<Models, 'names'>;
  material: Material;
}): Promise<Settings['retrieve'] & { reranker?: string; glossary?: GlossaryEntry[] }> {
  const glossary = await material.searchGlossary?.read();
  return {
    ...retrieve,
    ...(models.names.reranker !== undefined && { reranker: models.names.reranker }),
    ...(glossary && { glossary }),
  };
}
