import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradientErrors } from '../finite-differences.fixture.ts';
import { Graph, gradients, type Value } from '../graph.ts';
import { hasIntegerProducts } from '../integer-products.ts';
import { recomputed } from '../recompute.ts';
import { seededRandom } from '../seeded-random.ts';
import { openSession, type TensorData } from '../session.ts';
import * as operators from './index.ts';

const byName: Record<string, (...values: Value[]) => Value> = operators as never;

type Inputs = Record<string, { data: Float32Array; shape: readonly number[] }>;

function tensor(shape: readonly number[], seed: number, low = -1.5, high = 1.5) {
  const random = seededRandom(seed);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  return { shape, data: Float32Array.from({ length: size }, () => low + (high - low) * random()) };
}

async function expectGradients(
  inputs: Inputs,
  build: (values: Record<string, Value>) => Value,
  constants?: Record<string, TensorData>,
): Promise<void> {
  const errors = await gradientErrors({ inputs, build, ...(constants && { constants }) });
  for (const [name, error] of Object.entries(errors)) {
    expect(error, `gradient of ${name}`).toBeLessThan(2e-3);
  }
}

const size = fc.integer({ min: 1, max: 4 });
const seed = fc.integer({ min: 1, max: 1e6 });

function property<T extends [unknown, ...unknown[]]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  check: (...args: T) => Promise<void>,
) {
  return () => fc.assert(fc.asyncProperty<T>(...arbitraries, check), { numRuns: 6, seed: 20 });
}

/** Random keys for dropout. */
function keys(count: number, seed: number) {
  return tensor(
    [count, operators.dropoutKeyWidth],
    seed,
    -operators.dropoutKeyRange,
    operators.dropoutKeyRange,
  );
}

