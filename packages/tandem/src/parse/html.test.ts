import { describe, expect, test } from 'vitest';
import { parseHtml } from './html.ts';

const parse = (html: string) => parseHtml(new TextEncoder().encode(html), 'page.html');
const shown = (html: string) => {
  const { text, blocks } = parse(html);
  return blocks.map(({ kind, start, end }) => `${kind}: ${text.slice(start, end)}`);
};
const page = (body: string) =>
  `<!doctype html><html><head><title>Codes</title></head><body>${body}</body></html>`;

describe('a page of 500 characters and more, which Readability looks through', () => {
  const rows = (count: number, cell: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => `<tr>${cell(index)}</tr>`).join('');
  const codes = `<table><tr><th>Code</th><th>Meaning</th><th>What to do</th></tr>${rows(8, (index) => `<td>E-${10 + index}</td><td>Fault number ${index} of the unit</td><td>Check the plug at part BL-${index}; then restart</td>`)}</table>`;
  const introduction =
    '<h1>Codes</h1><p>The display shows a code when the controller finds a fault. Write it down before you switch off.</p>';
  const article = Array.from(
    { length: 12 },
    (_, index) =>
      `<p>Paragraph ${index} tells of boats, of the lake, of the wind and of the waves, and of what is to be done when it rains.</p>`,
  ).join('');

  test.each([
    ['alone', ''],
    ['below a menu', '<nav><a href="/">Home</a></nav>'],
    ['below a list of links', '<div class="menu"><ul><li><a href="/">Home</a></li></ul></div>'],
  ])('whose content is a table keeps it a table: %s', (_, above) => {
    const blocks = shown(page(`${above}${introduction}${codes}`));
    expect(blocks.filter((block) => block.startsWith('table: '))).toHaveLength(1);
    expect(blocks.at(-1)).toMatch(
      /^table: \| Code \| Meaning \| What to do \|\n\| --- \| --- \| --- \|\n\| E-10 \| Fault number 0 of the unit \| Check/,
    );
  });

  test.each([
    ['without a head', codes.replaceAll('th>', 'td>')],
    ['in a <tbody>', codes.replace('<table>', '<table><tbody>').replace('</table>', '</tbody></table>')],
    ['within a box', `<div class="sidebar">${codes}</div>`],
  ])('that has a table %s keeps it', (_, table) => {
    const blocks = shown(page(`<h1>Codes</h1><div class="text">${article}</div>${table}`));
    expect(blocks.filter((block) => block.startsWith('table: '))).toHaveLength(1);
  });

  test.each([
    ['code', `<div class="sidebar"><pre>${'make all\n'.repeat(4)}</pre></div>`, 'code: '],
    ['a list', '<div class="sidebar"><ul><li>Bring a coat</li><li>Bring oars</li></ul></div>', 'list: '],
    ['terms', '<div class="comment"><dl><dt>Oar</dt><dd>moves the boat</dd></dl></div>', 'list: '],
  ])('that has %s beside its article keeps it', (_, part, kind) => {
    const blocks = shown(page(`<h1>Codes</h1><div class="text">${article}</div>${part}`));
    expect(blocks.filter((block) => block.startsWith(kind))).toHaveLength(1);
  });

  test('loses its list of links, though it is not marked as a menu', () => {
    const menu = `<div class="menu"><ul>${'<li><a href="/">Somewhere else</a></li>'.repeat(9)}</ul></div>`;
    const { text } = parse(page(`${menu}<h1>Codes</h1><div class="text">${article}</div>`));
    expect(text).not.toContain('Somewhere');
    expect(text).toContain('Paragraph 11');
  });

  test('loses its table of links, and a table of one row that lays it out does not make it one of data', () => {
    const links = `<table>${'<tr><td><a href="/">Somewhere else</a></td><td><a href="/">Back home</a></td></tr>'.repeat(3)}</table>`;
    const { text } = parse(page(`${links}<h1>Codes</h1><div class="text">${article}</div>`));
    expect(text).not.toContain('Somewhere');
    const cells = `<td><a href="/">Somewhere else</a></td><td><div><h2>Codes</h2>${article}</div></td>`;
    const laidOut = parse(page(`<table><tr>${cells}</tr></table>`));
    expect(laidOut.blocks.filter(({ kind }) => kind === 'paragraph').length).toBeGreaterThanOrEqual(12);
    expect(laidOut.blocks.some(({ kind }) => kind === 'table')).toBe(false);
  });
});
