import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import type { Document } from '../core/types/document.ts';
import { pageRectangles } from './page-rectangles.ts';
import { parseDocument } from './parse-document.ts';
import { pdfOf } from './pdf.fixture.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const parse = (content: string | Uint8Array, uri: string, mediaType?: string) =>
  parseDocument({
    uri,
    bytes: typeof content === 'string' ? utf8(content) : content,
    ...(mediaType ? { mediaType } : {}),
  });
const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`./fixtures/${name}`, import.meta.url)));

const shown = ({ text, blocks }: Document) =>
  blocks.map((block) => `${block.kind}${block.level ?? ''}: ${text.slice(block.start, block.end)}`);

/** Blocks are in order, apart, not blank, and leave nothing out but what a format's marks leave between blocks. */
function checkBlocks({ text, blocks }: Document, between: RegExp = /^\s*$/): void {
  let position = 0;
  for (const { start, end } of blocks) {
    expect(start).toBeGreaterThanOrEqual(position);
    expect(text.slice(position, start)).toMatch(between);
    expect(text.slice(start, end)).toMatch(/^\S(?:[\s\S]*\S)?$/);
    position = end;
  }
  expect(text.slice(position)).toMatch(between);
}

const failure = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => expect.fail('it parsed'),
    (reason: unknown) => reason,
  );
  if (!UnreadableDocumentError.isInstance(error)) throw error;
  expect(error.hint).toMatch(/\.$/);
  return error;
};

describe('Markdown', () => {
  const source = `---
id: 0042
title: "Gout: a guide"
aliases: [Podagra, GT]
reviewed: 2024-05-01
tags: [a, b]
access: staff
---
# Gout

Also known as: Gouty arthritis; GA

Gout is *painful*.
It comes at night.

* red toe
* heat
  and swelling

1. rest

Signs
-----

| a | b |
|---|---|
| 1 | 2 |

\`\`\`js
# not a heading
\`\`\`

***

    indented
`;

  test('front matter gives id, title, aliases and metadata; the text is the body as it is', async () => {
    const document = await parse(source, 'notes/gout.md');
    expect(document).toMatchObject({
      id: '0042',
      uri: 'notes/gout.md',
      title: 'Gout: a guide',
      mediaType: 'text/markdown',
      aliases: ['Podagra', 'GT', 'Gouty arthritis', 'GA'],
      metadata: { reviewed: '2024-05-01', tags: '["a","b"]' },
      access: 'staff',
    });
    expect(document.text).toBe(source.slice(source.indexOf('# Gout')));
  });

  test('blocks', async () => {
    const document = await parse(source, 'gout.md');
    expect(shown(document)).toEqual([
      'heading1: # Gout',
      'paragraph: Also known as: Gouty arthritis; GA',
      'paragraph: Gout is *painful*.\nIt comes at night.',
      'list: * red toe\n* heat\n  and swelling\n\n1. rest',
      'heading2: Signs\n-----',
      'table: | a | b |\n|---|---|\n| 1 | 2 |',
      'code: ```js\n# not a heading\n```',
      'code: indented',
    ]);
    checkBlocks(document, /^[\s*]*$/);
  });

  test('without front matter: id is the uri, title the first heading, else the file name', async () => {
    expect(await parse('# *Gout* and [pain](x.md) #\n\ntext', 'a/b.md')).toMatchObject({
      id: 'a/b.md',
      title: 'Gout and pain',
    });
    expect(await parse('text', 'a/my_first-note.md')).toMatchObject({ title: 'my first note' });
    expect(await parse('## How to pay\n\nBy card.\n\n### Abroad\n\ntext', 'a/b.md')).toMatchObject({
      title: 'How to pay',
    });
    for (const text of ['Words.\n\n## Installation\n\ntext', '## Install\n\na\n\n## Use\n\nb'])
      expect(await parse(text, 'a/fancy-lib.md')).toMatchObject({ title: 'fancy lib' });
    expect((await parse('---\n\nAfter a rule.\n\n---\n', 'r.md')).text).toContain('After a rule.');
  });

  test('a rule with an empty line after it begins no front matter: nothing between two rules is lost', async () => {
    for (const between of ['# Heading', 'Note: take one.', 'plain words']) {
      const document = await parse(`---\n\n${between}\n\n---\n\nMore.`, 'rule.md');
      expect(document.text).toContain(between);
      expect(document.metadata).toEqual({});
    }
  });

  test('broken front matter is an error with its line', async () => {
    const error = await failure(parse('---\nid: 1\ntitle: "open\n---\ntext', 'bad.md'));
    expect(error.reason).toBe('front matter');
    expect(error.message).toMatch(/^The front matter of bad\.md is not valid YAML at line \d: /);
  });

  test('names: a line without semicolons is one name; a full stop ends a line but not an abbreviation', async () => {
    const names = async (line: string) => (await parse(`# T\n\n${line}\n`, 'a.md')).aliases;
    expect(await names('Also called: Deafness, autosomal recessive 4')).toEqual([
      'Deafness, autosomal recessive 4',
    ]);
    expect(await names('**Also called:** Claudication; P.A.D.')).toEqual(['Claudication', 'P.A.D.']);
    expect(await names('Synonyms: one thing; another.')).toEqual(['one thing', 'another']);
    expect(await names('It is also called: whatever, in prose.')).toEqual([]);
  });

  test("the title's own abbreviation is an alias, defined in the title or in the first paragraphs", async () => {
    expect((await parse('# Peripheral Artery Disease (PAD)\n\ntext', 'a.md')).aliases).toEqual(['PAD']);
    expect(
      (await parse('# Cystic fibrosis\n\nCystic fibrosis (CF) needs care (HIV: human).', 'a.md')).aliases,
    ).toEqual(['CF']);
    expect((await parse('# Gout\n\nMagnetic resonance imaging (MRI) helps.', 'a.md')).aliases).toEqual([]);
  });
});

