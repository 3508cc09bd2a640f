import { expect, test } from 'vitest';
import { z } from 'zod';
import { comparisonJson } from './comparison-json.ts';
import { syntheticComparison } from './synthetic-comparison.fixture.ts';

/** As docs/compare.md tells it. */
const estimate = z.object({
  value: z.number(),
  low: z.number(),
  high: z.number(),
  n: z.int(),
  groups: z.int(),
});
const measured = z.union([
  z.object({ notMeasured: z.string() }),
  z.object({
    n: z.int(),
    isCalibrated: z.boolean().optional(),
    said: z.number(),
    cameTrue: z.number(),
    ece: z.number(),
    brier: z.number(),
    eceIfTrue: z.object({ mean: z.number(), most: z.number() }),
  }),
]);
const documented = z.object({
  arms: z.record(z.string(), z.record(z.string(), estimate)),
  comparisons: z.array(
    estimate.extend({ a: z.string(), b: z.string(), metric: z.string(), p: z.number().optional() }),
  ),
  outcomes: z.record(
    z.string(),
    z.union([
      z.object({ notMeasured: z.string() }),
      z.object({ n: z.int(), expected: z.record(z.string(), z.record(z.string(), z.int())) }),
    ]),
  ),
  calibration: z.record(
    z.string(),
    z.object({
      sufficiency: measured,
      confidence: measured.optional(),
      claims: z.object({ n: z.int(), isCalibrated: z.literal(false), notMeasured: z.string() }),
    }),
  ),
  verdict: z.object({
    arm: z.string().nullable(),
    outcome: z.string(),
    headline: z.string(),
    reasons: z.array(z.object({ title: z.string(), text: z.string() })).min(1),
  }),
  primary: z.string(),
});

test('what compare --json prints has the documented shape, and its numbers are those of the comparison', async () => {
  const result = await syntheticComparison({
    chances: { base: { '*': 0.1 }, rag: { '*': 0.9 }, extract: { '*': 0.3 } },
    references: ['extract'],
  });
  const { arms, comparisons, verdict, primary } = documented.parse(
    JSON.parse(JSON.stringify(comparisonJson(result))),
  );
  expect(Object.keys(arms)).toEqual(['base', 'rag', 'extract']);
  const rag = result.slices[0]!.arms.find(({ arm, metric }) => arm === 'rag' && metric === primary)!;
  expect(arms.rag![primary]).toEqual({
    value: rag.value,
    low: rag.low,
    high: rag.high,
    n: rag.cases,
    groups: rag.groups,
  });
  const pair = comparisons.find(({ a, b, metric }) => a === 'base' && b === 'rag' && metric === primary)!;
  expect(pair.value).toBeCloseTo(arms.base![primary]!.value - arms.rag![primary]!.value, 10);
  expect(verdict.arm).toBe('rag');
});

test('where the cases cannot decide, the verdict names no arm', async () => {
  const result = await syntheticComparison({ chances: { base: { '*': 0.4 }, rag: { '*': 0.5 } }, groups: 5 });
  expect(documented.parse(comparisonJson(result)).verdict.arm).toBeNull();
});
