/** The cross-encoder on rows of claims: what it reads, in which time, and the weights that follow from it. */
import type { CrossEncoder } from '@tandem/nn';
import {
  type ClaimReading,
  crossEncoderFeatures,
  type crossEncoderWeights,
  readClaim,
} from '../../packages/tandem/src/verify/cross-encoder-verifier.ts';
import { overlapSignals } from '../../packages/tandem/src/verify/overlap-signals.ts';
import { foldOf, logOdds, type Row, shareOf } from './claim-rows.ts';
import { logisticWeights } from './logistic-weights.ts';

/** Rows, and what the verifier reads of each. */
export interface ReadRows {
  rows: readonly Row[];
  readings: readonly ClaimReading[];
  /** Milliseconds a row, least first. */
  times: readonly number[];
}

export async function readRows(model: CrossEncoder, rows: readonly Row[]): Promise<ReadRows> {
  const readings: ClaimReading[] = [];
  const times: number[] = [];
  for (const { claim, evidence } of rows) {
    const began = performance.now();
    const written = evidence.filter((text) => text.trim() !== '');
    readings.push(
      written.length === 0
        ? { signals: overlapSignals(claim, ['']) }
        : await readClaim(model, { claim, evidence }),
    );
    times.push(performance.now() - began);
  }
  return { rows, readings, times: times.sort((a, b) => a - b) };
}

type Weights = typeof crossEncoderWeights;

/**
 * Logistic regression, as if as many rows were supported as not. Rows that a missing number decides are not weighed, nor those that the model cannot
 * read.
 */
export function weightsFrom({ rows, readings }: Pick<ReadRows, 'rows' | 'readings'>): Weights {
  const even = logOdds(shareOf(rows));
  const weighed = rows.flatMap((row, at) => {
    const { signals, scores } = readings[at]!;
    return scores && signals.missingEverywhere === 0
      ? [{ row, features: crossEncoderFeatures({ signals, scores }) }]
      : [];
  });
  const [
    covered = 0,
    missingValues = 0,
    namesMissingEverywhere = 0,
    ofTwoSentences = 0,
    ofFourSentences = 0,
    bias = 0,
  ] = logisticWeights(
    weighed.map(({ features }) => features),
    weighed.map(({ row }) => row.isSupported),
  );
  const decided = rows.filter((_, at) => readings[at]!.signals.missingEverywhere > 0);
  const supported = decided.filter(({ isSupported }) => isSupported).length;
  return {
    covered,
    missingValues,
    namesMissingEverywhere,
    ofTwoSentences,
    ofFourSentences,
    bias: bias - even,
    // Below even odds, whatever these rows say.
    withoutValue: Math.min(-0.5, logOdds((supported + 0.5) / (decided.length + 1)) - even),
  };
}

/** Of each row those that the rows of the other folds have; with other rows to fit on, theirs. */
export function weightsByRow(read: ReadRows, fitting?: ReadRows): Weights[] {
  if (fitting) {
    const weights = weightsFrom(fitting);
    return read.rows.map(() => weights);
  }
  const folds = read.rows.map(foldOf);
  const ofFolds = Array.from({ length: 5 }, (_, fold) => {
    const isKept = (_item: unknown, at: number) => folds[at] !== fold;
    return weightsFrom({ rows: read.rows.filter(isKept), readings: read.readings.filter(isKept) });
  });
  return folds.map((fold) => ofFolds[fold]!);
}

/** The model's own score, without words and numbers. */
export function scoreOf({ scores }: ClaimReading): number {
  return scores ? scores.ofTwo + scores.ofFour : 0;
}
