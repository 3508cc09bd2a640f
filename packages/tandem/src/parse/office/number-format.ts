/**
 * How a format code of SpreadsheetML writes a number (ECMA-376 part 1, §18.8.30 and §18.8.31): percent, currency, decimals,
 * thousands, leading zeros, words around the digits, sections for negative numbers and zero. Decimal points and thousands
 * are those of the code, which is kept as in American English whatever the program's language. Undefined where the
 * number is to be shown as it is stored: `General`, fractions, powers of ten, dates, and codes that break the rules.
 */
export function numberFormat(code: string): (value: number) => string | undefined {
  const sections = sectionsOf(code).map(readSection);
  return (value) => {
    const chosen = sectionFor(sections, value);
    if (!chosen || Math.abs(value) >= 1e15) return undefined;
    const { section, isNegated } = chosen;
    const words = writeNumber(section, Math.abs(value));
    if (words === undefined) return undefined;
    // A section for negative numbers has a sign of its own, or brackets; what is rounded to zero has none.
    const sign = value < 0 && !isNegated && /[1-9]/.test(words) ? '-' : '';
    return `${sign}${words}`.replace(/\s+/g, ' ').trim();
  };
}

/**
 * The codes of the ids that every workbook knows (§18.8.30). Those of currency depend on the reader's country, and so do not
 * say which: their digits are shown without one.
 */
export const builtInFormats: Readonly<Record<number, string>> = {
  1: '0',
  2: '0.00',
  3: '#,##0',
  4: '#,##0.00',
  5: '#,##0',
  6: '#,##0',
  7: '#,##0.00',
  8: '#,##0.00',
  9: '0%',
  10: '0.00%',
  37: '#,##0;(#,##0)',
  38: '#,##0;(#,##0)',
  39: '#,##0.00;(#,##0.00)',
  40: '#,##0.00;(#,##0.00)',
  41: '#,##0',
  42: '#,##0',
  43: '#,##0.00',
  44: '#,##0.00',
};

type Part = { words: string } | { digit: '0' | '#' | '?' };

interface Section {
  /** What a number must be for this section; undefined where its place among the sections decides. */
  condition: ((value: number) => boolean) | undefined;
  /** Undefined for codes whose numbers are shown as they are stored. */
  picture: Picture | undefined;
}

interface Picture {
  /** Up to the decimal point. */
  whole: Part[];
  /** From the decimal point on; undefined where there is none. */
  decimals: Part[] | undefined;
  /** Of hundreds for each percent sign, of thousandths for each comma behind the digits. */
  factor: number;
  isGrouped: boolean;
}

/** Parts between semicolons, but for those in quotation marks, brackets and behind `\`, `_` and `*`. */
function sectionsOf(code: string): string[][] {
  const sections: string[][] = [[]];
  for (const [token] of code.matchAll(/"[^"]*"?|\[[^\]]*\]?|[\\_*][\s\S]?|E[+-]|General|[\s\S]/giu)) {
    if (token === ';') sections.push([]);
    else sections.at(-1)!.push(token);
  }
  return sections;
}

