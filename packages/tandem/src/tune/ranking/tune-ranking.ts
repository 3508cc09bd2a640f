import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { hashJson } from '../../core/hash.ts';
import { newId } from '../../core/id.ts';
import type { ProgressListener } from '../../core/progress.ts';
import { isHit } from '../../core/span-overlap.ts';
import { trainingQuestions } from '../../dataset/build-dataset.ts';
import { independentGroups } from '../../dataset/independent-groups.ts';
import { embedderIdentity } from '../../index/embedder-identity.ts';
import { separationOf } from '../../index/measure-separation.ts';
import type { Parts } from '../../parts/parts.ts';
import { referenceOf } from '../../parts/reference-of.ts';
import { generalRanking, type Ranking } from '../../retrieve/fuse/ranking.ts';
import { type LearnedRanking, writeLearnedRanking } from '../../retrieve/learn/learned-ranking.ts';
import { createRetriever, type Retriever } from '../../retrieve/retriever.ts';
import { intervalOfDifference } from '../../statistics/index.ts';
import { recordTraining } from '../training-run.ts';
import { chooseReranked, type RerankedQuestion } from './choose-reranked.ts';
import { findEarlierRanking, metricsOf } from './earlier-ranking.ts';
import { fitRanking, gainsOf } from './fit-ranking.ts';
import {
  type PlacedQuestion,
  type SearchedQuestion,
  searchQuestion,
  tellSections,
} from './search-questions.ts';
import type { TunedRanking } from './tuned-ranking.ts';

/** The parts that a ranking is learnt with. */
export type TuneRankingParts = Pick<
  Parts,
  | 'name'
  | 'settings'
  | 'catalog'
  | 'models'
  | 'material'
  | 'directory'
  | 'dataDirectory'
  | 'store'
  | 'whileOpen'
>;

