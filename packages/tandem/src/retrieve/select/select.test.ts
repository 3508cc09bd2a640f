import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSameSpan, selectPassages } from './select.ts';

const passage = (documentId: string, heading: string, start: number, score: number) => ({
  chunk: { documentId, headingPath: ['T', heading], start, end: start + 10, text: `${documentId} ${start}` },
  score,
});

test('several things that a question is about take turns', () => {
  const ranked = [
    passage('gout', 'x', 0, 1),
    passage('gout', 'y', 20, 0.9),
    passage('gout', 'z', 40, 0.8),
    passage('asthma', 'x', 0, 0.75),
  ];
  const subjects = ['gout', 'asthma'].map((id) => ({ documentIds: [id], isListed: false }));
  const order = (turns: number, about = subjects) =>
    selectPassages(ranked, { k: 4, turns, subjects: about }).map(
      ({ item }) => `${item.chunk.documentId} ${item.chunk.start}`,
    );
  expect(order(0)).toEqual(['gout 0', 'gout 20', 'gout 40', 'asthma 0']);
  expect(order(0.1)).toEqual(['gout 0', 'gout 20', 'asthma 0', 'gout 40']);
  expect(order(0.1, [])).toEqual(order(0));
});

test('each thing that a question lists has a passage where there are as many places', () => {
  const ranked = [0, 20, 40, 60].map((start) => passage('gout', `${start}`, start, 1 - start / 1000));
  const all = [...ranked, passage('asthma', 'x', 0, 0.2), passage('lupus', 'x', 0, 0.1)];
  const documents = (k: number) =>
    selectPassages(all, {
      k,
      turns: 0,
      subjects: ['gout', 'asthma', 'lupus', 'lost'].map((id) => ({
        documentIds: [id],
        isListed: id !== 'gout',
      })),
    }).map(({ item }) => item.chunk.documentId);
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
      (items, turns) => {
        const ranked = items.map(({ document, heading, start, score }) =>
          passage(document, heading, start, score),
        );
        const chosen = selectPassages(ranked, {
          k: 6,
          turns,
          subjects: ['a', 'b'].map((id) => ({ documentIds: [id], isListed: true })),
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
