import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pageRectangles } from './page-rectangles.ts';
import { parseDocument } from './parse-document.ts';

const parsed = (name: string) =>
  parseDocument({
    uri: name,
    bytes: new Uint8Array(readFileSync(new URL(`./fixtures/${name}`, import.meta.url))),
  });
const [form, columns] = await Promise.all([parsed('form.pdf'), parsed('two-columns.pdf')]);

/** Boxes that `pdftotext -bbox` (poppler 22.12) gives for the same words: left, top, right, bottom. */
test.each([
  [form, 'destroyed upon', 'destroyed', 1, [423.5, 273.1, 475.5, 286.8]],
  [form, 'mountainous', 'mountainous', 1, [153.0, 286.8, 223.4, 300.4]],
  [columns, 'enabling structural', 'enabling', 1, [356.8, 72.2, 395.3, 83.7]],
  [columns, 'structural capacity functions', 'structural', 1, [398.0, 72.2, 440.8, 83.7]],
  [columns, 'Modernization Act of 2010', 'Modernization', 1, [63, 273.7, 129.3, 285.3]],
] as const)('a word stands where poppler finds it (%#)', (document, context, word, page, expected) => {
  const start = document.text.indexOf(context) + context.indexOf(word);
  const [found, ...more] = pageRectangles(document, start, start + word.length);
  expect(more).toEqual([]);
  expect(found!.page).toBe(page);
  expect(found!.rectangles).toHaveLength(1);
  const { left, top, width, height } = found!.rectangles[0]!;
  // Characters are not equally wide, and lines may be justified: within a line a word's place is an estimate.
  const tolerance = 20;
  for (const [index, edge] of [left, top, left + width, top + height].entries())
    expect(Math.abs(edge - expected[index]!), `edge ${index}: ${edge}`).toBeLessThan(
      index % 2 === 0 ? tolerance : 4,
    );
});

test('a sentence over two columns has rectangles in both, in reading order', () => {
  const start = columns.text.indexOf('additional Government-wide mandated');
  const end = columns.text.indexOf('functions of OPM. These functions');
  const [{ page, rectangles }] = pageRectangles(columns, start, end) as [
    ReturnType<typeof pageRectangles>[0],
  ];
  expect(page).toBe(1);
  expect(rectangles.length).toBeGreaterThan(1);
  // Down the left column's foot, then up at the right column's head.
  expect(rectangles[0]!.left).toBeLessThan(300);
  expect(rectangles.at(-1)!.left).toBeGreaterThan(300);
  expect(rectangles.at(-1)!.top).toBeLessThan(rectangles[0]!.top);
});

test('property: every span with words has rectangles, on its pages, inside the page', () => {
  for (const document of [form, columns]) {
    const pages = Number(document.metadata.pages);
    fc.assert(
      fc.property(fc.nat(document.text.length - 1), fc.integer({ min: 1, max: 400 }), (start, length) => {
        const end = Math.min(document.text.length, start + length);
        const found = pageRectangles(document, start, end);
        if (/[\p{L}\p{N}]/u.test(document.text.slice(start, end).replace(/[#|-]/g, '')))
          expect(found).not.toEqual([]);
        for (const { page, rectangles } of found) {
          expect(page).toBeGreaterThanOrEqual(1);
          expect(page).toBeLessThanOrEqual(pages);
          for (const { left, top, width, height } of rectangles) {
            expect(width).toBeGreaterThanOrEqual(0);
            expect(height).toBeGreaterThan(0);
            expect(left).toBeGreaterThanOrEqual(-2);
            expect(top).toBeGreaterThanOrEqual(-2);
            expect(left + width).toBeLessThanOrEqual(615);
            expect(top + height).toBeLessThanOrEqual(795);
          }
        }
      }),
      { numRuns: 200 },
    );
  }
});

test('what is kept for it is smaller than the text', () => {
  for (const { blocks, text } of [form, columns]) {
    const numbers = blocks.flatMap(({ lines }) => lines ?? []);
    expect(numbers.length % 6).toBe(0);
    expect(JSON.stringify(numbers).length).toBeLessThan(0.8 * text.length);
  }
});

test('documents without positions have none', async () => {
  const bytes = new TextEncoder().encode('# T\n\nText.');
  expect(pageRectangles(await parseDocument({ uri: 'a.md', bytes }), 0, 9)).toEqual([]);
});
