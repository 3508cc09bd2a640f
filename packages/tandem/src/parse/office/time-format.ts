/**
 * How a format code of SpreadsheetML writes a span of time (ECMA-376 part 1, §18.8.31): elapsed hours, minutes or seconds (`[h]`,
 * `[mm]`, `[ss]`), minutes and seconds, or hours that were added up beyond a day. `days` is what the cell holds. Where the code names no unit in words, it is
 * added, so that "37:30 h" is not taken for a time of day, and a count of minutes or seconds is said in hours as well. Undefined for
 * codes with dates, for a clock's time, and for numbers that are dates whatever the code shows of them.
 */
export function timeFormat(code: string): ((days: number) => string | undefined) | undefined {
  const sections = code.split(/;(?=(?:[^"]*"[^"]*")*[^"]*$)/).map(readSection);
  const [first] = sections;
  if (!first?.some(({ unit }) => unit) || sections.some((tokens) => tokens.some(isDatePart)))
    return undefined;
  const hasElapsed = first.some(({ elapsed }) => elapsed);
  return (days) => {
    // A number of a whole year or more is a day, of which the code shows the time; less than a day a clock's time.
    const isClock = days >= 0 && days < 1 && first.some(({ unit }) => unit === 'hour');
    if (!hasElapsed && (Math.abs(days) >= 366 || isClock)) return undefined;
    const negative = sections[1]?.some(({ unit }) => unit) ? sections[1] : first;
    const tokens = days < 0 ? negative : first;
    const words = writeTime(tokens, Math.abs(days));
    const isSigned = days < 0 && tokens === first && /[1-9]/.test(words);
    const sign = isSigned ? '-' : '';
    return `${sign}${words}${unitOf(tokens, Math.abs(days), sign)}`.replace(/\s+/g, ' ').trim();
  };
}

interface Token {
  words: string;
  unit?: 'day' | 'hour' | 'minute' | 'second';
  /** Counts all of its unit that there are, not those over the next larger one. */
  elapsed?: boolean;
  /** Digits, at least. */
  digits?: number;
  /** Decimals of a second. */
  decimals?: number;
  isDate?: boolean;
}

const isDatePart = ({ isDate }: Token) => isDate === true;

function readSection(section: string): Token[] {
  const tokens: Token[] = [];
  const pattern =
    /"[^"]*"|\\.|[_*].|\[(h+|m+|s+)\](?:\.(0+))?|\[[^\]]*\]|am\/pm|a\/p|h+|m+|s+(?:\.(0+))?|[dyebg]+|[\s\S]/gi;
  for (const match of section.matchAll(pattern)) {
    const [token, elapsed, ofElapsed, decimals = ofElapsed] = match;
    const letters = elapsed ?? token;
    const unit = ({ h: 'hour', m: 'minute', s: 'second' } as const)[letters[0]!.toLowerCase()];
    if (unit && /^\[?[hms]/i.test(token))
      tokens.push({
        words: '',
        unit,
        elapsed: elapsed !== undefined,
        digits: elapsed?.length ?? (unit === 'second' ? token.replace(/\..*/, '').length : token.length),
        decimals: decimals?.length ?? 0,
      });
    else if (/^d{1,2}$/i.test(token)) tokens.push({ words: '', unit: 'day', digits: token.length });
    else if (/^[dyebg]/i.test(token)) tokens.push({ words: '', isDate: true });
    else if (/^(?:am\/pm|a\/p)$/i.test(token)) tokens.push({ words: '' });
    else if (token.startsWith('[') || /^[_*]/.test(token))
      tokens.push({ words: token.startsWith('_') ? ' ' : '' });
    else tokens.push({ words: token.replace(/^\\|"/g, '') });
  }
  // `m` is a month unless it stands after hours or before seconds; days that are counted have hours behind them.
  const units = tokens.filter(({ unit }) => unit);
  for (const [at, token] of units.entries()) {
    const [before, after] = [units[at - 1], units[at + 1]];
    if (token.unit === 'minute' && !token.elapsed && before?.unit !== 'hour' && after?.unit !== 'second')
      token.isDate = true;
    if (token.unit === 'day' && after?.unit !== 'hour') token.isDate = true;
  }
  return tokens;
}

function writeTime(tokens: readonly Token[], days: number): string {
  const decimals = Math.max(0, ...tokens.map((token) => token.decimals ?? 0));
  const hasSeconds = tokens.some(({ unit }) => unit === 'second');
  // Seconds are rounded, larger units count what is whole; what a fraction of a day cannot hold exactly is evened out first.
  const step = hasSeconds ? 10 ** decimals : 1000;
  const seconds = Math.round(days * 86_400 * step) / step;
  const has = (unit: Token['unit']) => tokens.some((token) => token.unit === unit);
  const count = { day: 86_400, hour: 3600, minute: 60, second: 1 };
  const larger = { day: Number.POSITIVE_INFINITY, hour: 86_400, minute: 3600, second: 60 };
  return tokens
    .map(({ words, unit, elapsed, digits = 1, decimals: places = 0 }) => {
      if (unit === undefined) return words;
      // Minutes without hours before them: an hour and more would be lost.
      const isTop = elapsed || unit === 'day' || (unit === 'minute' && !has('hour'));
      const left = isTop ? seconds : seconds % larger[unit];
      const value = left / count[unit];
      const text = unit === 'second' ? value.toFixed(places) : String(Math.floor(value + 1e-9));
      const least = unit === 'hour' && !elapsed ? 2 : digits;
      return text.padStart(least + (places > 0 ? places + 1 : 0), '0');
    })
    .join('');
}

function unitOf(tokens: readonly Token[], days: number, sign: string): string {
  const counted = tokens.find(({ elapsed }) => elapsed);
  if (!counted || tokens.some(({ words }) => /\p{L}/u.test(words))) return '';
  const units = tokens.filter(({ unit }) => unit).map(({ unit }) => unit);
  if (counted.unit === 'hour') return ' h';
  if (units.length > 1) return counted.unit === 'minute' ? ' min' : ' s';
  const minutes = Math.floor(days * 1440 + 1e-6);
  const hours = `${sign}${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')} h`;
  return ` ${counted.unit === 'minute' ? 'min' : 's'}${minutes >= 60 ? ` (${hours})` : ''}`;
}
