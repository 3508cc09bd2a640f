import { letterRuns } from '../../dataset/letter-runs.ts';
import { comparableWords } from './words.ts';

/** SQuAD's token F1 of two texts, in [0, 1]: harmonic mean of the shares of each one's words found in the other. */
export function tokenF1(answer: string, expected: string): number {
  const said = comparableWords(answer);
  const wanted = comparableWords(expected);
  if (said.length === 0 || wanted.length === 0) return Number(said.length === wanted.length);
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of said) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    common++;
  }
  return fMeasure(common, said.length, wanted.length);
}

/** ROUGE-L (Lin 2004) with precision and recall weighted equally: F1 of the longest common subsequence of words. */
export function rougeL(answer: string, expected: string): number {
  const said = letterRuns(answer);
  const wanted = letterRuns(expected);
  if (said.length === 0 || wanted.length === 0) return 0;
  return fMeasure(longestCommonSubsequence(said, wanted), said.length, wanted.length);
}

function fMeasure(common: number, said: number, wanted: number): number {
  return common === 0 ? 0 : (2 * common) / (said + wanted);
}

function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let previous = new Uint32Array(b.length + 1);
  for (const word of a) {
    const current = new Uint32Array(b.length + 1);
    for (let j = 1; j <= b.length; j++) {
      current[j] = word === b[j - 1] ? previous[j - 1]! + 1 : Math.max(previous[j]!, current[j - 1]!);
    }
    previous = current;
  }
  return previous[b.length]!;
}
