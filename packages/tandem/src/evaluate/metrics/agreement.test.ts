import fc from 'fast-check';
import { expect, test } from 'vitest';
import { agreesWith } from './agreement.ts';

test.each([
  ['Which function opens the gate?', 'openGate', 'The function that opens the gate is `openGate()`. [1]'],
  ['How long is the time-out?', '30 seconds.', 'The gate allows a tolerance of 30 seconds by default. [2]'],
  ['How long is the time-out?', '30 seconds.', '30'],
  ['When was it added?', '6.4.0', 'It was added in version 6.4.0.'],
  ['How often is the filter changed?', '6 months', 'It is changed after six, at most 6 full months.'],
  ['When does it end?', '3 July 2025', 'It ends on 2025-07-03.'],
  ['What did it cost?', '$1,577', 'It cost 1577 dollars.'],
  ['What was the revenue?', '1.2 billion', 'Revenue was $1,200,000,000, up from 0.9 billion.'],
  ['Is burning allowed?', 'No.', 'No, burning is never allowed.'],
  ['Is burning allowed?', 'No.', 'Burning is not allowed.'],
  ['May I keep hens?', 'Yes, up to four.', 'Yes.'],
  ['May I keep hens?', 'Yes, up to 4.', 'You may keep up to 4 hens.'],
  ['Darf ich Hühner halten?', 'Ja.', 'Ja, bis zu vier.'],
  ['Who keeps the key?', 'The caretaker', 'Keys are kept by the **caretaker**.'],
  ['What changed?', 'It allows renaming of the shared folders.', 'Renaming shared folders is now allowed.'],
  [
    'How do I return a tool?',
    'Clean it and hang it on its hook. Then sign the list by the door.',
    'Tools are cleaned and hung on their hooks; sign the list by the door then.',
  ],
])('%s – %s: right is "%s"', (question, expected, answer) => {
  expect(agreesWith(answer, expected, question)).toBe(true);
});

test.each([
  ['Which function opens the gate?', 'openGate', 'The function is `closeGate()`.'],
  ['How long is the time-out?', '30 seconds.', 'It is 60 seconds.'],
  ['How long is the time-out?', '30 seconds.', 'It is 30 or 60 seconds.'],
  ['How long is the time-out?', '30 seconds.', 'It is not 30 seconds.'],
  ['When was it added?', '6.4.0', 'It was added in version 6.4.'],
  ['How often is the filter changed?', '6 months', 'Every 6 weeks.'],
  ['What was the revenue?', '1.2 billion', 'Revenue was 1.2 million.'],
  ['Is burning allowed?', 'No.', 'Yes, burning is allowed.'],
  ['Is burning allowed?', 'No.', 'Burning is allowed on Mondays.'],
  ['May I keep hens?', 'Yes, up to 4.', 'Yes, up to 12.'],
  ['Who keeps the key?', 'The caretaker', 'The key is kept by the chair.'],
  [
    'What changed?',
    'It allows renaming of the shared folders.',
    'It does not allow renaming of the shared folders.',
  ],
  [
    'How do I return a tool?',
    'Clean it and hang it on its hook. Then sign the list by the door.',
    'Sign here.',
  ],
  ['Who?', 'The caretaker', ''],
  ['Who?', 'The caretaker', '[1] [2]'],
])('%s – %s: wrong is "%s"', (question, expected, answer) => {
  expect(agreesWith(answer, expected, question)).toBe(false);
});

test('a text agrees with itself, with markers and marks around it', () => {
  const text = fc
    .array(fc.constantFrom('gate', 'water', 'seven', 'openGate', '30', '6.4.0', 'hens', 'March'), {
      minLength: 1,
      maxLength: 8,
    })
    .map((words) => `${words.join(' ')}.`);
  fc.assert(
    fc.property(text, (expected) => {
      expect(agreesWith(expected, expected, 'What is it?')).toBe(true);
      expect(agreesWith(`**${expected}** [1]`, expected, 'What is it?')).toBe(true);
    }),
  );
});

test('words joined by hyphens are named as a whole, however they are joined', () => {
  const question = 'Which command holds the lock?';
  expect(agreesWith('It is `vault with-lock`.', 'vault with-lock', question)).toBe(true);
  expect(agreesWith('The vault with lock command.', 'vault with-lock', question)).toBe(true);
  expect(agreesWith('Use `vault lock`.', 'vault with-lock', question)).toBe(false);
  expect(agreesWith('The vault does.', 'vault with-lock', question)).toBe(false);
});
