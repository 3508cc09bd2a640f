import { expect, test } from 'vitest';
import { repeatsQuestion } from './repeats-question.ts';

test('an answer that says only what was asked is told from one that says something', () => {
  const repeats = (question: string, answer: string) => repeatsQuestion(answer, question);
  expect(
    repeats(
      'Into which folder does the tool write its index?',
      'Into which folder does the tool write its index.',
    ),
  ).toBe(true);
  expect(
    repeats('In how many formats can a key be exported?', 'The key can be exported in many formats.'),
  ).toBe(true);
  expect(repeats('Which command rewrites old archives?', 'The command rewrites old archives.')).toBe(true);
  expect(repeats('Which command rewrites old archives?', 'The command `redo` rewrites old archives.')).toBe(
    false,
  );
  expect(repeats('How many seconds does the pump wait?', 'The pump waits 30 seconds.')).toBe(false);
});

test('yes and no, one of two, and short answers are answers', () => {
  expect(
    repeatsQuestion('Yes, the gate opens at noon on Sundays.', 'Does the gate open at noon on Sundays?'),
  ).toBe(false);
  expect(
    repeatsQuestion('The old gate is red.', 'Is the old gate red or is it painted blue and green?'),
  ).toBe(false);
  expect(repeatsQuestion('The gate.', 'Is it the gate or the door?')).toBe(false);
  expect(repeatsQuestion('', 'What is it?')).toBe(false);
});
