import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareGivenArms } from '../compare-given-arms.fixture.ts';
import type { Means } from '../means.ts';
import { syntheticOptions } from '../synthetic-comparison.fixture.ts';
import { breakEvens, monthlyCosts } from './monthly-cost.ts';

const chances = { base: { '*': 0.5 }, rag: { '*': 0.5 }, tuned: { '*': 0.5 } };
const price = { inputPerMillion: 2, outputPerMillion: 8, date: '2026-01', source: 'this test' };
const compared = (means: Means, questionsPerMonth = 1000, changesPerMonth?: number) =>
  compareGivenArms({
    ...syntheticOptions({ chances, groups: 6 }),
    constraints: { questionsPerMonth, ...(changesPerMonth !== undefined && { changesPerMonth }) },
    means,
  });

test('a model elsewhere costs its tokens by their price, a tuned one by its own', async () => {
  const result = await compared({
    chat: { name: 'office:m', isHere: false },
    tokens: { base: { model: 'm', ...price }, tuned: { model: 'ft:m', ...price, inputPerMillion: 4 } },
  });
  const mean = (arm: string, metric: string) =>
    result.slices[0]!.arms.find((entry) => entry.arm === arm && entry.metric === metric)!.value;
  const costs = Object.fromEntries(monthlyCosts(result).map((each) => [each.arm, each]));
  expect(costs.rag!.perQuestion).toBeCloseTo(
    (mean('rag', 'prompt-tokens') * 2 + mean('rag', 'completion-tokens') * 8) / 1e6,
    12,
  );
  expect(costs.tuned!.perQuestion).toBeCloseTo(
    (mean('tuned', 'prompt-tokens') * 4 + mean('tuned', 'completion-tokens') * 8) / 1e6,
    12,
  );
  expect(costs.rag!.total).toBeCloseTo(1000 * costs.rag!.perQuestion, 12);
  expect(costs.rag!.basis).toContain('(m, 2026-01, this test)');
  expect(costs.tuned!.basis).toContain("the provider's price of training is not counted");
});

test('a model here costs its time, and training at each change where nothing is read', async () => {
  const machine = { name: 'a machine', perHour: 3.6, date: '2026-01', source: 'this test' };
  const means: Means = { chat: { name: 'local:m', isHere: true }, machine, trainingSeconds: 1000 };
  const costs = monthlyCosts(await compared(means, 1000, 5));
  const of = (arm: string) => costs.find((each) => each.arm === arm)!;
  expect(of('base').perMonth).toBe(0);
  expect(of('tuned').perMonth).toBeCloseTo(5, 10);
  expect(monthlyCosts(await compared(means)).find(({ arm }) => arm === 'tuned')!.perMonth).toBeCloseTo(1, 10);
});

test('no costs where no volume is stated', async () => {
  const result = await compareGivenArms(syntheticOptions({ chances, groups: 3 }));
  expect(monthlyCosts(result)).toEqual([]);
});

test('at the break-even both arms cost the same, and each is the cheaper one on its side', () => {
  const cost = fc.record({
    perQuestion: fc.integer({ min: 1, max: 1000 }).map((each) => each / 1e5),
    perMonth: fc.integer({ min: 0, max: 1000 }),
  });
  fc.assert(
    fc.property(cost, cost, (a, b) => {
      const costs = [
        { arm: 'a', total: 0, basis: '', ...a },
        { arm: 'b', total: 0, basis: '', ...b },
      ];
      const at = (arm: string, volume: number) => {
        const own = costs.find((each) => each.arm === arm)!;
        return own.perMonth + own.perQuestion * volume;
      };
      for (const { below, above, questionsPerMonth } of breakEvens(costs)) {
        expect(at(below, questionsPerMonth)).toBeCloseTo(at(above, questionsPerMonth), 4);
        expect(at(below, questionsPerMonth / 2)).toBeLessThan(at(above, questionsPerMonth / 2));
        expect(at(above, questionsPerMonth * 2)).toBeLessThan(at(below, questionsPerMonth * 2));
      }
      const crosses = (a.perMonth - b.perMonth) * (a.perQuestion - b.perQuestion) < 0;
      expect(breakEvens(costs)).toHaveLength(crosses ? 1 : 0);
    }),
  );
});
