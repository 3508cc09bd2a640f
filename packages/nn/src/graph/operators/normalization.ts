/** Root-mean-square and layer normalisation over the last axis. */
import { differentiable, type Value } from '../graph.ts';
import { binary } from './elementwise.ts';
import { reduce, sumTo } from './reduce.ts';

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
  const [y] = graph.node('LayerNormalization', [x, gain, bias], [x], {
    attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
  });
  return differentiable(y!, [x, gain, bias], (dy, [toX, toGain, toBias]) => {
    // With u = (x − mean)·r: dx = r·(g − mean(g) − u·mean(u·g)), where g = dy·gain. u and r are computed again here.
    const centred = binary('Sub', x, reduce('ReduceMean', x, [-1], true));
    const variance = reduce('ReduceMean', binary('Mul', centred, centred), [-1], true);
    const shifted = binary('Add', variance, graph.constant('float32', [epsilon]));
    const [deviation] = graph.node('Sqrt', [shifted], [shifted]);
    const unit = binary('Div', centred, deviation!);
    const dGain = toGain ? sumTo(binary('Mul', dy, unit), gain.shape) : undefined;
    const dBias = toBias ? sumTo(dy, bias.shape) : undefined;
    if (!toX) return [undefined, dGain, dBias];
    const g = binary('Mul', dy, gain);
    const projection = reduce('ReduceMean', binary('Mul', unit, g), [-1], true);
    const inner = binary(
      'Sub',
      binary('Sub', g, reduce('ReduceMean', g, [-1], true)),
      binary('Mul', unit, projection),
    );
    return [binary('Div', inner, deviation!), dGain, dBias];
  });
}
