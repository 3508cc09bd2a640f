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
const written = (pages: Fragment[][]) =>
  writePages(
    pages.map((fragments) => layOutPage(fragments, { width: 600, height: 800 })),
    new Map(),
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
