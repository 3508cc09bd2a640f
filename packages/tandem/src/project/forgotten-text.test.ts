import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ForgottenText, removedMark } from './forgotten-text.ts';

const text =
  'The reactor in hall seven is switched off with the quartz key.\nAsk the safety office before you do anything at all.';
const forgotten = () => new ForgottenText({ id: 'rag', uri: 'docs/rag.md', title: 'Reactor', text });

test('runs of its words are taken out, whatever stands between them, and what others say as well is left', () => {
  const own = forgotten();
  expect(own.without('He said: “the REACTOR, in hall seven, is switched off” – so what?')).toBe(
    `He said: “${removedMark}” – so what?`,
  );
  expect(own.isIn('The reactor in hall eight is switched on.')).toBe(false);
  const shared = 'Ask the safety office before you do anything at all.';
  expect(own.isIn(shared)).toBe(true);
  own.exclude(`Elsewhere, too: ${shared}`);
  expect(own.without(`${shared} ${text.split('\n')[0]}`)).toBe(`${shared} ${removedMark}.`);
  expect(own.probes().map(String)).toEqual([
    'The reactor in hall seven is',
    'switched off with the quartz key',
  ]);
});

test('in JSON its names go where names stand, objects about it keep their numbers, all else stays the same value', () => {
  const value = {
    arm: 'rag',
    passages: {
      'rag#0': { documentId: 'rag', uri: 'docs/rag.md', rank: 2, headings: ['a'], text: 'x' },
      'ragged#0': 1,
    },
    ids: ['rag', 'other'],
    list: [1, 'rag', null, true],
  };
  const own = forgotten();
  expect(own.redacted(value)).toEqual({
    arm: 'rag',
    passages: {
      [own.alias]: { documentId: own.alias, uri: own.alias, rank: 2, headings: [], text: removedMark },
      'ragged#0': 1,
    },
    ids: [own.alias, 'other'],
    list: [1, 'rag', null, true],
  });
  const untouched = { a: [{ b: 'nothing of it' }], arm: 'rag' };
  expect(own.redacted(untouched)).toBe(untouched);
});

test('no six of its words in a row survive, wherever they are put', () => {
  const words = text.match(/\p{L}+/gu)!;
  const own = forgotten();
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom('and', 'zinc', '…', '\n'),
          fc.tuple(fc.nat(words.length - 1), fc.integer({ min: 1, max: 12 })),
        ),
      ),
      (parts) => {
        const mixed = parts
          .map((part) =>
            typeof part === 'string' ? part : words.slice(part[0], part[0] + part[1]).join(' '),
          )
          .join(' ');
        const left = own.without(mixed);
        expect(own.isIn(left)).toBe(false);
        for (let i = 0; i + 6 <= words.length; i++)
          expect(` ${left} `).not.toContain(` ${words.slice(i, i + 6).join(' ')} `);
        // What is left stands as it stood, with the mark for what is gone.
        const kept = left.split(removedMark);
        let from = 0;
        for (const piece of kept) {
          expect(mixed.indexOf(piece, from)).toBeGreaterThanOrEqual(from);
          from = mixed.indexOf(piece, from) + piece.length;
        }
      },
    ),
  );
});
