/** Trading time for memory: values computed again in the backward instead of being kept from the forward. */
import { backpropagate, type Value } from './graph.ts';

/**
 * `x`, but not before `trigger` is there. ONNX Runtime runs nodes in an order of its own choosing; without this a
 * recomputation in the backward may run as early as the forward did, and its result be kept all the same. The shape
 * given to a Reshape (which copies nothing) is made to depend on the trigger's shape. No tape entry.
 */
export function after(x: Value, trigger: Value): Value {
  const same = sameShapeAfter(trigger, x.shape.length);
  return x.graph.node('Reshape', [x, same], [{ type: x.type, shape: x.shape }])[0]!;
}

const shapesByTrigger = new WeakMap<Value, Map<number, Value>>();

/** The shape [0, 0, …] (0 means "as in the input" to Reshape), known when the trigger is. Once for each rank. */
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
 * A stretch of the graph whose inner values are not kept: the backward computes again those it needs (Chen et al.
 * 2016). What it does not need again, such as a matrix product at the stretch's end, is not computed twice.
 * `weights` are inputs of `build` that are there anyway, so that nothing is gained by delaying them.
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
      const late = inputs.map((input) => after(input, trigger));
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
