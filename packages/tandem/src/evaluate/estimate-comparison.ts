import type { Catalog } from '../catalog/catalog.ts';
import type { AnswerCounts } from './plan-answers.ts';

/** What a comparison would take, told before its first answer. */
export interface CompareEstimate {
  answers: number;
  /** Of them, those that an earlier comparison left. */
  stored: number;
  minutes: number;
  memoryBytes: number;
  /** US dollars; undefined where a provider's price is not known. */
  money: number | undefined;
  /** What the time rests on, as a sentence. */
  basis: string;
}

/** By the seconds of an answer in the last comparison, where there was one. */
export async function estimateComparison(
  given: {
    counts: AnswerCounts;
    /** Answers beside these, for choosing prompts and calibrating confidence. */
    furtherAnswers: number;
    /** Whether the model runs on this machine. */
    isLocal: boolean;
  },
  { catalog }: { catalog: Pick<Catalog, 'runs'> },
): Promise<CompareEstimate> {
  const { counts, furtherAnswers, isLocal } = given;
  const earlier = (await catalog.runs.list({ kind: 'compare' })).find(
    ({ metrics }) => metrics.secondsPerAnswer !== undefined,
  );
  const seconds = earlier?.metrics.secondsPerAnswer ?? 2.5;
  const answers = counts.answers + counts.latencyAnswers;
  const stored = counts.stored + counts.latencyStored;
  return {
    answers,
    stored,
    minutes: ((answers - stored + furtherAnswers) * seconds) / 60,
    memoryBytes: process.memoryUsage.rss() + 600e6,
    money: isLocal ? 0 : undefined,
    basis: earlier
      ? `${seconds.toFixed(1)} s an answer, as in the last comparison`
      : `${seconds} s an answer, a guess before the first comparison on this machine`,
  };
}
