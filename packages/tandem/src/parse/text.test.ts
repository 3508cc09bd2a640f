import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textBlocks } from './text.ts';

const blocksOf = (text: string) =>
  textBlocks(text).map(({ kind, level, start, end }) => `${kind}${level ?? ''}: ${text.slice(start, end)}`);
const headingsOf = (text: string) => blocksOf(text).filter((block) => block.startsWith('heading'));

test('lines that stand alone and count on are headings, below a title in capitals', () => {
  const text = `MARLOW CYCLES EMPLOYEE HANDBOOK

1. Working time

The working week has 37.5 hours.

2. Annual leave

Full-time staff have 27 days.

2.1 Unused days

They lapse on 31 March.

3. Sickness

Tell your line manager by 9:30.
`;
  expect(blocksOf(text)).toEqual([
    'heading1: MARLOW CYCLES EMPLOYEE HANDBOOK',
    'heading2: 1. Working time',
    'paragraph: The working week has 37.5 hours.',
    'heading2: 2. Annual leave',
    'paragraph: Full-time staff have 27 days.',
    'heading3: 2.1 Unused days',
    'paragraph: They lapse on 31 March.',
    'heading2: 3. Sickness',
    'paragraph: Tell your line manager by 9:30.',
  ]);
});

test('the sections of a manual page are headings, what is set in below them is their text', () => {
  expect(
    blocksOf(`NAME
       shop - sell bicycles

SYNOPSIS
       shop [--open] FILE

EXIT STATUS
       0  sold
       1  not sold

SEE ALSO

       till(1)
`),
  ).toEqual([
    'heading2: NAME',
    'paragraph: shop - sell bicycles',
    'heading2: SYNOPSIS',
    'paragraph: shop [--open] FILE',
    'heading2: EXIT STATUS',
    'paragraph: 0  sold\n       1  not sold',
    'heading2: SEE ALSO',
    'paragraph: till(1)',
  ]);
});

test.each([
  ['two are no pattern', '1. Leave\n\nSome days.\n\n2. Sickness\n\nCall us.'],
  ['items of a list', '1. Buy milk\n\n2. Buy eggs\n\n3. Call Bob\n\nThat is all.'],
  ['items that are sentences', '1. Buy milk.\n\nSoon.\n\n2. Buy eggs.\n\nMany.\n\n3. Call Bob.\n\nNow.'],
  ['numbers that do not count', '12 Monkeys\n\nA film.\n\n24 Hours\n\nAnother.\n\n39 Steps\n\nOld.'],
  [
    'lists that begin again',
    ['Milk', 'Eggs'].map((what) => `1. ${what}\n\nx\n\n2. More ${what}\n\ny\n\n3. None\n\nz`).join('\n\n'),
  ],
  ['who speaks in a play', 'HAMLET\n\nWords.\n\nOPHELIA\n\nMy lord?\n\n'.repeat(3)],
  [
    'a warning in capitals',
    'NO WARRANTY\n\nIN NO EVENT ARE WE\n\nLIABLE FOR DAMAGES\n\nOF ANY KIND OR SORT.',
  ],
  ['rows of a table', 'NAME   AGE\n\nBob   5\n\nNAME   SIZE\n\nBob   6\n\nNAME   WEIGHT\n\nBob   7'],
  ['prose', 'He came\n\nand saw\n\nand won\n\nI said\n\nnothing\n\nTo her'],
])('no headings: %s', (_name, text) => {
  expect(headingsOf(text)).toEqual([]);
});

test('where lines are underlined, those are the headings', () => {
  const text = ['ONE', 'TWO', 'THREE']
    .map((word) => `${word} x\n-----\n\nALONE ${word}\n\ntext\n`)
    .join('\n');
  expect(headingsOf(text)).toEqual([
    'heading2: ONE x\n-----',
    'heading2: TWO x\n-----',
    'heading2: THREE x\n-----',
  ]);
});

test('property: blocks are in order, apart, without outer white space, and miss nothing', () => {
  const part = fc.constantFrom(
    ...['NAME', 'OPTIONS', 'SEE ALSO', '1. One', '2. Two', '3. Three', '2.1 Sub', 'words of text.', '- item'],
    ...['\n', '\n', '\n\n', '\n\n', '\n   ', '\f', '===', ' ', '\t'],
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const text = parts.join('');
      let position = 0;
      for (const { start, end } of textBlocks(text)) {
        expect(start).toBeGreaterThanOrEqual(position);
        expect(text.slice(position, start)).toMatch(/^\s*$/);
        expect(text.slice(start, end)).toMatch(/^\S(?:[\s\S]*\S)?$/);
        position = end;
      }
      expect(text.slice(position)).toMatch(/^\s*$/);
    }),
    { numRuns: 1000 },
  );
});
