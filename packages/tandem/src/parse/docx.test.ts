import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseDocx } from './docx.ts';
import { parsePptx } from './pptx.ts';
import { archiveOf } from './xlsx.fixture.ts';

const fixture = (name: string) => readFileSync(new URL(`./fixtures/strangers/${name}`, import.meta.url));
const run = (text: string) => `<w:r><w:t>${text}</w:t></w:r>`;
const p = (content: string, properties = '') => `<w:p><w:pPr>${properties}</w:pPr>${content}</w:p>`;
const heading = (text: string, level = 0) => p(run(text), `<w:outlineLvl w:val="${level}"/>`);
const field = (instruction: string, result: string) =>
  `<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> ${instruction} </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>${run(result)}<w:r><w:fldChar w:fldCharType="end"/></w:r>`;
const tab = '<w:r><w:tab/></w:r>';
const table = (...rows: string[][]) =>
  `<w:tbl>${rows.map((cells) => `<w:tr>${cells.map((cell) => `<w:tc>${cell.startsWith('<') ? cell : p(run(cell))}</w:tc>`).join('')}</w:tr>`).join('')}</w:tbl>`;

/** A document with this body, and parts `NAME.xml` of headers and footers whose id is their name. */
function documentOf(body: string, running: Record<string, string> = {}, settings = ''): Buffer {
  const base = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const link = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${base}/${type}" Target="${target}"/>`;
  const names = 'xmlns:w="w" xmlns:r="r" xmlns:v="v"';
  const parts: Record<string, string> = {
    '_rels/.rels': `<Relationships>${link('a', 'officeDocument', 'word/document.xml')}</Relationships>`,
    'word/document.xml': `<w:document ${names}><w:body>${body}</w:body></w:document>`,
    'word/_rels/document.xml.rels': `<Relationships>${link('s', 'settings', 'settings.xml')}${Object.keys(
      running,
    )
      .map((name) => link(name, name.replace(/\d/, ''), `${name}.xml`))
      .join('')}</Relationships>`,
    'word/settings.xml': `<w:settings ${names}>${settings}</w:settings>`,
  };
  for (const [name, content] of Object.entries(running))
    parts[`word/${name}.xml`] = `<w:hdr ${names}>${content}</w:hdr>`;
  return archiveOf(parts);
}
const section = (references: Record<string, string>, rest = '') =>
  `<w:sectPr>${Object.entries(references)
    .map(([id, type]) => `<w:${id.replace(/\d/, '')}Reference w:type="${type}" r:id="${id}"/>`)
    .join('')}${rest}</w:sectPr>`;

