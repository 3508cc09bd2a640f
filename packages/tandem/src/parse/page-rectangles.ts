import type { Document } from '../core/types/document.ts';

/** In points from the top left corner of the page as shown (72 points are an inch). */
export interface PageRectangle {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * Where a span of a PDF's text is on its pages: a rectangle for each of its lines, to be drawn over the page. A line that
 * the span holds in part is cut in proportion to its characters; a table's row is marked as a whole. Empty for documents
 * without positions.
 */
export function pageRectangles(
  { text, blocks }: Pick<Document, 'text' | 'blocks'>,
  start: number,
  end: number,
): { page: number; rectangles: PageRectangle[] }[] {
  const pages = new Map<number, PageRectangle[]>();
  for (const block of blocks) {
    const { lines } = block;
    if (!lines || block.end <= start || block.start >= end) continue;
    for (let at = 0; at + fields <= lines.length; at += fields) {
      const [offset, page, left, top, right, bottom] = lines.slice(at, at + fields) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      const first = block.start + offset;
      const next = at + fields < lines.length ? block.start + lines[at + fields]! : block.end;
      const last = first + text.slice(first, next).trimEnd().length;
      const from = Math.max(start, first);
      const to = Math.min(end, last);
      if (from >= to || !/\S/.test(text.slice(from, to))) continue;
      // Set upright, a line is wider than high; in other lines a character's share of the width is unknown.
      const isWhole = block.kind === 'table' || bottom - top > right - left;
      const scale = isWhole ? 0 : (right - left) / (last - first);
      const cutLeft = scale * (from - first);
      const cutRight = scale * (last - to);
      const rectangle = {
        left: round(left + cutLeft),
        top,
        width: round(right - left - cutLeft - cutRight),
        height: bottom - top,
      };
      pages.set(page, [...(pages.get(page) ?? []), rectangle]);
    }
  }
  return [...pages].sort(([a], [b]) => a - b).map(([page, rectangles]) => ({ page, rectangles }));
}

/** Numbers for each line in `Block.lines`. */
const fields = 6;

function round(points: number): number {
  return Math.round(points * 10) / 10;
}
