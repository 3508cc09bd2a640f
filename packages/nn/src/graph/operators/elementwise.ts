/**
 * Element-by-element operators with NumPy broadcasting. The gradient of a broadcast operand is summed over the axes
 * that were broadcast.
 */
import { GraphError } from '../../errors/graph-error.ts';
import { differentiable, type Value } from '../graph.ts';
import type { Dimension } from '../protobuf.ts';
import { delayUntil } from '../recompute.ts';
import { sumTo } from './reduce.ts';

/** a + b, with NumPy broadcasting. */
export function add(a: Value, b: Value): Value {
  return differentiable(binary('Add', a, b), [a, b], (dy, [toA, toB]) => [
    toA ? sumTo(dy, a.shape) : undefined,
    toB ? sumTo(dy, b.shape) : undefined,
  ]);
}

/** a − b, with NumPy broadcasting. */
export function subtract(a: Value, b: Value): Value {
  return differentiable(binary('Sub', a, b), [a, b], (dy, [toA, toB]) => [
    toA ? sumTo(dy, a.shape) : undefined,
    toB ? sumTo(unary('Neg', dy), b.shape) : undefined,
  ]);
}

/** a · b element by element, with NumPy broadcasting. */
export function multiply(a: Value, b: Value): Value {
  return differentiable(binary('Mul', a, b), [a, b], (dy, [toA, toB]) => [
    toA ? sumTo(binary('Mul', dy, b), a.shape) : undefined,
    toB ? sumTo(binary('Mul', dy, a), b.shape) : undefined,
  ]);
}

/** a / b element by element, with NumPy broadcasting. */
export function divide(a: Value, b: Value): Value {
  const y = binary('Div', a, b);
  return differentiable(y, [a, b], (dy, [toA, toB]) => {
    const da = binary('Div', dy, b);
    return [
      toA ? sumTo(da, a.shape) : undefined,
      toB ? sumTo(unary('Neg', binary('Mul', da, y)), b.shape) : undefined,
    ];
  });
}

/** x · factor. */
export function scale(x: Value, factor: number): Value {
  return multiply(x, x.graph.constant('float32', [factor]));
}

/** x + term. */
export function offset(x: Value, term: number): Value {
  return add(x, x.graph.constant('float32', [term]));
}

/** −x. */
export function negate(x: Value): Value {
  return differentiable(unary('Neg', x), [x], (dy) => [unary('Neg', dy)]);
}

/** eˣ. */
export function exponential(x: Value): Value {
  const y = unary('Exp', x);
  return differentiable(y, [x], (dy) => [binary('Mul', dy, y)]);
}

/** The natural logarithm of x. */
export function logarithm(x: Value): Value {
  return differentiable(unary('Log', x), [x], (dy) => [binary('Div', dy, x)]);
}

/** √x. */
export function squareRoot(x: Value): Value {
  const y = unary('Sqrt', x);
  return differentiable(y, [x], (dy) => [binary('Div', binary('Mul', dy, constant(y, 0.5)), y)]);
}

/** The hyperbolic tangent of x. */
export function tanh(x: Value): Value {
  const y = unary('Tanh', x);
  return differentiable(y, [x], (dy) => [
    binary('Mul', dy, binary('Sub', constant(y, 1), binary('Mul', y, y))),
  ]);
}

/** 1 / (1 + e⁻ˣ). */
export function sigmoid(x: Value): Value {
  const y = unary('Sigmoid', x);
  return differentiable(y, [x], (dy) => [
    binary('Mul', dy, binary('Mul', y, binary('Sub', constant(y, 1), y))),
  ]);
}

/** x · sigmoid(x). One kernel forward: QuickGelu with alpha 1 is SiLU. */
export function silu(x: Value): Value {
  return differentiable(siluKernel(x), [x], (dy) => {
    const late = delayUntil(x, dy);
    return [binary('Mul', dy, siluSlope(late, siluKernel(late)))];
  });
}

/**
 * silu(gate) · up, the activation of Llama's feed-forward. silu(gate) is computed again in the backward: it is cheap
 * and as large as everything else there, so keeping it would cost more than it saves.
 */
export function swiglu(gate: Value, up: Value): Value {
  const y = binary('Mul', siluKernel(gate), up);
  return differentiable(y, [gate, up], (dy, [toGate, toUp]) => {
    const late = delayUntil(gate, dy);
    const activated = siluKernel(late);
    return [
      toGate ? binary('Mul', binary('Mul', dy, up), siluSlope(late, activated)) : undefined,
      toUp ? binary('Mul', dy, activated) : undefined,
    ];
  });
}

