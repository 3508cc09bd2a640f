import { Graph, gradients, type Value } from './graph.ts';
import { multiply, sumAll } from './operators/index.ts';
import { seededRandom } from './seeded-random.ts';
import { openSession, type TensorData } from './session.ts';

/**
 * Compares the gradients of an operation with finite differences. The scalar that is differentiated is the sum of the
 * outputs, weighted by fixed random numbers. It is summed here in double precision, and differences use the five-point
 * stencil, whose error (h⁴) allows an h that is large against float32's rounding.
 *
 * @returns the relative error for each input: |analytic − numeric| / (|numeric| + 1e-3), as L2 norms over the input.
 */
export async function gradientErrors(options: {
  inputs: Record<string, { data: Float32Array; shape: readonly number[] }>;
  /** Inputs that are not differentiated, such as indices. */
  constants?: Record<string, TensorData>;
  build: (values: Record<string, Value>) => Value;
  step?: number;
}): Promise<Record<string, number>> {
  const { inputs, constants = {}, step = 1e-2 } = options;
  const names = Object.keys(inputs);
  const graph = new Graph('finite differences');
  const values: Record<string, Value> = {};
  for (const name of names) values[name] = graph.input(name, 'float32', inputs[name]!.shape);
  for (const [name, { data, shape }] of Object.entries(constants)) {
    const type = data instanceof BigInt64Array ? 'int64' : data instanceof Int32Array ? 'int32' : 'float32';
    values[name] = graph.input(name, type, shape);
  }
  const y = options.build(values);
  const size = (y.shape as number[]).reduce((product, dimension) => product * dimension, 1);
  const random = seededRandom(7);
  const weights = Float32Array.from({ length: size }, () => random() * 2 - 1);
  const weighting = graph.weight('weighting', weights, y.shape as number[]);
  const scalar = sumAll(multiply(y, weighting));
  graph.output('y', y);
  gradients(
    scalar,
    names.map((name) => values[name]!),
  ).forEach((gradient, index) => {
    graph.output(`gradient of ${names[index]}`, gradient);
  });

  await using session = await openSession(graph, { threads: 1, optimize: 'none' });
  const evaluate = async (): Promise<number> => {
    const { y: result } = await session.run({ ...inputs, ...constants }, ['y']);
    return (result!.data as Float32Array).reduce((total, value, index) => total + value * weights[index]!, 0);
  };
  const results = await session.run({ ...inputs, ...constants });
  const errors: Record<string, number> = {};
  for (const name of names) {
    const analytic = results[`gradient of ${name}`]!.data as Float32Array;
    const { data } = inputs[name]!;
    let difference = 0;
    let norm = 0;
    for (let index = 0; index < data.length; index++) {
      const original = data[index]!;
      let numeric = 0;
      for (const [shift, factor] of [
        [-2, 1],
        [-1, -8],
        [1, 8],
        [2, -1],
      ] as const) {
        data[index] = original + shift * step;
        numeric += factor * (await evaluate());
      }
      data[index] = original;
      numeric /= 12 * step;
      difference += (analytic[index]! - numeric) ** 2;
      norm += numeric ** 2;
    }
    errors[name] = Math.sqrt(difference) / (Math.sqrt(norm) + 1e-3);
  }
  return errors;
}
