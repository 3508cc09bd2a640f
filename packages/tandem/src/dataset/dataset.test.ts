import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { caseSchema } from '../core/types/example.ts';
import { sectionSpan } from './cases.ts';
import { readGlossary, spellOut } from './glossary.ts';
import { readJsonl } from './jsonl.ts';
import { splitOf } from './split.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-dataset-'));
});
const file = async (name: string, content: string) => {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
};

describe('readJsonl', () => {
  test('a broken line is named by its number', async () => {
    const lines = Array.from({ length: 1000 }, (_, i) =>
      JSON.stringify({ id: `${i}`, question: 'Q', expected: 'A' }),
    );
    lines[733] = '{"id": "broken", "question": ';
    const path = await file('broken.jsonl', lines.join('\n'));
    await expect(readJsonl(path, caseSchema)).rejects.toThrow(`${path}:734 is not valid JSON`);
  });
  test('a line that does not fit says which field', async () => {
    const path = await file(
      'unfit.jsonl',
      '{"id":"1","question":"Q","expected":"A"}\n\n{"id":"2","expected":"A"}\n',
    );
    await expect(readJsonl(path, caseSchema)).rejects.toThrow(/unfit\.jsonl:3 does not fit: `question`/);
  });
  test('a byte order mark, blank lines and Windows line ends are nothing', async () => {
    const path = await file('windows.jsonl', '\uFEFF{"id":"1","question":"Q","expected":"A"}\r\n\r\n');
    expect(await readJsonl(path, caseSchema)).toEqual([{ id: '1', question: 'Q', expected: 'A' }]);
  });
  test('only LF and CRLF end a line: U+2028, U+2029, U+0085, VT and FF in a string are part of it', async () => {
    // VT and FF must be escaped in JSON; the other three may stand as they are.
    const content =
      '{"id":"1","question":"a\u2028b\u2029c\u0085d\\u000be\\u000cf","expected":"A"}\n{"id":"2","question":"Q","expected":"a\u2028"}';
    expect(await readJsonl(await file('separators.jsonl', content), caseSchema)).toEqual([
      { id: '1', question: 'a\u2028b\u2029c\u0085d\u000be\u000cf', expected: 'A' },
      { id: '2', question: 'Q', expected: 'a\u2028' },
    ]);
  });
  test('what JSON.stringify writes is read as it was, with either line end, however long', async () => {
    const text = z.object({ text: z.string() });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ text: fc.string({ unit: 'binary', maxLength: 50 }) }), { minLength: 1 }),
        fc.constantFrom('\n', '\r\n', '\n\n'),
        fc.boolean(),
        async (values, end, ended) => {
          const content = values.map((value) => JSON.stringify(value)).join(end) + (ended ? end : '');
          expect(await readJsonl(await file('any.jsonl', content), text)).toEqual(values);
        },
      ),
      { numRuns: 50 },
    );
    // Longer than a block of a stream, with characters of three bytes across its ends.
    const long = [{ text: '\u2028€'.repeat(100_000) }, { text: 'x' }, { text: '語'.repeat(70_001) }];
    const content = long.map((value) => `${JSON.stringify(value)}\n`).join('');
    expect(await readJsonl(await file('long.jsonl', content), text)).toEqual(long);
  });
  test('a line that was cut off, and one that is not UTF-8, are named', async () => {
    const cut = await file('cut.jsonl', '{"id":"1","question":"Q","expected":"A"}\n\n{"id":"2","quest');
    await expect(readJsonl(cut, caseSchema)).rejects.toThrow(
      `${cut}:3 is not valid JSON, and the file ends there`,
    );
    const latin = join(directory, 'latin.jsonl');
    await writeFile(latin, Buffer.from('{"id":"1","question":"Grüße","expected":"A"}\n', 'latin1'));
    await expect(readJsonl(latin, caseSchema)).rejects.toThrow(`${latin}:1 is not text in UTF-8`);
    const two = await file('carriage-return.jsonl', '{"id":"1"}\r{"id":"2"}\n');
    await expect(readJsonl(two, caseSchema)).rejects.toThrow(`${two}:1 is not valid JSON`);
  });
  test('a byte order mark that is not at the beginning is no part of JSON', async () => {
    const path = await file('marks.jsonl', '{"id":"1","question":"Q","expected":"A"}\n\uFEFF{"id":"2"}\n');
    await expect(readJsonl(path, caseSchema)).rejects.toThrow(`${path}:2 is not valid JSON`);
  });
  test('a missing file and an empty one are each said', async () => {
    await expect(readJsonl(join(directory, 'none.jsonl'), caseSchema)).rejects.toThrow('There is no file');
    await expect(readJsonl(await file('empty.jsonl', '\n'), caseSchema)).rejects.toThrow('has no lines');
  });
});

