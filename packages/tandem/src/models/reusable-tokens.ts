/**
 * llama.cpp multiplies repacked weights with four tokens at once, and with those that are left over one by one, which rounds otherwise
 * (`ggml-cpu/repack.cpp`, x86 and Arm). So a token's numbers depend on which four it is evaluated with, and not on the thread count or on
 * where else a prompt is cut.
 */
export const tokenBlock = 4;

/** What a cache holds: `tokens`, of which the first `batched` were evaluated as one prompt, and each later one alone. */
export interface EvaluatedTokens {
  tokens: readonly number[];
  batched: number;
}

/**
 * How many of the cached tokens may stand for the beginning of `prompt` (evaluated as one) followed by `singles` (evaluated one by one), so
 * that no number differs from an evaluation from the start. Of a prompt that ends elsewhere only whole blocks are reused, and at least one
 * block, or nothing, is left to evaluate: two or three tokens alone take another path than the same after others.
 */
export function reusableTokens(
  { tokens, batched }: EvaluatedTokens,
  prompt: readonly number[],
  singles: readonly number[] = [],
): number {
  const length = prompt.length + singles.length;
  let common = 0;
  while (
    common < tokens.length &&
    common < length &&
    tokens[common] === (common < prompt.length ? prompt[common] : singles[common - prompt.length])
  )
    common += 1;
  if (batched === prompt.length && common >= batched) return common;
  return wholeBlocks(Math.min(common, batched, prompt.length - tokenBlock));
}

/** How many of the first `count` tokens are in whole blocks. */
export function wholeBlocks(count: number): number {
  return Math.max(0, count - (count % tokenBlock));
}
