import { expect, test } from 'vitest';
import { type Fragment, layOutPage } from './pdf-layout.ts';
import { writePages } from './pdf-structure.ts';

const line = (y: number, ...cells: string[]): Fragment[] =>
  cells.map((text, index) => ({
    text,
    x: 60 + 120 * index,
    y,
    width: 5 * text.length,
    size: 10,
    angle: 0,
    font: 'f',
  }));
const large = (y: number, text: string) => line(y, text).map((fragment) => ({ ...fragment, size: 16 }));
const body = (page: number) =>
  [120, 132, 144].flatMap((y) =>
    line(y, `Some words at ${y} that page ${'one two three four five six'.split(' ')[page - 1]} has.`),
  );
const written = (pages: Fragment[][], outline = new Map<string, number>()) =>
  writePages(
    pages.map((fragments) => layOutPage(fragments, { width: 600, height: 800 })),
    outline,
  ).text;

test('what stands on every page goes, and the last row of a table that goes on over pages stays', () => {
  const text = written(
    [1, 2, 3, 4].map((page) => [
      ...line(40, `Annual report, page ${page} of 4`),
      ...line(400, `Year ${2000 + page}`, `${page}1`, `${page}2`),
      ...line(740, String(1990 + page), `${page}3`, `${page}4`),
      ...line(770, String(page)),
    ]),
  );
  expect(text).not.toContain('Annual report');
  for (const page of [1, 2, 3, 4]) {
    expect(text).toMatch(new RegExp(`${1990 + page} \\| ${page}3 \\| ${page}4`));
    expect(text).toContain(`Year ${2000 + page}`);
  }
});

test('headings that count up at the top of pages stay, and running heads in large type go', () => {
  const pages = [1, 2, 3, 4, 5];
  const steps = written(
    pages.map((page) => [...line(40, 'Manual'), ...large(70, `Step ${page}`), ...body(page)]),
  );
  expect(steps.match(/^#.*$/gm)).toEqual(pages.map((page) => `# Step ${page}`));
  expect(steps).not.toContain('Manual');

  // The same in the body's size are running heads, but for those that the outline lists.
  const small = pages.map((page) => [...line(70, `Step ${page}`), ...body(page)]);
  expect(written(small)).not.toContain('Step');
  const listed = written(small, new Map(pages.map((page) => [`step${page}`, 2])));
  expect(listed.match(/^#.*$/gm)).toEqual(pages.map((page) => `## Step ${page}`));

  // Chapters of three pages with their number above each, on all pages or on every other.
  const chapters = [1, 2, 3, 4, 5, 6];
  const heads = written(
    chapters.map((page) => [...large(40, `Chapter ${Math.ceil(page / 3)}`), ...body(page)]),
  );
  expect(heads).not.toContain('Chapter');
  const facing = written(
    chapters.map((page) => [
      ...large(40, page % 2 ? 'Volume 1' : `Part ${Math.ceil(page / 4)}`),
      ...body(page),
    ]),
  );
  expect(facing).not.toContain('Volume');
});

test('a line with its page number is a running head in large type, too, at the foot or beside the number', () => {
  const text = written(
    [1, 2, 3, 4].map((page) => [
      ...large(40, 'Annual report').concat(
        large(40, String(page)).map((fragment) => ({ ...fragment, x: 500 })),
      ),
      ...body(page),
      ...large(770, `Annual report ${page}`),
    ]),
  );
  expect(text).not.toContain('Annual');
});

test('a table over hundreds of pages has its head on each, and takes each page as long as the others', () => {
  const tableOf = (count: number) =>
    Array.from({ length: count }, (_, page) => [
      ...(page === 0 ? line(110, 'Part', 'Place', 'Stock').map((cell) => ({ ...cell, font: 'bold' })) : []),
      ...Array.from({ length: 40 }, (_, row) =>
        line(124 + 14 * row, `Part ${page}-${row}`, `Bay ${(7 * row + page) % 90}`, `${row}${page}`),
      ).flat(),
    ]);
  const measure = (count: number) => {
    const pages = tableOf(count);
    const before = process.cpuUsage();
    const text = written(pages);
    return { text, milliseconds: process.cpuUsage(before).user / 1000 };
  };
  measure(20);
  const [few, many] = [measure(50), measure(250)];
  expect(many.text.match(/^\| Part \| Place \| Stock \|\n\| --- /gm)).toHaveLength(250);
  expect(many.text).toContain('| Part 249-39 | Bay 72 | 39249 |');
  // Five times the pages; each read with all before it would be 25 times the work.
  expect(many.milliseconds).toBeLessThan(12 * few.milliseconds);
});
