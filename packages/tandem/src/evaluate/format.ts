import type { Estimate } from './comparison-result.ts';
import type { MetricInfo } from './metrics/metric.ts';

type Unit = MetricInfo['unit'];

/** A value as people read it: `61 %`, `0.52`, `812`, `3.1 s`. */
export function formatValue(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return '–';
  switch (unit) {
    case 'share':
      return `${rounded(value * 100, 0)} %`;
    case 'score':
      return rounded(value, 2);
    case 'ms':
      if (value === 0) return '0 s';
      return value < 1000 ? `${rounded(value, 0)} ms` : `${rounded(value / 1000, 1)} s`;
    default:
      return rounded(value, Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0);
  }
}

/** A difference without its sign: `14 points`, `0.12`, `210 tokens`, `1.2 s`. */
export function formatDifference(difference: number, unit: Unit): string {
  const size = Math.abs(difference);
  if (unit === 'share')
    return `${rounded(size * 100, 0)} ${Math.round(size * 100) === 1 ? 'point' : 'points'}`;
  if (unit === 'tokens' || unit === 'words') return `${formatValue(size, unit)} ${unit}`;
  return formatValue(size, unit);
}

/** An interval, its unit left out where both ends share it: `53 to 68`, `−5 to 23`, `900 ms to 1.2 s`. */
export function formatInterval({ low, high }: Pick<Estimate, 'low' | 'high'>, unit: Unit): string {
  const ends = [low, high].map((value) => {
    const [number, name = ''] = formatValue(Math.abs(value), unit).split(' ');
    const zero = formatValue(0, unit).split(' ')[0];
    return { number: value < 0 && number !== zero ? `−${number}` : number!, name };
  });
  const [from, to] = ends as [(typeof ends)[0], (typeof ends)[0]];
  if (from.name === to.name) return `${from.number} to ${to.number}`;
  return `${from.number} ${from.name} to ${to.number} ${to.name}`;
}

/** `p < 0.001`, `p = 0.03`. */
export function formatP(p: number): string {
  if (p < 0.001) return 'p < 0.001';
  return `p = ${rounded(p, p < 0.0995 ? 3 : 2)}`;
}

function rounded(value: number, digits: number): string {
  // −0 would print as "-0".
  return (Number(value.toFixed(digits)) || 0).toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** For the beginning of a sentence. */
export function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
