import type { Case } from '../core/types/example.ts';
import { independentGroups } from '../dataset/independent-groups.ts';
import { createRandom, shuffled } from '../statistics/random.ts';

/** At most `count` cases of each kind (or of all), every group once before any twice; the same for the same seed. */
export function sampleCases(
  cases: readonly Case[],
  { count, seed, of }: { count: number | undefined; seed: number; of: 'each kind' | 'all' },
): Case[] {
  if (count === undefined) return [...cases];
  const random = createRandom(seed);
  const taken = new Set<Case>();
  const groups = independentGroups(cases);
  const groupOf = new Map(cases.map((testCase, at) => [testCase, groups[at]!]));
  for (const pool of Map.groupBy(cases, ({ kind }) => (of === 'all' ? '' : (kind ?? ''))).values()) {
    const rounds = new Map<string, number>();
    const ordered = shuffled(pool, random)
      .map((item) => {
        const group = groupOf.get(item)!;
        rounds.set(group, (rounds.get(group) ?? 0) + 1);
        return { item, round: rounds.get(group)! };
      })
      .sort((a, b) => a.round - b.round);
    for (const { item } of ordered.slice(0, count)) taken.add(item);
  }
  return cases.filter((item) => taken.has(item));
}
