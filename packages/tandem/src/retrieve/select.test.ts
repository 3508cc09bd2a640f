import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSameSpan, selectPassages } from './select.ts';

const passage = (documentId: string, heading: string, start: number, score: number) => ({
  chunk: { documentId, headingPath: ['T', heading], start, end: start + 10, text: `${documentId} ${start}` },
  score,
});

test('a second passage of a section waits while another is nearly as good', () => {
  const ranked = [
    passage('a', 'x', 0, 1),
    passage('a', 'x', 20, 0.9),
    passage('a', 'y', 40, 0.8),
    passage('b', 'x', 0, 0.3),
  ];
  const order = (again: number) =>
    selectPassages(ranked, { k: 4, again, alike: 0 }).map(
      ({ item }) => `${item.chunk.documentId}${item.chunk.start}`,
    );
  expect(order(0)).toEqual(['a0', 'a20', 'a40', 'b0']);
  expect(order(0.2)).toEqual(['a0', 'a40', 'a20', 'b0']);
  expect(order(1)).toEqual(['a0', 'a40', 'b0', 'a20']);
});

test('each thing that is asked about has a passage where there are as many places', () => {
  const ranked = [0, 20, 40, 60].map((start) => passage('gout', `${start}`, start, 1 - start / 1000));
  const all = [...ranked, passage('asthma', 'x', 0, 0.2), passage('lupus', 'x', 0, 0.1)];
  const documents = (k: number) =>
    selectPassages(all, { k, again: 0, alike: 0, subjects: [['gout'], ['asthma'], ['lupus'], ['lost']] }).map(
      ({ item }) => item.chunk.documentId,
    );
  expect(documents(5)).toEqual(['gout', 'gout', 'gout', 'asthma', 'lupus']);
  expect(documents(4)).toEqual(['gout', 'gout', 'asthma', 'lupus']);
  // Fewer places than things: the best.
  expect(documents(2)).toEqual(['gout', 'gout']);
});

test('scores never rise down the list, and nothing is shown twice', () => {
  const item = fc.record({
    document: fc.constantFrom('a', 'b'),
    heading: fc.constantFrom('x', 'y'),
    start: fc.nat(60),
    score: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(
      fc.array(item, { maxLength: 20 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (items, again) => {
        const ranked = items.map(({ document, heading, start, score }) =>
          passage(document, heading, start, score),
        );
        const chosen = selectPassages(ranked, {
          k: 6,
          again,
          alike: again / 2,
          subjects: [['a'], ['b']],
        });
        expect(chosen.length).toBeLessThanOrEqual(6);
        for (const [at, { item, score }] of chosen.entries()) {
          if (at > 0) expect(score).toBeLessThanOrEqual(chosen[at - 1]!.score + 1e-12);
          for (const other of chosen.slice(0, at))
            expect(isSameSpan(item.chunk, other.item.chunk)).toBe(false);
        }
      },
    ),
  );
});
