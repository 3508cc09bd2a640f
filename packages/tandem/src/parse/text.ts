import type { Block } from '../core/types/document.ts';

/**
 * Blocks of plain text: blank lines part paragraphs; two or more lines with a bullet or a number are a list; a short line
 * underlined with `===` or `---` is a heading. Where nothing is underlined, short lines that are paragraphs of their own are headings too, if
 * three or more of them are numbered in order or in capitals (`withPlainHeadings`). Form feeds part pages.
 */
export function textBlocks(text: string): Block[] {
  const paged = text.includes('\f');
  const blocks: Block[] = [];
  let page = 1;
  let position = 0;
  for (const pageText of text.split('\f')) {
    for (const match of pageText.matchAll(/\S[^\n]*(?:\n[ \t]*\S[^\n]*)*/g)) {
      const start = position + match.index;
      const end = start + match[0].trimEnd().length;
      for (const block of paragraphBlocks(text, start, end)) blocks.push(paged ? { ...block, page } : block);
    }
    position += pageText.length + 1;
    page++;
  }
  return withPlainHeadings(text, blocks);
}

const bullet = /^[ \t]*(?:[-*•‣▪◦]|\d{1,3}[.)]|[a-z][.)])[ \t]+\S/;

function paragraphBlocks(text: string, start: number, end: number): Block[] {
  const lines = text.slice(start, end).split('\n');
  const [first, second] = lines;
  if (second !== undefined && first!.length <= 100 && /^[ \t]*(?:={3,}|-{3,})[ \t]*$/.test(second)) {
    const headingEnd = start + first!.length + 1 + second.trimEnd().length;
    const heading: Block = { kind: 'heading', start, end: headingEnd, level: second.includes('=') ? 1 : 2 };
    const rest = text.slice(headingEnd, end);
    const restStart = headingEnd + (rest.length - rest.trimStart().length);
    return restStart < end ? [heading, ...paragraphBlocks(text, restStart, end)] : [heading];
  }
  const firstItem = lines.findIndex((line) => bullet.test(line));
  if (lines.filter((line) => bullet.test(line)).length < 2) return [{ kind: 'paragraph', start, end }];
  if (firstItem === 0) return [{ kind: 'list', start, end }];
  const leadIn = lines.slice(0, firstItem).join('\n');
  const listStart = start + leadIn.length + 1;
  return [
    { kind: 'paragraph', start, end: start + leadIn.trimEnd().length },
    {
      kind: 'list',
      start: listStart + (lines[firstItem]!.length - lines[firstItem]!.trimStart().length),
      end,
    },
  ];
}

/** A line that may be a heading: the first, or the only one, of the block at `index`. */
interface Candidate {
  index: number;
  start: number;
  end: number;
  /** "2.1 Leave" → [2, 1]; of a line in capitals none. */
  numbers: number[];
  words: string;
  /** Whether its block continues below it, as the sections of a manual page do. */
  hasText: boolean;
}

const longestHeading = 60;
const fewestHeadings = 3;

/** The blocks, with lines that stand alone and follow one pattern made headings; only a title is of the first level. */
function withPlainHeadings(text: string, blocks: Block[]): Block[] {
  if (blocks.filter(({ kind }) => kind === 'heading').length >= fewestHeadings) return blocks;
  const found = blocks.map((block, index) => candidateOf(text, block, index));
  const candidates = found.filter((candidate, index): candidate is Candidate => {
    const next = blocks[index + 1];
    if (!candidate || !next || candidate.numbers.length > 0 || candidate.hasText)
      return candidate !== undefined;
    // A line before another in capitals that is no heading is one of a long text in capitals.
    return found[index + 1] !== undefined || /[\p{Ll}\n]/u.test(text.slice(next.start, next.end));
  });
  const numbered = numberedHeadings(candidates.filter(({ numbers }) => numbers.length > 0));
  const capitals = headingsInCapitals(candidates.filter(({ numbers }) => numbers.length === 0));
  const [outer, inner] = [numbered, capitals].sort(
    (a, b) => (a[0]?.index ?? Number.POSITIVE_INFINITY) - (b[0]?.index ?? Number.POSITIVE_INFINITY),
  );
  const levels = new Map<number, { level: number; end: number }>();
  const setLevels = (headings: Candidate[], base: number) => {
    for (const { index, end, numbers } of headings)
      levels.set(index, { level: Math.min(base + Math.max(numbers.length - 1, 0), 6), end });
  };
  setLevels(outer!, 2);
  setLevels(
    inner!,
    outer === numbered ? 2 + Math.max(0, ...numbered.map(({ numbers }) => numbers.length)) : 3,
  );
  if (levels.size === 0) return blocks;
  const [title] = candidates;
  // The first of the headings in capitals is the title if another follows it at once.
  if (title?.index === 0 && title.numbers.length === 0 && !title.hasText && (!levels.has(0) || levels.has(1)))
    levels.set(0, { level: 1, end: title.end });

  return blocks.flatMap((block, index) => {
    const heading = levels.get(index);
    if (!heading) return [block];
    const { level, end } = heading;
    const below = text.slice(end, block.end);
    const rest: Block = { ...block, start: end + (below.length - below.trimStart().length) };
    return [{ ...block, kind: 'heading', level, end }, ...(rest.start < rest.end ? [rest] : [])];
  });
}

