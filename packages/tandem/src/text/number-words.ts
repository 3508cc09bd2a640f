import { foldToAscii } from './fold-to-ascii.ts';

/**
 * Words and digits that stand in numbers and dates, as ICU (`Intl`) has them for the languages below: nothing is written down here that
 * Unicode's data say already. Tables are made when they are first asked for.
 */
const locales =
  'en en-IN de fr es it pt nl sv da nb fi pl cs sk sl hr hu ro bg el ru uk lt lv et tr ca ga ja ko zh hi'.split(
    ' ',
  );

/** The months (1–12) that a word is the name of, in full or short, alone or in a date: more than one where languages differ ("listopad"). */
export function monthsCalled(word: string): readonly number[] {
  monthNames ??= makeMonthNames();
  return monthNames.get(comparable(word)) ?? [];
}

/** The powers of ten that a word stands for: 9 of "billion" in English, 12 of the same word in German. */
export function powersCalled(word: string): readonly number[] {
  powerNames ??= makePowerNames();
  return powerNames.get(comparable(word)) ?? [];
}

/** Whether a word means "of a hundred": "percent", "Prozent". */
export function meansPercent(word: string): boolean {
  percentNames ??= new Set(
    locales.flatMap((locale) => unitParts(locale, 'percent').map((name) => comparable(name))),
  );
  return percentNames.has(comparable(word));
}

/** Decimal digits of any script as 0–9; the text keeps its length in characters. */
export function withAsciiDigits(text: string): string {
  return text.replace(/[^\P{Nd}0-9]/gu, (digit) => digitValues().get(digit) ?? digit);
}

/** Whether three letters are the code of a currency: "EUR". */
export function isCurrencyCode(word: string): boolean {
  currencies ??= new Set(Intl.supportedValuesOf('currency'));
  return currencies.has(word);
}

let monthNames: Map<string, number[]> | undefined;
let powerNames: Map<string, number[]> | undefined;
let percentNames: Set<string> | undefined;
let digits: Map<string, string> | undefined;
let currencies: Set<string> | undefined;

const comparable = (word: string) => foldToAscii(word.toLowerCase()).replace(/\.$/, '');

function makeMonthNames(): Map<string, number[]> {
  const names = new Map<string, number[]>();
  for (const locale of locales)
    for (const month of ['long', 'short'] as const)
      for (const day of [undefined, 'numeric'] as const) {
        const format = new Intl.DateTimeFormat(locale, { month, day, timeZone: 'UTC' });
        for (let at = 0; at < 12; at++) {
          const parts = format.formatToParts(Date.UTC(2001, at, 15));
          const name = parts.find(({ type }) => type === 'month')!.value;
          // Chinese, Japanese and Korean months are digits.
          if (!/\p{N}/u.test(name)) remember(names, name, at + 1);
        }
      }
  return names;
}

function makePowerNames(): Map<string, number[]> {
  const names = new Map<string, number[]>();
  for (const locale of locales)
    for (const compactDisplay of ['long', 'short'] as const) {
      const format = new Intl.NumberFormat(locale, {
        notation: 'compact',
        compactDisplay,
        useGrouping: false,
      });
      for (let power = 3; power <= 14; power++)
        // Two and five have plurals of their own in Slavic languages.
        for (const leading of [1, 2, 5]) {
          const parts = format.formatToParts(leading * 10 ** power);
          const name = parts.find(({ type }) => type === 'compact')?.value;
          const shown = Number(
            parts
              .filter(({ type }) => type === 'integer')
              .map(({ value }) => value)
              .join(''),
          );
          // Two words ("mil millones") are the first's power and then the second's, each known by itself.
          if (name === undefined || /\s/.test(name) || !Number.isFinite(shown) || shown === 0) continue;
          remember(names, name, Math.round(power + Math.log10(leading / shown)));
        }
    }
  // What people write beside the forms of CLDR. "bn" is a billion in English, and Danish alone has it for more.
  for (const [name, power] of Object.entries({
    bn: 9,
    mn: 6,
    mm: 6,
    mio: 6,
    mrd: 9,
    tn: 12,
    trn: 12,
    tsd: 3,
  }))
    names.set(name, [power]);
  return names;
}

function unitParts(locale: string, unit: string): string[] {
  return [1, 5].flatMap((count) =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' })
      .formatToParts(count)
      .filter(({ type, value }) => type === 'unit' && /^[\p{L}\p{M}]+$/u.test(value))
      .map(({ value }) => value),
  );
}

function remember(names: Map<string, number[]>, name: string, value: number): void {
  const key = comparable(name.trim());
  const known = names.get(key);
  if (!known) names.set(key, [value]);
  else if (!known.includes(value)) known.push(value);
}

function digitValues(): Map<string, string> {
  digits ??= new Map(
    Intl.supportedValuesOf('numberingSystem').flatMap((numberingSystem) => {
      const format = new Intl.NumberFormat('en', { numberingSystem, useGrouping: false });
      return Array.from({ length: 10 }, (_, digit) => [format.format(digit), String(digit)] as const);
    }),
  );
  return digits;
}
