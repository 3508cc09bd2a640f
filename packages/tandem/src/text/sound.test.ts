import { expect, test } from 'vitest';
import { soundOf } from './sound.ts';

test('spellings of one sound', () => {
  expect(soundOf('phytate')).toBe(soundOf('fitate'));
  expect(soundOf('anaemia')).toBe(soundOf('anemia'));
  expect(soundOf('gout')).not.toBe(soundOf('goat'));
});
