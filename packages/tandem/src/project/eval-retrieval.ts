import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import { type ChunkStrategy, chunkStrategies } from '../chunk/chunker.ts';
import type { Config } from '../core/config.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import { loadRetrievalCases, type RetrievalCase } from '../dataset/cases.ts';
import { evaluateRetrieval, type RetrievalEvaluation } from '../evaluate/retrieval.ts';
import type { RetrieveOptions } from '../retrieve/retriever.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import { ingest } from './ingest.ts';
import type { Project } from './project.ts';
import { retrieverFor } from './retriever-for.ts';

export interface EvalRetrievalOptions {
  /** JSONL of cases with a `source`; default: the config's `dataset.cases`. Relative to the working directory. */
  cases?: string;
  ks?: readonly number[];
  mode?: NonNullable<RetrieveOptions['mode']>;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

export interface ChunkerEvaluation {
  strategy: ChunkStrategy;
  chunks: number;
  evaluation: RetrievalEvaluation;
}

/** How well the project's retrieval finds what its own cases say is the answer. */
export async function evalRetrieval(
  project: Project,
  options: EvalRetrievalOptions = {},
): Promise<RetrievalEvaluation> {
  const path = casesPath(project, options.cases);
  const cases = await loadRetrievalCases(path, project.catalog.documents);
  return evaluated(project, cases, path, options);
}

/**
 * The same for each way of cutting documents. Each has an index of its own under `.tandem/chunkers/`, made from the project's sources the
 * first time and kept; the project's own index is not touched.
 */
export async function evalChunkers(
  project: Project,
  options: EvalRetrievalOptions & { strategies?: readonly ChunkStrategy[] } = {},
): Promise<ChunkerEvaluation[]> {
  const path = casesPath(project, options.cases);
  const results: ChunkerEvaluation[] = [];
  for (const strategy of options.strategies ?? chunkStrategies) {
    options.signal?.throwIfAborted();
    const directory = join(project.dataDirectory, 'chunkers', strategy);
    await mkdir(directory, { recursive: true });
    const file = join(directory, 'catalog.sqlite');
    // The project's catalogue has vectors of texts that other chunkers make too: nothing is embedded twice.
    if (!existsSync(file)) await project.catalog.copyTo(file);
    await using catalog = await openCatalog(file);
    await using store = await openLanceStore(join(directory, 'index'));
    const config: Config = { ...project.config, chunk: { ...project.config.chunk, strategy } };
    const models = await project.models();
    const own: Project = {
      ...project,
      config,
      catalog,
      store: async () => store,
      retriever: () => retrieverFor(config, { directory: project.directory, catalog, store, models }),
    };
    const report = await ingest(own, {
      ...(options.signal && { signal: options.signal }),
      ...(options.onProgress && { onProgress: options.onProgress }),
    });
    const cases = await loadRetrievalCases(path, catalog.documents);
    results.push({
      strategy,
      chunks: report.index.chunks,
      evaluation: await evaluated(own, cases, path, options),
    });
  }
  return results;
}

function casesPath(project: Project, given: string | undefined): string {
  const path = given === undefined ? project.config.dataset.cases : resolve(given);
  if (path === undefined)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: '--cases',
      message: 'There are no cases to measure retrieval with.',
      hint: 'Give --cases FILE, or set dataset.cases in the config.',
    });
  return resolve(project.directory, path);
}

async function evaluated(
  project: Project,
  cases: readonly RetrievalCase[],
  path: string,
  { ks = [1, 3, 5, 10], mode = 'hybrid', signal, onProgress }: EvalRetrievalOptions,
): Promise<RetrievalEvaluation> {
  const retriever = await project.retriever();
  const store = await project.store();
  const k = Math.max(...ks);
  const state = await project.catalog.index.get();
  const result = await evaluateRetrieval({
    cases,
    ks,
    retrieve: (question) =>
      retriever.retrieve(question, { k, mode, explain: mode === 'hybrid', ...(signal && { signal }) }),
    passagesOf: async ({ documentId, start, end }) => {
      const at = { generation: state!.generation, seq: state!.committedSeq };
      const all = await store.chunks(at, { documentIds: [documentId] });
      return all.filter((chunk) => Math.min(chunk.end, end) > Math.max(chunk.start, start));
    },
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  if (!result)
    throw new InvalidInputError({
      domain: 'evaluate',
      where: path,
      message: `No case of ${path} says where its answer stands.`,
      hint: 'Give each case a source: {"documentId": …, "section": …} or {"documentId": …, "start": …, "end": …}.',
    });
  return result;
}
