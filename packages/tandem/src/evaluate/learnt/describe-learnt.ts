import { listed } from '../../core/listed.ts';
import { signed } from '../retrieval-difference.ts';
import type { LearntEvaluation, PairedEvaluation } from './learnt-evaluation.ts';

/** A sentence for each thing that was compared, and for each that could not be. */
export function describeLearnt({
  parts,
  together,
  leftOut,
}: Pick<LearntEvaluation, 'parts' | 'together' | 'leftOut'>): string {
  const sentences = [
    ...parts.map((part) => sentenceOf(`The ${part.kind}`, false, part)),
    ...together.map((all) => sentenceOf(`${togetherOf(all)} together`, true, all)),
    ...leftOut.map(({ why }) => why),
  ];
  if (sentences.length > 0) return sentences.join(' ');
  return 'Nothing has been learnt or trained from this project’s questions yet.';
}

const togetherOf = ({ kinds }: LearntEvaluation['together'][number]) => {
  const names = listed(kinds.map((kind) => `the ${kind}`));
  return `${names[0]!.toUpperCase()}${names.slice(1)}`;
};

const verbs = { pays: ['pays', 'pay'], costs: ['makes it worse', 'make it worse'] } as const;

function sentenceOf(
  what: string,
  isPlural: boolean,
  { verdict, difference, without, note, ...pair }: PairedEvaluation,
): string {
  const { value, low, high } = difference.ndcg;
  const said =
    verdict === 'no difference found'
      ? `${what}: no difference found`
      : `${what} ${verbs[verdict][isPlural ? 1 : 0]}`;
  const it = isPlural ? 'them' : 'it';
  const figures = `nDCG@10 ${without.ndcg.value.toFixed(3)} without ${it}, ${pair.with.ndcg.value.toFixed(3)} with ${it}; difference ${signed(value)}, 95 % interval ${signed(low)} to ${signed(high)}`;
  return `${said} (${figures}${note === undefined ? '' : `; ${note}`}).`;
}
