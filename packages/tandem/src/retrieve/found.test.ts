import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Passage } from '../core/types/document.ts';
import { bestPassages, countParts, type Part } from './found.ts';

const passage = (documentId: string, start: number): Passage => ({
  id: `${documentId}#${start}`,
  documentId,
  ordinal: start,
  uri: documentId,
  title: documentId,
  headingPath: [documentId],
  start: 100 * start,
  end: 100 * start + 100,
  text: `${documentId} ${start}`,
  rank: 0,
  score: 0,
  scores: {},
});
const about = (name: string, isOwed = true): Part => ({
  name,
  isOwed,
  has: ({ documentId }) => documentId === name,
});

test('the last places are for parts that have none yet, in the order of the ranking', () => {
  const ranked = [passage('a', 0), passage('a', 1), passage('b', 0), passage('a', 2), passage('c', 0)];
  const ids = (k: number, parts: Part[]) => bestPassages(ranked, { k, parts }).map(({ id }) => id);
  expect(ids(3, [])).toEqual(['a#0', 'a#1', 'b#0']);
  expect(ids(3, [about('a'), about('c')])).toEqual(['a#0', 'a#1', 'c#0']);
  expect(ids(3, [about('a'), about('b'), about('c')])).toEqual(['a#0', 'b#0', 'c#0']);
  expect(ids(2, [about('a'), about('c', false)])).toEqual(['a#0', 'a#1']);
  // Two places are too few for three: the best are taken.
  expect(ids(2, [about('a'), about('b'), about('c')])).toEqual(['a#0', 'a#1']);
});

test('a span that is there already takes no place', () => {
  const first = passage('a', 0);
  const again = { ...first, id: 'again', start: 20 };
  expect(bestPassages([first, again, passage('b', 0)], { k: 2 }).map(({ id }) => id)).toEqual(['a#0', 'b#0']);
});

test('any ranking: as many as there are places, in its order, and each part that is owed one and has one', () => {
  const names = ['a', 'b', 'c', 'd'];
  const ranking = fc
    .uniqueArray(fc.tuple(fc.constantFrom(...names), fc.nat(5)), { selector: (each) => each.join('#') })
    .map((places) => places.map(([name, start]) => passage(name, start)));
  // Parts may share passages: "a" and "a or b".
  const part = fc
    .tuple(fc.subarray(names, { minLength: 1 }), fc.boolean())
    .map(
      ([of, isOwed]): Part => ({ name: of.join(), isOwed, has: ({ documentId }) => of.includes(documentId) }),
    );
  fc.assert(
    fc.property(
      ranking,
      fc.array(part, { maxLength: 4 }),
      fc.integer({ min: 1, max: 8 }),
      (ranked, parts, k) => {
        const best = bestPassages(ranked, { k, parts });
        const places = best.map(({ id }) => ranked.findIndex((each) => each.id === id));
        expect(best).toHaveLength(Math.min(k, ranked.length));
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(new Set(places).size).toBe(places.length);
        expect(best.map(({ rank }) => rank)).toEqual(best.map((_, at) => at + 1));
        const owed = parts.filter(({ isOwed }) => isOwed);
        const counts = countParts(owed, best);
        if (k >= owed.length)
          for (const [at, each] of owed.entries())
            expect(counts[at]!.passages > 0).toBe(ranked.some((one) => each.has(one)));
      },
    ),
  );
});