function candidateOf(text: string, { kind, start, end }: Block, index: number): Candidate | undefined {
  if (kind !== 'paragraph') return undefined;
  const newline = text.indexOf('\n', start);
  const lineEnd = newline === -1 || newline > end ? end : newline;
  if (lineEnd - start > longestHeading) return undefined;
  const words = text.slice(start, lineEnd).trimEnd();
  const hasText = lineEnd < end;
  const candidate = { index, start, end: start + words.length, words, hasText };
  // Where columns are set apart with spaces it is a row of a table.
  if (/[.,;:!?…]$|\S(?:[ \t]{2}|\t)[ \t]*\S/.test(words.replace(/^[\d.]+[ \t]+/, ''))) return undefined;
  const numbers = /^(\d{1,2}(?:\.\d{1,2}){0,3})\.?[ \t]+[\p{Lu}\p{Lo}](?=.*\p{L}\p{L})/u.exec(words)?.[1];
  if (numbers !== undefined)
    return hasText ? undefined : { ...candidate, numbers: numbers.split('.').map(Number) };
  if (!/^\p{Lu}(?=.*\p{Lu}.*\p{Lu})(?:[\p{Lu}\p{N} &'’,()/-]|(?<=\p{N}):)+$/u.test(words)) return undefined;
  // What is below it in the same paragraph is its text only if it is indented.
  const column = start - (text.lastIndexOf('\n', start - 1) + 1);
  if (hasText && (column > 0 || !/^\n[ \t]{2}/.test(text.slice(lineEnd)))) return undefined;
  return { ...candidate, numbers: [] };
}

/** Those that count on from 0 or 1, unless as many do not: then they are lists' items. */
function numberedHeadings(candidates: Candidate[]): Candidate[] {
  const chain: Candidate[] = [];
  for (const candidate of candidates)
    if (follows(chain.at(-1)?.numbers, candidate.numbers)) chain.push(candidate);
  return (candidates.length - chain.length) * 4 <= chain.length ? thoseWithText(chain) : [];
}

/** Whether `next` is the section after `last`: 1 after nothing, 2.1 or 3 after 2, 2.2 or 3 after 2.1. */
function follows(last: number[] | undefined, next: number[]): boolean {
  if (last === undefined) return next.every((number) => number <= 1);
  const depth = next.length - 1;
  if (depth > last.length || next.slice(0, depth).some((number, at) => number !== last[at])) return false;
  return depth === last.length ? next[depth]! <= 1 : next[depth] === last[depth]! + 1;
}

/** A line that recurs is a page's running head, or a speaker's name in a play. */
function headingsInCapitals(candidates: Candidate[]): Candidate[] {
  const times = new Map<string, number>();
  for (const { words } of candidates) times.set(words, (times.get(words) ?? 0) + 1);
  return thoseWithText(candidates.filter(({ words }) => times.get(words)! <= 2));
}

/** All of them, if there are three and nearly all have text or a deeper heading below them; a list's items have none. */
function thoseWithText(headings: Candidate[]): Candidate[] {
  const withText = headings.filter(({ index, hasText, numbers }, at) => {
    const next = headings[at + 1];
    return hasText || next?.index !== index + 1 || next.numbers.length > numbers.length;
  });
  return withText.length >= fewestHeadings && withText.length * 4 >= headings.length * 3 ? headings : [];
}
