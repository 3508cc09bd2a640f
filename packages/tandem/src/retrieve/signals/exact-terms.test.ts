import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactTermsOf, termsIn } from './exact-terms.ts';

const terms = (question: string) => exactTermsOf(question).map(({ text }) => text);

describe('a code', () => {
  test.each([
    ['GK-19', ['GK-19']],
    ['which gasket is gk-19?', ['gk-19']],
    ['77-A', ['77-A']],
    ['is TN-8841-C in stock', ['TN-8841-C']],
    ['HbA1c, B12 and CD20 in COVID-19', ['COVID-19']],
    [' QX1237 ', ['QX1237']],
    ['why did N5921D crash, and container eghu7731204?', ['N5921D', 'eghu7731204']],
    ['release v2.1 of app_3', ['v2.1', 'app_3']],
  ])('%s', (question, expected) => expect(terms(question)).toEqual(expected));

  test.each([
    'my 60-year-old father takes 5mg a 2nd time, 3x a day, 24/7',
    'type 2 diabetes since 2019-01-12',
    'call 0800 846 846 at 18:00',
    'a well-known one',
    'h1n1 and cd20: 500mg, 10000mg or 20,000kg',
  ])('%s: none', (question) => expect(terms(question)).toEqual([]));

  test('stands in a text whole, or not at all', () => {
    const has = (text: string, term = 'gk-19') =>
      termsIn({ headingPath: ['Parts'], text }, [term]).length > 0;
    for (const text of ['| GK-19 |', 'Fit gasket GK-19.', '(gk-19)', 'GK-18/GK-19', 'no GK-190 but GK-19'])
      expect(has(text), text).toBe(true);
    for (const text of ['GK-190', 'DGK-19', 'GK-19-B', 'A-GK-19', 'GK and 19', 'GK 19', ''])
      expect(has(text), text).toBe(false);
    expect(termsIn({ headingPath: ['Pump', 'Gasket GK-19'], text: 'It seals.' }, ['GK-19'])).toEqual([
      'GK-19',
    ]);
  });

  test('any text: what is found is a piece of it, and the text has it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aB1٣ä-/._ ,'), maxLength: 30 }), (text) => {
        for (const term of exactTermsOf(text)) expect(text.slice(term.start, term.end)).toBe(term.text);
      }),
    );
  });
});
