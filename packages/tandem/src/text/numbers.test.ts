import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identifiersIn, numbersIn } from './numbers.ts';
import { termsOf } from './terms.ts';

const termsIn = (text: string) => numbersIn(text).flatMap(({ terms }) => terms);
const share = (a: string, b: string) => {
  const other = new Set(termsIn(b));
  return termsIn(a).some((term) => other.has(term));
};

describe('one thing, as different people write it, has a term in common', () => {
  test.each([
    ['years', ['FY2019', 'fiscal 2019', 'fiscal year 2019', '2019', 'FY19', '2018/19', 'Q2 2019', '2Q19']],
    [
      'amounts',
      ['$3.4 billion', '3,400 million', '3.4bn', '3.40 billion', 'USD 3.4 billion', '3,4 Milliarden'],
    ],
    ['millions', ['£72.5m', '72.5 million', '72,5 Mio. €', '72.5M', '72500000', '72,500,000']],
    ['groups', ['8,412', '8412', '8 412', '8\u202f412', "8'412", '8.412']],
    ['lakhs', ['56,78,901', '5678901', '5,678,901']],
    ['decimals', ['1.234,5', '1,234.5', '1234.5', '1 234,5']],
    [
      'a day',
      [
        '2024-11-05',
        '5 November 2024',
        'November 5, 2024',
        '05.11.2024',
        '5/11/2024',
        '11/5/2024',
        '5th of November 2024',
      ],
    ],
    ['a day in other languages', ['2024-11-05', '5. November 2024', '5 novembre 2024', '5 de noviembre de 2024', '5 ноября 2024', '5 listopada 2024', '2024年11月5日', '2024년 11월 5일', '2024-11-05T10:00:00Z']], // biome-ignore format: one thing a line
    ['a month', ['2024-11-05', 'November 2024', 'Nov. 2024', 'noviembre de 2024', '2024年11月']],
    ['a day of any year', ['2024-11-05', 'November 5', '5 Nov', 'Nov 5th']],
    ['shares', ['7 %', '7%', '7 percent', '7 per cent', '7 Prozent', '7.0 %']],
    ['masses', ['12 kg', '12kg']],
    ['versions', ['4.7', 'v4.7', 'V4.7', 'version 4.7']],
    ['codes', ['QX-31', 'qx-31', 'QX31-', 'QX 31', 'QX/31'].filter((each) => each !== 'QX31-')],
    ['numerals of other scripts', ['१२३', '123', '١٢٣', '１２３']],
  ])('%s', (_, forms) => {
    for (const form of forms) expect(share(form, forms[0]!), `${form} and ${forms[0]}`).toBe(true);
  });

  test('the number is found in running text, and what stands around it stays', () => {
    expect(termsOf('It rose to $3.4 billion in FY2019.')).toEqual(
      expect.arrayContaining(['rose', '3400000000', 'billion', '2019']),
    );
    expect(termsOf('log-2024-11-05.txt')).toEqual(expect.arrayContaining(['log', '2024M11D05', 'txt']));
    expect(termsOf('4.7.0-beta')).toEqual(expect.arrayContaining(['4D7D0', 'beta']));
    // One word for who writes "GK19".
    expect(termsOf('COVID-19')).toEqual(expect.arrayContaining(['covid', '19', 'covid19']));
  });
});