describe('plain text', () => {
  test('paragraphs, underlined headings, lists, pages', async () => {
    const document = await parse(
      'Guide\n===== \nFirst line\nsecond line\n\nSteps:\n- one\n- two\n\fNext page\n',
      'a.txt',
    );
    expect(shown(document)).toEqual([
      'heading1: Guide\n=====',
      'paragraph: First line\nsecond line',
      'paragraph: Steps:',
      'list: - one\n- two',
      'paragraph: Next page',
    ]);
    expect(document.blocks.map((block) => block.page)).toEqual([1, 1, 1, 1, 2]);
    expect(document.title).toBe('Guide');
    checkBlocks(document);
    const sections = 'NAME\n\nshop\n\nUSE\n\nrun it\n\nFILES\n\nnone\n';
    expect((await parse(sections, 'man/shop.txt')).title).toBe('shop');
    expect((await parse(`THE SHOP\n\n${sections}`, 'a.txt')).title).toBe('THE SHOP');
  });
});

describe('encodings', () => {
  const text = 'Zoë’s naïve café — ünïcödé.\nSecond line.';
  const utf16 = (bigEndian: boolean, mark: boolean) => {
    const bytes = Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le');
    return new Uint8Array(bigEndian ? bytes.swap16() : bytes);
  };
  test.each([
    ['UTF-8', utf8(text), undefined],
    ['UTF-8 with a mark', utf8(`\ufeff${text}`), undefined],
    ['CR LF', utf8(text.replace('\n', '\r\n')), undefined],
    ['CR', utf8(text.replace('\n', '\r')), undefined],
    ['UTF-16 LE with a mark', utf16(false, true), 'utf-16le'],
    ['UTF-16 BE with a mark', utf16(true, true), 'utf-16be'],
    ['UTF-16 LE without', utf16(false, false), 'utf-16le'],
    ['UTF-16 BE without', utf16(true, false), 'utf-16be'],
    [
      'Windows-1252',
      new Uint8Array([...Buffer.from(text.replace('’', '\u0092').replace('—', '\u0097'), 'latin1')]),
      'windows-1252',
    ],
  ])('%s', async (_name, bytes, encoding) => {
    for (const uri of ['a.txt', 'a.md']) {
      const document = await parse(bytes, uri);
      expect(document.text).toBe(text);
      expect(document.metadata.encoding).toBe(encoding);
    }
  });

  test('binary, empty and unknown files are errors that name the file', async () => {
    expect((await failure(parse(new Uint8Array([80, 75, 3, 4, 0, 0, 1, 0]), 'x.md'))).reason).toBe('binary');
    expect((await failure(parse('', 'x.md'))).message).toBe('x.md is empty: there is no text in it.');
    expect((await failure(parse(' \n\t\n', 'x.txt'))).reason).toBe('empty');
    expect((await failure(parse('---\nid: a\n---\n', 'x.md'))).reason).toBe('empty');
    expect((await failure(parse('***\n\n***\n', 'x.md'))).reason).toBe('empty');
    const bomb = `---\na: &a [${'x, '.repeat(9)}x]\nb: &b [${'*a, '.repeat(9)}*a]\nc: [${'*b, '.repeat(99)}*b]\n---\ntext`;
    expect((await failure(parse(bomb, 'x.md'))).reason).toBe('front matter');
    expect((await failure(parse('<html><body><script>1</script></body></html>', 'x.html'))).reason).toBe(
      'empty',
    );
    expect((await failure(parse('a', 'x.odt'))).message).toBe(
      'x.odt is of no known type, which Tandem does not read.',
    );
  });
});

