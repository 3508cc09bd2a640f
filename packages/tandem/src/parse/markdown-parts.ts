import MarkdownIt, { type Token } from 'markdown-it';

/** Lines of Markdown that belong together. */
export interface MarkdownPart {
  kind: 'heading' | 'paragraph' | 'list' | 'table' | 'code' | 'html' | 'rule';
  /** Its lines, from 0; `to` is the line behind the last. */
  from: number;
  to: number;
  /** Headings only: 1 to 6. */
  level?: number;
  /** Lists only: the lines of fenced code in their items. */
  fences: { from: number; to: number }[];
}

/** A text with the offsets at which its lines begin. */
export class TextLines {
  readonly text: string;
  /** Offsets of the lines' beginnings. */
  readonly starts: number[] = [0];

  constructor(text: string) {
    this.text = text;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  /** Where a line begins; the text's end for the line behind the last. */
  offsetOf(line: number): number {
    return this.starts[line] ?? this.text.length;
  }

  isBlank(line: number): boolean {
    return !/\S/.test(this.text.slice(this.offsetOf(line), this.offsetOf(line + 1)));
  }
}

/**
 * The parts of Markdown (CommonMark 0.31 and GitHub's tables) that follow one another at the top level, as markdown-it finds them. Lists that follow
 * each other, with other marks, are one; so are words, quotations and HTML without a blank line between them, and a list with the words
 * that are directly below a mark alone. Lines of no part are blank.
 *
 * By markdown-it and not by micromark (mdast): that finds the same, but took 16 s of processor time for MedQuAD's 5,486 documents, where
 * all else that is done to them takes .4 s, and 8 s with all that is found within lines switched off. Version 14, for 15 takes 1.7 times
 * as long.
 */
export function markdownParts(lines: TextLines): MarkdownPart[] {
  const tokens: Token[] = [];
  reader.block.parse(withoutPitfalls(lines), reader, {}, tokens);
  const parts: MarkdownPart[] = [];
  let quotations = 0;
  for (const { type, map, level, tag } of tokens) {
    if (type === 'blockquote_open') quotations++;
    if (type === 'blockquote_close') quotations--;
    if (map === null) continue;
    let [from, to] = map;
    const last = parts.at(-1);
    if (level > 0) {
      if (type === 'fence' && quotations === 0) last!.fences.push({ from, to });
      continue;
    }
    const kind = kinds[type]!;
    // Blank lines at the end of a list are counted to it.
    while (kind === 'list' && lines.isBlank(to - 1)) to--;
    if (last && isOne(last, kind, from)) {
      last.to = to;
      if (kind === 'html') last.kind = kind;
    } else
      parts.push({ kind, from, to, fences: [], ...(kind === 'heading' && { level: Number(tag.slice(1)) }) });
  }
  return parts;
}

const kinds: Record<string, MarkdownPart['kind']> = {
  heading_open: 'heading',
  paragraph_open: 'paragraph',
  blockquote_open: 'paragraph',
  bullet_list_open: 'list',
  ordered_list_open: 'list',
  table_open: 'table',
  fence: 'code',
  code_block: 'code',
  html_block: 'html',
  hr: 'rule',
};

function isOne(above: MarkdownPart, kind: MarkdownPart['kind'], from: number): boolean {
  if (above.kind === 'list' && kind === 'list') return true;
  if (above.to !== from) return false;
  // Words below a fence are not those of a mark alone.
  if (above.kind === 'list') return kind === 'paragraph' && above.fences.at(-1)?.to !== from;
  return /^(?:paragraph|html)$/.test(above.kind) && /^(?:paragraph|html)$/.test(kind);
}

/** Levels of nesting: a list and its items are two. */
const deepest = 20;

/** Blocks only: marks within a line are not looked for, and link definitions stay in the text. */
const reader = new MarkdownIt({ html: true }).disable('reference');
// Each level of nesting looks at its lines again: a file of nothing but marks would take minutes. What is deeper is part of what it
// is in, whatever that is.
reader.block.ruler.before('table', 'deep', (state, startLine, endLine, silent) => {
  if (silent || state.level < deepest) return false;
  state.line = startLine + 1;
  while (state.line < endLine && !state.isEmpty(state.line) && state.sCount[state.line]! >= state.blkIndent)
    state.line++;
  return true;
});

/**
 * The text with other characters, as many, where markdown-it would read something else than we do: HTML that is never closed
 * would extend to the end of the text; • begins no item; a line of other white space than blanks ends no paragraph; a tab
 * behind a blank, which texts taken from web pages are set in with, makes a line code; and a dash alone on its line makes a heading
 * of what is above, where several of them are items that lost their words to the next line.
 */
function withoutPitfalls({ text, starts }: TextLines): string {
  const changed: { start: number; line: string }[] = [];
  const dashes: typeof changed = [];
  for (const [index, start] of starts.entries()) {
    const first = text.charCodeAt(start);
    // Most lines begin with a letter, and are not looked at.
    if (first > 0x20 && first < 0x7f && first !== 0x2d) continue;
    const line = text.slice(start, (starts[index + 1] ?? text.length + 1) - 1);
    const read = /\S/.test(line)
      ? line.replace(/^([ \t]*)•(?=[ \t]+\S)/, '$1+').replace(/^( {1,3})\t/, '$1 ')
      : ' '.repeat(line.length);
    if (read !== line) changed.push({ start, line: read });
    else if (/^[ \t]*-[ \t]*$/.test(line)) dashes.push({ start, line: line.replace('-', '+') });
  }
  if (dashes.length > 1) changed.push(...dashes);
  let read = '';
  let position = 0;
  for (const { start, line } of changed.sort((one, other) => one.start - other.start)) {
    read += text.slice(position, start) + line;
    position = start + line.length;
  }
  return withoutOpenHtml(read + text.slice(position));
}

function withoutOpenHtml(text: string): string {
  if (!text.includes('<')) return text;
  let read = text;
  for (const { opening, ending } of endsWithMark) {
    let end = 0;
    for (const { index } of read.matchAll(ending)) end = index;
    read = read.slice(0, end) + read.slice(end).replace(opening, (found) => found.replace('<', 'x'));
  }
  return read;
}

/** HTML that ends with a mark of its own and not with a blank line (CommonMark §4.6). */
const endsWithMark = [
  { opening: /<!--/g, ending: /-->/g },
  { opening: /<\?/g, ending: /\?>/g },
  { opening: /<(?:script|pre|style|textarea)(?=[\s>])/gi, ending: /<\/(?:script|pre|style|textarea)>/gi },
];
