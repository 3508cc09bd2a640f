import { describe, expect, it } from 'vitest';
import { counted } from '../core/counted.ts';
import { listed } from '../core/listed.ts';
import { formatDifference, formatInterval, formatP, formatValue } from './format.ts';

describe('numbers as people read them', () => {
  it.each([
    [0.614, 'share', '61 %'],
    [-0.00001, 'share', '0 %'],
    [0.523, 'score', '0.52'],
    [812.4, 'tokens', '812'],
    [1234.5, 'tokens', '1,235'],
    [2.26, 'words', '2.3'],
    [0, 'words', '0'],
    [940.4, 'ms', '940 ms'],
    [3120, 'ms', '3.1 s'],
    [Number.NaN, 'ms', '–'],
  ] as const)('%f %s is %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });

  it.each([
    [-0.05, 0.23, 'share', '−5 to 23'],
    [-0.001, 0.23, 'share', '0 to 23'],
    [-0.12, -0.03, 'score', '−0.12 to −0.03'],
    [900, 1240, 'ms', '900 ms to 1.2 s'],
    [1100, 1240, 'ms', '1.1 to 1.2'],
    [60, 72.4, 'tokens', '60 to 72'],
  ] as const)('%f and %f %s are "%s"', (low, high, unit, text) => {
    expect(formatInterval({ low, high }, unit)).toBe(text);
  });

  it('differences lose their sign and name their unit', () => {
    expect(formatDifference(-0.14, 'share')).toBe('14 points');
    expect(formatDifference(0.012, 'share')).toBe('1 point');
    expect(formatDifference(210, 'tokens')).toBe('210 tokens');
    expect(formatDifference(-1200, 'ms')).toBe('1.2 s');
  });

  it('p-values, lists and counts', () => {
    expect([0.0004, 0.0123, 0.47, 1].map(formatP)).toEqual([
      'p < 0.001',
      'p = 0.012',
      'p = 0.47',
      'p = 1.00',
    ]);
    expect([['a'], ['a', 'b'], ['a', 'b', 'c']].map((items) => listed(items))).toEqual([
      'a',
      'a and b',
      'a, b and c',
    ]);
    expect([counted(1, 'case'), counted(1200, 'case')]).toEqual(['1 case', '1,200 cases']);
  });
});
