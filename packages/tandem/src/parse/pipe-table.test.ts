import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument } from './parse-document.ts';
import { tableWithoutNames } from './pipe-table.ts';

const parsed = async (table: string) => {
  const bytes = new TextEncoder().encode(`<html><main><h1>Leeds</h1><table>${table}</table></main></html>`);
  const { text, blocks } = await parseDocument({ uri: 'a.html', bytes });
  const { kind, start, end } = blocks.at(-1)!;
  return { kind, text: text.slice(start, end) };
};
const rows = (...lines: string[]) =>
  lines
    .map(
      (line) =>
        `<tr>${line
          .split(',')
          .map((cell) => `<td>${cell}</td>`)
          .join('')}</tr>`,
    )
    .join('');

describe('a table without a head', () => {
  test('two columns are names and values', async () => {
    const table = await parsed(
      rows('Telephone,0113 555 0100', 'Fax,0113 555 0199', 'How to park?,Behind', 'Closed,'),
    );
    expect(table).toEqual({
      kind: 'list',
      text: '- Telephone: 0113 555 0100\n- Fax: 0113 555 0199\n- How to park? Behind\n- Closed',
    });
  });

  test('a <th> that names its row is no head', async () => {
    const named = '<tr><th>Fax</th><td>0199</td></tr><tr><th>Manager</th><td>Ana</td></tr>';
    expect((await parsed(named)).text).toBe('- Fax: 0199\n- Manager: Ana');
    const wide = '<tr><th>Leeds</th><td>Ana</td><td>Bo</td></tr><tr><th>York</th><td>Cy</td><td>Di</td></tr>';
    expect((await parsed(wide)).text).toBe(
      '|  |  |  |\n| --- | --- | --- |\n| Leeds | Ana | Bo |\n| York | Cy | Di |',
    );
  });

  test('of wider ones the first row is the head where it may name columns', async () => {
    expect((await parsed(rows('City,Tram,2024', 'Leeds,no,7'))).text).toMatch(
      /^\| City \| Tram \| 2024 \|\n\| ---/,
    );
    for (const first of ['Leeds,9:00,Ana', 'Leeds,no,no', 'Leeds,Ana,0113 555'])
      expect((await parsed(rows(first, 'York,8:00,Bo'))).text).toMatch(
        /^\| {2}\| {2}\| {2}\|\n\| --- \| --- \| --- \|\n\| Leeds \|/,
      );
  });

  test('a head that is told stays one', async () => {
    const head = '<tr><th>Name</th><th>Phone</th></tr>';
    const body = rows('Ana,101');
    for (const table of [head + body, `<thead>${rows('Name,Phone')}</thead>${body}`])
      expect(await parsed(table)).toEqual({
        kind: 'table',
        text: '| Name | Phone |\n| --- | --- |\n| Ana | 101 |',
      });
  });
});

test('property: all that is in the cells is in the text, in order', () => {
  const cell = fc.constantFrom('', ' ', 'a', 'b|c', '7', 'two\nlines', 'Why?', '-');
  fc.assert(
    fc.property(fc.array(fc.array(cell, { maxLength: 4 }), { maxLength: 5 }), (table) => {
      const said = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, '');
      expect(said(tableWithoutNames(table).text)).toBe(said(table.flat().join('')));
    }),
  );
});
