import { expect, test } from 'vitest';
import { pairedDiscordance, pairedSignFlipTest } from './paired-test.ts';
import { groupsNeeded } from './power.ts';
import { createRandom } from './random.ts';

test.each([
  { discordance: 0.2, difference: 0.1 },
  { discordance: 0.5, difference: 0.2 },
  { discordance: 0.3, difference: 0.15 },
])(
  'so many groups show the difference in four of five tests: $discordance, $difference',
  ({ discordance, difference }) => {
    const random = createRandom(11);
    const n = groupsNeeded(discordance, difference);
    const groups = Array.from({ length: n }, (_, at) => `${at}`);
    const runs = 800;
    let shown = 0;
    for (let run = 0; run < runs; run++) {
      const a: number[] = [];
      const b: number[] = [];
      for (let at = 0; at < n; at++) {
        const drawn = random.next();
        a.push(Number(drawn < (discordance + difference) / 2));
        b.push(Number(drawn > 1 - (discordance - difference) / 2));
      }
      if (pairedSignFlipTest({ a, b, groups }).p <= 0.05) shown++;
    }
    // Three standard errors about 80 %; the exact test is a little strict where n is small.
    expect(shown / runs).toBeGreaterThan(0.74);
    expect(shown / runs).toBeLessThan(0.86);
  },
);

test("McNemar's sample size", () => {
  // Connor 1987's formula by hand, (1.95996·√.35 + .84162·√(.35 − .0225))² / .0225 = 119.7, and one case more for each difference.
  expect(groupsNeeded(0.35, 0.15)).toBe(127);
  expect(groupsNeeded(0.2, 0.1)).toBe(165);
  // Arms that differ by ten points disagree on ten at least.
  expect(groupsNeeded(0, 0.1)).toBe(groupsNeeded(0.1, 0.1));
  expect(groupsNeeded(0.2, 0.1, { comparisons: 6 })).toBeGreaterThan(groupsNeeded(0.2, 0.1));
});

test('discordance is the share of cases on which one alone is right, and weighs as the strata do', () => {
  const groups = ['a', 'b', 'c', 'd'];
  const pair = { a: [1, 0, 1, 0], b: [0, 1, 1, 0], groups };
  expect(pairedDiscordance(pair)).toBeCloseTo(0.5);
  // The last two cases count for nine tenths of the mean: a difference in the first two is a twentieth each, four times as much in four groups.
  const strata = { of: [0, 0, 1, 1], shares: [0.1, 0.9] };
  expect(pairedDiscordance({ ...pair, strata })).toBeCloseTo((2 * (4 * 0.05) ** 2) / 4);
});
