import { parseDocument as parseYaml } from 'yaml';
import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import type { Block } from '../core/types/document.ts';

export interface MarkdownBody {
  /** The file after its front matter, as it is: offsets count from there. */
  text: string;
  blocks: Block[];
  /** Every front matter field but the aliases; lists and maps as JSON. */
  frontMatter: Record<string, string>;
  /** Front matter `aliases`, as a list. */
  aliases: string[];
}

/** Markdown with optional YAML front matter. The text is not rendered, so that a quotation is exact and a table stays one. */
export function parseMarkdown(source: string, uri: string): MarkdownBody {
  const { fields, aliases, body } = splitFrontMatter(source, uri);
  return { text: body, blocks: markdownBlocks(body), frontMatter: fields, aliases };
}

function splitFrontMatter(source: string, uri: string) {
  // After a rule comes an empty line, in front matter a field (as in Pandoc).
  const match = /^---[ \t]*\n(?![ \t]*\n)(?:([\s\S]*?)\n)??(?:---|\.\.\.)[ \t]*(?:\n|$)/.exec(source);
  const nothing = { fields: {} as Record<string, string>, aliases: [] as string[], body: source };
  if (!match) return nothing;
  // `failsafe` leaves every scalar the string it is written as: ids keep their leading zeros, dates their form.
  const yaml = parseYaml(match[1] ?? '', { schema: 'failsafe', uniqueKeys: true });
  const [error] = yaml.errors;
  if (error) {
    // A document may simply begin with a rule; it is front matter only if its first line is a field.
    if (!/^[\w-]+[ \t]*:/.test(match[1] ?? '')) return nothing;
    const line = (error.linePos?.[0].line ?? 1) + 1;
    throw new UnreadableDocumentError({
      uri,
      reason: 'front matter',
      message: `The front matter of ${uri} is not valid YAML at line ${line}: ${error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')}.`,
      hint: 'Fix that line: values that contain a colon or begin with a special character need quotes.',
      cause: error,
    });
  }
  let data: unknown;
  try {
    data = yaml.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    if (!/^[\w-]+[ \t]*:/.test(match[1] ?? '')) return nothing;
    throw new UnreadableDocumentError({
      uri,
      reason: 'front matter',
      message: `The front matter of ${uri} refers to its own values too often to be read.`,
      hint: 'Write the values out instead of using YAML anchors.',
      cause,
    });
  }
  const body = source.slice(match[0].length);
  if (data === null) return { ...nothing, body };
  if (typeof data !== 'object' || Array.isArray(data)) return nothing;
  const fields: Record<string, string> = {};
  let aliases: string[] = [];
  for (const [key, value] of Object.entries(data)) {
    if (/^(aliases|alias|also[_ -]?called)$/i.test(key)) aliases = aliases.concat(namesIn(value));
    else fields[key] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return { fields, aliases, body };
}

function namesIn(value: unknown): string[] {
  const names = Array.isArray(value) ? value : typeof value === 'string' ? value.split(';') : [];
  return names
    .filter((name): name is string => typeof name === 'string')
    .map((name) => name.trim())
    .filter(Boolean);
}

const fence = /^ {0,3}(`{3,}|~{3,})/;
const htmlHeading = /^[ \t]*<h([1-6])(?=[\s>])/i;
const comment = /^ {0,3}<!--/;
const atxHeading = /^ {0,3}(#{1,6})(?:[ \t]|$)/;
const setextUnderline = /^ {0,3}(=+|-+)[ \t]*$/;
const rule = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const listItem = /^ {0,3}(?:[-+*•]|\d{1,9}[.)])(?:[ \t]|$)/;
/** An item's mark with what stands between it and the item's text, however deep the item is. */
const anyListItem = /^[ \t]*(?:[-+*•]|\d{1,9}[.)])(?:[ \t]{1,4}(?=\S)|(?=[ \t]|$))/;
/** Only a list that starts at 1 may follow a paragraph's line directly: "in\n1985. …" is prose (CommonMark §5.3). */
const interruptingItem = /^ {0,3}(?:[-+*•]|1[.)])[ \t]+\S/;
const tableDelimiter = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

interface Line {
  start: number;
  end: number;
  text: string;
}

/** Blocks of Markdown (CommonMark 0.31's leaf blocks, lists, and pipe tables), with offsets into `text`. */
export function markdownBlocks(text: string): Block[] {
  const lines = linesOf(text);
  const blocks: Block[] = [];
  let index = 0;
  const at = (line: number) => lines[line]?.text;
  const blank = (line: number) => !/\S/.test(lines[line]!.text);
  /** Adds the lines `[from, to)` as one block, without outer white space. */
  const add = (kind: Block['kind'], from: number, to: number, level?: number) => {
    let start = lines[from]!.start;
    let end = lines[to - 1]!.end;
    while (start < end && /\s/.test(text[start]!)) start++;
    while (end > start && /\s/.test(text[end - 1]!)) end--;
    if (start < end) blocks.push({ kind, start, end, ...(level === undefined ? {} : { level }) });
    index = to;
  };
  /**
   * The list that begins at `index`: one block, or several with the fenced blocks between them that stand in its items. What
   * belongs to an item is indented as far as the item's text (CommonMark §5.2): no heading, rule or fence in it ends the list.
   */
  const addList = () => {
    /** How far the text of each open item is indented, the outermost first. */
    let items: number[] = [];
    const first = index;
    let from = first;
    let to = first;
    const addItems = () => {
      while (from < to && blank(from)) from++;
      const isList = lines.slice(from, to).some(({ text }) => anyListItem.test(text));
      if (from < to) add(isList ? 'list' : 'paragraph', from, to);
      from = to;
    };
    while (to < lines.length) {
      const line = at(to)!;
      if (blank(to)) {
        // A blank line stays inside the list if the list goes on after it.
        let next = to;
        while (next < lines.length && blank(next)) next++;
        if (next === lines.length || !goesOn(at(next)!)) break;
        to = next;
        continue;
      }
      const indent = indentation(line);
      const inItem = items.length > 0 && indent >= items[0]!;
      if (!inItem && to > first && (atxHeading.test(line) || rule.test(line) || fence.test(line))) break;
      const marker = rule.test(line) ? undefined : anyListItem.exec(line)?.[0];
      let item = items.findLast((offset) => offset <= indent) ?? 0;
      if (marker !== undefined) {
        item = indentation(marker, true);
        items = [...items.filter((offset) => offset <= indent), item];
      }
      const content =
        ' '.repeat(marker === undefined ? indent : item) + line.slice(marker?.length ?? 0).trimStart();
      const opening = inItem || marker !== undefined ? openingFence(content, item) : undefined;
      if (opening === undefined) {
        to++;
        continue;
      }
      addItems();
      let end = to + 1;
      while (
        end < lines.length &&
        (blank(end) || indentation(at(end)!) >= item) &&
        !closes(at(end)!, opening, item)
      )
        end++;
      const closed = end < lines.length && closes(at(end)!, opening, item);
      if (closed) end++;
      add('code', to, end);
      from = to = end;
      // No line of text is the last paragraph's after a fence.
      if (to < lines.length && !blank(to) && !goesOn(at(to)!)) break;
    }
    addItems();
    index = to;
  };
  const goesOn = (line: string) => (listItem.test(line) || /^(?: {2,}|\t)/.test(line)) && !rule.test(line);

  const lastCommentEnd = text.lastIndexOf('-->');
  /** Takes the text up to `end` off; what stands behind it on its line is a line of its own. */
  const goOnFrom = (end: number) => {
    while (index < lines.length && lines[index]!.end < end) index++;
    lines[index] = { ...lines[index]!, start: end, text: text.slice(end, lines[index]!.end) };
  };
  /** Where the HTML heading that begins at a line ends, if nothing stands behind it and it says something. */
  const htmlHeadingEnd = (line: number): number | undefined => {
    const level = htmlHeading.exec(at(line)!)?.[1];
    if (level === undefined) return undefined;
    const { start } = lines[line]!;
    const last = lines[Math.min(line + 9, lines.length - 1)]!;
    const heading = new RegExp(`^[\\s\\S]*?</h${level}>(?=[ \\t]*(?:\\n|$))`, 'i').exec(
      text.slice(start, Math.min(last.end, start + 1000)),
    )?.[0];
    return heading !== undefined && !/\n[ \t]*\n/.test(heading) && headingText(heading) !== ''
      ? start + heading.length
      : undefined;
  };
  /** Whether HTML stands above: in it, other than in a block of code, a heading may be set in as far as it likes. */
  let inHtml = false;

  while (index < lines.length) {
    const line = at(index)!;
    if (blank(index)) {
      inHtml = false;
      index++;
      continue;
    }
    // Nobody is to read a comment. One that is never closed is none, or the rest of the text would be lost.
    if (comment.test(line) && lines[index]!.start < lastCommentEnd) {
      goOnFrom(text.indexOf('-->', lines[index]!.start + line.indexOf('<!--') + 2) + 3);
      continue;
    }
    const htmlEnd = inHtml || !/^(?: {4}|\t)/.test(line) ? htmlHeadingEnd(index) : undefined;
    if (htmlEnd !== undefined) {
      let to = index;
      while (lines[to]!.end < htmlEnd) to++;
      add('heading', index, to + 1, Number(htmlHeading.exec(line)![1]));
      inHtml = true;
      continue;
    }
    const opening = openingFence(line);
    if (opening !== undefined) {
      let to = index + 1;
      while (to < lines.length && !closes(at(to)!, opening)) to++;
      add('code', index, Math.min(to + 1, lines.length));
      continue;
    }
    const heading = atxHeading.exec(line)?.[1];
    if (heading !== undefined) {
      add('heading', index, index + 1, heading.length);
      continue;
    }
    if (rule.test(line)) {
      index++;
      continue;
    }
    if (line.includes('|') && tableDelimiter.test(at(index + 1) ?? '') && at(index + 1)!.includes('-')) {
      if (cells(line) === cells(at(index + 1)!)) {
        let to = index + 2;
        while (to < lines.length && !blank(to) && at(to)!.includes('|')) to++;
        add('table', index, to);
        continue;
      }
    }
    if (listItem.test(line)) {
      addList();
      continue;
    }
    if (/^(?: {4}|\t)/.test(line)) {
      let to = index + 1;
      while (to < lines.length && (blank(to) || /^(?: {4}|\t)/.test(at(to)!))) to++;
      while (blank(to - 1)) to--;
      add('code', index, to);
      continue;
    }
    let to = index + 1;
    let level: number | undefined;
    for (; to < lines.length && !blank(to); to++) {
      const next = at(to)!;
      const underline = setextUnderline.exec(next)?.[1];
      if (underline !== undefined) {
        level = underline[0] === '=' ? 1 : 2;
        to++;
        break;
      }
      if (atxHeading.test(next) || rule.test(next) || fence.test(next) || interruptingItem.test(next)) break;
      if (comment.test(next) && lines[to]!.start < lastCommentEnd) break;
      inHtml = /^ {0,3}<\/?[a-z]/i.test(line);
      if (
        htmlHeading.test(next) &&
        (inHtml || !/^(?: {4}|\t)/.test(next)) &&
        htmlHeadingEnd(to) !== undefined
      )
        break;
      if (next.includes('|') && tableDelimiter.test(at(to + 1) ?? '') && cells(next) === cells(at(to + 1)!))
        break;
    }
    if (level === undefined) add('paragraph', index, to);
    else add('heading', index, to, level);
  }
  return blocks;
}

/**
 * What a heading says, without its marks: "## *Symptoms* ##" → "Symptoms". Pictures, badges for instance, say nothing in it,
 * unless it has nothing else.
 */
export function headingText(markdown: string): string {
  // No heading is longer; a line of ten thousand marks would be looked through for pairs ten thousand times.
  const line = markdown.slice(0, 1000);
  const words = htmlHeading.test(line)
    ? withoutTags(line)
    : line
        .replace(/^\s{0,3}#{1,6}(?=\s|$)/, '')
        .replace(/(?:^|\s)#+\s*$/, '')
        .replace(/\n {0,3}(?:=+|-+)[ \t]*$/, '');
  const said = (text: string) => withoutInlineMarks(text).replace(/\s+/g, ' ').trim();
  return (
    said(
      words
        .replace(image, '')
        .replace(/<img\b[^<>]*>/gi, '')
        .replace(/\[\s*\](?:\([^()\s]*\)|\[[^[\]]*\])/g, '')
        .replace(/<(\w+)\b[^<>]*>\s*<\/\1>/g, ''),
    ) || said(words)
  );
}

/** A picture, its words in the first group. */
const image = /!\[([^[\]]*)\](?:\((?:[^()\s]|\([^()\s]*\))*(?:[ \t]+"[^"\n]*")?\)|\[[^[\]]*\])/g;

/** Markdown's inline marks taken off: links and images become their words, emphasis and code their content. */
export function withoutInlineMarks(markdown: string): string {
  return markdown
    .replace(image, '$1')
    .replace(/!?\[([^[\]]*)\]\((?:[^()\s]|\([^()\s]*\))*(?:[ \t]+"[^"\n]*")?\)/g, '$1')
    .replace(/!?\[([^[\]]+)\]\[[^[\]]*\]/g, '$1')
    .replace(/<((?:https?:\/\/|mailto:)[^<>\s]*)>/g, '$1')
    .replace(/(`+)([^`\n]+)\1/g, '$2')
    .replace(/(\*\*|__)(?=\S)([^\n]*?\S)\1/g, '$2')
    .replace(/(?<![\w*])\*(?=[^\s*])([^*\n]*?[^\s*])\*(?![\w*])/g, '$1')
    .replace(/(?<![\w_])_(?=[^\s_])([^_\n]*?[^\s_])_(?![\w_])/g, '$1')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1');
}

/** The words of a line of HTML; those of its pictures only if it has no others. */
function withoutTags(html: string): string {
  const words = html.replace(/<[^<>]*>/g, ' ');
  const shown = /\S/.test(words)
    ? words
    : [...html.matchAll(/\balt="([^"<>]*)"/g)].map(([, alt]) => alt).join(' ');
  return shown.replace(/&(nbsp|amp|lt|gt|quot);/g, (_, name: keyof typeof entities) => entities[name]);
}

const entities = { nbsp: ' ', amp: '&', lt: '<', gt: '>', quot: '"' };

/** The marks that open a fenced block in text that is indented by `offset` columns. */
function openingFence(line: string, offset = 0): string | undefined {
  const marks = /^[ \t]*(`{3,}|~{3,})/.exec(line)?.[1];
  if (marks === undefined || indentation(line) - offset > 3) return undefined;
  // "```a``` b" is code in a line of text.
  return marks[0] === '`' && line.slice(line.indexOf(marks) + marks.length).includes('`') ? undefined : marks;
}

function closes(line: string, opening: string, offset = 0): boolean {
  const closing = /^[ \t]*(`{3,}|~{3,})[ \t]*$/.exec(line)?.[1];
  return (
    closing !== undefined &&
    indentation(line) - offset <= 3 &&
    closing[0] === opening[0] &&
    closing.length >= opening.length
  );
}

/** Columns before the first mark, or all of them; tabs reach to the next multiple of four. */
function indentation(line: string, whole = false): number {
  let column = 0;
  for (const character of line) {
    if (character === '\t') column += 4 - (column % 4);
    else if (character === ' ' || whole) column++;
    else break;
  }
  return column;
}

function cells(row: string): number {
  return row
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '')
    .split(/(?<!\\)\|/).length;
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    lines.push({ start, end, text: text.slice(start, end) });
    start = end + 1;
  }
  return lines;
}
