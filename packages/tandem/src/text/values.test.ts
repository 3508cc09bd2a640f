import { expect, test } from 'vitest';
import { isSameValue, valuesIn } from './values.ts';

const same = (a: string, b: string) => isSameValue(valuesIn(a)[0]!, valuesIn(b)[0]!);

test.each([
  ['1,577', '1577 pieces'],
  ['3 July 2025', '2025-07-03'],
  ['1.2 billion', '$1,200,000,000'],
  ['5 kg', '5kg'],
  ['12 %', '12 percent'],
  ['version 6.4.0', '6.4.0'],
  ['30 seconds', '30'],
  ['FY2022', '2022'],
])('%s is %s', (a, b) => {
  expect(same(a, b)).toBe(true);
  expect(same(b, a)).toBe(true);
});

test.each([
  ['1.2 billion', '1.2 million'],
  ['5 kg', '5 km'],
  ['6.4.0', '6.4.1'],
  ['6.4', '6.4.1'],
  ['3 July 2025', '4 July 2025'],
  ['30', '300'],
  ['2.5', '2.50'],
])('%s is not %s', (a, b) => {
  expect(same(a, b)).toBe(false);
  expect(same(b, a)).toBe(false);
});