describe('different things have no exact term in common', () => {
  const exact = (text: string) => numbersIn(text)[0]!.terms[0];

  test('versions, clauses and addresses', () => {
    const all = ['4.7', '4.70', '4.7.1', '4.17', '14.7', '1.4.7', '4.7.1.2', '4.71', '10.0.4.7', '47'];
    expect(new Set(all.map(exact)).size).toBe(all.length);
    expect(all.slice(1).filter((other) => termsIn(other).includes(exact('4.7')!))).toEqual([]);
  });

  test('no part of a version, a date or a code is a term', () => {
    for (const text of ['6.8.7', '2024-11-05', 'QX-31', 'QX-31/4', '10.0.4.7', '§ 6.8.7'])
      for (const part of ['6', '8', '7', '11', '05', '5', '31', '4', '10', '0'])
        expect(termsOf(text), text).not.toContain(part);
  });

  test('a version is of its families, and they of nothing else', () => {
    expect(share('4.7', '4.7.1')).toBe(true);
    expect(share('4.7', '4.70')).toBe(false);
    expect(share('4.7', '14.7.1')).toBe(false);
    expect(share('4.7', '47')).toBe(false);
  });

  test('days, and codes that one is the beginning of', () => {
    expect(share('2024-11-05', '2023-12-06')).toBe(false);
    expect(share('QX-31', 'QZ-31')).toBe(false);
    expect(exact('QX-31')).not.toBe(exact('QX-310'));
    expect(exact('QX-3.1')).not.toBe(exact('QX-31'));
    expect(exact('QX-3-1')).not.toBe(exact('QX-31'));
  });

  test('an encoded term is no word', () => {
    expect(termsOf('2D1 2d1 m11d05')).toEqual(['2d1', '2d1', 'm11d05']);
    expect(termsOf('2.1')[0]).toBe('2D1');
  });
});

test('what is unclear has both readings', () => {
  expect(termsIn('8.412')).toEqual(['8412', '8D412']);
  expect(termsIn('8,412')).toEqual(['8412', '8D412']);
  expect(termsIn('3/4/2024')).toEqual(expect.arrayContaining(['2024M04D03', '2024M03D04']));
  expect(termsIn('30/4/2024')).not.toContain('2024M30D04');
  expect(termsIn('8 412')).toEqual(expect.arrayContaining(['8412', '8', '412']));
});

test('words with digits, lists, ranges and ordinals stay what they are', () => {
  expect(termsOf('B12, x2 and 2nd')).toEqual(['b12', 'x2', '2nd']);
  expect(termsOf('1,2,3')).toEqual(['1', '2', '3']);
  expect(termsOf('10-12 or 60-year-old')).toEqual(['10', '12', '60', 'year', 'old']);
  expect(termsOf('24/7')).toEqual(['24', '7']);
});

test('what names one thing by digits in a question', () => {
  expect(identifiersIn('Does clause 6.8.7 of QX-31 hold since 5 Nov 2024 for 12 kg, 7 % or $3.40?')).toEqual([
    { text: '6.8.7', start: 12, end: 17, kind: 'version', term: '6D8D7' },
    { text: 'QX-31', start: 21, end: 26, kind: 'code', term: 'qx31' },
    { text: '5', start: 38, end: 39, kind: 'date', term: '2024M11D05' },
  ]);
});

test('spans are in order, apart and hold digits; terms are what stores take', () => {
  const piece = fc.oneof(
    fc.constantFrom('1', '23', '456', '2024', 'v', 'FY', 'GK', 'may', 'July', '年', '%', '$', '€', ' ', '\u00a0', '.', ',', '-', '/', "'", '’', '_', '१', '𝟙', '²', '°C', 'kg', 'bn', '\ue000'), // biome-ignore format: one list
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('');
      let from = 0;
      for (const { start, end, terms } of numbersIn(text)) {
        expect(start).toBeGreaterThanOrEqual(from);
        expect(end).toBeGreaterThan(start);
        expect(text.slice(start, end)).toMatch(/\p{Nd}/u);
        expect(terms.length).toBeGreaterThan(0);
        expect(new Set(terms).size).toBe(terms.length);
        from = end;
      }
      for (const term of termsOf(text)) {
        expect(term).toMatch(/^[\p{Alphabetic}\p{M}\p{N}]+$/u);
        expect(Buffer.byteLength(term)).toBeLessThan(64);
      }
    }),
    { numRuns: 3000 },
  );
});

test('time grows with the length of a text, whatever it is made of', () => {
  for (const part of [
    '1.',
    '1-',
    '1,',
    'a1',
    '1 ',
    '12 345 ',
    '-',
    'a-',
    '1/2/3 ',
    'July 3, ',
    '..1',
    '𝟙',
    "1'",
  ]) {
    const text = part.repeat(100_000);
    const started = performance.now();
    termsOf(text);
    // In quadratic time these would take minutes.
    expect(performance.now() - started, part).toBeLessThan(10_000);
  }
});
