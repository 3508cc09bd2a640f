import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Case } from '../../core/types/example.ts';
import { changeFact, expectChanged, replaceValues } from './change-fact.ts';

const caseOf = (question: string, expected: Case['expected']): Case => ({ id: 'a', question, expected });
const inOne = (passage: string) => ({ passage, document: passage });

test('a value that the passage and the expected answer share becomes another of the same form', () => {
  const values = ['30', '1,577', '2.1.0', '2025', '7.5', '2025-07-03'];
  fc.assert(
    fc.property(fc.constantFrom(...values), fc.integer(), (value, seed) => {
      const testCase = caseOf('How much is it?', `It is ${value} at most.`);
      const { from, to } = changeFact(
        testCase,
        inOne(`The most that is allowed is ${value}, as everybody knows.`),
        seed,
      )!;
      expect(from).toBe(value);
      expect(to).not.toBe(value);
      expect(to.replace(/\d/g, '0')).toBe(value.replace(/\d/g, '0'));
      expect(to).not.toMatch(/^0/);
      expect(expectChanged(testCase, new Map([[from, to]])).expected).toBe(`It is ${to} at most.`);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('what is written anew stands nowhere in the document', () => {
  const document = Array.from({ length: 90 }, (_, at) => at + 10)
    .filter((value) => value !== 57)
    .join(' ');
  for (let seed = 0; seed < 5; seed++) {
    const fact = changeFact(caseOf('How many?', '30 days'), { passage: '30 days', document }, seed);
    expect(fact === undefined || fact.to === '57').toBe(true);
  }
});

test('what the question itself says, what the passage does not have, codes and single digits are left alone', () => {
  const none = (question: string, expected: string, passage: string) =>
    expect(changeFact(caseOf(question, expected), inOne(passage), 1)).toBeUndefined();
  none('What are the 30 days for?', '30 days of leave.', 'There are 30 days.');
  none('How many days?', '30 days.', 'A month of leave.');
  none('Which form?', 'Form GK-19.', 'Send in form GK-19.');
  none('How many?', '3 of them', 'There are 3 of them.');
});

test('fields of a reply change with it, accepted answers, and other values of the document too', () => {
  const changes = new Map([
    ['30', '74'],
    ['74', '91'],
  ]);
  expect(
    expectChanged(
      {
        ...caseOf('How many days?', { days: 30, response: 'You have 30 days, 74 in all.' }),
        accepted: ['30 days'],
      },
      changes,
    ),
  ).toMatchObject({
    expected: { days: 74, response: 'You have 74 days, 91 in all.' },
    accepted: ['74 days'],
  });
});

test('values are replaced as wholes, never inside others', () => {
  const { text, found } = replaceValues(
    '30 days, 130 days, 30.5, v30, 2030-30, (30)',
    new Map([
      ['30', '74'],
      ['9', '1'],
    ]),
  );
  expect(text).toBe('74 days, 130 days, 30.5, v30, 2030-30, (74)');
  expect([...found]).toEqual(['30']);
});