describe('HTML', () => {
  const page = `<!doctype html><html lang="en"><head><title>Gout | Clinic</title><meta charset="utf-8">
<meta property="og:site_name" content="Clinic"><style>p{}</style></head><body>
<nav><ul><li><a href="/">Home</a></li></ul></nav>
<h1>Gout</h1><p>Gout&nbsp;is <b>pain</b>ful.<br>At night.</p>
<h2>Signs &amp; symptoms</h2><ul><li>red toe<ul><li>big one</li></ul></li><li><p>heat</p></li></ul><ol start="3"><li>rest</li></ol>
<table><caption>Doses</caption><tr><th>Drug</th><th>mg</th></tr><tr><td>A|B</td><td>5</td></tr></table>
<dl><dt>Tophus</dt><dd>A lump.</dd></dl><pre>code
  here</pre><div>Loose text<p>and a paragraph</p></div>
<script>var x = "no";</script><footer>© 2024</footer></body></html>`;
  const blocks = [
    'heading1: # Gout',
    'paragraph: Gout is painful.\nAt night.',
    'heading2: ## Signs & symptoms',
    'list: - red toe\n  - big one\n- heat',
    'list: 3. rest',
    'caption: Doses',
    'table: | Drug | mg |\n| --- | --- |\n| A\\|B | 5 |',
    'list: - Tophus: A lump.',
    'code: ```\ncode\n  here\n```',
    'paragraph: Loose text',
    'paragraph: and a paragraph',
  ];

  test('keeps headings, lists, tables and code, and leaves menus, scripts and footers out', async () => {
    const document = await parse(page, 'gout.html');
    expect(shown(document)).toEqual(blocks);
    expect(document).toMatchObject({ title: 'Gout', metadata: { language: 'en' } });
    checkBlocks(document);
  });

  test('<main> is the content where there is one', async () => {
    const inMain = page
      .replace('<h1>', '<p>Cookies are used here.</p><main><h1>')
      .replace('<script>', '</main><script>');
    expect(shown(await parse(inMain, 'gout.html'))).toEqual(blocks);
  });

  test("the page's declared charset is obeyed, in its head or in HTTP's", async () => {
    const latin = (html: string) => new Uint8Array(Buffer.from(html, 'latin1'));
    const body = '<p>caf\u00e9</p>';
    expect((await parse(latin(`<meta charset="iso-8859-1">${body}`), 'a.html')).text).toBe('café');
    expect((await parse(latin(body), 'a', 'text/html; charset=ISO-8859-1')).text).toBe('café');
  });

  test('a layout table and a fragment without <html> are read through', async () => {
    const document = await parse(
      '<table><tr><td><h2>A</h2><p>one</p></td><td>two</td></tr></table>',
      'a.html',
    );
    expect(shown(document)).toEqual(['heading2: ## A', 'paragraph: one', 'paragraph: two']);
  });

  test('tags that may be left out are not needed', async () => {
    for (const html of [
      '<!doctype html><html lang=en><title>T</title><h2>A</h2><p>one',
      '<!doctype html><html><head><title>T</title><h2>A</h2><p>one</html>',
      '<html><head><title>T</title></head><body><h2>A</h2></body></html><p>one</p>',
    ]) {
      const document = await parse(html, 'a.html');
      expect(shown(document)).toEqual(['heading2: ## A', 'paragraph: one']);
      expect(document.title).toBe('T');
    }
  });

  test('ten thousand nested elements are no stack overflow', async () => {
    const deep = `${'<div>'.repeat(10_000)}deep words${'</div>'.repeat(10_000)}`;
    expect((await parse(`<p>before</p>${deep}`, 'deep.html')).text).toContain('deep words');
  });

  test('property: mutated pages give a document with sound blocks, or an error', async () => {
    await fc.assert(
      fc.asyncProperty(mutationsOf(utf8(page)), async (bytes) => {
        const document = await parsedIfReadable(bytes, 'mutated.html');
        if (document) checkBlocks(document);
      }),
      { numRuns: 150 },
    );
  });
});

