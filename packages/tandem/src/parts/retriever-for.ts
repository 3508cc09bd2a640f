import { resolve } from 'node:path';
import type { Catalog } from '../catalog/catalog.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Settings } from '../core/settings.ts';
import type { GlossaryEntry } from '../core/types/glossary.ts';
import type { Models } from '../models/providers.ts';
import { generalRanking } from '../retrieve/fuse/ranking.ts';
import {
  hashLearnedRanking,
  type LearnedRanking,
  readLearnedRanking,
} from '../retrieve/learn/learned-ranking.ts';
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
    models: Pick<Models, 'embedder' | 'reranker' | 'names'>;
    material: Pick<Material, 'searchGlossary'>;
    /** Where a relative path in the settings starts. */
    directory: string;
  },
): Promise<Retriever> {
  const reranker = await models.reranker();
  checkMode(retrieve, reranker !== undefined);
  const glossary = await material.searchGlossary?.read();
  return createRetriever({
    catalog,
    store,
    embedder: await models.embedder(),
    candidates: retrieve.candidates,
    ...(retrieve.mode !== undefined && { mode: retrieve.mode }),
    chunking: chunk,
    ...(retrieve.ranking !== undefined && {
      learned: ofReranker(
        await readLearnedRanking(resolve(directory, retrieve.ranking)),
        models.names.reranker,
      ),
    }),
    ...(reranker && { reranker: { model: reranker, candidates: retrieve.rerankCandidates } }),
    ...(glossary && { glossary }),
  });
}

/** A ranking and a reranker order what all searches found together. */
function checkMode({ mode = 'hybrid', ranking }: Settings['retrieve'], hasReranker: boolean): void {
  if (mode === 'hybrid' || (ranking === undefined && !hasReranker)) return;
  const unused = ranking === undefined ? 'retrieve.reranker' : 'retrieve.ranking';
  throw new InvalidInputError({
    domain: 'retrieve',
    where: 'retrieve.mode',
    message: `retrieve.mode is "${mode}", and ${unused} is for hybrid searches.`,
    hint: `Leave out ${unused}, or retrieve.mode.`,
  });
}

/** What a reranker's score is worth was learnt of one reranker, and says nothing about another. */
function ofReranker(learned: LearnedRanking, reranker: string | undefined): LearnedRanking {
  if (learned.reranker === reranker) return learned;
  return { ...learned, ranking: { ...learned.ranking, reranked: generalRanking.reranked } };
}

/** Everything beside the index that decides which passages a question gets, the glossary by its entries: for hashes of what was made with them. A learnt ranking is in it by its content. */
export async function retrievalSettings({
  settings: { retrieve },
  models,
  material,
  directory,
}: {
  settings: Pick<Settings, 'retrieve'>;
  models: Pick<Models, 'names'>;
  material: Material;
  directory: string;
}): Promise<Settings['retrieve'] & { reranker?: string; glossary?: GlossaryEntry[] }> {
  const glossary = await material.searchGlossary?.read();
  return {
    ...retrieve,
    ...(retrieve.ranking !== undefined && {
      ranking: await hashLearnedRanking(resolve(directory, retrieve.ranking)),
    }),
    ...(models.names.reranker !== undefined && { reranker: models.names.reranker }),
    ...(glossary && { glossary }),
  };
}
