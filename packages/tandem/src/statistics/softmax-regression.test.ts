import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRandom } from './index.ts';
import { rowProducts, transposed, zeros } from './row-products.ts';
import { softmaxInPlace } from './softmax.ts';
import { fitSoftmax, type LabelledRows } from './softmax-regression.ts';

/** Rows around one centre for each class, with a last column of ones. */
function rowsAround(centres: number, count: number, seed: number): LabelledRows {
  const random = createRandom(seed);
  const features = zeros(count, 6);
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = i % centres;
    for (let j = 0; j < 5; j++) features.data[i * 6 + j] = random.next() + (j === i % centres ? 1 : 0);
    features.data[i * 6 + 5] = 1;
  }
  return { features, labels, classes: centres };
}

/** Of the loss along each weight, by differences: nothing of the fit's own gradient. */
function steepestSlope({ features, labels, classes }: LabelledRows, weights: Float64Array, l2: number) {
  const loss = (given: Float64Array) => {
    let sum = (l2 / 2) * given.reduce((squares, value) => squares + value * value, 0);
    const logits = rowProducts(features, { rows: classes, columns: features.columns, data: given });
    for (const [i, label] of labels.entries()) {
      const row = logits.data.subarray(i * classes, (i + 1) * classes);
      softmaxInPlace(row);
      sum -= Math.log(row[label]!);
    }
    return sum;
  };
  return Math.max(
    ...[...weights.keys()].map((at) => {
      const [up, down] = [1e-5, -1e-5].map((step) => {
        const moved = weights.slice();
        moved[at]! += step;
        return loss(moved);
      }) as [number, number];
      return Math.abs(up - down) / 2e-5;
    }),
  );
}

test('at the end the loss is flat in every direction', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 10, max: 40 }),
      fc.constantFrom(0.1, 1, 10),
      fc.integer(),
      (classes, count, l2, seed) => {
        const rows = rowsAround(classes, count, seed);
        const { weights } = fitSoftmax(rows, { l2, tolerance: 1e-7 });
        expect(steepestSlope(rows, weights.data, l2)).toBeLessThan(1e-4);
      },
    ),
    { numRuns: 25 },
  );
});

test('wherever it begins it comes to the same weights', () => {
  const rows = rowsAround(3, 30, 4);
  const start = zeros(3, 6);
  for (const at of start.data.keys()) start.data[at] = Math.sin(at) * 3;
  const [a, b] = [
    fitSoftmax(rows, { l2: 1, tolerance: 1e-9 }),
    fitSoftmax(rows, { l2: 1, tolerance: 1e-9, start }),
  ];
  for (const [at, weight] of a.weights.data.entries()) expect(b.weights.data[at]).toBeCloseTo(weight, 5);
});

test('classes by other numbers give the same weights under these numbers', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), fc.integer(), (order, seed) => {
      const rows = rowsAround(4, 24, seed);
      const renamed = { ...rows, labels: rows.labels.map((label) => order[label]!) };
      const plain = fitSoftmax(rows, { l2: 1, tolerance: 1e-8 }).weights.data;
      const other = fitSoftmax(renamed, { l2: 1, tolerance: 1e-8 }).weights.data;
      for (const [label, name] of order.entries())
        for (let j = 0; j < 6; j++) expect(other[name * 6 + j]).toBeCloseTo(plain[label * 6 + j]!, 4);
    }),
    { numRuns: 20 },
  );
});

test('two classes that a plane parts are told apart, and a strong penalty holds the weights down', () => {
  const rows = rowsAround(2, 40, 9);
  const said = (l2: number) => rowProducts(rows.features, fitSoftmax(rows, { l2 }).weights);
  const logits = said(0.01);
  for (const [i, label] of rows.labels.entries())
    expect(logits.data[2 * i + label]).toBeGreaterThan(logits.data[2 * i + 1 - label]!);
  const most = (l2: number) => Math.max(...said(l2).data.map(Math.abs));
  expect(most(100)).toBeLessThan(most(0.01) / 10);
});

test('products of rows are those of the definition, whatever the shapes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(1, 3, 511, 512, 513, 1100),
      (rows, others, columns) => {
        const random = createRandom(rows * 100 + others);
        const [a, b] = [zeros(rows, columns), zeros(others, columns)];
        for (const { data } of [a, b]) for (const at of data.keys()) data[at] = random.next() - 0.5;
        const product = rowProducts(a, b);
        for (let i = 0; i < rows; i++)
          for (let k = 0; k < others; k++) {
            let sum = 0;
            for (let j = 0; j < columns; j++) sum += a.data[i * columns + j]! * b.data[k * columns + j]!;
            expect(product.data[i * others + k]).toBeCloseTo(sum, 9);
          }
        expect(transposed(transposed(a)).data).toEqual(a.data);
      },
    ),
    { numRuns: 40 },
  );
});
