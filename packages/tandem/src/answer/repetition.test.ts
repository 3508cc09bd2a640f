import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beforeRepetition, cutRepetition } from './repetition.ts';

test.each([
  ['The answer is no. The answer is no', 'The answer is no.'],
  [
    'The deposit is 60 euros. [1] The answer is yes. [2] The answer is yes. [3]',
    'The deposit is 60 euros. [1] The answer is yes. [2]',
  ],
  ['Garden Rules: Watering [1] [2]\nGarden rules: watering [3]', 'Garden Rules: Watering [1] [2]'],
  [
    'Der Rasen wird gemäht. Er wird gegossen. Der Rasen wird gemäht. Er wird gegossen.',
    'Der Rasen wird gemäht. Er wird gegossen.',
  ],
])('is found at its second turn: %s', (text, first) => {
  expect(beforeRepetition(text)).toBe(first);
});

test.each([
  'The answer is no. The answer is yes.',
  'No, no, no, no, no, no.',
  '| 0 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |',
  'It is the name of the name of the thing.',
  'Open the door. Then open the door.',
  '',
])('is not seen where there is none: %s', (text) => {
  expect(beforeRepetition(text)).toBeUndefined();
  expect(cutRepetition(text)).toBe(text);
});

test('a text said twice is cut to itself, whatever follows', () => {
  const sentence = fc
    .shuffledSubarray(['water', 'garden', 'harvest', 'winter', 'compost', 'meadow', 'orchard'], {
      minLength: 3,
    })
    .map((words) => `${words.join(' ')}.`);
  fc.assert(
    fc.property(sentence, fc.string(), (text, rest) => {
      expect(cutRepetition(`${text} ${text} ${rest}`)).toBe(text);
    }),
  );
});
