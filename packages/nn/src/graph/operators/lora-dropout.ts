/** Dropout on what an adapter reads, from random numbers that are a function of row and column. */
import { differentiable, type Value } from '../graph.ts';
import { after } from '../recompute.ts';
import { add, binary, scale, unary } from './elementwise.ts';
import { type LoraLayer, loraLinear } from './lora.ts';
import { gemm, linear } from './matrix.ts';

/** Numbers in a row's key and in a column's: enough that no column's zeros follow from a few others'. */
export const dropoutKeyWidth = 8;

/** What decides which elements of [rows, width] are zeroed. */
export interface Dropout {
  /** Share that is zeroed. */
  probability: number;
  /** [rows, dropoutKeyWidth], other numbers at each step: within ±dropoutKeyRange. */
  rows: Value;
  /** [width, dropoutKeyWidth], other numbers at each place in the model, the same at each step: within ±dropoutKeyRange. */
  columns: Value;
}

/** With keys of this size the phases spread over some hundred turns, and float32 still resolves a turn to 1e-5. */
export const dropoutKeyRange = 8;

/**
 * `loraLinear` as PEFT computes it with dropout: x · weightᵀ + scaling / (1 − p) · (x ∘ mask) · aᵀ · bᵀ. All layers share
 * the mask, so that x is masked once for all of them.
 */
export function loraLinearWithDropout(
  x: Value,
  layers: readonly LoraLayer[],
  scaling: number,
  dropout: Dropout,
): Value[] {
  const frozen = loraLinear(
    x,
    layers.map(({ weight, bias, int8 }) => ({ weight, bias, int8 })),
    scaling,
  );
  if (layers.every(({ adapter }) => !adapter)) return frozen;
  const kept = randomlyZeroed(x, dropout);
  return layers.map(({ adapter }, index) => {
    if (!adapter) return frozen[index]!;
    const inner = scale(linear(kept, adapter.a), scaling / (1 - dropout.probability));
    return add(frozen[index]!, linear(inner, adapter.b));
  });
}

/**
 * x with a random share of its elements zeroed (not scaled up). An element's random number is the fractional part of the
 * inner product of its row's and its column's key: uniform, and independent for any few elements. So the zeros need no
 * memory (the backward finds them again), no state, and no random number for each element: the keys are a hundredth of
 * their number, and a row's zeros do not depend on the rows computed beside it.
 */
export function randomlyZeroed(x: Value, { probability, rows, columns }: Dropout): Value {
  const { graph } = x;
  const zeroed = (values: Value, rowKeys: Value): Value => {
    const phase = gemm(rowKeys, columns, { transB: true });
    const fraction = binary('Sub', phase, unary('Floor', phase));
    const [kept] = graph.node(
      'Less',
      [fraction, graph.constant('float32', [1 - probability])],
      [{ type: 'bool', shape: x.shape }],
    );
    return graph.node('Where', [kept, values, graph.constant('float32', [0])], [x])[0]!;
  };
  return differentiable(zeroed(x, rows), [x], (dy) => [zeroed(dy, after(rows, dy))]);
}
