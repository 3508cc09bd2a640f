import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Case } from '../../core/types/example.ts';
import { changeFact, replaceValue } from './change-fact.ts';

const caseOf = (question: string, expected: Case['expected']): Case => ({ id: 'a', question, expected });

test('a value that the passage and the expected answer share becomes another of the same form', () => {
  const values = ['30', '1,577', '2.1.0', '2025', '7.5', '2025-07-03', '5'];
  fc.assert(
    fc.property(fc.constantFrom(...values), fc.integer(), (value, seed) => {
      const fact = changeFact(
        caseOf('How much is it?', `It is ${value} at most.`),
        `The most that is allowed is ${value}, as everybody knows.`,
        seed,
      )!;
      expect(fact.from).toBe(value);
      expect(fact.to).not.toBe(value);
      expect(fact.to.replace(/\d/g, '0')).toBe(value.replace(/\d/g, '0'));
      expect(fact.to).not.toMatch(/^0/);
      expect(fact.testCase.expected).toBe(`It is ${fact.to} at most.`);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('what the question itself says, what the passage does not have, and codes are left alone', () => {
  expect(
    changeFact(caseOf('What are the 30 days for?', '30 days of leave.'), 'There are 30 days.', 1),
  ).toBeUndefined();
  expect(changeFact(caseOf('How many days?', '30 days.'), 'A month of leave.', 1)).toBeUndefined();
  expect(changeFact(caseOf('Which form?', 'Form GK-19.'), 'Send in form GK-19.', 1)).toBeUndefined();
});

test('fields of a reply change with it, and accepted answers', () => {
  const fact = changeFact(
    { ...caseOf('How many days?', { days: 30, response: 'You have 30 days.' }), accepted: ['30 days'] },
    'Everybody has 30 days.',
    1,
  )!;
  expect(fact.testCase.expected).toEqual({ days: Number(fact.to), response: `You have ${fact.to} days.` });
  expect(fact.testCase.accepted).toEqual([`${fact.to} days`]);
});

test('a value is replaced as a whole, never inside another', () => {
  expect(replaceValue('30 days, 130 days, 30.5, v30, 2030-30, (30)', '30', '74')).toEqual({
    text: '74 days, 130 days, 30.5, v30, 2030-30, (74)',
    count: 2,
  });
});
