import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Document } from '../core/types/document.ts';
import { headingText } from '../parse/markdown.ts';
import { parseDocument } from '../parse/parse-document.ts';
import { type ChunkOptions, chunkDocument } from './chunk-document.ts';
import { embeddedText } from './embedded-text.ts';

/**
 * A tokenizer's shape without its vocabulary: pieces of at most four letters, punctuation by itself, and two special
 * tokens. The embedder's own count is used where the whole path is tested (ingest).
 */
const countTokens = (text: string) => 2 + (text.match(/[\p{L}\p{N}]{1,4}|[^\s\p{L}\p{N}]/gu)?.length ?? 0);

const markdown = (text: string, uri = 'note.md') =>
  parseDocument({ uri, bytes: new TextEncoder().encode(text) });

const chunksOf = async (text: string, options: Partial<ChunkOptions> = {}) =>
  chunkDocument(await markdown(text), { maxTokens: 60, overlapTokens: 0, countTokens, ...options });

/** What must hold of the chunks of any document. */
async function check(document: Document, options: ChunkOptions) {
  const chunks = await chunkDocument(document, options);
  const covered = new Uint8Array(document.text.length);
  for (const [ordinal, chunk] of chunks.entries()) {
    expect(chunk.id).toBe(`${document.id}#${ordinal}`);
    expect(chunk.ordinal).toBe(ordinal);
    expect(document.text.slice(chunk.start, chunk.end)).toBe(chunk.text);
    expect(chunk.text).toMatch(/^\S(?:[\s\S]*\S)?$/);
    expect(chunk.headingPath[0]).toBe(document.title);
    expect(await options.countTokens(embeddedText(chunk))).toBeLessThanOrEqual(options.maxTokens);
    covered.fill(1, chunk.start, chunk.end);
  }
  for (const block of document.blocks) {
    if (block.kind === 'heading') {
      const words = headingText(document.text.slice(block.start, block.end));
      const inPath = chunks.some((chunk) => chunk.headingPath.includes(words) || words === '');
      if (inPath || words.toLowerCase() === document.title.toLowerCase()) continue;
    }
    for (let offset = block.start; offset < block.end; offset++) {
      if (covered[offset] === 0 && /\S/.test(document.text[offset]!)) {
        expect.fail(`"${document.text.slice(offset, offset + 40)}" at ${offset} is in no chunk`);
      }
    }
  }
  return chunks;
}

test('sections are kept apart and named in the heading path, not in the text', async () => {
  const body = 'The cause is not known to anybody at all. It has been looked for in many places.';
  const chunks = await chunksOf(`# Gout\n\n## Causes\n\n${body}\n\n## Outlook\n\n### Children\n\n${body}\n`);
  expect(chunks.map(({ headingPath, text }) => ({ headingPath, text }))).toEqual([
    { headingPath: ['Gout', 'Causes'], text: body },
    { headingPath: ['Gout', 'Outlook', 'Children'], text: body },
  ]);
  expect(embeddedText(chunks[1]!)).toBe(`Gout: Outlook › Children\n${body}`);
});

test('a tiny section joins the next one, with its heading in the text', async () => {
  const chunks = await chunksOf(
    '# Gout\n\nSee a doctor.\n\n## Causes\n\nUric acid builds up in the blood over years.',
  );
  expect(chunks.map(({ headingPath, text }) => ({ headingPath, text }))).toEqual([
    {
      headingPath: ['Gout'],
      text: 'See a doctor.\n\n## Causes\n\nUric acid builds up in the blood over years.',
    },
  ]);
});

test('other names stand in every prefix, abbreviations first, and are no chunk by themselves', async () => {
  const body = 'One sentence of some length stands here. Another one of such length follows. '.repeat(4);
  const chunks = await chunksOf(
    `# Maple syrup urine disease\n\nAlso called: Branched chain ketoaciduria; MSUD\n\n## Causes\n\n${body}\n\n## Outlook\n\n${body}`,
    { maxTokens: 80 },
  );
  expect(chunks.length).toBeGreaterThan(3);
  for (const chunk of chunks) expect(chunk.prefix).toContain('Maple syrup urine disease (MSUD');
  expect(chunks[0]!.text).toMatch(/^Also called:[\s\S]*One sentence/);
});