describe('PDF', () => {
  test('a form: title, cells of a row together, wrapped cells whole, page numbers dropped, pages on blocks', async () => {
    const document = await parse(fixture('form.pdf'), 'form.pdf');
    expect(document.title).toBe('National Transportation Safety Board Aviation Accident Factual Report');
    expect(document.metadata.pages).toBe('3');
    expect(document.text).toContain('| Location: | Boquete, Panama | Accident Number: | DFW08WA050 |');
    expect(document.text).toContain('| Operator: |  | Operating Certificate(s) Held: | None |');
    expect(document.text).toContain(
      'was destroyed upon impact with terrain in the mountainous region of Chiriqui near Boquete, Panama. The pilot',
    );
    expect(document.text).not.toMatch(/Page \d of 3/);
    const headings = document.blocks.filter((block) => block.kind === 'heading');
    expect(headings.map(({ start, end, page }) => `${page} ${document.text.slice(start, end)}`)).toEqual([
      '1 # National Transportation Safety Board Aviation Accident Factual Report',
      '2 ## Pilot Information',
      '2 ## Aircraft and Owner/Operator Information',
      '3 ## Meteorological Information and Flight Plan',
      '3 ## Airport Information',
      '3 ## Wreckage and Impact Information',
      '3 ## Administrative Information',
    ]);
    checkBlocks(document);
  });

  test('columns are read one after the other, and a sentence over both is whole', async () => {
    const document = await parse(fixture('two-columns.pdf'), 'two-columns.pdf');
    expect(document.text).toContain(
      'additional Government-wide mandated or compliance functions supported by OPM or enabling structural capacity functions of OPM. These functions',
    );
    expect(document.text).toContain(
      'reporting requirements in the Government Performance and Results Act Modernization Act of 2010',
    );
    expect(document.blocks.at(-1)!.page).toBe(2);
    checkBlocks(document);
  });

  test('Hebrew and Arabic are read from the right, the numbers and Latin names in them from the left', async () => {
    const document = await parse(fixture('right-to-left.pdf'), 'gout.pdf');
    expect(document.text.split('\n').filter(Boolean)).toEqual([
      '# מחלת השיגדון',
      'השיגדון היא מחלה של המפרקים. ב-2024 טופלו 135 חולים בתרופה (ראו Colchicine), וכולם החלימו.',
      'النقرس مرض يصيب المفاصل. عولج 42 مريضا بدواء Allopurinol يوميا.',
      'The Hebrew words שלום עולם mean hello, and this',
      '(שיגדון) is gout.',
      '| תרופה | מינון | תדירות |',
      '| קולכיצין | 0.5 | יומי |',
      '| אלופורינול | 100 | שבועי |',
    ]);
    checkBlocks(document);
    // The heading stands at the right edge of the page (A5: 420 points wide).
    const heading = document.blocks.find(({ kind }) => kind === 'heading')!;
    const [rectangle] = pageRectangles(document, heading.start, heading.end)[0]!.rectangles;
    expect(rectangle!.left).toBeGreaterThan(180);
    expect(rectangle!.left + rectangle!.width).toBeGreaterThan(350);
    expect(rectangle!.left + rectangle!.width).toBeLessThan(380);
  });

  test('scanned, locked and damaged files are errors that say what to do', async () => {
    const scanned = await failure(parse(fixture('scanned.pdf'), 'scan.pdf'));
    expect(scanned.message).toBe('scan.pdf: page 1 has no text: it is probably scanned.');
    expect(scanned.hint).toContain('Run OCR first');
    expect((await failure(parse(fixture('locked.pdf'), 'locked.pdf'))).reason).toBe('encrypted');
    const chinese = await failure(parse(fixture('character-map.pdf'), 'c.pdf'));
    expect(chinese.message).toContain('need the character map UniGB-UCS2-H, which is not installed');
    expect(chinese.hint).toContain('npm install pdfjs-dist');
    expect((await failure(parse('%PDF-1.7\nnothing', 'x.pdf'))).message).toMatch(
      /^x\.pdf is not a whole PDF: /,
    );
    expect((await failure(parse('just text', 'x.pdf'))).reason).toBe('damaged');
  });

  test('pages that are scanned or damaged are named, blank ones are not', async () => {
    const { text, metadata } = await parse(
      pdfOf(['text', 'picture', 'blank', 'damaged', 'outlines', 'frame', 'text', 'picture', 'picture']),
      'half.pdf',
    );
    expect(text).toBe('What page 1 says.\n\nWhat page 7 says.');
    expect(metadata).toMatchObject({ pages: '9', pagesWithoutText: '2, 5, 8-9', pagesDamaged: '4' });
    expect((await parse(pdfOf(['text', 'blank', 'frame']), 'whole.pdf')).metadata).toEqual({ pages: '3' });
  });

  test('an aborted parse stops', async () => {
    const signal = AbortSignal.abort();
    await expect(parseDocument({ uri: 'a.pdf', bytes: fixture('form.pdf'), signal })).rejects.toThrow();
  });
});

