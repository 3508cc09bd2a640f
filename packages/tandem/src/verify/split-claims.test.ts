import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isStatement, splitClaims } from './split-claims.ts';

test('main clauses and what semicolons part are claims of their own', () => {
  expect(splitClaims('A berth costs 24 euros, and the office opens at eight.')).toEqual([
    'A berth costs 24 euros',
    'the office opens at eight.',
  ]);
  expect(splitClaims('Hunde sind willkommen; das Büro öffnet um acht.')).toEqual([
    'Hunde sind willkommen',
    'das Büro öffnet um acht.',
  ]);
  expect(splitClaims('可以带狗；办公室八点开门。')).toEqual(['可以带狗', '办公室八点开门。']);
});

test('a list and a second predicate stay whole', () => {
  for (const sentence of [
    'Apples, pears, and the plums are sold.',
    'The office opens at eight, and closes at noon.',
    'It holds salt &amp; pepper.',
    'You need salt; pepper; oil.',
  ])
    expect(splitClaims(sentence)).toEqual([sentence]);
});

test('claims are the words of the sentence, in order', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (one, two) => {
      const sentence = `${one}; ${two}, and the ${one}`;
      let at = 0;
      for (const claim of splitClaims(sentence)) {
        const found = sentence.indexOf(claim, at);
        expect(found).toBeGreaterThanOrEqual(at);
        at = found + claim.length;
      }
    }),
    { seed: 1 },
  );
});

test('a question and the head of a list state nothing', () => {
  for (const text of ['Do you need more?', 'You need:', '…', '需要什么？'])
    expect(isStatement(text)).toBe(false);
  expect(isStatement('You need a key.')).toBe(true);
});
