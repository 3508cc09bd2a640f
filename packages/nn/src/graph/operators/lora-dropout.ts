/** Dropout on the input of an adapter. Which elements are zeroed is a function of their row and column. */
import { differentiable, type Value } from '../graph.ts';
import { delayUntil } from '../recompute.ts';
import { add, binary, scale, unary } from './elementwise.ts';
import { type LoraLayer, loraLinear } from './lora.ts';
import { gemm, linear } from './matrix.ts';

/**
 * Numbers in the key of a row or column: enough that the zeros of one column cannot be predicted from those of a few
 * others.
 */
export const dropoutKeyWidth = 8;

/** Decides which elements of [rows, width] are zeroed. */
export interface Dropout {
  /** Share that is zeroed. */
  probability: number;
  /** [rows, dropoutKeyWidth], within ±dropoutKeyRange. Different at each step. */
  rows: Value;
  /** [width, dropoutKeyWidth], within ±dropoutKeyRange. Different at each place in the model, the same at each step. */
  columns: Value;
}

/**
 * Keys are within ± this number: the phases then spread over some hundred turns, and float32 still resolves 1e-5 of a
 * turn.
 */
export const dropoutKeyRange = 8;

/**
 * {@link loraLinear} as PEFT computes it with dropout: x · weightᵀ + scaling / (1 − p) · (x ∘ mask) · aᵀ · bᵀ. All
 * layers share the mask, so that x is masked once for all of them.
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
 * x with a random share of its elements zeroed; the others are not scaled up. The random number of an element is the
 * fractional part of the inner product of its row's key and its column's key: it is uniform, and independent for any
 * few elements. So the zeros need no memory (the backward computes them again), no state, and no random number for each
 * element: there are a hundred times fewer keys than elements. The zeros of a row do not depend on the rows computed in
 * the same batch.
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
  return differentiable(zeroed(x, rows), [x], (dy) => [zeroed(dy, delayUntil(rows, dy))]);
}
