import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../core/settings.ts';
import type { Document } from '../core/types/document.ts';
import { headingText } from '../parse/markdown.ts';
import { parseDocument } from '../parse/parse-document.ts';
import { chunkDocument } from './chunk-document.ts';
import { type ChunkOptions, type ChunkStrategy, chunkStrategies, type EmbedTexts } from './chunker.ts';
import { chunkers } from './chunkers.ts';
import { embeddedText } from './embedded-text.ts';

const countTokens = (text: string) => 2 + (text.match(/[\p{L}\p{N}]{1,4}|[^\s\p{L}\p{N}]/gu)?.length ?? 0);

/** Bags of letters: enough for texts in other words to be less alike, and the same on every machine. */
const embed: EmbedTexts = async (texts) =>
  texts.map((text) => {
    const vector = new Float32Array(26);
    for (const letter of text.toLowerCase().match(/[a-z]/g) ?? []) vector[letter.charCodeAt(0) - 97]! += 1;
    return vector;
  });

const markdown = (text: string) => parseDocument({ uri: 'note.md', bytes: new TextEncoder().encode(text) });
const chunk = async (strategy: ChunkStrategy, text: string, options: Partial<ChunkOptions> = {}) =>
  chunkers[strategy].chunk(await markdown(text), {
    maxTokens: 60,
    overlapTokens: 0,
    countTokens,
    embed,
    ...options,
  });

/** What must hold of the chunks of any document, cut in any way. */
async function check(strategy: ChunkStrategy, document: Document, options: ChunkOptions) {
  const { text } = document;
  const chunks = await chunkers[strategy].chunk(document, options);
  expect(await chunkers[strategy].chunk(document, options)).toEqual(chunks);
  const covered = new Uint8Array(text.length);
  const embedded = (prefix: string, start: number, end: number) =>
    options.countTokens(embeddedText({ prefix, text: text.slice(start, end) }));
  for (const [ordinal, { id, start, end, prefix, parent, ...made }] of chunks.entries()) {
    expect({ id, ordinal: made.ordinal }).toEqual({ id: `${document.id}#${ordinal}`, ordinal });
    expect(text.slice(start, end)).toBe(made.text);
    expect(made.text).toMatch(/^\S(?:[\s\S]*\S)?$/);
    expect(made.headingPath[0]).toBe(document.title);
    expect(await embedded(prefix, start, end)).toBeLessThanOrEqual(options.maxTokens);
    covered.fill(1, start, end);
    expect(parent !== undefined).toBe(strategy === 'parent-child');
    if (!parent) continue;
    expect(parent.start).toBeLessThanOrEqual(start);
    expect(parent.end).toBeGreaterThanOrEqual(end);
    expect(await embedded(prefix, parent.start, parent.end)).toBeLessThanOrEqual(options.maxTokens);
  }
  for (const block of document.blocks) {
    if (block.kind === 'heading') {
      const words = headingText(text.slice(block.start, block.end));
      if (words === '' || chunks.some(({ headingPath }) => headingPath.includes(words))) continue;
      if (words.toLowerCase() === document.title.toLowerCase()) continue;
    }
    for (let offset = block.start; offset < block.end; offset++)
      if (covered[offset] === 0 && /\S/.test(text[offset]!))
        expect.fail(`${strategy}: "${text.slice(offset, offset + 40)}" at ${offset} is in no chunk`);
  }
  return chunks;
}

describe.each(chunkStrategies)('%s', (strategy) => {
  test('is in the registry under its name, and what the config names', async () => {
    expect(chunkers[strategy].strategy).toBe(strategy);
    expect(settingsSchema.parse({ chunk: { strategy } }).chunk.strategy).toBe(strategy);
    const document = await markdown('# T\n\nOne sentence is here. Another is there.');
    const options = { maxTokens: 40, overlapTokens: 0, countTokens, embed };
    expect(await chunkDocument(document, { ...options, strategy })).toEqual(
      await chunkers[strategy].chunk(document, options),
    );
  });

  test('documents of the clinic example and PDFs', async () => {
    const folder = new URL('../../../../examples/clinic/documents/', import.meta.url);
    const fixtures = new URL('../parse/fixtures/', import.meta.url);
    const files = readdirSync(folder)
      .sort()
      .slice(0, 40)
      .map((name) => new URL(name, folder));
    for (const file of [...files, new URL('form.pdf', fixtures), new URL('two-columns.pdf', fixtures)]) {
      const document = await parseDocument({ uri: file.pathname, bytes: readFileSync(file) });
      const chunks = await check(strategy, document, {
        maxTokens: 256,
        overlapTokens: 30,
        countTokens,
        embed,
      });
      // Other names lead to every chunk.
      const short = document.aliases.find((name) => /^\p{Lu}{2,5}$/u.test(name));
      if (short) for (const { prefix } of chunks) expect(prefix).toContain(short);
    }
  });

  test('property: exact slices within the limit that hold everything, the same each time', async () => {
    await fc.assert(
      fc.asyncProperty(
        generated,
        fc.integer({ min: 16, max: 256 }),
        fc.integer({ min: 0, max: 60 }),
        async (text, maxTokens, overlapTokens) => {
          await check(strategy, await markdown(text), { maxTokens, overlapTokens, countTokens, embed });
        },
      ),
      { numRuns: 150 },
    );
  });

  test('property: also with a tokenizer whose parts do not add up to the whole', async () => {
    // A space before a letter that follows one costs nothing at a text's start and a token inside.
    const uneven = (text: string) => 2 + Math.ceil(text.length / 3) + (text.match(/\w \w/g)?.length ?? 0);
    await fc.assert(
      fc.asyncProperty(generated, fc.integer({ min: 24, max: 120 }), async (text, maxTokens) => {
        await check(strategy, await markdown(text), {
          maxTokens,
          overlapTokens: 5,
          countTokens: uneven,
          embed,
        });
      }),
      { numRuns: 60 },
    );
  });

  test('time grows with the length of a text', async () => {
    // In quadratic time these would take minutes.
    for (const part of ['Dr. ', '- a\n', 'word ', '# h\n', '|-\n', 'A same sentence. '])
      expect(
        (await chunk(strategy, `x ${part.repeat(40_000)} y`)).length,
        JSON.stringify(part),
      ).toBeGreaterThan(0);
  });

  test('an aborted signal stops it', async () => {
    const signal = AbortSignal.abort();
    await expect(chunk(strategy, '# T\n\nText.', { signal })).rejects.toThrow();
  });
});

