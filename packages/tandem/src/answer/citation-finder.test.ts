import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Passage } from '../core/types/document.ts';
import { createCitationFinder } from './citation-finder.ts';
import { mapCitations } from './citations.ts';

const passages = ['Gout is painful. It comes at night.', 'Asthma narrows the airways.'].map(
  (text, at) =>
    ({ id: `p${at}`, documentId: `d${at}`, uri: `d${at}.md`, start: 0, end: text.length, text }) as Passage,
);

test('a citation is known when the sentence after its own has begun', () => {
  const { write } = createCitationFinder(passages);
  expect(write('Gout is painful. [1] ')).toEqual([]);
  expect(write('Asthma narrows ')).toEqual([]);
  expect(write('the airways of many people. [2]').map(({ marker, quote }) => [marker, quote])).toEqual([
    [1, 'Gout is painful.'],
  ]);
  expect(write(' And that is all there is.').map(({ marker }) => marker)).toEqual([2]);
});

test('however a reply is cut into pieces, what was told is among the citations of the whole, once', () => {
  const sentence = fc.constantFrom(
    'Gout is painful. [1]',
    'It comes at night [1].',
    'Asthma narrows the airways of very many people. [2]',
    'Dr. Smith said so, e.g. in 1901. [1, 2]',
    'Nothing is cited here at all.',
    'What is this? [7]',
  );
  fc.assert(
    fc.property(
      fc.array(sentence, { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (sentences, sizes) => {
        const text = sentences.join(' ');
        const { write } = createCitationFinder(passages);
        const told = [];
        for (let at = 0; at < text.length; ) {
          const size = sizes.next().value!;
          told.push(...write(text.slice(at, at + size)));
          at += size;
        }
        const whole = mapCitations(text, passages).citations;
        expect(whole).toEqual(expect.arrayContaining(told));
        expect(new Set(told.map((each) => JSON.stringify(each))).size).toBe(told.length);
      },
    ),
    { numRuns: 300, seed: 7 },
  );
});