test('breaks fall between paragraphs and leave a list whole where that is possible', async () => {
  const sentence = 'There is a sentence of ten tokens in here. ';
  const list = '- first of them\n- second of them\n- third of them';
  const paragraphs = [
    sentence.repeat(2).trim(),
    sentence.trim(),
    `These are the signs:\n\n${list}`,
    sentence.repeat(2).trim(),
  ];
  const chunks = await chunksOf(paragraphs.join('\n\n'), { maxTokens: 46 });
  expect(chunks.length).toBeGreaterThan(1);
  expect(chunks.map((chunk) => chunk.text).join('\n\n')).toBe(paragraphs.join('\n\n'));
  for (const paragraph of paragraphs)
    expect(chunks.some((chunk) => chunk.text.includes(paragraph))).toBe(true);
});

test('rows of a table are whole and its head stays with the first row', async () => {
  const rows = Array.from({ length: 12 }, (_, index) => `| gene ${index} | chromosome ${index} | rare |`);
  const table = ['| gene | place | how often |', '|---|---|---|', ...rows].join('\n');
  const chunks = await chunksOf(table, { maxTokens: 80 });
  expect(chunks.length).toBeGreaterThan(1);
  expect(chunks[0]!.text).toContain(rows[0]);
  for (const chunk of chunks.slice(1)) expect(chunk.prefix).toBe('note\n| gene | place | how often |');
  expect(chunks.flatMap((chunk) => chunk.text.split('\n')).join('\n')).toBe(table);
});

test('overlap is whole sentences, within its bound, and stays inside the section', async () => {
  const numbered = Array.from(
    { length: 12 },
    (_, index) => `Sentence number ${index} is as long as the others.`,
  );
  const chunks = await chunksOf(`## A\n\n${numbered.join(' ')}\n\n## B\n\n${numbered.join(' ')}`, {
    maxTokens: 70,
    overlapTokens: 15,
  });
  for (const [index, chunk] of chunks.entries()) {
    expect(chunk.text).toMatch(/^Sentence number \d+ is[\s\S]*others\.$/);
    const before = chunks[index - 1];
    if (!before) continue;
    if (before.headingPath.at(-1) === chunk.headingPath.at(-1)) {
      expect(before.end).toBeGreaterThan(chunk.start);
      expect(countTokens(chunk.text.slice(0, before.end - chunk.start)) - 2).toBeLessThanOrEqual(15);
    } else expect(before.end).toBeLessThan(chunk.start);
  }
});

test('a sentence that is too long is cut at a comma or a space, a long word between characters', async () => {
  const words = Array.from({ length: 100 }, (_, index) => `word${index}`).join(' ');
  for (const chunk of await chunksOf(words, { maxTokens: 40 }))
    expect(chunk.text).toMatch(/^word\d+(?: word\d+)*$/);
  const faces = '😀'.repeat(300);
  const chunks = await chunksOf(faces, { maxTokens: 40 });
  expect(chunks.map((chunk) => chunk.text).join('')).toBe(faces);
  for (const chunk of chunks) expect(chunk.text.isWellFormed()).toBe(true);
});

test('a long run of characters that counts as one token is cut by its length', async () => {
  const unknownWord = (text: string) => text.split(/\s+/).filter(Boolean).length;
  const chunks = await chunksOf('A'.repeat(50_000), { countTokens: unknownWord, maxTokens: 100 });
  for (const chunk of chunks) expect(chunk.text.length).toBeLessThanOrEqual(1600);
});

test('time grows with the length of a text, whatever it is made of', async () => {
  for (const part of [
    'Dr. ',
    'A. ',
    'a.',
    '. ',
    '- a\n',
    'word ',
    '# h\n',
    '(A) ',
    '`',
    '[',
    '|-\n',
    '*a ',
  ]) {
    // In quadratic time these would take minutes.
    expect((await chunksOf(`x ${part.repeat(50_000)} y`)).length, JSON.stringify(part)).toBeGreaterThan(0);
  }
});

test('a document of headings only still has a chunk', async () => {
  expect((await chunksOf('# Only a title')).map((chunk) => chunk.text)).toEqual(['# Only a title']);
});

test('a limit too small for a sentence is an error that says so', async () => {
  await expect(chunksOf('Text.', { maxTokens: 6 })).rejects.toThrow('chunk.maxTokens is 6');
});

test('counting may be asynchronous and gives the same chunks', async () => {
  const text = '# T\n\nOne sentence is here. Two sentences are here. Three sentences are here.';
  expect(await chunksOf(text, { maxTokens: 20, countTokens: async (part) => countTokens(part) })).toEqual(
    await chunksOf(text, { maxTokens: 20 }),
  );
});

