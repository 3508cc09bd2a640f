/** What a decoder is given: sequences, adapters and dropout keys as tensors. */
import { dropoutKeyRange, dropoutKeyWidth, type TensorData } from '../graph/index.ts';
import { seededRandom } from '../graph/seeded-random.ts';
import { type DecoderConfig, decoderLayerSizes } from './decoder-config.ts';
import type { LoraAdapter, LoraTarget } from './lora-adapter.ts';

/** A sequence of token ids, and the positions whose token is a label (predicted from the tokens before it). */
export interface LabelledTokens {
  tokens: ArrayLike<number>;
  /** Positions ≥ 1, ascending. */
  labels: ArrayLike<number>;
}

/** Two replies to one prompt. Each sequence is the prompt and the reply; the reply's tokens are its labels. */
export interface PreferredTokens {
  chosen: LabelledTokens;
  rejected: LabelledTokens;
}

/** Sequences padded on the right to one length. Causal attention never looks at the padding. */
export interface DecoderBatch {
  /** int32, [batch, length]. */
  tokens: TensorData;
  /** [length, length]: 0 where a position may look at another, and very negative where it may not. */
  mask: TensorData;
  /** Of all labels, sequence by sequence: the row (of batch · length) that predicts it. */
  rows: Int32Array;
  /** Of all labels: the token. */
  labels: Int32Array;
}

/** Puts sequences together. */
export function decoderBatch(sequences: readonly LabelledTokens[]): DecoderBatch {
  const length = Math.max(...sequences.map(({ tokens }) => tokens.length));
  const tokens = new Int32Array(sequences.length * length);
  const rows: number[] = [];
  const labels: number[] = [];
  sequences.forEach((sequence, index) => {
    tokens.set(Array.from(sequence.tokens), index * length);
    for (const position of Array.from(sequence.labels)) {
      rows.push(index * length + position - 1);
      labels.push(sequence.tokens[position]!);
    }
  });
  return {
    tokens: { data: tokens, shape: [sequences.length, length] },
    mask: { data: causalMask(length), shape: [length, length] },
    rows: Int32Array.from(rows),
    labels: Int32Array.from(labels),
  };
}

/** An adapter's matrices by name: `<module path>.a` and `.b`. The memory is shared. */
export function adapterInputs(adapter: LoraAdapter, config: DecoderConfig): Record<string, TensorData> {
  const sizes = decoderLayerSizes(config);
  const inputs: Record<string, TensorData> = {};
  for (const [path, { a, b }] of adapter.tensors) {
    const { out, in: into } = sizes[path.slice(path.lastIndexOf('.') + 1) as LoraTarget];
    inputs[`${path}.a`] = { data: a, shape: [adapter.rank, into] };
    inputs[`${path}.b`] = { data: b, shape: [out, adapter.rank] };
  }
  return inputs;
}

/**
 * Dropout keys of sequences padded to one length: a key for each token. It depends only on the seed of the sequence and
 * the token's position, so that the zeros do not depend on the other sequences of the batch.
 */
export function dropoutRowKeys(seeds: readonly number[], length: number): TensorData {
  const data = new Float32Array(seeds.length * length * dropoutKeyWidth);
  seeds.forEach((seed, index) => {
    const random = seededRandom(seed);
    const from = index * length * dropoutKeyWidth;
    for (let at = from; at < from + length * dropoutKeyWidth; at++) {
      data[at] = (2 * random() - 1) * dropoutKeyRange;
    }
  });
  return { data, shape: [seeds.length * length, dropoutKeyWidth] };
}

/** Fixed dropout keys of the `width` inputs at one place in the model; places count from 1. */
export function dropoutColumnKeys(place: number, width: number): TensorData {
  const random = seededRandom(place);
  const data = Float32Array.from(
    { length: width * dropoutKeyWidth },
    () => (2 * random() - 1) * dropoutKeyRange,
  );
  return { data, shape: [width, dropoutKeyWidth] };
}

function causalMask(length: number): Float32Array {
  const mask = new Float32Array(length * length);
  for (let row = 0; row < length; row++) mask.fill(-1e30, row * length + row + 1, (row + 1) * length);
  return mask;
}
