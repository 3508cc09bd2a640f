import { expect, test } from 'vitest';
import { keepsWhatIsAsked } from './other-wording.ts';

const question = 'How many minutes of engine warm-up does harbour-crane 4.2 allow?';

test('another wording keeps names and numbers, and has other words', () => {
  expect(
    keepsWhatIsAsked(question, 'What engine warm-up, in minutes, is allowed by harbour-crane 4.2?'),
  ).toBe(true);
  expect(keepsWhatIsAsked(question, 'What engine warm-up is allowed by harbour-crane?')).toBe(false);
  expect(keepsWhatIsAsked(question, 'What engine warm-up does version 4.2 allow, up to 30 minutes?')).toBe(
    false,
  );
  expect(keepsWhatIsAsked('Who runs the Berlin office?', 'Who is in charge of the office?')).toBe(false);
  expect(keepsWhatIsAsked('Who runs the Berlin office?', 'Who is in charge of the office in Berlin?')).toBe(
    true,
  );
});

test('the same words, several lines and nothing are no other wording', () => {
  expect(keepsWhatIsAsked(question, question.toUpperCase())).toBe(false);
  const twice = 'How do I reset the pump when the light is on?';
  expect(keepsWhatIsAsked(twice, twice)).toBe(false);
  expect(keepsWhatIsAsked(question, '')).toBe(false);
  expect(keepsWhatIsAsked(question, `${question}\nIt allows some.`)).toBe(false);
});
