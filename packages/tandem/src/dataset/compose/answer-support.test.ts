import { expect, test } from 'vitest';
import { supportAmong } from './answer-support.ts';

const answers = [
  'Acme Support: Press the red switch for ten seconds.',
  'Acme Support: The filter is changed every 6 months.',
  'Acme Support: A wall of brick needs 80 mm screws.',
];
const measure = supportAmong(answers);
const passage = (text: string) => ({ text });

test('words that all answers have count for little, numbers must all be there', () => {
  const right = passage('Change the filter after six months, or 6 months at the latest.');
  const style = passage('Acme Support answers all questions.');
  expect(measure(answers[1]!, right).words).toBeGreaterThan(0.5);
  expect(measure(answers[1]!, style).words).toBeLessThan(0.3);
  expect(measure(answers[1]!, right).hasNumbers).toBe(true);
  expect(measure(answers[2]!, passage('A wall of brick needs 60 mm screws.')).hasNumbers).toBe(false);
  expect(measure(answers[2]!, passage('A wall of brick needs 60 mm screws.')).words).toBeGreaterThan(0.5);
});

test('a number is the same however it is written', () => {
  expect(measure('It costs 1,577 euros.', passage('The price is 1577 euros.')).hasNumbers).toBe(true);
  expect(measure('It costs 1,577 euros.', passage('The price is 1578 euros.')).hasNumbers).toBe(false);
});

test('a heading above the passage is part of what it says; only its own text can be quoted', () => {
  const text = 'Every 6 months.';
  expect(measure('The filter is changed.', { text, prefix: 'Boiler: Changed filters' }).words).toBe(1);
  expect(measure(text, passage(`${text} And more.`)).isVerbatim).toBe(true);
  expect(measure(text, { text: 'See above.', prefix: text }).isVerbatim).toBe(false);
});

test('a sentence without words that tell has no support', () => {
  expect(measure('…', passage('…')).words).toBe(0);
});
