import { join } from 'node:path';
import { type ChunkStrategy, chunkStrategies } from '../chunk/chunker.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import { type RetrievalLine, readRetrievalCases } from '../dataset/cases.ts';
import { type GivenLines, linesOf } from '../dataset/material.ts';
import type { Lines } from '../parts/material.ts';
import type { Parts } from '../parts/parts.ts';
import { retrieverFor } from '../parts/retriever-for.ts';
import type { SearchMode } from '../retrieve/retriever.ts';
import { openOtherIndex } from './other-index.ts';
import { evaluateRetrieval, type RetrievalEvaluation } from './retrieval.ts';

/** The parts that retrieval is measured with. */
export type EvalRetrievalParts = Pick<Parts, 'catalog' | 'material' | 'store' | 'retriever' | 'whileOpen'>;

/** The parts that ways of cutting documents are measured with. */
export type EvalChunkersParts = Pick<
  Parts,
  'catalog' | 'settings' | 'models' | 'material' | 'directory' | 'dataDirectory' | 'openSources' | 'whileOpen'
>;

/** Which cases, and how they are searched. */
export interface EvalRetrievalOptions {
  /** A JSONL file of cases with a `source`, or the cases; default: the parts' own. */
  cases?: GivenLines<RetrievalLine>;
  /** Cut-offs: recall among the first k passages, for each k. Default 1, 3, 5, 10. */
  ks?: readonly number[];
  /** Search by meaning, by words, or by both. Default: as the settings say. */
  mode?: SearchMode;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

export interface EvalChunkersOptions extends EvalRetrievalOptions {
  /** Default: all. */
  strategies?: readonly ChunkStrategy[];
}

/** How well retrieval does over documents that were cut in one of the ways. */
export interface ChunkerEvaluation {
  strategy: ChunkStrategy;
  chunks: number;
  evaluation: RetrievalEvaluation;
}

/**
 * How well retrieval finds what the cases say is the answer.
 * @throws InvalidInputError where there are no cases, or none says where its answer stands
 *
 * @example
 * const { recall, failures } = await evalRetrieval(tandem, { ks: [5] });
 * console.log(recall[5]!.value, failures.map(({ question, kind }) => `${kind}: ${question}`));
 */
export async function evalRetrieval(
  parts: EvalRetrievalParts,
  options: EvalRetrievalOptions = {},
): Promise<RetrievalEvaluation> {
  return parts.whileOpen(async (signal) => {
    const lines = chooseLines(parts, options.cases);
    return measureRetrieval(parts, lines, { ...options, signal });
  }, options.signal);
}

/**
 * The same for each way of cutting documents. Each has an index of its own under `chunkers/` in the data folder, made from the sources the
 * first time and kept; the index that is searched otherwise is not touched.
 */
export async function evalChunkers(
  parts: EvalChunkersParts,
  options: EvalChunkersOptions = {},
): Promise<ChunkerEvaluation[]> {
  return parts.whileOpen(async (signal) => {
    const lines = chooseLines(parts, options.cases);
    const results: ChunkerEvaluation[] = [];
    for (const strategy of options.strategies ?? chunkStrategies) {
      signal.throwIfAborted();
      results.push(await evalChunker(parts, strategy, lines, { ...options, signal }));
    }
    return results;
  }, options.signal);
}

async function evalChunker(
  parts: EvalChunkersParts,
  strategy: ChunkStrategy,
  lines: Lines,
  options: EvalRetrievalOptions,
): Promise<ChunkerEvaluation> {
  const { models, material } = parts;
  const settings = { ...parts.settings, chunk: { ...parts.settings.chunk, strategy } };
  await using index = await openOtherIndex(parts, {
    directory: join(parts.dataDirectory, 'chunkers', strategy),
    chunking: settings.chunk,
    embedder: await models.embedder(),
    ...options,
  });
  const { catalog, store } = index;
  const evaluation = await measureRetrieval(
    {
      catalog,
      store: async () => store,
      retriever: () =>
        retrieverFor(settings, { catalog, store, models, material, directory: parts.directory }),
    },
    lines,
    options,
  );
  return { strategy, chunks: index.chunks, evaluation };
}

/** The cases that are given, or the parts' own. @throws InvalidInputError where there are none */
export function chooseLines(
  { material }: Pick<Parts, 'material'>,
  given: GivenLines<RetrievalLine> | undefined,
): Lines {
  const lines = given === undefined ? material.cases : linesOf(given, 'cases');
  if (lines) return lines;
  throw new InvalidInputError({
    domain: 'evaluate',
    where: 'cases',
    message: 'There are no cases to measure retrieval with.',
    hint: 'Give cases (in a config: dataset.cases).',
  });
}

/** Measures the retriever of one index. @throws InvalidInputError where no case says where its answer stands */
export async function measureRetrieval(
  index: Pick<Parts, 'catalog' | 'store' | 'retriever'>,
  lines: Lines,
  { ks = [1, 3, 5, 10], mode, signal, onProgress }: EvalRetrievalOptions,
): Promise<RetrievalEvaluation> {
  const cases = await readRetrievalCases(lines, index.catalog.documents);
  const retriever = await index.retriever();
  const store = await index.store();
  const k = Math.max(...ks);
  const state = await index.catalog.index.get();
  const result = await evaluateRetrieval({
    cases,
    ks,
    retrieve: (question) =>
      retriever.retrieve(question, {
        k,
        explain: true,
        ...(mode !== undefined && { mode }),
        ...(signal && { signal }),
      }),
    passagesOf: async ({ documentId, start, end }) => {
      const at = { generation: state!.generation, seq: state!.committedSeq };
      const all = await Array.fromAsync(store.scan(at, { documentIds: [documentId] }));
      return all
        .map(({ chunk }) => chunk)
        .filter((chunk) => Math.min(chunk.end, end) > Math.max(chunk.start, start));
    },
    languageOf: async (id) => (await index.catalog.documents.languagesOf([id])).get(id),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  if (result) return result;
  const { file: name = 'the cases' } = lines;
  throw new InvalidInputError({
    domain: 'evaluate',
    where: 'cases',
    message: `No case of ${name} says where its answer stands.`,
    hint: 'Give each case a source: {"documentId": …, "section": …} or {"documentId": …, "start": …, "end": …}.',
  });
}
