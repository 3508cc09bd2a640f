import { describe, expect, it } from 'vitest';
import { changingFactsIn } from './find-facts.ts';

const now = new Date('2026-06-15T12:00:00Z');
const found = (text: string) =>
  changingFactsIn(text, now).map(({ kind, start, end }) => `${kind}: ${text.slice(start, end)}`);

describe('amounts of money', () => {
  it('are prices where they are paid now', () => {
    expect(found('The ticket costs 12 euros.')).toEqual(['price: 12 euros']);
    expect(found('The ticket was 10 euros. It is 12 euros.')).toEqual(['price: 12 euros']);
  });
  it('are none where the sentence is in the past', () => {
    expect(found('The first model had a radio and was sold at $80.')).toEqual([]);
    expect(found('Der Eintritt war 5 Euro.')).toEqual([]);
  });
  it('are none beside what stands in accounts', () => {
    expect(found('Goodwill: $4,310')).toEqual([]);
    expect(found('Depreciation amounts to $310 and net sales to $9,870.')).toEqual([]);
    expect(found('La amortización es de 120 euros.')).toEqual([]);
    expect(found('All proceeds go to the school; a ticket costs 5 euros.')).toEqual(['price: 5 euros']);
  });
});

describe('dates', () => {
  it('are found where they are to come, or of every year', () => {
    expect(found('The pool opens on May 3.')).toEqual(['date: May 3']);
    expect(found('Payment is due by the 15th of April.')).toEqual(['date: 15th']);
    expect(found('The permit ends in 2031.')).toEqual(['date: 2031']);
  });
  it('are none where the sentence is in the past', () => {
    expect(found('On May 3 the pool was opened by the mayor.')).toEqual([]);
    expect(found('The bridge was closed on 4 March 2024.')).toEqual([]);
    expect(found('The bridge was to be opened on 4 March 2027.')).toEqual(['date: 4 March 2027']);
  });
  it('are none where a forecast is about a year', () => {
    expect(found('The scenario has two metres more by 2040.')).toEqual([]);
    expect(found('Die Prognose reicht bis 2035.')).toEqual([]);
  });
});

describe('people in office', () => {
  it('are found', () => {
    expect(found('Jane Miller, the president of the club, signs.')).toHaveLength(1);
    expect(found('The school principal is Ann Jones.')).toHaveLength(1);
    expect(found('Jane Miller was appointed director.')).toHaveLength(1);
    expect(found('Then call the mayor, Peter Olsen.')).toHaveLength(1);
    // Who bears a famous name may lead a club.
    expect(found('The treasurer is Willy Brandt.')).toHaveLength(1);
  });
  it('are none where they had the office in the past', () => {
    expect(found('Jane Miller was the president of the club.')).toEqual([]);
    expect(found('The law was signed by President Ann Jones.')).toEqual([]);
    expect(found('The former mayor, Peter Olsen, opens the fair.')).toEqual([]);
    expect(found('The former British prime minister, Ann Jones, opens the fair.')).toEqual([]);
    expect(found('Le musée de l’ancien maire, Paul Girard.')).toEqual([]);
  });
  it('are others than those who belong to them', () => {
    expect(found('Jane Miller, adviser to the president, signs.')).toEqual([]);
    expect(found('Luis Romero, hijo del alcalde, firma.')).toEqual([]);
    expect(found('El motivo principal: Ana Costa.')).toEqual([]);
  });
});

describe('words for now', () => {
  it('are found', () => {
    expect(found('Currently, if you call, we help.')).toEqual(['present: Currently']);
    expect(found('Patients currently wait three weeks.')).toEqual(['present: currently']);
    expect(found('Jane, who currently lives here, signs.')).toEqual(['present: currently']);
    expect(found('The lift is broken at the moment.')).toEqual(['present: at the moment']);
  });
  it('are none where they say of whom something is told', () => {
    expect(found('If you are currently insured, call.')).toEqual([]);
    expect(found('Members currently renting a locker pay less.')).toEqual([]);
    expect(found('People who are currently abroad may vote by post.')).toEqual([]);
  });
  it('are none where they are about another time', () => {
    expect(found('The price is fixed at the moment of booking.')).toEqual([]);
    expect(found('Mostre o cartão no momento da compra.')).toEqual([]);
    expect(found('In 1998 the club won, and this year is remembered.')).toEqual([]);
  });
});
