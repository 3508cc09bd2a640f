import type { LocalChatTools } from '../models/local-tools.ts';

/** Tokens, and the positions whose next-token logits are compared. */
export interface ProbedSequence {
  tokens: readonly number[];
  positions: readonly number[];
}

/** How far two sets of next-token distributions are from each other. */
export interface Parity {
  /** Positions compared. */
  tokens: number;
  /** Mean Kullback–Leibler divergence of the served from the trained distribution, nats. */
  meanKl: number;
  /** Share of positions with the same most likely token, or with one that the trainer finds as likely ({@link nearTie}). */
  sameTopToken: number;
}

/**
 * Beyond these an adapter was written or read wrongly. llama.cpp also quantises activations, which alone moves its logits: on
 * SmolLM2 Q4_1 that stays below a mean KL of 1e-2 with 98 % of top tokens the same (held by this package's tests), and a check
 * on a few hundred tokens must leave room for chance. On fewer a share means nothing: see `leastProbed`.
 */
export const parityBounds = { meanKl: 5e-2, sameTopToken: 0.95 };

/**
 * Nats. Between two tokens as likely as that, rounding decides which comes first: a model that has learnt little yet is often of two minds,
 * and would be refused on a few dozen tokens for nothing. Noise of standard deviation σ on each logit makes a mean KL of about σ²/2, and moves
 * the difference of two logits by σ√2: this is above what a mean KL of 1e-2, which tests hold, makes of it.
 */
export const nearTie = 0.25;

/**
 * Puts the same tokens to llama.cpp with the adapter and compares its distributions with the trainer's. `reference` gives the
 * trainer's logits for each sequence's positions, `[sequences][positions][vocabulary]`.
 */
export async function checkParity(
  tools: LocalChatTools,
  options: {
    sequences: readonly ProbedSequence[];
    adapterFile?: string;
    reference: (sequences: readonly ProbedSequence[]) => Promise<Float32Array[][]>;
    signal?: AbortSignal;
  },
): Promise<Parity> {
  let tokens = 0;
  let kl = 0;
  let same = 0;
  const reference = await options.reference(options.sequences);
  for (const [order, sequence] of options.sequences.entries()) {
    options.signal?.throwIfAborted();
    const wanted = reference[order]!;
    const served = await tools.evaluateLogits(sequence.tokens, {
      positions: sequence.positions,
      ...(options.adapterFile !== undefined && { adapter: { path: options.adapterFile } }),
      ...(options.signal && { abortSignal: options.signal }),
    });
    for (const [index, logits] of served.entries()) {
      const p = logSoftmax(wanted[index]!);
      const q = logSoftmax(logits);
      kl += divergence(p, q);
      same += Number(p[argMax(p)]! - p[argMax(q)]! <= nearTie);
      tokens += 1;
    }
  }
  return { tokens, meanKl: kl / Math.max(1, tokens), sameTopToken: same / Math.max(1, tokens) };
}

function logSoftmax(logits: Float32Array): Float64Array {
  let max = Number.NEGATIVE_INFINITY;
  for (const value of logits) if (value > max) max = value;
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - max);
  const shift = max + Math.log(sum);
  return Float64Array.from(logits, (value) => value - shift);
}

function divergence(p: Float64Array, q: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += Math.exp(p[i]!) * (p[i]! - q[i]!);
  return sum;
}

function argMax(values: Float64Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
