import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Parts } from '../../parts/parts.ts';
import { referenceOf } from '../../parts/reference-of.ts';
import { generalRanking } from '../../retrieve/fuse/ranking.ts';
import { rankingFile, readLearnedRanking } from '../../retrieve/learn/learned-ranking.ts';
import type { TunedRanking } from './tuned-ranking.ts';

/** The ranking that a run of the same questions, index and settings made, if its folder is still there. */
export async function findEarlierRanking(
  parts: Pick<Parts, 'catalog' | 'directory' | 'dataDirectory'>,
  fingerprint: string,
): Promise<TunedRanking | undefined> {
  const runs = await parts.catalog.runs.list({ kind: 'tune', limit: 10_000 });
  for (const { id: runId, status, inputs, artefacts, metrics } of runs) {
    const [folder] = artefacts;
    if (status !== 'done' || inputs.fingerprint !== fingerprint || folder === undefined) continue;
    const directory = join(parts.dataDirectory, folder);
    if (!existsSync(join(directory, rankingFile))) continue;
    const { ranking } = await readLearnedRanking(directory);
    return {
      id: folder.split(/[/\\]/).at(-1)!,
      runId,
      reference: referenceOf(parts, directory),
      ranking,
      general: generalRanking,
      ...figuresOf(metrics),
      reused: true,
    };
  }
  return undefined;
}

type Figures = Pick<TunedRanking, 'questions' | 'validation' | 'reranked'>;

/** A ranking's figures as numbers of its run; `figuresOf` reads them back. */
export function metricsOf({ questions, validation, reranked }: Figures): Record<string, number | undefined> {
  const { before, after, difference } = validation;
  return {
    trainQuestions: questions.train,
    validationQuestions: questions.validation,
    ndcgBefore: before,
    ndcgAfter: after,
    difference: difference.value,
    differenceLow: difference.low,
    differenceHigh: difference.high,
    differenceStandardError: difference.standardError,
    differenceGroups: difference.groups,
    differenceMethod: methods.indexOf(difference.method),
    rerankedWeight: reranked?.weight,
    rerankedNdcgBefore: reranked?.before,
    rerankedNdcgAfter: reranked?.after,
    rerankedQuestions: reranked?.questions,
  };
}

const methods = ['bca', 'percentile', 'agreement', 'none', 'share'] as const;

function figuresOf(metrics: Readonly<Record<string, number>>): Figures {
  const number = (name: string) => metrics[name]!;
  return {
    questions: { train: number('trainQuestions'), validation: number('validationQuestions') },
    validation: {
      before: number('ndcgBefore'),
      after: number('ndcgAfter'),
      difference: {
        value: number('difference'),
        low: number('differenceLow'),
        high: number('differenceHigh'),
        standardError: number('differenceStandardError'),
        cases: number('validationQuestions'),
        groups: number('differenceGroups'),
        method: methods[number('differenceMethod')]!,
      },
    },
    ...(metrics.rerankedWeight !== undefined && {
      reranked: {
        weight: metrics.rerankedWeight,
        before: number('rerankedNdcgBefore'),
        after: number('rerankedNdcgAfter'),
        questions: number('rerankedQuestions'),
      },
    }),
  };
}
