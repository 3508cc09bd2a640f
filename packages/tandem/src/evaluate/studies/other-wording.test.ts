import { expect, test } from 'vitest';
import { keepsWhatIsAsked } from './other-wording.ts';

const question = 'How many seconds of clock tolerance does openid-client 6.8 allow?';

test('another wording keeps names and numbers, and has other words', () => {
  expect(
    keepsWhatIsAsked(question, 'What clock tolerance, in seconds, is allowed by openid-client 6.8?'),
  ).toBe(true);
  expect(keepsWhatIsAsked(question, 'What clock tolerance is allowed by openid-client?')).toBe(false);
  expect(keepsWhatIsAsked(question, 'What clock tolerance does version 6.8 allow, up to 30 seconds?')).toBe(
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
