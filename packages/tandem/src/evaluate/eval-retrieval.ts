import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import { type ChunkStrategy, chunkStrategies } from '../chunk/chunker.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import { type CaseLine, type RetrievalCase, readRetrievalCases } from '../dataset/cases.ts';
import { type GivenLines, linesOf } from '../dataset/material.ts';
import { ingest } from '../ingest/ingest.ts';
import type { Lines } from '../parts/material.ts';
import type { Parts } from '../parts/parts.ts';
import { retrieverFor } from '../parts/retriever-for.ts';
import type { RetrieveOptions } from '../retrieve/retriever.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import { evaluateRetrieval, type RetrievalEvaluation } from './retrieval.ts';

export interface EvalRetrievalOptions {
  /** A JSONL file of cases with a `source`, or the cases; default: the parts' own. */
  cases?: GivenLines<CaseLine>;
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
  parts: Parts,
  options: EvalRetrievalOptions = {},
): Promise<RetrievalEvaluation> {
  const lines = casesOf(parts, options.cases);
  const cases = await readRetrievalCases(lines, parts.catalog.documents);
  return measure(parts, cases, lines, options);
}

/**
 * The same for each way of cutting documents. Each has an index of its own under `.tandem/chunkers/`, made from the project's sources the
 * first time and kept; the project's own index is not touched.
 */
export async function evalChunkers(
  parts: Parts,
  options: EvalRetrievalOptions & { strategies?: readonly ChunkStrategy[] } = {},
): Promise<ChunkerEvaluation[]> {
  const lines = casesOf(parts, options.cases);
  const results: ChunkerEvaluation[] = [];
  const { models, material } = parts;
  const { signal, onProgress } = options;
  for (const strategy of options.strategies ?? chunkStrategies) {
    signal?.throwIfAborted();
    const directory = join(parts.dataDirectory, 'chunkers', strategy);
    await mkdir(directory, { recursive: true });
    const file = join(directory, 'catalog.sqlite');
    // The catalogue has vectors of texts that other chunkers make too: nothing is embedded twice.
    if (!existsSync(file)) await parts.catalog.copyTo(file);
    await using catalog = await openCatalog(file);
    await using store = await openLanceStore(join(directory, 'index'));
    const settings = { ...parts.settings, chunk: { ...parts.settings.chunk, strategy } };
    await using opened = await parts.openSources();
    const report = await ingest({
      catalog,
      store,
      embedder: await models.embedder(),
      sources: opened.sources,
      chunking: settings.chunk,
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    const cases = await readRetrievalCases(lines, catalog.documents);
    const own = {
      catalog,
      store: async () => store,
      retriever: () => retrieverFor(settings, { catalog, store, models, material }),
    };
    results.push({
      strategy,
      chunks: report.index.chunks,
      evaluation: await measure(own, cases, lines, options),
    });
  }
  return results;
}

function casesOf({ material }: Pick<Parts, 'material'>, given: GivenLines<CaseLine> | undefined): Lines {
  const lines = given === undefined ? material.cases : linesOf(given, 'cases');
  if (lines) return lines;
  throw new InvalidInputError({
    domain: 'evaluate',
    where: 'cases',
    message: 'There are no cases to measure retrieval with.',
    hint: 'Give cases, or set dataset.cases in the config.',
  });
}

async function measure(
  parts: Pick<Parts, 'catalog' | 'store' | 'retriever'>,
  cases: readonly RetrievalCase[],
  { file: path = 'the cases' }: Lines,
  { ks = [1, 3, 5, 10], mode = 'hybrid', signal, onProgress }: EvalRetrievalOptions,
): Promise<RetrievalEvaluation> {
  const retriever = await parts.retriever();
  const store = await parts.store();
  const k = Math.max(...ks);
  const state = await parts.catalog.index.get();
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