test('the clinic example: every document in chunks that hold it all, most of them well filled', async () => {
  const folder = new URL('../../../../examples/clinic/documents/', import.meta.url);
  const fill: number[] = [];
  for (const name of readdirSync(folder)) {
    const document = await parseDocument({ uri: name, bytes: readFileSync(new URL(name, folder)) });
    const chunks = await check(document, { maxTokens: 200, overlapTokens: 30, countTokens });
    fill.push(...chunks.map((chunk) => countTokens(embeddedText(chunk)) / 200));
  }
  expect(fill.length).toBeGreaterThan(1000);
  expect(fill.reduce((sum, share) => sum + share, 0) / fill.length).toBeGreaterThan(0.6);
});

test('PDFs and pages too, with page numbers on their chunks', async () => {
  const fixtures = new URL('../parse/fixtures/', import.meta.url);
  for (const name of ['form.pdf', 'two-columns.pdf']) {
    const document = await parseDocument({ uri: name, bytes: readFileSync(new URL(name, fixtures)) });
    const chunks = await check(document, { maxTokens: 120, overlapTokens: 20, countTokens });
    const pages = chunks.map((chunk) => chunk.page!);
    expect(pages).toEqual(pages.toSorted((a, b) => a - b));
    expect(pages[0]).toBe(1);
    expect(pages.at(-1)).toBe(Number(document.metadata.pages));
  }
});

const word = fc.constantFrom(
  'the',
  'condition',
  'Dr.',
  'e.g.',
  'hypobetalipoproteinemia',
  '(ABL)',
  'naïve',
  '日本語の文。',
  'हिन्दी',
  '한국어',
  '😀',
  '👩‍👩‍👧',
  'e\u0301',
  '\ud800',
  '\u200b',
  'a|b',
  '**bold**',
  '[x](http://example.org/a_b)',
  'x'.repeat(130),
  'Why?',
  'end.',
  'So',
  '\u2028',
);
const sentence = fc.array(word, { minLength: 1, maxLength: 25 }).map((words) => `${words.join(' ')}.`);
const inline = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));
const blockOf = fc.oneof(
  fc.array(sentence, { minLength: 1, maxLength: 8 }).map((sentences) => sentences.join(' ')),
  fc.tuple(fc.integer({ min: 1, max: 6 }), inline).map(([level, words]) => `${'#'.repeat(level)} ${words}`),
  fc
    .array(inline, { minLength: 1, maxLength: 12 })
    .map((items) => items.map((item) => `- ${item}`).join('\n')),
  fc
    .array(inline, { minLength: 1, maxLength: 8 })
    .map(
      (rows) =>
        `| a | b |\n|---|---|\n${rows.map((row) => `| ${row.replaceAll('|', '/')} | 1 |`).join('\n')}`,
    ),
  fc.array(inline, { minLength: 1, maxLength: 8 }).map((lines) => `\`\`\`\n${lines.join('\n')}\n\`\`\``),
  fc.constantFrom(
    '---',
    '***',
    'Title\n=====',
    'Also called: ABL; Bassen syndrome',
    '    code',
    '> quoted',
    '<div>',
    '\u00a0',
  ),
);
const generated = fc
  .tuple(fc.array(blockOf, { minLength: 1, maxLength: 20 }), fc.constantFrom('\n\n', '\n', '\r\n\r\n'))
  .map(([blocks, separator]) => blocks.join(separator))
  // What begins with a rule may be front matter to its end, and then there is no text.
  .filter((text) => /[\p{L}\p{N}]/u.test(text) && !text.startsWith('---'));

test('property: chunks of any Markdown are exact slices that hold everything and fit with their prefix', async () => {
  await fc.assert(
    fc.asyncProperty(
      generated,
      fc.integer({ min: 16, max: 256 }),
      fc.integer({ min: 0, max: 60 }),
      async (text, maxTokens, overlapTokens) => {
        await check(await markdown(text), { maxTokens, overlapTokens, countTokens });
      },
    ),
    { numRuns: 400 },
  );
});

test('property: and of any string at all, as Markdown and as plain text', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }),
      fc.constantFrom('a.md', 'a.txt'),
      async (sample, uri) => {
        const text = sample.replace(/(?!\s)\p{Cc}|^---/gu, '');
        if (!/[\p{L}\p{N}]/u.test(text)) return;
        await check(await markdown(text, uri), { maxTokens: 32, overlapTokens: 8, countTokens });
      },
    ),
    { numRuns: 600 },
  );
});