describe('headers and footers', () => {
  test('a kiln’s handbook: its revision, once, below its title', () => {
    const { text } = parseDocx(fixture('kiln.docx'));
    expect(text).toMatch(/^# Lime kiln handbook\n\nRevision 7, valid from 1 October 2025\n\nThe kiln runs/);
    expect(text.match(/Revision 7/g)).toHaveLength(1);
    expect(text.match(/extension 4471/g)).toHaveLength(1);
    expect(text).not.toContain('DRAFT');
  });

  test('what they say is kept once, without page numbers, dates of printing and names of files', () => {
    const { text } = parseDocx(
      documentOf(
        `${heading('Rules')}${p(run('Be kind.'), section({ header1: 'default', footer1: 'default' }))}${p(run('Be calm.'))}${section({ header2: 'default', footer1: 'default' })}`,
        {
          header1: p(
            `${run('Works council')}${tab}${run('Page ')}${field('PAGE', '2')}${run(' of ')}${field('NUMPAGES', '9')}`,
          ),
          header2: `${p(run('WORKS COUNCIL'))}${p(run('Rules'))}<w:sdt><w:sdtContent>${p(field('PAGE', '3'))}</w:sdtContent></w:sdt>`,
          footer1: `${p(run('rules_final-2.docx'))}${p(field('FILENAME', 'rules.docx'))}${p(`${run('Printed on ')}${field('DATE', '1 May 2025')}`)}${table(['Document', 'HR-12'], ['Approved by', 'Board'])}${p(run('- 4 -'))}`,
        },
      ),
    );
    expect(text).toBe(
      '# Rules\n\nWorks council\nDocument | HR-12\nApproved by | Board\n\nBe kind.\n\nBe calm.',
    );
  });

  test('first and even pages count where they are shown', () => {
    const parts = {
      header1: p(run('Of all pages')),
      header2: p(run('Of the first')),
      header3: p(run('Of even pages')),
    };
    const references = { header1: 'default', header2: 'first', header3: 'even' };
    const read = (rest: string, settings: string) =>
      parseDocx(documentOf(`${p(run('Words.'))}${section(references, rest)}`, parts, settings)).text;
    expect(read('', '')).toBe('Of all pages\n\nWords.');
    expect(read('<w:titlePg/>', '<w:evenAndOddHeaders/>')).toBe(
      'Of all pages\nOf the first\nOf even pages\n\nWords.',
    );
    expect(read('<w:titlePg w:val="0"/>', '')).toBe('Of all pages\n\nWords.');
  });
});

describe('a table in a cell', () => {
  test('an inspection form: the readings are a table of their own, in their place', () => {
    expect(parseDocx(fixture('inspection.docx')).text).toBe(
      `# Inspection form

- Plant: Gravel works Hillside

Readings

Taken at noon.

| Measure | Allowed | Found |
| --- | --- | --- |
| Noise at the fence | 55 dB | 61 dB |
| Dust at the gate | 40 ug/m3 | 22 ug/m3 |

The noise was reported to the county.

- Inspector: Officer of the day`,
    );
  });

  test('of a wider table: rows keep their heads on both sides of it, and a row says what they are', () => {
    const readings = table(['Part', 'State'], ['Valve', 'worn']);
    const { text, blocks } = parseDocx(
      documentOf(
        table(
          ['Plant', 'By', 'Result'],
          ['North', 'Ada', 'fine'],
          ['South', 'Bo', `${p(run('See here.'))}${readings}`],
          ['West', 'Cy', 'fine'],
        ),
      ),
    );
    expect(blocks.map(({ start, end }) => text.slice(start, end))).toEqual([
      '| Plant | By | Result |\n| --- | --- | --- |\n| North | Ada | fine |',
      'Plant: South; By: Bo',
      'See here.',
      '| Part | State |\n| --- | --- |\n| Valve | worn |',
      '| Plant | By | Result |\n| --- | --- | --- |\n| West | Cy | fine |',
    ]);
  });

  test('a box of one row stays in its cell, its cells apart; one in two cells deep is found', () => {
    const boxed = table(['Answer', table(['yes', 'no'])], ['Other', 'x']);
    expect(parseDocx(documentOf(boxed)).text).toBe('| Answer | yes; no |\n| --- | --- |\n| Other | x |');
    const deep = table(['a', table([table(['h', 'i'], ['1', '2']), 'k'])], ['b', 'c']);
    const { text } = parseDocx(documentOf(deep));
    expect(text).toContain('| h | i |\n| --- | --- |\n| 1 | 2 |');
    expect(text.match(/\| 1 \| 2 \|/g)).toHaveLength(1);
  });
});

test('of slides too: a footer is kept once, its slide’s number and date are not', () => {
  const base = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  const link = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${base}/${type}" Target="${target}"/>`;
  const shape = (type: string, words: string) =>
    `<p:sp><p:nvSpPr><p:nvPr><p:ph type="${type}"/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>${words}</a:t></a:r></a:p></p:txBody></p:sp>`;
  const slide = (title: string) =>
    `<p:sld xmlns:p="p" xmlns:a="a"><p:cSld><p:spTree>${shape('title', title)}${shape('body', `Words of ${title}`)}${shape('ftr', 'Valid from May')}${shape('sldNum', '7')}${shape('dt', '1 May')}</p:spTree></p:cSld></p:sld>`;
  const bytes = archiveOf({
    '_rels/.rels': `<Relationships>${link('a', 'officeDocument', 'ppt/presentation.xml')}</Relationships>`,
    'ppt/presentation.xml':
      '<p:presentation xmlns:p="p" xmlns:r="r"><p:sldIdLst><p:sldId r:id="b"/><p:sldId r:id="c"/></p:sldIdLst></p:presentation>',
    'ppt/_rels/presentation.xml.rels': `<Relationships>${link('b', 'slide', 'b.xml')}${link('c', 'slide', 'c.xml')}</Relationships>`,
    'ppt/b.xml': slide('One'),
    'ppt/c.xml': slide('Two'),
  });
  expect(parsePptx(bytes).text).toBe('## One\n\nWords of One\n\nValid from May\n\n## Two\n\nWords of Two');
});

test('the first of several equal headings is not the title; one that only the others’ numbers set apart is', () => {
  const titleOf = (...headings: string[]) =>
    parseDocx(documentOf(headings.map((text) => `${heading(text)}${p(run('Words.'))}`).join(''))).title;
  expect(titleOf('Scope', 'Terms', 'Fees')).toBe('');
  expect(titleOf('1. Scope', '2. Terms')).toBe('');
  expect(titleOf('Rules', '1. Scope', '2. Terms')).toBeUndefined();
  expect(titleOf('Rules')).toBeUndefined();
});
