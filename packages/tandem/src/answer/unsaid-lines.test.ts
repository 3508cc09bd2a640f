import { expect, test } from 'vitest';
import { isUnsaid, unsaidLines } from './unsaid-lines.ts';

test.for([
  '[![Build](https://ci.example.org/b.svg)](https://ci.example.org) [![npm][npm-badge]][npm]',
  '![Coverage](https://img.example.org/coverage/a_(b).svg)',
  '<p align="center"><img src="logo.png"></p>',
  '<a href="https://ci.example.org"><img src="b.svg"></a>',
  '- [Install](#install)',
  '12. [Options](#options)',
  '[Home](/) | [Docs](/docs) | [About](/about)',
  'See also: [Saw](saw.md), [Drill](drill.md)',
  '[npm]: https://www.example.org/lathe "Lathe"',
  '.. image:: https://ci.example.org/b.svg',
  '.. |build| image:: https://ci.example.org/b.svg',
  'image:https://ci.example.org/b.svg[Build]',
  '[[_TOC_]]',
  'Mooring in wind ........ 12',
  '2.1 Lamps . . . . . . . . iv',
  '```',
  '~~~yaml',
  '```js {1,3}',
])('says nothing: %s', (line) => {
  expect(isUnsaid(line)).toBe(true);
});

test.for([
  'Fax: [0113 555 0100](tel:01135550100)',
  'https://example.org/booking',
  'Read [the rules](rules.md) before the first dive.',
  '- [Cancel a booking up to 14 days before it begins.](cancel.md)',
  '- [Saw](saw.md): cuts boards up to 4 cm',
  '[ ] Close the valve',
  'Wait ... then press 5',
  'It costs <b>14.90</b>.',
  '```npm install lathe```',
  'The list ends here ... or not',
])('says something: %s', (line) => {
  expect(isUnsaid(line)).toBe(false);
});

test('lines are told by their offsets, without the white space around them in the line', () => {
  const text = 'A sentence.\n\n![a](b)\nOver two\nlines.\n```\n';
  expect(unsaidLines(text).map(({ start, end }) => text.slice(start, end))).toEqual(['![a](b)', '```']);
});
