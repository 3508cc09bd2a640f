/** Root-mean-square and layer normalisation over the last axis. */
import { differentiable, type Value } from '../graph.ts';
import { binary } from './elementwise.ts';
import { batchedMatMul } from './matrix.ts';
import { reduce, sumTo } from './reduce.ts';
import { reshapeNode } from './shape.ts';

/** x / sqrt(mean(x²) + epsilon) · gain (Zhang & Sennrich 2019). x: [..., width], gain: [width]. */
export function rmsNorm(x: Value, gain: Value, epsilon: number): Value {
  const { graph } = x;
  const statistics = { type: x.type, shape: [...x.shape.slice(0, -1), 1] };
  const [y, inverse] = graph.node('SimplifiedLayerNormalization', [x, gain], [x, statistics], {
    attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
  });
  return differentiable(y!, [x, gain], (dy, [toX, toGain]) => {
    // With r = 1/rms: dx = r·(g − x·r²·mean(x·g)), where g = dy·gain.
    const unit = toGain || toX ? binary('Mul', x, inverse!) : x;
    const dGain = toGain ? sumTo(binary('Mul', dy, unit), gain.shape) : undefined;
    if (!toX) return [undefined, dGain];
    const g = binary('Mul', dy, gain);
    const projection = reduce('ReduceMean', binary('Mul', unit, g), [-1], true);
    const dx = binary('Mul', binary('Sub', g, binary('Mul', unit, projection)), inverse!);
    return [dx, dGain];
  });
}

/** (x − mean) / sqrt(variance + epsilon) · gain + bias (Ba et al. 2016). x: [..., width], gain and bias: [width]. */
export function layerNorm(x: Value, gain: Value, bias: Value, epsilon: number): Value {
  const { graph } = x;
  const width = gain.shape[0] as number;
  const attributes = { axis: -1, epsilon: { float: epsilon }, stash_type: 1 };
  const [y] = graph.node('LayerNormalization', [x, gain, bias], [x], { attributes });
  return differentiable(y!, [x, gain, bias], (dy, [toX, toGain, toBias]) => {
    // With r = 1/deviation and u = (x − mean)·r: dx = r·(g − mean(g) − u·mean(u·g)), where g = dy·gain. u is computed
    // again by the norm itself without gain and bias, which is faster than computing it from the mean. mean(u·g) is a
    // product with the gain.
    const statistics = { type: x.type, shape: [...x.shape.slice(0, -1), 1] };
    const one = graph.constant('float32', new Array<number>(width).fill(1), [width]);
    const [unit, , inverse] = graph.node('LayerNormalization', [x, one], [x, statistics, statistics], {
      attributes,
    });
    const along = toGain || toX ? binary('Mul', dy, unit!) : x;
    const dGain = toGain ? sumTo(along, gain.shape) : undefined;
    const dBias = toBias ? sumTo(dy, bias.shape) : undefined;
    if (!toX) return [undefined, dGain, dBias];
    const g = binary('Mul', dy, gain);
    const share = reshapeNode(binary('Mul', gain, graph.constant('float32', [1 / width])), [width, 1]);
    const projection = batchedMatMul(along, share);
    const inner = binary(
      'Sub',
      binary('Sub', g, reduce('ReduceMean', g, [-1], true)),
      binary('Mul', unit!, projection),
    );
    return [binary('Mul', inner, inverse!), dGain, dBias];
  });
}

/** x / ‖x‖ over the last axis. Norms below 1e-12 count as 1e-12, so that a row of zeros stays zero. */
export function unitLength(x: Value): Value {
  const { graph } = x;
  const squared = reduce('ReduceSum', binary('Mul', x, x), [-1], true);
  const [norm] = graph.node('Sqrt', [squared], [squared]);
  const [divisor] = graph.node('Max', [norm, graph.constant('float32', [1e-12])], [squared]);
  const y = binary('Div', x, divisor!);
  return differentiable(y, [x], (dy) => {
    const along = binary('Mul', y, reduce('ReduceSum', binary('Mul', dy, y), [-1], true));
    return [binary('Div', binary('Sub', dy, along), divisor!)];
  });
}