describe('every operator’s backward agrees with finite differences', () => {
  for (const name of ['negate', 'exponential', 'tanh', 'sigmoid', 'silu', 'gelu', 'geluTanh'] as const) {
    test(
      name,
      property([size, size, seed], (rows, columns, s) =>
        expectGradients({ x: tensor([rows, columns], s) }, ({ x }) => byName[name]!(x!)),
      ),
    );
  }
  for (const name of ['logarithm', 'squareRoot'] as const) {
    test(
      name,
      property([size, seed], (rows, s) =>
        expectGradients({ x: tensor([rows], s, 0.5, 2) }, ({ x }) => byName[name]!(x!)),
      ),
    );
  }
  for (const name of ['add', 'subtract', 'multiply', 'divide'] as const) {
    for (const [a, b] of [
      [
        [2, 3],
        [2, 3],
      ],
      [[2, 3], [3]],
      [
        [2, 3],
        [2, 1],
      ],
      [
        [1, 3],
        [4, 1],
      ],
      [[3], []],
    ] as const) {
      test(`${name} of [${a}] and [${b}]`, () =>
        expectGradients({ a: tensor(a, 1), b: tensor(b, 2, 0.5, 2) }, (v) => byName[name]!(v.a!, v.b!)));
    }
  }
  test('scale and offset', () =>
    expectGradients({ x: tensor([3], 1) }, ({ x }) => operators.offset(operators.scale(x!, 2.5), 1)));
  test(
    'swiglu',
    property([size, size, seed], (rows, columns, s) =>
      expectGradients({ gate: tensor([rows, columns], s), up: tensor([rows, columns], s + 1) }, (v) =>
        operators.swiglu(v.gate!, v.up!),
      ),
    ),
  );

  test(
    'geglu',
    property([size, size, seed], (rows, columns, s) =>
      expectGradients({ gate: tensor([rows, columns], s), up: tensor([rows, columns], s + 1) }, (v) =>
        operators.geglu(v.gate!, v.up!),
      ),
    ),
  );

  for (const keep of [true, false]) {
    for (const axes of [[0], [-1], [0, 2]]) {
      test(`sum and mean over ${axes}, ${keep ? 'kept' : 'dropped'}`, async () => {
        await expectGradients({ x: tensor([2, 3, 2], 1) }, ({ x }) => operators.sum(x!, axes, keep));
        await expectGradients({ x: tensor([2, 3, 2], 1) }, ({ x }) => operators.mean(x!, axes, keep));
      });
    }
  }
  test('sumAll', () =>
    expectGradients({ x: tensor([2, 3], 1) }, ({ x }) => operators.sumAll(operators.multiply(x!, x!))));

  test('reshape, transpose, slice', () =>
    expectGradients({ x: tensor([2, 3, 4], 1) }, ({ x }) =>
      operators.slice(operators.transpose(operators.reshape(x!, [2, 3, 2, 2]), [0, 2, 1, 3]), 2, 1, 3),
    ));
  test('split with an unused piece, concatenate', () =>
    expectGradients({ x: tensor([2, 6], 1) }, ({ x }) => {
      const [a, , c] = operators.split(x!, -1, [2, 1, 3]);
      return operators.concatenate([operators.multiply(a!, a!), c!], 1);
    }));
  test('concatenating and splitting one part changes nothing', () =>
    expectGradients({ x: tensor([2, 3], 1) }, ({ x }) => {
      const [same] = operators.split(operators.concatenate([x!], 0), 1, [3]);
      return operators.multiply(same!, x!);
    }));

  for (const transA of [false, true]) {
    for (const transB of [false, true]) {
      test(
        `matMul transA=${transA} transB=${transB}`,
        property([size, size, size, seed], (m, k, n, s) =>
          expectGradients(
            {
              a: tensor(transA ? [2, k, m] : [2, m, k], s),
              b: tensor(transB ? [2, n, k] : [2, k, n], s + 1),
            },
            (v) => operators.matMul(v.a!, v.b!, { transA, transB, alpha: 0.5 }),
          ),
        ),
      );
    }
  }
  test('matMul of a batch with one matrix', () =>
    expectGradients({ a: tensor([2, 3, 2], 1), b: tensor([2, 4], 2) }, (v) => operators.matMul(v.a!, v.b!)));
  test(
    'linear with and without bias, on two and three axes',
    property([size, size, size, seed], async (rows, width, out, s) => {
      const [weight, bias] = [tensor([out, width], s), tensor([out], s + 1)];
      await expectGradients({ x: tensor([rows, width], s + 2), weight, bias }, (v) =>
        operators.linear(v.x!, v.weight!, v.bias!),
      );
      await expectGradients({ x: tensor([2, rows, width], s + 3), weight }, (v) =>
        operators.linear(v.x!, v.weight!),
      );
    }),
  );

  test(
    'rmsNorm',
    property([size, fc.integer({ min: 2, max: 6 }), seed], (rows, width, s) =>
      expectGradients({ x: tensor([rows, width], s, 0.3, 2), gain: tensor([width], s + 1) }, (v) =>
        operators.rmsNorm(v.x!, v.gain!, 1e-5),
      ),
    ),
  );
  test(
    'layerNorm',
    property([size, fc.integer({ min: 3, max: 6 }), seed], (rows, width, s) =>
      expectGradients(
        { x: tensor([rows, width], s, -2, 2), gain: tensor([width], s + 1), bias: tensor([width], s + 2) },
        (v) => operators.layerNorm(v.x!, v.gain!, v.bias!, 1e-1),
      ),
    ),
  );
  test(
    'softmax',
    property([size, size, seed], (rows, columns, s) =>
      expectGradients({ x: tensor([rows, columns], s) }, ({ x }) => operators.softmax(x!)),
    ),
  );
  test('gatherRows, a row picked twice', () =>
    expectGradients({ table: tensor([4, 3], 1) }, (v) => operators.gatherRows(v.table!, v.indices!), {
      indices: { data: Int32Array.of(2, 0, 2), shape: [3] },
    }));
  test('rotary', () => {
    const angles = Array.from({ length: 10 }, (_, index) => Math.floor(index / 2) * (index % 2 ? 0.1 : 1));
    return expectGradients(
      { x: tensor([2, 3, 8], 1) },
      (v) => operators.rotary(v.x!, v.positions!, v.cosine!, v.sine!, 2),
      {
        positions: { data: BigInt64Array.of(0n, 1n, 2n, 2n, 3n, 4n), shape: [2, 3] },
        cosine: { data: Float32Array.from(angles, Math.cos), shape: [5, 2] },
        sine: { data: Float32Array.from(angles, Math.sin), shape: [5, 2] },
      },
    );
  });
  test(
    'linearCrossEntropy',
    property([size, seed], (rows, s) => {
      const random = seededRandom(s);
      return expectGradients(
        { hidden: tensor([rows, 3], s) },
        (v) => operators.linearCrossEntropy(v.hidden!, v.table!, v.labels!),
        {
          table: tensor([5, 3], s + 1),
          labels: { data: Int32Array.from({ length: rows }, () => Math.floor(random() * 5)), shape: [rows] },
        },
      );
    }),
  );

  test(
    'loraLinear of three layers, one not adapted, one with a bias, one unused',
    property([size, size, seed], (rows, width, s) => {
      const rank = 2;
      return expectGradients(
        {
          x: tensor([rows, width], s),
          a0: tensor([rank, width], s + 1),
          b0: tensor([3, rank], s + 2),
          a2: tensor([rank, width], s + 3),
          b2: tensor([2, rank], s + 4),
        },
        (v) => {
          const [y0, y1, y2] = operators.loraLinear(
            v.x!,
            [
              { weight: v.w0!, adapter: { a: v.a0!, b: v.b0! } },
              { weight: v.w1! },
              { weight: v.w2!, bias: v.bias!, adapter: { a: v.a2!, b: v.b2! } },
              { weight: v.w1! },
            ],
            0.5,
          );
          return operators.concatenate([y0!, y1!, y2!], 1);
        },
        {
          w0: tensor([3, width], s + 5),
          w1: tensor([1, width], s + 6),
          w2: tensor([2, width], s + 7),
          bias: tensor([2], s + 8),
        },
      );
    }),
  );
  test(
    'causalAttention with grouped queries',
    property(
      [size, fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 }), seed],
      (length, keyValueHeads, group, s) => {
        const headWidth = 2;
        const heads = keyValueHeads * group;
        const mask = Float32Array.from({ length: length * length }, (_, index) =>
          index % length > Math.floor(index / length) ? -1e9 : 0,
        );
        return expectGradients(
          {
            q: tensor([2, length, heads * headWidth], s),
            k: tensor([2, length, keyValueHeads * headWidth], s + 1),
            v: tensor([2, length, keyValueHeads * headWidth], s + 2),
          },
          (x) => operators.causalAttention(x.q!, x.k!, x.v!, x.mask!, { heads, keyValueHeads, headWidth }),
          { mask: { data: mask, shape: [length, length] } },
        );
      },
    ),
  );
  test('packedAttention over sequences of several lengths', () => {
    // Lengths 1, 3 and 2: six rows, padded to three places each; absent places point anywhere, here at row 5.
    const unseen = -1e30;
    return expectGradients(
      { qkv: tensor([6, 3 * 4], 1) },
      (v) => operators.packedAttention(v.qkv!, { pad: v.pad!, unpad: v.unpad!, mask: v.mask! }, 2),
      {
        pad: { data: Int32Array.of(0, 5, 5, 1, 2, 3, 4, 5, 5), shape: [3, 3] },
        unpad: { data: Int32Array.of(0, 3, 4, 5, 6, 7), shape: [6] },
        mask: {
          data: Float32Array.of(0, unseen, unseen, 0, 0, 0, 0, 0, unseen),
          shape: [3, 1, 1, 3],
        },
      },
    );
  });
  test('mean pooling as a product, then unit length', () =>
    expectGradients(
      { x: tensor([5, 3], 1) },
      (v) => operators.unitLength(operators.matMul(v.pooling!, v.x!)),
      { pooling: { data: Float32Array.of(0.5, 0.5, 0, 0, 0, 0, 0, 1 / 3, 1 / 3, 1 / 3), shape: [2, 5] } },
    ));
  test(
    'crossEntropy of the cosines of two sides',
    property([fc.integer({ min: 2, max: 4 }), seed], (rows, s) =>
      expectGradients(
        { a: tensor([rows, 3], s, 0.2, 2), b: tensor([rows + 1, 3], s + 1, 0.2, 2) },
        (v) =>
          operators.crossEntropy(
            operators.matMul(operators.unitLength(v.a!), operators.unitLength(v.b!), {
              transB: true,
              alpha: 4,
            }),
            v.labels!,
          ),
        {
          labels: {
            data: Int32Array.from({ length: rows }, (_, row) => (row + s) % (rows + 1)),
            shape: [rows],
          },
        },
      ),
    ),
  );
  test('binaryCrossEntropy', () =>
    expectGradients({ x: tensor([5], 1, -4, 4) }, (v) => operators.binaryCrossEntropy(v.x!, v.targets!), {
      targets: { data: Float32Array.of(0, 1, 1, 0, 0.3), shape: [5] },
    }));
  test(
    'loraLinearWithDropout',
    property([fc.integer({ min: 2, max: 5 }), size, seed], (rows, width, s) =>
      expectGradients(
        {
          x: tensor([rows, width], s),
          a: tensor([2, width], s + 1),
          b: tensor([3, 2], s + 2),
        },
        (v) => {
          const [adapted, plain] = operators.loraLinearWithDropout(
            v.x!,
            [{ weight: v.w!, adapter: { a: v.a!, b: v.b! } }, { weight: v.w! }],
            1.5,
            { probability: 0.4, rows: v.rows!, columns: v.columns! },
          );
          return operators.multiply(adapted!, plain!);
        },
        { w: tensor([3, width], s + 3), rows: keys(rows, s), columns: keys(width, s + 1) },
      ),
    ),
  );
  test(
    'preferenceLoss of linearLogProbabilities',
    property([seed], (s) =>
      expectGradients(
        { hidden: tensor([5, 3], s) },
        (v) => {
          const logProbabilities = operators.linearLogProbabilities(v.hidden!, v.table!, v.labels!);
          const { loss, chosen } = operators.preferenceLoss(logProbabilities, {
            chosenRows: v.chosenRows!,
            rejectedRows: v.rejectedRows!,
            reference: v.reference!,
            beta: 0.7,
          });
          return operators.add(operators.multiply(chosen, chosen), loss);
        },
        {
          table: tensor([4, 3], s + 1),
          labels: { data: Int32Array.of(0, 3, 1, 2, 2), shape: [5] },
          chosenRows: { data: Float32Array.of(1, 1, 0, 0, 0, 0, 0, 1, 0, 0), shape: [2, 5] },
          rejectedRows: { data: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 0, 0, 1), shape: [2, 5] },
          reference: { data: Float32Array.of(0.3, -0.2), shape: [2] },
        },
      ),
    ),
  );
  test('causalAttention in a window, with a scale of its own', () => {
    const mask = Float32Array.from({ length: 25 }, (_, index) =>
      index % 5 > Math.floor(index / 5) ? -1e9 : 0,
    );
    return expectGradients(
      { q: tensor([2, 5, 4], 1), k: tensor([2, 5, 2], 2), v: tensor([2, 5, 2], 3) },
      (x) =>
        operators.causalAttention(x.q!, x.k!, x.v!, operators.slidingWindow(x.mask!, 2), {
          heads: 2,
          keyValueHeads: 1,
          headWidth: 2,
          attentionScale: 0.4,
        }),
      { mask: { data: mask, shape: [5, 5] } },
    );
  });
  test('a recomputed stretch has the gradients of a kept one', () =>
    expectGradients({ x: tensor([2, 3], 1), gain: tensor([3], 2), w: tensor([4, 3], 3) }, (v) => {
      const build = ([x]: readonly Value[]) => [
        operators.linear(operators.silu(operators.rmsNorm(x!, v.gain!, 1e-3)), v.w!),
      ];
      const [y] = recomputed([v.x!], [v.gain!, v.w!], build);
      return operators.multiply(y!, y!);
    }));
});

