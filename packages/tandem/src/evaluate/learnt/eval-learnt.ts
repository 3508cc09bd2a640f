import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import type { ProgressListener } from '../../core/progress.ts';
import type { CaseLine } from '../../dataset/cases.ts';
import type { GivenLines } from '../../dataset/material.ts';
import { embedderIdentity } from '../../index/embedder-identity.ts';
import type { Lines } from '../../parts/material.ts';
import type { Parts } from '../../parts/parts.ts';
import { retrieverFor } from '../../parts/retriever-for.ts';
import { chooseLines, measureRetrieval } from '../eval-retrieval.ts';
import { type OtherIndex, openOtherIndex } from '../other-index.ts';
import type { RetrievalEvaluation } from '../retrieval.ts';
import { retrievalDifference } from '../retrieval-difference.ts';
import { describeLearnt } from './describe-learnt.ts';
import { type FoundLearnt, findLearnt } from './find-learnt.ts';
import type { LearntEvaluation, LearntKind, LearntPart, PairedEvaluation } from './learnt-evaluation.ts';

/** The parts that what was learnt is measured with. */
export type EvalLearntParts = Pick<
  Parts,
  | 'catalog'
  | 'settings'
  | 'models'
  | 'material'
  | 'store'
  | 'directory'
  | 'dataDirectory'
  | 'openSources'
  | 'whileOpen'
>;