const sentenceOf = (word: string) => `${word[0]!.toUpperCase()}${`${word} `.repeat(9).slice(1)}${word}.`;

test('structural: a section is a chunk, and a long one is cut between paragraphs', async () => {
  const paragraph = Array.from({ length: 3 }, (_, index) => sentenceOf(`ab${index}`)).join(' ');
  const chunks = await chunk(
    'structural',
    `# T\n\n## A\n\nTiny.\n\n## B\n\n${paragraph}\n\n${paragraph}\n\n## C\n\nEnd.`,
    {
      maxTokens: 50,
    },
  );
  expect(chunks.map(({ headingPath, text }) => [headingPath.at(-1), text])).toEqual([
    ['A', 'Tiny.'],
    ['B', paragraph],
    ['B', paragraph],
    ['C', 'End.'],
  ]);
});

test('structural: each piece of a table that is cut has its head before it', async () => {
  const rows = Array.from({ length: 12 }, (_, index) => `| gene ${index} | chromosome ${index} | rare |`);
  const table = ['| gene | place | how often |', '|---|---|---|', ...rows].join('\n');
  const chunks = await chunk('structural', table, { maxTokens: 80 });
  expect(chunks.length).toBeGreaterThan(1);
  for (const piece of chunks.slice(1)) expect(piece.prefix).toBe('note\n| gene | place | how often |');
});

test('fixed: windows as full as they can be, stepping back over the overlap, blind to sentences', async () => {
  const words = Array.from({ length: 100 }, (_, index) => `w${index}`);
  const chunks = await chunk('fixed', words.join(' '), { maxTokens: 23, overlapTokens: 5 });
  // "note" takes two tokens of 21, the rest is for words of one.
  expect(chunks[0]!.text.split(' ')).toHaveLength(19);
  expect(chunks[1]!.text.split(' ').slice(0, 5)).toEqual(chunks[0]!.text.split(' ').slice(-5));
  expect(chunks.at(-1)!.text).toMatch(/w99$/);
});

test('semantic: the break falls where the subject changes, though both would fit one chunk', async () => {
  const first = [sentenceOf('aab'), sentenceOf('aba'), sentenceOf('baa')];
  const second = [sentenceOf('xyz'), sentenceOf('yzx'), sentenceOf('zxy')];
  const chunks = await chunk('semantic', [...first, ...second].join(' '), { maxTokens: 200 });
  expect(chunks.map(({ text }) => text)).toEqual([first.join(' '), second.join(' ')]);
});

test('semantic: without an embedder it says what is missing', async () => {
  const document = await markdown('Some text.');
  await expect(
    chunkers.semantic.chunk(document, { maxTokens: 60, overlapTokens: 0, countTokens }),
  ).rejects.toThrow('no embedder was given');
});

test('parent-child: children are parts of the chunk that is handed on, which is fuller', async () => {
  const text = `# T\n\n## A\n\n${Array.from({ length: 12 }, (_, index) => sentenceOf(`a${index}`)).join(' ')}`;
  const chunks = await chunk('parent-child', text, { maxTokens: 100, childTokens: 40 });
  const parents = new Set(chunks.map(({ parent }) => `${parent!.start}-${parent!.end}`));
  expect(parents.size).toBeLessThan(chunks.length / 1.5);
  for (const { prefix, text } of chunks)
    expect(countTokens(embeddedText({ prefix, text }))).toBeLessThanOrEqual(40);
  await expect(chunk('parent-child', text, { maxTokens: 40, childTokens: 60 })).rejects.toThrow(
    'chunk.childTokens is 60',
  );
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
  '한국어',
  '😀',
  '👩‍👩‍👧',
  'e\u0301',
  '\ud800',
  'a|b',
  '**bold**',
  'x'.repeat(130),
  'Why?',
  'end.',
  'So',
  '\u2028',
);
const inline = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));
const lines = fc.array(inline, { minLength: 1, maxLength: 10 });
const generated = fc
  .array(
    fc.oneof(
      fc
        .array(fc.array(word, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 8 })
        .map((sentences) => sentences.map((words) => `${words.join(' ')}.`).join(' ')),
      fc
        .tuple(fc.integer({ min: 1, max: 6 }), inline)
        .map(([level, words]) => `${'#'.repeat(level)} ${words}`),
      lines.map((items) => items.map((item) => `- ${item}`).join('\n')),
      lines.map(
        (rows) =>
          `| a | b |\n|---|---|\n${rows.map((row) => `| ${row.replaceAll('|', '/')} | 1 |`).join('\n')}`,
      ),
      lines.map((code) => `\`\`\`\n${code.join('\n')}\n\`\`\``),
      fc.constantFrom('---', 'Title\n=====', 'Also called: ABL; Bassen syndrome', '<div>', '\u00a0'),
    ),
    { minLength: 1, maxLength: 16 },
  )
  .map((blocks) => blocks.join('\n\n'))
  .filter((text) => /[\p{L}\p{N}]/u.test(text));