test('dropout zeroes the share asked for, and no element’s fate tells another’s', async () => {
  const [rows, width, share] = [400, 120, 0.3];
  const graph = new Graph('dropout');
  const x = graph.weight('x', new Float32Array(rows * width).fill(1), [rows, width]);
  const rowKeys = graph.input('rows', 'float32', [rows, operators.dropoutKeyWidth]);
  const columns = graph.weight('columns', keys(width, 1).data, [width, operators.dropoutKeyWidth]);
  graph.output('y', operators.randomlyZeroed(x, { probability: share, rows: rowKeys, columns }));
  await using session = await openSession(graph, { threads: 1 });
  const run = async (seed: number) => (await session.run({ rows: keys(rows, seed) })).y!.data as Float32Array;
  const [first, second] = [await run(2), await run(3)];
  expect(first).toEqual(await run(2));

  // Standardised, so that means of products are correlations: with n pairs they stay within a few 1/√n of 0.
  const deviation = Math.sqrt(share * (1 - share));
  const standard = (data: Float32Array) => data.map((kept) => (kept - (1 - share)) / deviation);
  const [a, b] = [standard(first), standard(second)];
  const correlation = (from: Float32Array, to: Float32Array, shift: number) => {
    let total = 0;
    for (let at = 0; at + shift < from.length; at++) total += from[at]! * to[at + shift]!;
    return total / (from.length - shift);
  };
  const bound = 4 / Math.sqrt(rows * width);
  expect(Math.abs(a.reduce((total, value) => total + value, 0) / a.length)).toBeLessThan(bound);
  expect(Math.abs(correlation(a, b, 0)), 'steps').toBeLessThan(bound);
  for (const shift of [1, 2, 7, width, 3 * width + 1]) {
    expect(Math.abs(correlation(a, a, shift)), `${shift} apart`).toBeLessThan(bound);
  }
  // Four corners of a rectangle: what sums of one number for a row and one for a column would give away.
  let corners = 0;
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < width; column++) {
      const at = row * width + column;
      corners += a[at]! * a[at + 1]! * a[at + width]! * a[at + width + 1]!;
    }
  }
  expect(Math.abs(corners / (rows * width)), 'rectangles').toBeLessThan(bound);
});

