/**
 * Saving memory at the cost of time: values are computed again in the backward instead of being kept from the forward.
 */
import { backpropagate, type Value } from './graph.ts';

/**
 * `x`, but available only after `trigger` has been computed. ONNX Runtime chooses the order of the nodes: without this
 * it may run a recomputation of the backward as early as the forward, and keep the result all the same. `x` goes
 * through a Reshape (which copies nothing) whose shape depends on the trigger's shape. No tape entry.
 */
export function delayUntil(x: Value, trigger: Value): Value {
  const same = sameShapeAfter(trigger, x.shape.length);
  return x.graph.node('Reshape', [x, same], [{ type: x.type, shape: x.shape }])[0]!;
}

const shapesByTrigger = new WeakMap<Value, Map<number, Value>>();

/**
 * The shape [0, 0, …] (to Reshape, 0 means "as in the input"), known only when the trigger is. Made once for each rank.
 */
function sameShapeAfter(trigger: Value, rank: number): Value {
  const known = shapesByTrigger.get(trigger) ?? new Map<number, Value>();
  shapesByTrigger.set(trigger, known);
  const found = known.get(rank);
  if (found) return found;
  const { graph } = trigger;
  const [first] = graph.node(
    'Shape',
    [trigger],
    [{ type: 'int64', shape: [Math.min(1, trigger.shape.length)] }],
    { attributes: { start: 0, end: 1 } },
  );
  const zeros = graph.constant('int64', new Array<number>(rank).fill(0), [rank]);
  const [same] = graph.node('Mul', [first, zeros], [{ type: 'int64', shape: [rank] }]);
  known.set(rank, same!);
  return same!;
}

/**
 * Builds a part of the graph whose inner values are not kept: the backward computes those that it needs again (Chen et
 * al. 2016). What the gradients do not need, such as the last matrix product, is not computed twice.
 *
 * @param inputs the values that the part reads and that are kept for the backward.
 * @param weights values that `build` also reads and that exist throughout, so that delaying them would save nothing.
 */
export function recomputed(
  inputs: readonly Value[],
  weights: readonly Value[],
  build: (inputs: readonly Value[]) => Value[],
): Value[] {
  const { graph } = inputs[0]!;
  const { result: outputs } = graph.capture(() => build(inputs));
  graph.record({
    inputs: [...inputs, ...weights],
    outputs,
    backward: (outputGradients) => {
      const trigger = outputGradients.find((gradient) => gradient !== undefined)!;
      const late = inputs.map((input) => delayUntil(input, trigger));
      const { result: again, entries } = graph.capture(() => build(late));
      const known = new Map<string, Value>();
      again.forEach((output, index) => {
        const gradient = outputGradients[index];
        if (gradient) known.set(output.name, gradient);
      });
      return backpropagate(entries, known, [...late, ...weights]);
    },
  });
  return outputs;
}