/** x · Φ(x) with the error function, as BERT uses it (not the tanh approximation). */
export function gelu(x: Value): Value {
  const [y] = x.graph.node('Gelu', [x], [x]);
  return differentiable(y!, [x], (dy) => {
    // d/dx x·Φ(x) = Φ(x) + x·φ(x). With t = x/√2 that is (1 + erf t)/2 + t / (√π · e^(t²)). Dividing by a power that
    // overflows gives the right result, 0. HardSigmoid computes (1 + e)/2 in one pass: this is the widest tensor of an
    // encoder.
    const t = binary('Mul', x, constant(x, Math.SQRT1_2));
    const [cumulative] = x.graph.node('HardSigmoid', [unary('Erf', t)], [x], {
      attributes: { alpha: { float: 0.5 }, beta: { float: 0.5 } },
    });
    const density = binary('Div', t, unary('Exp', binary('Mul', t, t)));
    const slope = binary('Add', cumulative!, binary('Mul', density, constant(x, 1 / Math.sqrt(Math.PI))));
    return [binary('Mul', dy, slope)];
  });
}

/** x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))): the approximation of {@link gelu} that Gemma is trained with. */
export function geluTanh(x: Value): Value {
  return differentiable(geluTanhKernel(x), [x], (dy) => [
    binary('Mul', dy, geluTanhSlope(delayUntil(x, dy))),
  ]);
}

/** geluTanh(gate) · up, the activation of Gemma's feed-forward. As in {@link swiglu} the activated gate is not kept. */
export function geglu(gate: Value, up: Value): Value {
  const y = binary('Mul', geluTanhKernel(gate), up);
  return differentiable(y, [gate, up], (dy, [toGate, toUp]) => {
    const late = delayUntil(gate, dy);
    return [
      toGate ? binary('Mul', binary('Mul', dy, up), geluTanhSlope(late)) : undefined,
      toUp ? binary('Mul', dy, geluTanhKernel(late)) : undefined,
    ];
  });
}

/** The shape two operands broadcast to. A named size against 1 keeps the name; against another name it is an error. */
export function broadcastShape(a: readonly Dimension[], b: readonly Dimension[]): Dimension[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new GraphError({
      fault: 'shape_mismatch',
      message: `Shapes [${a.join(', ')}] and [${b.join(', ')}] do not broadcast.`,
    });
  });
}

/** Without a tape entry: for the inside of backward functions. */
export function binary(operator: 'Add' | 'Sub' | 'Mul' | 'Div', a: Value, b: Value): Value {
  const shape = broadcastShape(a.shape, b.shape);
  return a.graph.node(operator, [a, b], [{ type: a.type, shape }])[0]!;
}

/** Without a tape entry: for the inside of backward functions. */
export function unary(operator: string, x: Value): Value {
  return x.graph.node(operator, [x], [{ type: x.type, shape: x.shape }])[0]!;
}

function constant(like: Value, value: number): Value {
  return like.graph.constant('float32', [value]);
}

function siluKernel(x: Value): Value {
  return x.graph.node('QuickGelu', [x], [x], {
    domain: 'com.microsoft',
    attributes: { alpha: { float: 1 } },
  })[0]!;
}

/** silu'(x) = s + silu(x)·(1 − s), with s = sigmoid(x). */
function siluSlope(x: Value, activated: Value): Value {
  const s = unary('Sigmoid', x);
  return binary('Add', s, binary('Mul', activated, binary('Sub', constant(x, 1), s)));
}

function geluTanhKernel(x: Value): Value {
  return x.graph.node('Gelu', [x], [x], { attributes: { approximate: 'tanh' } })[0]!;
}

/** With t = tanh(c·(x + k·x³)): (1 + t)/2 + x/2 · (1 − t²) · c·(1 + 3k·x²). */
function geluTanhSlope(x: Value): Value {
  const [c, k] = [Math.sqrt(2 / Math.PI), 0.044715];
  const squared = binary('Mul', x, x);
  const inner = binary('Mul', x, binary('Add', binary('Mul', squared, constant(x, c * k)), constant(x, c)));
  const t = unary('Tanh', inner);
  const rise = binary('Add', binary('Mul', squared, constant(x, 1.5 * c * k)), constant(x, 0.5 * c));
  const flank = binary('Mul', binary('Mul', x, rise), binary('Sub', constant(x, 1), binary('Mul', t, t)));
  return binary('Add', binary('Mul', binary('Add', t, constant(x, 1)), constant(x, 0.5)), flank);
}