/** How a ranking is learnt. */
export interface TuneRankingOptions {
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** More questions make no better weights. */
const mostQuestions = 2000;
/** A reranker reads twenty passages for each. */
const mostReranked = 300;
/** With fewer there is nothing to learn from, and nothing to judge by. */
const fewestQuestions = { train: 12, validation: 6 };

/**
 * Learns from the project's own training questions what speaks for a passage in these documents: how far meaning, words, names and
 * headings are to be trusted, and below which headings questions like these are answered; with a reranker, what its score is worth. The
 * weights are shrunk towards the general ones. The result stands in `rankings/ID` in the data folder; nothing uses it before
 * `retrieve.ranking` names it, and the index stays as it is.
 *
 * @throws InvalidInputError where there are too few questions, or the ranking would be worse on those set apart for validation.
 *
 * @example
 * // takes minutes
 * const { reference, validation } = await tuneRanking(tandem); // for the setting retrieve.ranking
 */
export async function tuneRanking(
  parts: TuneRankingParts,
  options: TuneRankingOptions = {},
): Promise<TunedRanking> {
  return parts.whileOpen((signal) => learnRanking(parts, { ...options, signal }), options.signal);
}

async function learnRanking(
  parts: TuneRankingParts,
  { signal, onProgress }: TuneRankingOptions,
): Promise<TunedRanking> {
  const { models, catalog, material, settings } = parts;
  const placed = (await trainingQuestions(parts)).flatMap(({ source, ...question }) =>
    source ? [{ ...question, source }] : [],
  );
  const groups = independentGroups(placed);
  const all: PlacedQuestion[] = placed.map((question, at) => ({ ...question, group: groups[at]! }));
  const { train, validation } = divide(all);
  if (train.length < fewestQuestions.train || validation.length < fewestQuestions.validation)
    throw tooFew(
      `${parts.name} has ${train.length} and ${validation.length} that say where their answer stands`,
    );

  const embedder = await models.embedder();
  const glossary = await material.searchGlossary?.read();
  const store = await parts.store();
  const searching = {
    catalog,
    store,
    embedder,
    candidates: settings.retrieve.candidates,
    chunking: settings.chunk,
    ...(glossary && { glossary }),
  };
  const state = await catalog.index.get();
  const inputs = {
    index: hashJson(state ? [state.configurationHash, state.committedSeq] : []),
    questions: hashJson(all),
    embedder: embedderIdentity(embedder).hash,
    settings: hashJson({
      candidates: settings.retrieve.candidates,
      rerankCandidates: settings.retrieve.rerankCandidates,
      reranker: models.names.reranker ?? null,
      glossary: glossary ?? [],
      general: generalRanking,
    }),
  };
  const fingerprint = hashJson({ kind: 'ranking', ...inputs });
  const before = await findEarlierRanking(parts, fingerprint);
  if (before) return before;

  const retriever = createRetriever({ ...searching, compareHeadings: true });
  const reranker = await models.reranker();
  const apart = reranker
    ? validation.filter(({ split }) => split === 'validation').slice(0, mostReranked)
    : [];
  const total = train.length + validation.length + apart.length;
  let done = 0;
  const progress = () => {
    signal?.throwIfAborted();
    onProgress?.({ stage: 'searching', done: done++, total, unit: 'questions' });
  };
  const searchAll = async (questions: readonly PlacedQuestion[]) => {
    const searched: SearchedQuestion[] = [];
    for (const question of questions) {
      progress();
      searched.push(await searchQuestion(retriever, question, signal));
    }
    return searched;
  };
  const learning = await searchAll(train);
  const judging = await searchAll(validation);
  const found = learning.filter(({ candidates }) => candidates.some(({ isWanted }) => isWanted)).length;
  if (found < fewestQuestions.train)
    throw tooFew(`of the ${train.length} of ${parts.name} a search finds the answer of only ${found}`);
  const asked = await tellSections({ learning, judging }, embedder, signal);

  const separation = await separationOf(state!, { store, embedder }, { ...(signal && { signal }) });
  const ranking = fitRanking(learning, separation);
  const judged = judge(judging, ranking, separation);
  if (judged.after < judged.before)
    throw new InvalidInputError({
      domain: 'tune',
      where: 'dataset.questions',
      message: `What was learnt from ${learning.length} questions is worse on the ${judging.length} set apart: nDCG@10 ${judged.after.toFixed(3)}, and ${judged.before.toFixed(3)} without it. The general ranking stays.`,
      hint: 'Give more training questions, or leave the ranking as it is.',
    });

  const learned: LearnedRanking = {
    ranking,
    documents: [...new Set(learning.map(({ document }) => document))],
    embedderHash: inputs.embedder,
    ...(ranking.sections > 0 && asked.length > 0 && { asked }),
  };
  let reranked: TunedRanking['reranked'];
  if (reranker && apart.length >= fewestQuestions.validation) {
    const candidates = settings.retrieve.rerankCandidates;
    const withReranker = createRetriever({
      ...searching,
      learned,
      reranker: { model: reranker, candidates },
    });
    const read: RerankedQuestion[] = [];
    for (const question of apart) {
      progress();
      read.push(await rerankQuestion(withReranker, question, { candidates, ranking, signal }));
    }
    reranked = { ...chooseReranked(read), questions: read.length };
    learned.ranking = { ...ranking, reranked: reranked.weight };
    learned.reranker = models.names.reranker!;
  }

  const id = newId('ranking');
  const directory = join(parts.dataDirectory, 'rankings', id);
  return await recordTraining(parts, {
    fingerprint,
    config: { kind: 'ranking' },
    inputs,
    signal,
    async train({ run }) {
      await mkdir(directory, { recursive: true });
      await writeLearnedRanking(directory, learned);
      const result: TunedRanking = {
        id,
        runId: run.id,
        reference: referenceOf(parts, directory),
        ranking: learned.ranking,
        general: generalRanking,
        questions: { train: learning.length, validation: judging.length },
        validation: judged,
        ...(reranked && { reranked }),
        reused: false,
      };
      return {
        artefacts: [relative(parts.dataDirectory, directory)],
        metrics: metricsOf(result),
        result,
      };
    },
  });
}

/** How the judging questions fare with the general ranking, and with what was learnt. */
function judge(
  judging: readonly SearchedQuestion[],
  ranking: Ranking,
  separation: number,
): TunedRanking['validation'] {
  const before = gainsOf(judging, generalRanking, separation);
  const after = gainsOf(judging, ranking, separation);
  const groups = judging.map(({ group }) => group);
  return {
    before: mean(before),
    after: mean(after),
    difference: intervalOfDifference({ a: after, b: before, groups }, { bounds: [0, 1] })!,
  };
}

/** What spoke for the best passages before the reranker read them, and what it says. */
async function rerankQuestion(
  retriever: Retriever,
  { question, source }: PlacedQuestion,
  { candidates, ranking, signal }: { candidates: number; ranking: Ranking; signal: AbortSignal | undefined },
): Promise<RerankedQuestion> {
  const { passages } = await retriever.retrieve(question, { k: candidates, ...(signal && { signal }) });
  return {
    candidates: passages.map(({ documentId, start, end, score, scores: { rerank = 0 } }) => ({
      rerank,
      score: score - ranking.reranked * rerank,
      isWanted: documentId === source.documentId && isHit({ start, end }, source),
    })),
  };
}

/** Training and validation questions; where none are set apart, every fourth group is. */
function divide(all: readonly PlacedQuestion[]) {
  const bySplit = (split: string) => all.filter((question) => question.split === split);
  let [train, validation] = [bySplit('train'), bySplit('validation')];
  if (validation.length < fewestQuestions.validation) {
    // In an order that has nothing to do with what they ask.
    const groups = [...new Set(all.map(({ group }) => group))].sort((a, b) =>
      hashJson(a) < hashJson(b) ? -1 : 1,
    );
    const apart = new Set(groups.filter((_, at) => at % 4 === 3));
    const isApart = ({ group }: PlacedQuestion) => apart.has(group);
    [train, validation] = [all.filter((one) => !isApart(one)), all.filter(isApart)];
  }
  return { train: train.slice(0, mostQuestions), validation: validation.slice(0, mostQuestions) };
}

const tooFew = (why: string) =>
  new InvalidInputError({
    domain: 'tune',
    where: 'dataset.questions',
    message: `A ranking is learnt from ${fewestQuestions.train} questions and judged on ${fewestQuestions.validation} others; ${why}.`,
    hint: 'Give more training questions with a source, in several groups.',
  });

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