function readSection(tokens: string[]): Section {
  const picture: Picture = { whole: [], decimals: undefined, factor: 1, isGrouped: false };
  const section: Section = { condition: undefined, picture };
  let commas = 0;
  const add = (part: Part) => (picture.decimals ?? picture.whole).push(part);
  for (const token of tokens) {
    const condition = /^\[(<=|>=|<>|<|>|=)(-?[\d.]+)\]$/.exec(token);
    const currency = /^\[\$([^\]-]*)(?:-[^\]]*)?\]$/.exec(token);
    if (/^[0#?]$/.test(token)) {
      if (commas > 0) picture.isGrouped = true;
      commas = 0;
      add({ digit: token as '0' | '#' | '?' });
    } else if (token === ',') {
      // Between digits it parts thousands, behind them it leaves thousands away.
      if (picture.whole.some((part) => 'digit' in part)) commas++;
      else add({ words: ',' });
    } else if (token === '.' && !picture.decimals) {
      picture.factor /= 1000 ** commas;
      commas = 0;
      picture.decimals = [];
    } else if (token === '%') {
      picture.factor *= 100;
      add({ words: '%' });
    } else if (condition)
      section.condition = (value) => meetsCondition(value, condition[1]!, Number(condition[2]));
    else if (currency) add({ words: currency[1]! });
    else if (token.startsWith('[')) {
      // Colours and the like are not words; elapsed hours are no number.
      if (/^\[[hms]+\]$/i.test(token)) return { ...section, picture: undefined };
    } else if (token.startsWith('"')) add({ words: token.replace(/"/g, '') });
    else if (token.startsWith('\\')) add({ words: token.slice(1) });
    else if (token.startsWith('_')) add({ words: ' ' });
    else if (token.startsWith('*')) add({ words: '' });
    else if (/^[dmyhsgebn@/]|^general$/i.test(token)) return { ...section, picture: undefined };
    else add({ words: token });
  }
  picture.factor /= 1000 ** commas;
  return section;
}

function meetsCondition(value: number, sign: string, bound: number): boolean {
  if (sign === '=') return value === bound;
  if (sign === '<>') return value !== bound;
  if (sign.startsWith('<')) return sign === '<=' ? value <= bound : value < bound;
  return sign === '>=' ? value >= bound : value > bound;
}

/** One section is for all numbers; of two the second is for negative ones, of three or more the third for zero. */
function sectionFor(
  sections: readonly Section[],
  value: number,
): { section: Section; isNegated: boolean } | undefined {
  if (sections.some(({ condition }) => condition)) {
    const section = sections.slice(0, 3).find(({ condition }) => condition?.(value) ?? true);
    return section && { section, isNegated: false };
  }
  const place = value < 0 && sections.length > 1 ? 1 : value === 0 && sections.length > 2 ? 2 : 0;
  return { section: sections[place]!, isNegated: place === 1 };
}

function writeNumber({ picture }: Section, value: number): string | undefined {
  if (!picture) return undefined;
  const { whole, decimals, factor, isGrouped } = picture;
  const places = decimals?.filter((part) => 'digit' in part) ?? [];
  if (places.length > 15) return undefined;
  const [before, after = ''] = roundToPlaces(value * factor, places.length).split('.');
  // The zeros behind that only `#` and `?` ask for are not shown.
  const needed = places.findLastIndex((part) => 'digit' in part && part.digit === '0') + 1;
  const behind = after.slice(0, Math.max(needed, after.replace(/0+$/, '').length));
  let at = 0;
  const decimalWords = (decimals ?? []).map((part) => ('digit' in part ? (behind[at++] ?? '') : part.words));
  const digits = before === '0' ? '' : before!;
  return `${wholeWords(whole, digits, isGrouped)}${behind === '' ? '' : '.'}${decimalWords.join('')}`;
}

/** Digits go to their places from the right; the first place takes all that are left. */
function wholeWords(parts: readonly Part[], digits: string, isGrouped: boolean): string {
  const places = parts.filter((part) => 'digit' in part);
  const zeros = places.length - places.findIndex((part) => 'digit' in part && part.digit === '0');
  const filled = digits.padStart(zeros > places.length ? 0 : zeros, '0');
  let left = filled.length;
  let place = places.length;
  let words = '';
  for (const part of parts.toReversed()) {
    if ('words' in part) {
      words = part.words + words;
      continue;
    }
    place--;
    for (let count = place === 0 ? left : Math.min(left, 1); count > 0; count--) {
      left--;
      const isThousand = isGrouped && (filled.length - left) % 3 === 0 && left > 0;
      words = `${isThousand ? ',' : ''}${filled[left]}${words}`;
    }
  }
  return words;
}

/** As Excel rounds: half away from zero, of the 15 digits that it computes in. */
function roundToPlaces(value: number, places: number): string {
  const scaled = Number((value * 10 ** places).toPrecision(15));
  if (scaled >= 1e21) return value.toFixed(places);
  const digits = BigInt(Math.round(scaled))
    .toString()
    .padStart(places + 1, '0');
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
