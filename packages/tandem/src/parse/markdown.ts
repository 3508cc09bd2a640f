import type { Block } from '../core/types/document.ts';
import { splitFrontMatter } from './front-matter.ts';
import { type MarkdownPart, markdownParts, TextLines } from './markdown-parts.ts';

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

/**
 * Blocks of Markdown, with offsets into `text`: headings, paragraphs (a quotation is one, too), tables, code, and whole lists, but for the
 * fenced code in their items, which is between two parts of a list. Rules and comments are none.
 */
export function markdownBlocks(text: string): Block[] {
  const lines = new TextLines(text);
  const writer = new BlockWriter(lines);
  for (const part of markdownParts(lines)) writer.write(part);
  return writer.finish();
}

const htmlHeading = /^[ \t]*<h([1-6])(?=[\s>])/i;
const comment = /^[ \t]*<!--/;
const anyListItem = /^[ \t]*(?:[-+*•]|\d{1,9}[.)])(?=[ \t]|$)/m;

class BlockWriter {
  readonly #lines: TextLines;
  readonly #text: string;
  readonly #blocks: Block[] = [];
  readonly #lastCommentEnd: number;
  /** What is before it is written already, or left out. */
  #position = 0;

  constructor(lines: TextLines) {
    this.#lines = lines;
    this.#text = lines.text;
    this.#lastCommentEnd = lines.text.lastIndexOf('-->');
  }

  write({ kind, from, to, level, fences }: MarkdownPart): void {
    const lineStart = this.#lines.offsetOf(from);
    const start = Math.max(this.#position, lineStart);
    const end = this.#lines.offsetOf(to);
    if (end <= start) return;
    // Whatever markdown-it says nothing of, no words are lost.
    this.#add('paragraph', this.#position, start);
    this.#position = end;
    if (kind === 'rule') return;
    // The rest of the line on which a comment ended is not a heading or table.
    const isCut = start > lineStart;
    const isHtml = kind === 'paragraph' && /^ {0,3}<\/?[a-z]/i.test(this.#text.slice(start, start + 6));
    if (kind === 'html' || isHtml || isCut) this.#writeHtml(start, end);
    else if (kind === 'list') this.#writeList(start, end, fences);
    else this.#add(kind, start, end, level);
  }

  finish(): Block[] {
    this.#add('paragraph', this.#position, this.#text.length);
    return this.#blocks;
  }

  /** Comments are not for readers; headings are recognised, and the rest is shown as written. */
  #writeHtml(start: number, end: number): void {
    const text = this.#text;
    let from = start;
    for (let at = start; at < end; ) {
      const newline = text.indexOf('\n', at);
      const lineEnd = newline < 0 ? end : Math.min(newline, end);
      const line = text.slice(at, lineEnd);
      let next = lineEnd + 1;
      if (comment.test(line) && at < this.#lastCommentEnd) {
        this.#add('paragraph', from, at);
        // What follows it on its line becomes a line of its own. It may end far below: a blank line ends other HTML, but no comment.
        from = next = text.indexOf('-->', at + line.indexOf('<!--') + 2) + 3;
      } else {
        const level = htmlHeading.exec(line)?.[1];
        const headingEnd = level === undefined ? undefined : htmlHeadingEnd(text, at, level);
        if (headingEnd !== undefined) {
          this.#add('paragraph', from, at);
          this.#add('heading', at, headingEnd, Number(level));
          from = next = headingEnd;
        }
      }
      at = next;
    }
    this.#add('paragraph', from, end);
    this.#position = Math.max(from, end);
  }

  #writeList(start: number, end: number, fences: MarkdownPart['fences']): void {
    let position = start;
    const writeItems = (to: number) => {
      // What is below the code in the last item may not be an item itself.
      const isList = anyListItem.test(this.#text.slice(position, to));
      this.#add(isList ? 'list' : 'paragraph', position, to);
    };
    for (const { from, to } of fences) {
      const [codeStart, codeEnd] = [this.#lines.offsetOf(from), this.#lines.offsetOf(to)];
      writeItems(codeStart);
      this.#add('code', codeStart, codeEnd);
      position = codeEnd;
    }
    writeItems(end);
  }

  /** Adds `[start, end)` as one block, without outer white space; nothing where there is nothing else. */
  #add(kind: Block['kind'], start: number, end: number, level?: number): void {
    const text = this.#text;
    while (start < end && /\s/.test(text[start]!)) start++;
    while (end > start && /\s/.test(text[end - 1]!)) end--;
    if (start < end) this.#blocks.push({ kind, start, end, ...(level !== undefined && { level }) });
  }
}

/** Where the HTML heading that begins at `start` ends, if nothing follows it on its line and it has text. */
function htmlHeadingEnd(text: string, start: number, level: string): number | undefined {
  const lines = text
    .slice(start, start + 1000)
    .split('\n', 10)
    .join('\n');
  const heading = new RegExp(`^[\\s\\S]*?</h${level}>(?=[ \\t]*(?:\\n|$))`, 'i').exec(lines)?.[0];
  return heading !== undefined && !/\n[ \t]*\n/.test(heading) && headingText(heading) !== ''
    ? start + heading.length
    : undefined;
}

/**
 * What a heading says, without its marks: "## *Symptoms* ##" → "Symptoms". Pictures, such as badges, are left out,
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
