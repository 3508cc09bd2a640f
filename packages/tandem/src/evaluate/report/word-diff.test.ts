import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldedWords } from '../../text/words.ts';
import { diffWords } from './word-diff.ts';

test('differing words are told apart from what both say', () => {
  expect(diffWords('The fee is 40 euros.', 'the Fee is 14 euros!')).toEqual([
    { kind: 'both', text: 'the Fee is ' },
    { kind: 'missing', text: '40 ' },
    { kind: 'added', text: '14 ' },
    { kind: 'both', text: 'euros!' },
  ]);
  expect(diffWords('', 'No.')).toEqual([{ kind: 'added', text: 'No.' }]);
});

test('words are told apart in writing without spaces', () => {
  const parts = diffWords('会議は月曜日です', '会議は金曜日です')!;
  expect(parts.some(({ kind }) => kind === 'both')).toBe(true);
  expect(parts.some(({ kind, text }) => kind === 'missing' && text.includes('月'))).toBe(true);
});

test('without what is missing it has the words that were said, without what was added those expected', () => {
  const sentence = fc
    .array(fc.constantFrom('one', 'two', 'three', 'Four', 'five'), { maxLength: 12 })
    .map((words) => words.join(' '));
  fc.assert(
    fc.property(sentence, sentence, (expected, said) => {
      const parts = diffWords(expected, said)!;
      const without = (kind: string) =>
        foldedWords(
          parts
            .filter((part) => part.kind !== kind)
            .map(({ text }) => `${text} `)
            .join(''),
        );
      expect(without('missing')).toEqual(foldedWords(said));
      expect(without('added')).toEqual(foldedWords(expected));
    }),
  );
});

test('two texts that nobody reads word by word are not compared', () => {
  const long = 'word '.repeat(1500);
  expect(diffWords(long, long)).toBeUndefined();
});
