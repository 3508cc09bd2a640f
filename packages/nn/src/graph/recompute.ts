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

/**
 * {@link recomputed} for a part of the graph that treats every row alone: the rows go through in `count` stretches, one
 * after the other, so that its inner values exist for one stretch at a time.
 *
 * @param inputs [rows, …] each, with at least `count` rows; the first one gets a gradient.
 * @param weights values that `build` also reads and whose gradients are sums over rows.
 * @param build from a stretch of the inputs to that of the result, [rows, …].
 */
export function recomputedByRows(
  inputs: readonly [Value, ...Value[]],
  weights: readonly Value[],
  count: number,
  build: (inputs: readonly Value[]) => Value,
): Value {
  const { graph } = inputs[0];
  const cut = cutRows(inputs[0], count);
  const join = (stretches: readonly Value[], like: Value): Value =>
    graph.node('Concat', stretches, [like], { attributes: { axis: 0 } })[0]!;
  const { result } = graph.capture(() => cut.map((stretch) => build(inputs.map(stretch))));
  const output = join(result, { ...result[0]!, shape: [inputs[0].shape[0]!, ...result[0]!.shape.slice(1)] });
  graph.record({
    inputs: [inputs[0], ...weights],
    outputs: [output],
    backward: ([dOutput]) => {
      const ofInput: Value[] = [];
      const ofWeights: Value[][] = weights.map(() => []);
      let triggers: Value[] = [dOutput!];
      for (const stretch of cut) {
        // Only when the stretch before has left nothing but its gradients.
        const late = inputs.map((input) => triggers.reduce(delayUntil, stretch(input)));
        const { result: again, entries } = graph.capture(() => build(late));
        const known = new Map([[again.name, stretch(dOutput!)]]);
        const [dInput, ...others] = backpropagate(entries, known, [late[0]!, ...weights]);
        ofInput.push(dInput!);
        others.forEach((gradient, index) => {
          ofWeights[index]!.push(gradient!);
        });
        triggers = [dInput!, ...others.map((gradient) => gradient!)];
      }
      return [
        join(ofInput, inputs[0]),
        ...ofWeights.map((stretches) => graph.node('Sum', stretches, [stretches[0]!])[0]!),
      ];
    },
  });
  return output;
}

/** Functions that take the `count` stretches of the rows of a value with as many rows as x. No tape entry. */
function cutRows(x: Value, count: number): ((value: Value) => Value)[] {
  const { graph } = x;
  const one = (value: number) => graph.constant('int64', [value], [1]);
  const integers = (operator: string, inputs: Value[]): Value =>
    graph.node(operator, inputs, [{ type: 'int64', shape: [1] }])[0]!;
  const [rows] = graph.node('Shape', [x], [{ type: 'int64', shape: [1] }], {
    attributes: { start: 0, end: 1 },
  });
  const bound = (index: number) => integers('Div', [integers('Mul', [rows!, one(index)]), one(count)]);
  return Array.from({ length: count }, (_, index) => {
    const [from, to] = [bound(index), bound(index + 1)];
    return (value) =>
      graph.node(
        'Slice',
        [value, from, to, one(0)],
        [{ type: value.type, shape: [`stretch ${index}`, ...value.shape.slice(1)] }],
      )[0]!;
  });
}
