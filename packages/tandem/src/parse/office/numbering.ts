import { childOf, childrenOf, type XmlElement } from './xml.ts';

interface Level {
  format: string;
  /** "%1.%2)": `%n` is the number of the n-th level. */
  text: string;
  start: number;
}

/** Counts the items of a document's lists as they come (ECMA-376 part 1, §17.9). */
export function readNumbering(root: XmlElement | undefined): {
  /** What is written before the next item of list `numId` at `depth` from 0; empty for bullets; undefined where there is no such list. */
  next(numId: string, depth: number): string | undefined;
} {
  const abstract = new Map(
    childrenOf(root, 'abstractNum').map((list) => [list.attributes.abstractNumId, list]),
  );
  const lists = new Map<string, { key: string; levels: Level[]; restarts: Map<number, number> }>();
  for (const list of childrenOf(root, 'num')) {
    const key = childOf(list, 'abstractNumId')?.attributes.val;
    const { numId } = list.attributes;
    if (key === undefined || numId === undefined) continue;
    const levels = childrenOf(abstract.get(key), 'lvl').map(levelOf);
    const restarts = new Map<number, number>();
    for (const change of childrenOf(list, 'lvlOverride')) {
      const depth = Number(change.attributes.ilvl ?? 0);
      const start = childOf(change, 'startOverride')?.attributes.val;
      if (start !== undefined) restarts.set(depth, Number(start));
      const level = childOf(change, 'lvl');
      if (level && depth < 9) levels[depth] = levelOf(level);
    }
    lists.set(numId, { key, levels, restarts });
  }
  // Lists of one definition continue counting where the other stopped, unless they say where to begin.
  const counts = new Map<string, number[]>();
  const begun = new Set<string>();
  return {
    next(numId, depth) {
      const list = lists.get(numId);
      if (!list) return undefined;
      const count = counts.get(list.key) ?? [];
      counts.set(list.key, count);
      const restart = list.restarts.get(depth);
      if (restart !== undefined && !begun.has(`${numId} ${depth}`)) count[depth] = restart - 1;
      begun.add(`${numId} ${depth}`);
      count[depth] = (count[depth] ?? (list.levels[depth]?.start ?? 1) - 1) + 1;
      count.length = depth + 1;
      const level = list.levels[depth];
      if (!level || level.format === 'bullet' || level.format === 'none') return '';
      return level.text
        .replace(/%(\d)/g, (_, place) => {
          const at = Number(place) - 1;
          const { format, start } = list.levels[at] ?? level;
          return numeral(count[at] ?? start, format);
        })
        .trim();
    },
  };
}

function levelOf(level: XmlElement): Level {
  const value = (name: string) => childOf(level, name)?.attributes.val;
  return {
    format: value('numFmt') ?? 'decimal',
    text: value('lvlText') ?? '',
    start: Number(value('start') ?? 1),
  };
}

function numeral(number: number, format: string): string {
  switch (format) {
    case 'lowerLetter':
      return letters(number);
    case 'upperLetter':
      return letters(number).toUpperCase();
    case 'lowerRoman':
      return roman(number).toLowerCase();
    case 'upperRoman':
      return roman(number);
    case 'decimalZero':
      return String(number).padStart(2, '0');
    default:
      return String(number);
  }
}

/** a … z, aa, bb: Word doubles the letter. */
function letters(number: number): string {
  const letter = String.fromCharCode(97 + ((((number - 1) % 26) + 26) % 26));
  return letter.repeat(Math.min(Math.max(1, Math.ceil(number / 26)), 10));
}

function roman(number: number): string {
  if (number < 1 || number > 3999) return String(number);
  const values: [number, string][] = [
    [1000, 'M'],
    [900, 'CM'],
    [500, 'D'],
    [400, 'CD'],
    [100, 'C'],
    [90, 'XC'],
    [50, 'L'],
    [40, 'XL'],
    [10, 'X'],
    [9, 'IX'],
    [5, 'V'],
    [4, 'IV'],
    [1, 'I'],
  ];
  let rest = number;
  let text = '';
  for (const [value, sign] of values) for (; rest >= value; rest -= value) text += sign;
  return text;
}
