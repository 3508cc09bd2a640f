import { expect, test } from 'vitest';
import { forTerminal } from './for-terminal.ts';

test('a document cannot steer the terminal that it is quoted in', () => {
  expect(forTerminal('Berths\u001b[2J\u001b]0;owned\u0007 cost\r24\u009b1m euros.')).toBe(
    'Berths\ufffd[2J\ufffd]0;owned\ufffd cost\ufffd24\ufffd1m euros.',
  );
  expect(forTerminal('one\r\ntwo')).toBe('one\ntwo');
  expect(forTerminal('A \u202e003\u202c and \u2066b\u2069')).toBe('A 003 and b');
});

test('what is written from right to left, and white space, stays', () => {
  for (const text of ['שלום, עולם\u200f!', 'one\n\ttwo', 'न\u200dमस्ते', '👩\u200d🔬'])
    expect(forTerminal(text)).toBe(text);
});