/** Which cases. */
export interface EvalLearntOptions {
  /** A JSONL file of cases with a `source`, or the cases; default: the parts' own. */
  cases?: GivenLines<CaseLine>;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/**
 * Which of ranking, reranker and embedder pays in this project: each is measured with and without it on the same cases, all else as
 * configured. Those that the settings name are measured, and of the others the latest that was learnt or trained. A tuned embedder needs an
 * index of its own: it is made under `embedded/` in the data folder and kept; the index that is searched otherwise is not touched.
 *
 * @throws InvalidInputError where there are no cases, or none says where its answer stands
 *
 * @example
 * const { parts, summary } = await evalLearnt(tandem);
 * console.log(summary, parts.filter(({ verdict }) => verdict === 'pays').map(({ reference }) => reference));
 */
export async function evalLearnt(
  parts: EvalLearntParts,
  options: EvalLearntOptions = {},
): Promise<LearntEvaluation> {
  return parts.whileOpen(async (signal) => {
    const lines = chooseLines(parts, options.cases);
    return await compareLearnt(parts, lines, { ...options, signal });
  }, options.signal);
}

/** What a search is made of. Ranking and reranker by their references. */
interface Setup {
  embedder: EmbeddingModelV4;
  ranking: string | undefined;
  reranker: string | undefined;
}

async function compareLearnt(
  parts: EvalLearntParts,
  lines: Lines,
  options: EvalLearntOptions,
): Promise<LearntEvaluation> {
  await using opened = new AsyncDisposableStack();
  const found = await findLearnt(parts);
  const { ranking, reranker, embedder, leftOut } = found;
  await removeStale(parts, found);
  const measure = measuring(parts, lines, { ...options, opened });
  const compare = async (withIt: Setup, without: Setup): Promise<PairedEvaluation> =>
    pairOf(await measure(withIt), await measure(without));

  const asConfigured: Setup = {
    embedder: await parts.models.embedder(),
    ranking: ranking?.isConfigured ? ranking.reference : undefined,
    reranker: reranker?.isConfigured ? reranker.reference : undefined,
  };
  const configured = await measure(asConfigured);
  const compared: LearntPart[] = [];
  const fits = (model: EmbeddingModelV4) => ranking?.embedderHash === embedderIdentity(model).hash;

  if (ranking && fits(asConfigured.embedder)) {
    const { reference, isConfigured } = ranking;
    const pair = await compare(
      { ...asConfigured, ranking: reference },
      { ...asConfigured, ranking: undefined },
    );
    compared.push({ kind: 'ranking', reference, isConfigured, ...pair });
  } else if (ranking)
    leftOut.push({
      kind: 'ranking',
      reference: ranking.reference,
      why: 'The ranking is not compared by itself: it was learnt with the tuned embedder, which is not configured.',
    });
  if (reranker) {
    const { reference, isConfigured } = reranker;
    const pair = await compare(
      { ...asConfigured, reranker: reference },
      { ...asConfigured, reranker: undefined },
    );
    compared.push({ kind: 'reranker', reference, isConfigured, ...pair });
  }
  if (embedder) {
    const { reference, isConfigured, tuned, base } = embedder;
    // A ranking is learnt with one embedder: with the other it cannot be had.
    const alike = { ...asConfigured, ranking: undefined };
    const pair = await compare({ ...alike, embedder: tuned }, { ...alike, embedder: base });
    const note =
      asConfigured.ranking === undefined
        ? {}
        : { note: 'both without the learnt ranking, which fits only one of the two embedders' };
    compared.push({ kind: 'embedder', reference, isConfigured, ...pair, ...note });
  }

  const together = await compareAll(found, asConfigured, compare);
  const evaluation = { configured, parts: compared, together, leftOut };
  return { ...evaluation, summary: describeLearnt(evaluation) };
}

/** All that go together against none of them: with the tuned embedder, and where the ranking does not fit it, with the other one. */
async function compareAll(
  { ranking, reranker, embedder }: FoundLearnt,
  asConfigured: Setup,
  compare: (withIt: Setup, without: Setup) => Promise<PairedEvaluation>,
): Promise<LearntEvaluation['together']> {
  const own = embedder?.base ?? asConfigured.embedder;
  const compared: LearntEvaluation['together'] = [];
  for (const model of new Set([own, embedder?.tuned ?? own])) {
    const isFitting = ranking?.embedderHash === embedderIdentity(model).hash;
    const isTuned = model === embedder?.tuned;
    // What goes with the tuned embedder goes without it too, but for a ranking that fits only the other one.
    if (embedder && !isTuned && !isFitting) continue;
    const kinds: LearntKind[] = [
      ...(isFitting ? (['ranking'] as const) : []),
      ...(reranker ? (['reranker'] as const) : []),
      ...(isTuned ? (['embedder'] as const) : []),
    ];
    if (kinds.length < 2) continue;
    const all = {
      embedder: model,
      ranking: isFitting ? ranking!.reference : undefined,
      reranker: reranker?.reference,
    };
    const pair = await compare(all, { embedder: own, ranking: undefined, reranker: undefined });
    const note = 'without the learnt ranking, which has to be learnt again with the tuned embedder';
    compared.push({ kinds, ...pair, ...(isTuned && ranking && !isFitting && { note }) });
  }
  return compared;
}

/** A function that measures a setup, each only once; and each index is opened once. */
function measuring(
  parts: EvalLearntParts,
  lines: Lines,
  { opened, ...options }: EvalLearntOptions & { opened: AsyncDisposableStack },
): (setup: Setup) => Promise<RetrievalEvaluation> {
  const { models, material, directory, settings } = parts;
  const measured = new Map<string, RetrievalEvaluation>();
  const indexes = new Map<string, Pick<OtherIndex, 'catalog' | 'store'>>();
  const indexOf = async (embedder: EmbeddingModelV4, hash: string) => {
    const known = indexes.get(hash);
    if (known) return known;
    const own = embedderIdentity(await models.embedder()).hash === hash;
    const index = own
      ? { catalog: parts.catalog, store: await parts.store() }
      : opened.use(
          await openOtherIndex(parts, {
            directory: join(parts.dataDirectory, folder, hash.slice(0, 16)),
            chunking: settings.chunk,
            embedder,
            ...options,
          }),
        );
    indexes.set(hash, index);
    return index;
  };

  return async ({ embedder, ranking, reranker }) => {
    const { hash } = embedderIdentity(embedder);
    const key = JSON.stringify([hash, ranking, reranker]);
    const before = measured.get(key);
    if (before) return before;
    const { catalog, store } = await indexOf(embedder, hash);
    // What was learnt has a part in hybrid searches alone.
    const { ranking: _ranking, mode: _mode, ...retrieve } = settings.retrieve;
    const { reranker: _reranker, ...names } = models.names;
    const retriever = await retrieverFor(
      { chunk: settings.chunk, retrieve: { ...retrieve, ...(ranking !== undefined && { ranking }) } },
      {
        catalog,
        store,
        material,
        directory,
        models: {
          names: { ...names, ...(reranker !== undefined && { reranker }) },
          embedder: async () => embedder,
          reranker: async () => {
            if (reranker === undefined) return undefined;
            return reranker === models.names.reranker
              ? await models.reranker()
              : await models.rerankerNamed(reranker);
          },
        },
      },
    );
    const index = { catalog, store: async () => store, retriever: async () => retriever };
    const evaluation = await measureRetrieval(index, lines, { ...options, mode: 'hybrid' });
    measured.set(key, evaluation);
    return evaluation;
  };
}

/** Indexes of embedders that are not compared any more. */
async function removeStale(
  { dataDirectory }: Pick<EvalLearntParts, 'dataDirectory'>,
  { embedder }: FoundLearnt,
): Promise<void> {
  const root = join(dataDirectory, folder);
  const used = [embedder?.tuned, embedder?.base].flatMap((each) =>
    each ? embedderIdentity(each).hash.slice(0, 16) : [],
  );
  for (const name of await readdir(root).catch(() => []))
    if (!used.includes(name)) await rm(resolve(root, name), { recursive: true });
}

/** In the data folder; forgetting a document deletes it whole. */
const folder = 'embedded';

function pairOf(withIt: RetrievalEvaluation, without: RetrievalEvaluation): PairedEvaluation {
  const difference = retrievalDifference(withIt, without);
  const figures = ({ recall, ndcg }: RetrievalEvaluation) => ({ recall, ndcg });
  const { low, high } = difference.ndcg;
  return {
    with: figures(withIt),
    without: figures(without),
    difference,
    verdict: low > 0 ? 'pays' : high < 0 ? 'costs' : 'no difference found',
  };
}