describe('glossary', () => {
  test('reads the two columns wherever they stand, quoted or not', async () => {
    const path = await file(
      'glossary.csv',
      'role,long_form,abbreviation\ncase,"lung, small cell",SCLC\n\ntrain,heart block,HB\n',
    );
    expect(await readGlossary(path)).toEqual([
      { abbreviation: 'SCLC', longForm: 'lung, small cell' },
      { abbreviation: 'HB', longForm: 'heart block' },
    ]);
  });
  test('says what is wrong and where', async () => {
    await expect(readGlossary(await file('names.csv', 'short,long\nHB,heart block\n'))).rejects.toThrow(
      'no columns named abbreviation and long_form',
    );
    await expect(
      readGlossary(await file('gap.csv', 'abbreviation,long_form\nHB,heart block\nMM,\n')),
    ).rejects.toThrow(/gap\.csv:3 lacks/);
    await expect(readGlossary(join(directory, 'none.csv'))).rejects.toThrow('cannot be read');
  });
  test('spells out whole words only, the longest first', () => {
    const glossary = [
      { abbreviation: 'MM', longForm: 'multiple myeloma' },
      { abbreviation: 'H-mole', longForm: 'hydatidiform mole' },
      { abbreviation: 'H', longForm: 'hydrogen' },
    ];
    expect(spellOut('What is MM? MMR, H-mole and 5 MM.', glossary)).toBe(
      'What is multiple myeloma? MMR, hydatidiform mole and 5 multiple myeloma.',
    );
    expect(spellOut('MM', [])).toBe('MM');
  });
});

test('sectionSpan runs to the next heading of its level', () => {
  const text = '# Gout\n\n## Causes\n\nUric acid.\n\n### Diet\n\nMeat.\n\n## Treatment\n\nRest.';
  const blocks = [...text.matchAll(/^(#+) .*$/gm)].map((match) => ({
    kind: 'heading' as const,
    start: match.index,
    end: match.index + match[0].length,
    level: match[1]!.length,
  }));
  const span = (heading: string) => {
    const found = sectionSpan({ text, blocks }, heading);
    return found && text.slice(found.start, found.end).trim();
  };
  expect(span('causes')).toBe('## Causes\n\nUric acid.\n\n### Diet\n\nMeat.');
  expect(span('Treatment')).toBe('## Treatment\n\nRest.');
  expect(span('Prevention')).toBeUndefined();
});

test('splitOf is a function of the group alone, with about the shares it promises', () => {
  const groups = Array.from({ length: 4000 }, (_, i) => `g${i}`);
  const count = (split: string) => groups.filter((group) => splitOf(group) === split).length / groups.length;
  expect(count('train')).toBeCloseTo(0.5, 1);
  expect(count('validation')).toBeCloseTo(0.1, 1);
  expect(count('cases')).toBeCloseTo(0.4, 1);
  fc.assert(fc.property(fc.string(), (group) => ['train', 'validation', 'cases'].includes(splitOf(group))));
  // A file that grows must keep its old groups where they were: these never change.
  expect(['g0', 'g1', 'g2', 'g3', 'g4', 'g5'].map(splitOf)).toEqual([
    'cases',
    'cases',
    'train',
    'train',
    'cases',
    'cases',
  ]);
});
