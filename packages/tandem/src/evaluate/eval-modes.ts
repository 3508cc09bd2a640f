import { counted } from '../core/counted.ts';
import { searchModes } from '../core/settings.ts';
import type { Parts } from '../parts/parts.ts';
import type { SearchMode } from '../retrieve/retriever.ts';
import {
  chooseLines,
  type EvalRetrievalOptions,
  type EvalRetrievalParts,
  measureRetrieval,
} from './eval-retrieval.ts';
import type { RetrievalEvaluation } from './retrieval.ts';
import { type RetrievalDifference, retrievalDifference, signed } from './retrieval-difference.ts';

/** The parts that modes of searching are compared with. */
export type EvalModesParts = EvalRetrievalParts & Pick<Parts, 'settings'>;

/** One way to search beside the one that is used. */
export interface ModeComparison {
  mode: SearchMode;
  evaluation: RetrievalEvaluation;
  /** This mode less the one in use, case by case. */
  difference: RetrievalDifference;
  /** By the interval of the difference in nDCG@10: wholly above 0, wholly below, or neither. */
  verdict: 'better' | 'worse' | 'no difference found';
}

/** How a project's searches do, and how they would in the other modes. */
export interface ModesEvaluation {
  /** The mode of the settings (`retrieve.mode`), in which answers are searched. */
  used: { mode: SearchMode; evaluation: RetrievalEvaluation };
  others: ModeComparison[];
  /** What came of it, in sentences: a warning where another mode finds more. */
  summary: string;
}

/**
 * Hybrid search, meaning alone and words alone on the same cases, with the paired difference of each from the mode in use.
 * @throws InvalidInputError where there are no cases, or none says where its answer stands
 *
 * @example
 * const { used, others, summary } = await evalModes(tandem);
 * console.log(used.mode, used.evaluation.ndcg.value, summary);
 */
export async function evalModes(
  parts: EvalModesParts,
  options: Omit<EvalRetrievalOptions, 'mode'> = {},
): Promise<ModesEvaluation> {
  return parts.whileOpen(async (signal) => {
    const lines = chooseLines(parts, options.cases);
    const measure = (mode: SearchMode) => measureRetrieval(parts, lines, { ...options, signal, mode });
    const { mode: inUse = 'hybrid' } = parts.settings.retrieve;
    const used = { mode: inUse, evaluation: await measure(inUse) };
    const others: ModeComparison[] = [];
    for (const mode of searchModes) {
      if (mode === inUse) continue;
      const evaluation = await measure(mode);
      const difference = retrievalDifference(evaluation, used.evaluation);
      const { low, high } = difference.ndcg;
      const verdict = low > 0 ? 'better' : high < 0 ? 'worse' : 'no difference found';
      others.push({ mode, evaluation, difference, verdict });
    }
    return { used, others, summary: describeModes(used, others) };
  }, options.signal);
}

/** As people say it. */
export const nameOfMode: Record<SearchMode, string> = {
  hybrid: 'hybrid',
  dense: 'meaning alone',
  lexical: 'words alone',
};

/** A smaller difference that was not shown is not mentioned. */
const worthSaying = 0.02;

function describeModes(
  { mode: inUse, evaluation }: ModesEvaluation['used'],
  others: readonly ModeComparison[],
): string {
  const ahead = others
    .filter(({ difference }) => difference.ndcg.value > 0)
    .sort((a, b) => b.difference.ndcg.value - a.difference.ndcg.value);
  const better = ahead.filter(({ verdict }) => verdict === 'better');
  const figures = ({ difference: { ndcg } }: ModeComparison) =>
    `nDCG@10 ${signed(ndcg.value)}, 95 % interval ${signed(ndcg.low)} to ${signed(ndcg.high)}`;
  const [best] = better;
  if (best)
    return `Warning: on these questions ${nameOfMode[best.mode]} finds more than ${nameOfMode[inUse]}, which is used (${figures(best)}). Look at what it finds, and set retrieve.mode to "${best.mode}" if your users ask like this.`;
  const [first] = ahead.filter(({ difference }) => difference.ndcg.value >= worthSaying);
  const size = `${counted(evaluation.cases, 'case')} of ${counted(evaluation.groups, 'group')}`;
  if (first)
    return `Careful: ${nameOfMode[first.mode]} is ahead of ${nameOfMode[inUse]}, which is used (${figures(first)}), but ${size} cannot show that it finds more.`;
  return `No other mode finds noticeably more than ${nameOfMode[inUse]}, which is used.`;
}