async function evaluate(
  graph: Graph,
  inputs: Record<string, TensorData> = {},
): Promise<Record<string, number[]>> {
  await using session = await openSession(graph, { threads: 1 });
  const results = await session.run(inputs);
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

test('a sliding window leaves each position itself and those just before it', async () => {
  const graph = new Graph('window');
  graph.output('y', operators.slidingWindow(graph.input('mask', 'float32', ['length', 'length']), 2));
  const causal = Float32Array.of(0, -9, -9, 0, 0, -9, 0, 0, 0);
  const { y } = await evaluate(graph, { mask: { data: causal, shape: [3, 3] } });
  expect(y).toEqual([0, -9, -9, 0, 0, -9, Math.fround(-1e30), 0, 0]);
});

test('rotary tables stay exact to a float32 at the end of a long context', async () => {
  const graph = new Graph('rotary tables');
  const frequencies = [1, 0.31, 1e-4];
  const { cosine, sine } = operators.rotaryTables(graph.constant('int64', [100_001]), frequencies);
  graph.output('cosine', cosine);
  graph.output('sine', sine);
  const tables = await evaluate(graph);
  for (const position of [0, 1, 77, 4096, 100_000]) {
    frequencies.forEach((frequency, index) => {
      expect(tables.cosine![position * 3 + index]).toBeCloseTo(Math.cos(position * frequency), 6);
      expect(tables.sine![position * 3 + index]).toBeCloseTo(Math.sin(position * frequency), 6);
    });
  }
});

test('geluTanh is within a thousandth of gelu', async () => {
  const graph = new Graph('gelu');
  const x = graph.input('x', 'float32', ['n']);
  graph.output('tanh', operators.geluTanh(x));
  graph.output('erf', operators.gelu(x));
  const { tanh, erf } = await evaluate(graph, {
    x: { data: Float32Array.of(-3, -1, 0, 0.5, 2), shape: [5] },
  });
  tanh!.forEach((value, index) => {
    expect(Math.abs(value - erf![index]!)).toBeLessThan(1e-3);
  });
});

describe('products in eight-bit integers', () => {
  test(
    'are near those in float32, forward and backward, with rows of very different size',
    property([fc.integer({ min: 2, max: 9 }), seed], async (rows, s) => {
      const [into, out, rank] = [48, 32, 4];
      const x = tensor([rows, into], s);
      // A row of zeros and rows a thousand times as large as others.
      x.data.forEach((value, at) => {
        x.data[at] = value * [0, 1, 1000][Math.floor(at / into) % 3]!;
      });
      const weight = tensor([out, into], s + 1);
      const bias = tensor([out], s + 2);
      const run = async (integers: boolean) => {
        const graph = new Graph('int8');
        const input = graph.input('x', 'float32', ['rows', into]);
        const a = graph.input('a', 'float32', [rank, into]);
        const b = graph.input('b', 'float32', [out, rank]);
        const frozen = graph.weight('weight', weight.data, [out, into]);
        const layer = {
          weight: frozen,
          bias: graph.weight('bias', bias.data, [out]),
          adapter: { a, b },
          ...(integers && { int8: operators.frozenInt8(frozen) }),
        };
        const [y] = operators.loraLinear(input, [layer], 2);
        graph.output('y', y!);
        gradients(operators.sumAll(operators.multiply(y!, y!)), [input, a, b]).forEach((gradient, index) => {
          graph.output(`gradient ${index}`, gradient);
        });
        await using session = await openSession(graph);
        return await session.run({ x, a: tensor([rank, into], s + 3), b: tensor([out, rank], s + 4) });
      };
      const isExact = await hasIntegerProducts();
      const [exact, rounded] = [await run(false), await run(true)];
      for (const [name, { data }] of Object.entries(exact)) {
        const [reference, own] = [data as Float32Array, rounded[name]!.data as Float32Array];
        const norm = Math.hypot(...reference);
        const distance = Math.hypot(...reference.map((value, at) => value - own[at]!));
        // Where sums of products saturate, nothing trains in integers: it is refused.
        expect(distance / norm, name).toBeLessThan(isExact ? 0.02 : 1);
        expect(distance, name).toBeGreaterThan(0);
      }
    }),
  );

  test(
    'the rotation keeps what is multiplied, and spreads what is large in one place',
    property(
      [fc.integer({ min: 1, max: 5 }), fc.constantFrom(1, 3, 12, 64, 192), seed],
      async (rows, width, s) => {
        const [x, weight] = [tensor([rows, width], s), tensor([2, width], s + 1)];
        const graph = new Graph('rotation');
        const input = graph.input('x', 'float32', ['rows', width]);
        graph.output('rotated', operators.hadamardRotated(input));
        await using session = await openSession(graph);
        const rotated = (await session.run({ x })).rotated!.data as Float32Array;
        expect(distanceOf(rotated, operators.hadamardRotatedRows(x.data, width))).toBeLessThan(1e-5);
        expect(distanceOf(operators.hadamardRotatedRows(rotated, width), x.data)).toBeLessThan(1e-5);
        const standing = operators.hadamardRotatedColumns(transposed(x.data, width), rows);
        expect(distanceOf(transposed(standing, rows), rotated)).toBeLessThan(1e-5);
        const dots = (left: Float32Array, right: Float32Array) =>
          Float32Array.from({ length: rows * 2 }, (_, at) => {
            const [row, column] = [Math.floor(at / 2) * width, (at % 2) * width];
            let dot = 0;
            for (let index = 0; index < width; index++) dot += left[row + index]! * right[column + index]!;
            return dot;
          });
        const turned = dots(rotated, operators.hadamardRotatedRows(weight.data, width));
        expect(distanceOf(turned, dots(x.data, weight.data))).toBeLessThan(1e-4);

        const spike = Float32Array.from({ length: width }, (_, at) => (at === s % width ? 1 : 0));
        const block = operators.hadamardBlock(width);
        const spread = operators.hadamardRotatedRows(spike, width);
        expect(Math.max(...spread.map(Math.abs))).toBeCloseTo(1 / Math.sqrt(block), 5);
      },
    ),
  );

  test(
    'of one-sided rows are twice as fine when they are counted from below',
    property([fc.integer({ min: 4, max: 9 }), seed], async (rows, s) => {
      const [into, out, least] = [64, 24, -0.25];
      const x = tensor([rows, into], s);
      x.data.forEach((value, at) => {
        x.data[at] = Math.max(least, 3 * value);
      });
      const weight = tensor([out, into], s + 1);
      const graph = new Graph('one-sided');
      const input = graph.input('x', 'float32', ['rows', into]);
      const columns = operators.int8Transposed(weight.data, out, into);
      const matrix = {
        values: graph.weight('values', columns.values, [into, out], 'int8'),
        scales: graph.weight('scales', columns.scales, [out]),
      };
      const sums = operators.int8ColumnSums(columns).map((sum) => least * sum);
      const above = operators.int8Product(operators.int8RowsAbove(input, least), matrix);
      graph.output('above', operators.add(above, graph.weight('sums', sums, [out])));
      graph.output('around', operators.int8Product(operators.int8Rows(input), matrix));
      // What the integers stand for, so that only the rows' rounding is seen.
      const back = Float32Array.from({ length: out * into }, (_, at) => {
        const [row, column] = [Math.floor(at / into), at % into];
        return columns.values[column * out + row]! * columns.scales[row]!;
      });
      graph.output('exact', operators.linear(input, graph.weight('back', back, [out, into])));
      await using session = await openSession(graph);
      const result = await session.run({ x });
      const exact = result.exact!.data as Float32Array;
      const error = (name: string) =>
        Math.hypot(...(result[name]!.data as Float32Array).map((value, at) => value - exact[at]!));
      expect(error('above')).toBeGreaterThan(0);
      expect(error('above')).toBeLessThan(0.8 * error('around'));
    }),
  );

  test('the probe sums exactly what this CPU can multiply in integers, and shows where it saturates', async () => {
    await using session = await openSession(operators.int8ProbeGraph());
    const { y } = await session.run({ x: { data: new Float32Array(64).fill(1), shape: [1, 64] } });
    const sum = (y!.data as Float32Array)[0]!;
    if (await hasIntegerProducts()) expect(sum).toBeCloseTo(64, 3);
    else expect(sum).toBeLessThan(63);
  });
});

const distanceOf = (left: Float32Array, right: Float32Array) =>
  Math.hypot(...left.map((value, at) => value - right[at]!));

/** Of a row-major matrix. */
function transposed(matrix: Float32Array, width: number): Float32Array {
  const rows = matrix.length / width;
  return Float32Array.from(matrix, (_, at) => matrix[(at % rows) * width + Math.floor(at / rows)]!);
}