/** Bytes cut short, overwritten, dropped or doubled in places. */
function mutationsOf(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.nat({ max: bytes.length - 1 });
  const change = fc.record({
    kind: fc.constantFrom('cut', 'write', 'drop', 'double'),
    at: place,
    length: fc.integer({ min: 1, max: 400 }),
    value: fc.nat({ max: 255 }),
  });
  return fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) => {
    let result = Buffer.from(bytes);
    for (const { kind, at, length, value } of changes) {
      const from = Math.min(at, result.length);
      const to = Math.min(from + length, result.length);
      if (kind === 'cut') result = result.subarray(0, Math.max(from, 1));
      else if (kind === 'write') result.fill(value, from, to);
      else if (kind === 'drop') result = Buffer.concat([result.subarray(0, from), result.subarray(to)]);
      else result = Buffer.concat([result.subarray(0, to), result.subarray(from)]);
    }
    return new Uint8Array(result);
  });
}

/** The document; undefined for an `UnreadableDocumentError`; any other error fails. */
async function parsedIfReadable(bytes: Uint8Array, uri: string): Promise<Document | undefined> {
  try {
    return await parse(bytes, uri);
  } catch (error) {
    if (!UnreadableDocumentError.isInstance(error)) throw error;
    return undefined;
  }
}

test.each([
  ['plan.docx', '%PDF-1.4\n', 'is a PDF, whatever its name says'],
  ['noise.doc', '\u0001\u0002\u0003 nothing of the kind', 'is no Word document'],
  ['app.html', '<html><body><div id="app"></div><script>start()</script></body></html>', 'scripts fill it'],
  ['bare.html', '<html><body><div id="app"></div></body></html>', 'is empty'],
])('%s: what is wrong with it', async (uri, content, sentence) => {
  await expect(parseDocument({ uri, bytes: Buffer.from(content) })).rejects.toThrow(sentence);
});
