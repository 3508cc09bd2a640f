import type { Block } from '../core/types/document.ts';

/**
 * Blocks of plain text: blank lines part paragraphs; two or more lines with a bullet or a number are a list; a short line
 * underlined with `===` or `---` is a heading. Nothing else is guessed. Form feeds part pages.
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
  return blocks;
}

const bullet = /^[ \t]*(?:[-*•‣▪◦]|\d{1,3}[.)]|[a-z][.)])[ \t]+\S/;

function paragraphBlocks(text: string, start: number, end: number): Block[] {
  const lines = text.slice(start, end).split('\n');
  const [first, second] = lines;
  if (second !== undefined && first!.length <= 100 && /^[ \t]*(?:={3,}|-{3,})[ \t]*$/.test(second)) {
    const headingEnd = start + first!.length + 1 + second.length;
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
