import type { Document } from '../core/types/document.ts';

/** An abbreviation and what its document says it stands for. */
export interface AbbreviationPair {
  short: string;
  long: string;
  /** Where the short form stands in the text. */
  offset: number;
}

/**
 * Abbreviations that a text defines as "long form (SF)" or "SF (long form)": the algorithm of Schwartz & Hearst,
 * "A simple algorithm for identifying abbreviation definitions in biomedical text", PSB 2003. It matches the short form's
 * characters from right to left in the words before the parenthesis; the first must begin a word.
 */
export function findAbbreviations(text: string): AbbreviationPair[] {
  const pairs: AbbreviationPair[] = [];
  for (const match of text.matchAll(/\(([^()\n]{2,120})\)/g)) {
    // "(ABL; also called …)" and "(ABL, or …)" define ABL.
    const inside = match[1]!.split(/[;,]| or /)[0]!.trim();
    const before = text.slice(Math.max(0, match.index - 300), match.index).replace(/\s+/g, ' ');
    // A definition does not reach back over the end of a sentence or another parenthesis.
    const clause = before
      .split(/[.!?:;]\s|[()]/)
      .at(-1)!
      .trim();
    if (isShortForm(inside)) {
      const words = clause.split(' ');
      const most = Math.min(inside.length + 5, inside.length * 2);
      const long = longForm(inside, words.slice(-most).join(' '));
      if (long !== undefined)
        pairs.push({ short: inside, long, offset: match.index + 1 + match[1]!.indexOf(inside) });
    } else {
      const short = clause
        .split(' ')
        .at(-1)!
        .replace(/^["'“‘]|["'”’]$/g, '');
      if (!isShortForm(short) || !/^\p{Lu}/u.test(short)) continue;
      const most = Math.min(short.length + 5, short.length * 2);
      const long = longForm(short, inside);
      if (long === inside && inside.split(' ').length <= most) {
        pairs.push({ short, long, offset: text.lastIndexOf(short, match.index) });
      }
    }
  }
  return pairs;
}

/** More abbreviations than this are an index of them, and no more is learnt from it. */
const mostDefinitions = 300;

/**
 * The abbreviations that a document's text defines, each with each of its long forms once, in the order of the text. Those of
 * one word with two capitals, or a capital and a digit: what a question can be seen to abbreviate.
 */
export function definitionsIn({
  text,
  blocks,
}: Pick<Document, 'text' | 'blocks'>): { abbreviation: string; longForm: string }[] {
  const found = new Map<string, { abbreviation: string; longForm: string }>();
  for (const { kind, start, end } of blocks) {
    if (kind === 'code') continue;
    const block = text.slice(start, end);
    if (!block.includes('(')) continue;
    // Items of a list and cells of a table end as sentences do; the lines of a paragraph go on.
    const parts = kind === 'list' || kind === 'table' ? block.split(/[\n|]/) : [block.replace(/\n/g, ' ')];
    for (const part of parts) {
      if (!part.includes('(')) continue;
      for (const { short, long } of findAbbreviations(withoutMarks(part))) {
        // "(BCPs)" defines BCP.
        const abbreviation =
          /^\p{Lu}[\p{Lu}\p{N}]+s$/u.test(short) && /s$/i.test(long) ? short.slice(0, -1) : short;
        if (!isAbbreviation(abbreviation)) continue;
        const longForm = long.replace(/^["'“‘*_]+|["'”’*_,]+$/g, '').trim();
        const key = JSON.stringify([abbreviation, comparableLongForm(longForm)]);
        if (found.has(key)) continue;
        found.set(key, { abbreviation, longForm });
        if (found.size === mostDefinitions) return [...found.values()];
      }
    }
  }
  return [...found.values()];
}

/** Without emphasis, code marks, link targets and escapes; in linear time, for a block may be a whole book. */
function withoutMarks(markdown: string): string {
  return markdown
    .replace(/!?\[([^[\]]{0,300})\]\([^()\s]{0,300}\)/g, '$1')
    .replace(/(?<!\\)[*`]+|(?<![\p{L}\p{N}\\])_+|_+(?![\p{L}\p{N}])/gu, '')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1');
}

/** "ABL", "MSUD", "SCA17", "HbS", "T-ALL": one short word with two capitals or a capital and a digit. */
export function isAbbreviation(name: string): boolean {
  return name.length <= 12 && /^\p{L}[\p{L}\p{N}.-]*$/u.test(name) && /\p{Lu}.*[\p{Lu}\p{N}]/u.test(name);
}

/** The same for spellings that differ in case, marks, spaces or the plural of the last word. */
export function comparableLongForm(longForm: string): string {
  return longForm
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/s$/, '');
}

/** Two to ten characters, at most two words, starting alphanumeric, with a letter; not a plain lower-case word. */
function isShortForm(candidate: string): boolean {
  return (
    /^[\p{L}\p{N}][^\s]*(?: \S+)?$/u.test(candidate) &&
    candidate.length >= 2 &&
    candidate.length <= 10 &&
    /\p{Lu}/u.test(candidate.slice(candidate.search(/\p{L}/u), 10)) &&
    /\p{Lu}.*[\p{Lu}\p{N}]|\p{Ll}\p{Lu}/u.test(candidate)
  );
}

/** The shortest end of `text` that holds the short form's characters in order, or undefined (Schwartz & Hearst, figure 1). */
function longForm(short: string, text: string): string | undefined {
  const characters = short.toLowerCase();
  const haystack = text.toLowerCase();
  let position = haystack.length - 1;
  for (let index = characters.length - 1; index >= 0; index--) {
    const character = characters[index]!;
    if (!/[\p{L}\p{N}]/u.test(character)) continue;
    while (
      position >= 0 &&
      (haystack[position] !== character ||
        (index === 0 && position > 0 && /[\p{L}\p{N}]/u.test(haystack[position - 1]!)))
    ) {
      position--;
    }
    if (position < 0) return undefined;
    position--;
  }
  const start = haystack.lastIndexOf(' ', position) + 1;
  const long = text.slice(start);
  // The paper's last two checks: longer than the short form, and not the short form among its words.
  if (
    long.length <= short.length ||
    long
      .toLowerCase()
      .split(/[\s-]+/)
      .includes(characters)
  )
    return undefined;
  return long;
}
