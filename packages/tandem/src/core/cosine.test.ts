import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cosine, dot, unit } from './cosine.ts';

const vectors = fc.integer({ min: 1, max: 12 }).chain((length) => {
  const vector = fc
    .array(fc.integer({ min: -100, max: 100 }), { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values));
  return fc.tuple(vector, vector);
});

test('the cosine is that of unit vectors, whatever their lengths; 0 beside zeros', () => {
  fc.assert(
    fc.property(vectors, ([a, b]) => {
      expect(cosine(a, b)).toBeCloseTo(dot(unit(a), unit(b)), 5);
      expect(Math.abs(cosine(a, b))).toBeLessThanOrEqual(1 + 1e-6);
      expect(cosine(a, a)).toBeCloseTo(a.some((value) => value !== 0) ? 1 : 0, 5);
    }),
  );
  expect(cosine(Float32Array.of(1, 0), Float64Array.of(1, 1))).toBeCloseTo(Math.SQRT1_2, 6);
});
