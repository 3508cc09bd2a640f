import { resolve } from 'node:path';
import type { Catalog } from '../catalog/catalog.ts';
import type { Config } from '../core/config.ts';
import { type GlossaryEntry, readGlossary } from '../dataset/glossary.ts';
import type { Models } from '../models/providers.ts';
import { createRetriever, type Retriever } from '../retrieve/retriever.ts';
import type { LexicalIndex } from '../store/lexical-index.ts';
import type { VectorStore } from '../store/vector-store.ts';

/** What the config says of a project's retrieval. */
type ConfiguredRetrieval = Pick<Config, 'chunk' | 'retrieve'>;

/** The retriever that a config asks for, over an index of that project. */
export async function retrieverFor(
  { chunk, retrieve }: ConfiguredRetrieval,
  parts: { directory: string; catalog: Catalog; store: VectorStore & LexicalIndex; models: Models },
): Promise<Retriever> {
  const reranker = await parts.models.reranker();
  return createRetriever({
    catalog: parts.catalog,
    store: parts.store,
    embedder: await parts.models.embedder(),
    candidates: retrieve.candidates,
    chunking: chunk,
    ...(reranker && { reranker: { model: reranker, candidates: retrieve.rerankCandidates } }),
    ...(retrieve.glossary !== undefined && {
      glossary: await readGlossary(resolve(parts.directory, retrieve.glossary)),
    }),
  });
}

/** All settings that decide which passages a question gets beside the index, the glossary by its entries: what made with others is another thing. */
export async function retrievalSettings({
  config: { retrieve },
  directory,
}: {
  config: ConfiguredRetrieval;
  directory: string;
}): Promise<Omit<Config['retrieve'], 'glossary'> & { glossary?: GlossaryEntry[] }> {
  const { glossary, ...settings } = retrieve;
  return glossary === undefined
    ? settings
    : { ...settings, glossary: await readGlossary(resolve(directory, glossary)) };
}
