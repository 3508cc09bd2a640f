import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fuseRankings } from './fuse-rankings.ts';

const ids = fc.uniqueArray(fc.integer({ min: 0, max: 30 }).map(String), { maxLength: 15 });
const rankings = fc.array(ids, { maxLength: 4 });

describe('reciprocal rank fusion', () => {
  test("the paper's formula, by hand", () => {
    const fused = fuseRankings([
      ['a', 'b', 'c'],
      ['c', 'a'],
    ]);
    expect(fused.map(({ id }) => id)).toEqual(['a', 'c', 'b']);
    expect(fused[0]!.score).toBeCloseTo(1 / 61 + 1 / 62, 12);
    expect(fused[1]!.score).toBeCloseTo(1 / 63 + 1 / 61, 12);
    expect(fused[2]!.score).toBeCloseTo(1 / 62, 12);
  });

  test('every item once, scores falling, none invented', () => {
    fc.assert(
      fc.property(rankings, (lists) => {
        const fused = fuseRankings(lists);
        expect(fused.map(({ id }) => id).sort()).toEqual([...new Set(lists.flat())].sort());
        for (const [i, { score }] of fused.entries()) {
          expect(score).toBeGreaterThan(0);
          if (i > 0) expect(score).toBeLessThanOrEqual(fused[i - 1]!.score);
        }
      }),
    );
  });

  test('one ranking keeps its order; the order of the rankings does not change a score', () => {
    fc.assert(
      fc.property(ids, rankings, (list, lists) => {
        expect(fuseRankings([list]).map(({ id }) => id)).toEqual(list);
        const scores = (of: typeof lists) =>
          new Map(fuseRankings(of).map(({ id, score }) => [id, score.toFixed(12)]));
        expect(scores([...lists].reverse())).toEqual(scores(lists));
      }),
    );
  });

  test('an item that climbs in a ranking never falls in the fusion', () => {
    fc.assert(
      fc.property(ids, ids, fc.nat(), (first, second, pick) => {
        fc.pre(first.length > 1);
        const from = 1 + (pick % (first.length - 1));
        const id = first[from]!;
        const climbed = [...first];
        climbed.splice(from, 1);
        climbed.splice(from - 1, 0, id);
        const place = (list: string[]) => fuseRankings([list, second]).findIndex((item) => item.id === id);
        expect(place(climbed)).toBeLessThanOrEqual(place(first));
      }),
    );
  });

  test('a weight of zero takes a ranking out but for the items it alone has', () => {
    expect(
      fuseRankings(
        [
          ['a', 'b'],
          ['c', 'b'],
        ],
        { weights: [1, 0] },
      ).map(({ id }) => id),
    ).toEqual(['a', 'b', 'c']);
  });

  test('an item that one ranking lists twice counts once', () => {
    expect(fuseRankings([['a', 'b', 'a']])).toEqual(fuseRankings([['a', 'b']]));
  });
});
