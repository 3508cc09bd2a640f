import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numberFormat } from './number-format.ts';

test.each<[string, number, string | undefined]>([
  ['0%', 0.175, '18%'],
  ['0.0%', 0.175, '17.5%'],
  ['0.00%', -0.005, '-0.50%'],
  ['0.0" "%', 0.175, '17.5 %'],
  ['#,##0.00\\ "€"', 1234.5, '1,234.50 €'],
  ['#,##0.00\\ [$€-407]', 1234.5, '1,234.50 €'],
  ['[$$-409]#,##0.00', 1234.5, '$1,234.50'],
  ['"£"#,##0;[Red]\\-"£"#,##0', -1234.5, '-£1,235'],
  ['_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', 1234567.891, '1,234,567.89 €'],
  ['_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', -7, '-7.00 €'],
  ['_-* #,##0.00\\ "€"_-;\\-* #,##0.00\\ "€"_-;_-* "-"??\\ "€"_-;_-@_-', 0, '- €'],
  ['#,##0_);(#,##0)', -1234, '(1,234)'],
  ['0', 140.5, '141'],
  ['0.00', 1.005, '1.01'],
  ['0.00', 12, '12.00'],
  ['0.##', 12, '12'],
  ['0.0#', 12.25, '12.25'],
  ['0.0#', 12.5, '12.5'],
  ['#.00', 0.5, '.50'],
  ['#,##0', 999, '999'],
  ['#,##0', 1000, '1,000'],
  ['#,##0', -0.2, '0'],
  ['00000', 42, '00042'],
  ['000\\-00\\-0000', 123456789, '123-45-6789'],
  ['(000) 000-0000', 5551234567, '(555) 123-4567'],
  ['0.0,,"M"', 12_345_678, '12.3M'],
  ['#,##0," k"', 1_234_567, '1,235 k'],
  ['[>=1000]#,##0," k";0" pcs"', 2500, '3 k'],
  ['[>=1000]#,##0," k";0" pcs"', 25, '25 pcs'],
  ['0" kg";;', -3, ''],
  [';;;', 3, ''],
  ['"n/a"', 3, 'n/a'],
  ['General', 3, undefined],
  ['General" kg"', 3, undefined],
  ['# ?/?', 0.5, undefined],
  ['0.00E+00', 1234, undefined],
  ['yyyy-mm-dd', 45000, undefined],
  ['[h]:mm', 1.5, undefined],
  ['@', 3, undefined],
  ['0', 1e15, undefined],
])('%s writes %d as %s', (code, value, expected) => {
  expect(numberFormat(code)(value)).toBe(expected);
});

test('property: digits, point and thousands are what Intl writes, and no code makes it fail', () => {
  const value = fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }).map((whole) => whole / 1000);
  fc.assert(
    fc.property(value, fc.integer({ min: 3, max: 6 }), fc.boolean(), (number, places, grouped) => {
      const code = `${grouped ? '#,##0' : '0'}.${'0'.repeat(places)}`;
      const { format } = new Intl.NumberFormat('en-US', {
        minimumFractionDigits: places,
        maximumFractionDigits: places,
        useGrouping: grouped,
      });
      expect(numberFormat(code)(number)).toBe(format(number));
    }),
  );
  const token = fc.constantFrom(...'0 # ? , . % ; [ ] " \\ _ * E+ @ / a € [<5] [$kr-1] -'.split(' '), ' ');
  fc.assert(
    fc.property(fc.array(token, { maxLength: 12 }), fc.double({ noNaN: true }), (tokens, number) => {
      const words = numberFormat(tokens.join(''))(number);
      expect(words === undefined || words === words.trim()).toBe(true);
    }),
    { numRuns: 500 },
  );
});
