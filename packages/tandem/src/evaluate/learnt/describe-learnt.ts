import { listed } from '../format.ts';
import type { LearntEvaluation, PairedEvaluation } from './learnt-evaluation.ts';

/** A sentence for each thing that was compared, and for each that could not be. */
export function describeLearnt({
  parts,
  together,
  leftOut,
}: Pick<LearntEvaluation, 'parts' | 'together' | 'leftOut'>): string {
  const sentences = [
    ...parts.map((part) => sentenceOf(`The ${part.kind}`, false, part)),
    ...(together
      ? [
          sentenceOf(
            `${capitalised(listed(together.kinds.map((kind) => `the ${kind}`)))} together`,
            true,
            together,
          ),
        ]
      : []),
    ...leftOut.map(({ why }) => why),
  ];
  if (sentences.length > 0) return sentences.join(' ');
  return 'Nothing has been learnt or trained from this project’s questions yet.';
}

const names = { pays: ['pays', 'pay'], costs: ['makes it worse', 'make it worse'] } as const;

function sentenceOf(
  what: string,
  isPlural: boolean,
  { verdict, difference, without, note, ...pair }: PairedEvaluation,
): string {
  const { value, low, high } = difference.ndcg;
  const said =
    verdict === 'no difference found'
      ? `${what}: no difference found`
      : `${what} ${names[verdict][isPlural ? 1 : 0]}`;
  const figures = `nDCG@10 ${without.ndcg.value.toFixed(3)} without, ${pair.with.ndcg.value.toFixed(3)} with ${isPlural ? 'them' : 'it'} (difference ${signed(value)}, 95 % interval ${signed(low)} to ${signed(high)})`;
  return `${said}: ${figures}${note === undefined ? '' : `; ${note}`}.`;
}

/** `+.012` with three digits; a true minus sign. */
export const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;

const capitalised = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1)}`;
