import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { hashJson } from '../../core/hash.ts';
import { newId } from '../../core/id.ts';
import type { ProgressListener } from '../../core/progress.ts';
import { isHit } from '../../core/span-overlap.ts';
import { trainingQuestions } from '../../dataset/build-dataset.ts';
import type { TrainingQuestion } from '../../dataset/compose-examples.ts';
import { embedderIdentity } from '../../index/embedder-identity.ts';
import { measureSeparation } from '../../index/measure-separation.ts';
import type { Parts } from '../../parts/parts.ts';
import { generalRanking, type Ranking } from '../../retrieve/fuse/ranking.ts';
import { type AskedSection, headingKey, sectionsFor } from '../../retrieve/learn/asked-sections.ts';
import { writeLearnedRanking } from '../../retrieve/learn/learned-ranking.ts';
import { createRetriever } from '../../retrieve/retriever.ts';
import { embedQueries } from '../../retrieve/search/embed-query.ts';
import type { Signals } from '../../retrieve/signals/signals.ts';
import { bootstrapDifference, type Interval } from '../../statistics/index.ts';
import { recordTraining } from '../training-run.ts';
import { fitRanking, gainsOf } from './fit-ranking.ts';

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

/** A ranking that was learnt, and what it brings on questions that it was not learnt from. */
export interface TunedRanking {
  id: string;
  /** The run in the catalogue. */
  runId: string;
  /** For `retrieve.ranking`. */
  reference: string;
  /** What each signal is worth now, and before. */
  ranking: Ranking;
  general: Ranking;
  /** Questions that it was learnt from, and was judged on. */
  questions: { train: number; validation: number };
  /** nDCG@10 on the questions that it was judged on. */
  validation: { before: number; after: number; difference: Interval };
}

/** A training question as it was searched. */
interface Searched {
  group: string;
  unnamed: string;
  heading: string | undefined;
  candidates: { signals: Signals; headingPath: readonly string[]; isWanted: boolean }[];
}

/** More questions make no better weights. */
const mostQuestions = 2000;
/** With fewer there is nothing to learn from, and nothing to judge by. */
const fewestQuestions = { train: 12, validation: 6 };

