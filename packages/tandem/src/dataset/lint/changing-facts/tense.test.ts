import { describe, expect, it } from 'vitest';
import { speaksOfThePast } from './tense.ts';

describe('speaksOfThePast', () => {
  it.each([
    'The fee was 20 euros.',
    'How much did the ferry cost when it had two decks?',
    'Die Gebühr war 35 Euro.',
    'La cuota era de 45 dólares.',
    'Le tarif était de 90 euros.',
    'Стоимость билета была 300 рублей.',
  ])('says so of %s', (text) => expect(speaksOfThePast(text)).toBe(true));

  it.each([
    'The fee is 20 euros.',
    'The fee, which was 20 euros, is 30 euros.',
    "It was 20 euros, and it's 30 euros.",
    'The ticket, which was free, costs 5 euros.',
    'Applications close on 31 March.',
    // "Was" asks "what" in German, and "era" is a word of English.
    'Was kostet der Eintritt in der Halle?',
    'The digital era of the library.',
    '',
  ])('does not of %s', (text) => expect(speaksOfThePast(text)).toBe(false));
});