/**
 * Learns from the project's own training questions what speaks for a passage in these documents: how far meaning, words, names and
 * headings are to be trusted, and below which headings questions like these are answered. The weights are shrunk towards the general
 * ones. The result stands in `rankings/ID` in the data folder; nothing uses it before `retrieve.ranking` names it, and the index stays as it is.
 *
 * @throws InvalidInputError where there are too few questions, or the ranking would be worse on those set apart for validation.
 *
 * @example
 * // takes a minute
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
  const all = (await trainingQuestions(parts)).filter(({ source }) => source);
  const { train, validation } = divide(all);
  if (train.length < fewestQuestions.train || validation.length < fewestQuestions.validation)
    throw new InvalidInputError({
      domain: 'tune',
      where: 'dataset.questions',
      message: `A ranking is learnt from ${fewestQuestions.train} questions and judged on ${fewestQuestions.validation} others, and ${parts.name} has ${train.length} and ${validation.length} that say where their answer stands.`,
      hint: 'Give more training questions with a source, in several groups.',
    });

  const embedder = await parts.models.embedder();
  const store = await parts.store();
  const retriever = createRetriever({
    catalog: parts.catalog,
    store,
    embedder,
    candidates: parts.settings.retrieve.candidates,
    chunking: parts.settings.chunk,
    // Headings are compared only where they count; too little to move anything.
    ranking: { ...generalRanking, headings: Number.EPSILON },
  });
  let done = 0;
  const searchAll = async (questions: readonly TrainingQuestion[]) => {
    const searched: Searched[] = [];
    for (const { question, searchQuery, source, group, id } of questions) {
      signal?.throwIfAborted();
      onProgress?.({ stage: 'searching', done: done++, total: all.length, unit: 'questions' });
      const { explanation } = await retriever.retrieve(searchQuery ?? question, {
        k: 10,
        explain: true,
        ...(signal && { signal }),
      });
      const candidates = explanation!.compared.map(({ chunk, signals }) => ({
        signals,
        headingPath: chunk.headingPath,
        isWanted: chunk.documentId === source!.documentId && isHit(chunk, source!),
      }));
      const right = candidates.find(({ isWanted }) => isWanted);
      searched.push({
        group: group ?? id,
        unnamed: explanation!.plan.unnamed,
        heading: right && headingKey(right.headingPath),
        candidates,
      });
    }
    return searched;
  };
  const learning = await searchAll(train);
  const judging = await searchAll(validation);

  const vectors = await embedQueries(
    embedder,
    [...learning, ...judging].map(({ unnamed }) => unnamed),
    signal,
  );
  const asked = learning.flatMap(({ heading, group }, at): (AskedSection & { group: string })[] =>
    heading === undefined ? [] : [{ heading, vector: vectors[at]!, group }],
  );
  // A question must not be told its own answer, nor that of one about the same.
  for (const [at, one] of learning.entries())
    tellSections(
      one,
      vectors[at]!,
      asked.filter(({ group }) => group !== one.group),
    );
  for (const [at, one] of judging.entries()) tellSections(one, vectors[learning.length + at]!, asked);

  const state = (await parts.catalog.index.get())!;
  const snapshot = { generation: state.generation, seq: state.committedSeq };
  const separation = (
    state.separation ??
    (await measureSeparation({ store, embedder }, snapshot, { ...(signal && { signal }) }))
  ).value;
  const ranking = fitRanking(learning, separation);
  const groups = judging.map(({ group }) => group);
  const before = gainsOf(judging, generalRanking, separation);
  const after = gainsOf(judging, ranking, separation);
  const judged = {
    before: mean(before),
    after: mean(after),
    difference: bootstrapDifference({ a: after, b: before, groups })!,
  };
  if (judged.after < judged.before)
    throw new InvalidInputError({
      domain: 'tune',
      where: 'dataset.questions',
      message: `What was learnt from ${learning.length} questions is worse on the ${judging.length} set apart: nDCG@10 ${judged.after.toFixed(3)}, and ${judged.before.toFixed(3)} without it. The general ranking stays.`,
      hint: 'Give more training questions, or leave the ranking as it is.',
    });

  const id = newId('ranking');
  const directory = join(parts.dataDirectory, 'rankings', id);
  const learned = {
    ranking,
    embedderHash: embedderIdentity(embedder).hash,
    ...(ranking.sections > 0 && asked.length > 0 && { asked }),
  };
  const inputs = { index: hashJson([state.configurationHash, state.committedSeq]), questions: hashJson(all) };
  return await recordTraining(parts, {
    fingerprint: hashJson({ kind: 'ranking', ...inputs }),
    config: { kind: 'ranking' },
    inputs,
    signal,
    async train({ run }) {
      await mkdir(directory, { recursive: true });
      await writeLearnedRanking(directory, learned);
      return {
        artefacts: [relative(parts.dataDirectory, directory)],
        metrics: { ndcgBefore: judged.before, ndcgAfter: judged.after },
        result: {
          id,
          runId: run.id,
          reference: `./${relative(parts.directory, directory).replaceAll('\\', '/')}`,
          ranking,
          general: generalRanking,
          questions: { train: learning.length, validation: judging.length },
          validation: judged,
        },
      };
    },
  });
}

/** Training and validation questions; where none are set apart, every fourth group is. */
function divide(all: readonly TrainingQuestion[]) {
  const bySplit = (split: string) => all.filter((question) => question.split === split);
  let [train, validation] = [bySplit('train'), bySplit('validation')];
  if (validation.length < fewestQuestions.validation) {
    const isApart = ({ group, id }: TrainingQuestion) =>
      Number.parseInt(hashJson(group ?? id).slice(0, 8), 16) % 4 === 0;
    [train, validation] = [all.filter((one) => !isApart(one)), all.filter(isApart)];
  }
  return { train: train.slice(0, mostQuestions), validation: validation.slice(0, mostQuestions) };
}

function tellSections(one: Searched, vector: Float32Array, asked: readonly AskedSection[]): void {
  const sections = asked.length > 0 ? sectionsFor(vector, asked) : undefined;
  for (const candidate of one.candidates)
    candidate.signals = {
      ...candidate.signals,
      sections: sections?.get(headingKey(candidate.headingPath) ?? '') ?? 0,
    };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
