import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Catalog, IndexedDocument } from '../catalog/catalog.ts';
import { openMemoryCatalog } from '../catalog/sqlite-catalog.ts';
import type { CaseLine } from './cases.ts';
import { readCases } from './cases.ts';
import { independentGroups } from './independent-groups.ts';
import { linesOf } from './material.ts';

let documents: Catalog['documents'];
beforeAll(async () => {
  const catalog = await openMemoryCatalog();
  await catalog.index.reset({ configurationHash: 'c', embedderHash: 'e', embedderName: 'e', dimensions: 2 });
  const text =
    '# Society\n\nThe deposit is 60\neuros. The tap opens on 1 April.\n\n# Gate\n\nThe gate is locked at ten.';
  const document = (id: string, its: string): IndexedDocument => ({
    id,
    uri: id,
    title: id,
    mediaType: 'text/markdown',
    text: its,
    blocks: [],
    metadata: {},
    aliases: [],
    access: 'public',
    contentHash: id,
    sourceId: 's',
    changeMark: '1',
    accessFromSource: false,
    chunkCount: 1,
    addedSeq: 1,
    indexedAt: '2026-01-01T00:00:00Z',
    readAt: '2026-01-01T00:00:00Z',
    changedAt: '2026-01-01T00:00:00Z',
  });
  const put = [document('society', text), document('other', '# Another society')];
  await catalog.index.commit({ seq: 1, put, remove: [], problems: [], resolved: [] });
  documents = catalog.documents;
});

const refusal = { notInSources: 'The sources do not say.' };

const read = (lines: Omit<CaseLine, 'id'>[]) =>
  readCases(
    linesOf(
      lines.map((line, at) => ({ id: `c${at}`, ...line })),
      'cases',
    ),
    documents,
    refusal,
  );
const countGroups = async (lines: Omit<CaseLine, 'id'>[]) =>
  new Set(independentGroups(await read(lines))).size;

describe('answers in the same place', () => {
  test('the same words of a document, in questions that share none', async () => {
    const cases = await read([
      { question: 'How much is asked of new members?', expected: 'The deposit is 60 euros.' },
      { question: 'What must I bring along?', expected: 'the deposit is  60 euros' },
      { question: 'When is there water?', expected: 'The tap opens on 1 April.' },
    ]);
    expect(cases.map(({ sharesAnswerWith }) => sharesAnswerWith)).toEqual([undefined, 'c0', undefined]);
    expect(independentGroups(cases)).toEqual(['c0', 'c0', 'c2']);
  });

  test('the same span, not the same document', async () => {
    const at = (start: number, end: number) => ({ documentId: 'society', start, end });
    expect(
      await countGroups([
        { question: 'How much is asked?', expected: '60 euros', source: at(11, 36) },
        { question: 'What must I bring?', expected: 'money', source: at(11, 36) },
        { question: 'When is there water?', expected: 'In April.', source: at(37, 62) },
      ]),
    ).toBe(2);
    // One person marked the sentence, another what is before it too; a whole document is no place.
    expect(
      await countGroups([
        { question: 'How much is asked?', expected: '60 euros', source: at(13, 35) },
        { question: 'What must I bring?', expected: 'money', source: at(11, 36) },
        { question: 'When is there water?', expected: 'In April.', source: at(30, 62) },
      ]),
    ).toBe(2);
    const source = { documentId: 'society' };
    expect(
      await countGroups([
        { question: 'How much is asked?', expected: '60 euros', source },
        { question: 'When is there water?', expected: 'In April.', source },
      ]),
    ).toBe(2);
  });

  test('words that stand in another document than the one that is named are another answer', async () => {
    expect(
      await countGroups([
        {
          question: 'How much is asked?',
          expected: 'The deposit is 60 euros.',
          source: { documentId: 'other' },
        },
        { question: 'What must I bring?', expected: 'The deposit is 60 euros.' },
      ]),
    ).toBe(2);
  });
});

describe('contradicting answers to one question', () => {
  test('are refused with their lines', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'tandem-cases-')), 'cases.jsonl');
    await writeFile(
      file,
      [
        '{"id":"x0","question":"When does the tap open?","expected":"In April."}',
        '',
        '{"id":"x1","question":"What does the deposit cost?","expected":"The deposit is 60 euros."}',
        '{"id":"x2","question":"what does the deposit cost","expected":"The deposit is 75 euros."}',
      ].join('\n'),
    );
    await expect(readCases(linesOf(file, 'cases'), documents, refusal)).rejects.toThrow(
      `One question has contradicting answers: ${file}:3 and ${file}:4 ask "What does the deposit cost?" and expect "The deposit is 60 euros." and "The deposit is 75 euros.".`,
    );
  });

  test.each([
    ['a negation', 'Burning is allowed.', 'Burning is not allowed.'],
    ['the last of three', '60 euros', '60 euros', '75 euros'],
    ['yes and no', 'Yes.', 'No.'],
    ['fields', { intent: 'deposit', text: '60' }, { intent: 'deposit', text: '75' }],
  ])('%s', async (_, ...answers) => {
    const lines = answers.map((expected) => ({ question: 'Is it so?', expected }));
    await expect(read(lines)).rejects.toThrow('One question has contradicting answers: cases[0] and cases[');
  });

  test.each([
    ['the same in other signs', 'The deposit is 60 euros.', 'the deposit is 60 euros'],
    ['one that says more', '60 euros', 'The deposit is 60 euros.'],
    ['markers', 'It is 60 euros. [1]', 'It is 60 euros. [2]'],
  ])('not %s', async (_, a, b) => {
    const lines = [a, b].map((expected) => ({ question: 'What does it cost?', expected }));
    expect(await countGroups(lines)).toBe(1);
  });

  test('not an answer that the other line accepts too', async () => {
    const question = 'What does it cost?';
    const both = [
      { question, expected: '60 euros' },
      { question, expected: 'Sixty euros', accepted: ['60 euros'] },
    ];
    expect(await countGroups(both)).toBe(1);
    await expect(read([both[1]!, { question, expected: '75 euros' }])).rejects.toThrow('contradicting');
  });

  test('not answers to different questions', async () => {
    expect(
      await countGroups([
        { question: 'Is smoking allowed in the shed?', expected: 'No.' },
        { question: 'Is smoking allowed?', expected: 'Yes.' },
      ]),
    ).toBe(2);
  });
});

test('two lines of one id are named', async () => {
  const lines = ['a', 'a'].map((id, at) => ({ id, question: `Q${at}?`, expected: 'A' }));
  await expect(readCases(linesOf(lines, 'cases'), documents, refusal)).rejects.toThrow(
    'The id "a" is there twice: cases[0] and cases[1].',
  );
});

test('a list of expected texts: the first is expected, the others are accepted too', async () => {
  const lines = linesOf([{ id: 'a', question: 'When?', expected: ['60 euros', '60 €'] } as never], 'cases');
  expect(await readCases(lines, documents, refusal)).toMatchObject([
    { expected: '60 euros', accepted: ['60 €'] },
  ]);
  const empty = linesOf([{ id: 'a', question: 'When?', expected: [] } as never], 'cases');
  await expect(readCases(empty, documents, refusal)).rejects.toThrow('`expected`');
});

test('what should become of a question stands beside what a right answer says', async () => {
  const line = { expected: 'Of which size?', outcome: 'clarify' } as const;
  expect(await read([{ question: 'What does a berth cost?', ...line }])).toMatchObject([line]);
});

describe('questions that the sources do not answer', () => {
  const question = 'Who won?';
  const sentence = 'The sources do not say.';

  test.each<[string, object]>([
    ['null', { expected: null }],
    ['a flag', { answerable: false }],
    ['its outcome', { outcome: 'not in the sources' }],
    ['both', { expected: null, answerable: false }],
    ['the sentence for it', { expected: 'the sources do not say' }],
    ['a list of it', { expected: [sentence] }],
  ])('by %s', async (_, line) => {
    const [read1] = await read([{ question, ...line }]);
    expect(read1).toMatchObject({ answerable: false });
    expect(String(read1!.expected).toLowerCase()).toContain('sources do not say');
  });

  test('of replies in JSON by the field that is read, or by the flag beside fields that are expected', async () => {
    const output = { schema: {}, textField: 'reply.text', compareFields: [] };
    const lines = linesOf(
      [
        { id: 'a', question: 'A?', expected: { intent: 'x', reply: { text: sentence } } },
        { id: 'b', question: 'B?', expected: { intent: 'x' }, answerable: false },
        { id: 'c', question: 'C?', expected: { intent: 'x' } },
      ],
      'cases',
    );
    const cases = await readCases(lines, documents, { ...refusal, output });
    expect(cases.map(({ answerable }) => answerable)).toEqual([false, false, undefined]);
    expect(cases[1]!.expected).toEqual({ intent: 'x' });
  });

  test.each<[object, RegExp]>([
    [{}, /cases\[0\] does not fit: `expected`: there is none: write the right answer, or null where/],
    [{ answerable: true }, /`expected`: there is none/],
    [
      { answerable: false, expected: '30 seconds' },
      /`answerable`: it is false, and yet an answer is expected/,
    ],
    [{ answerable: true, expected: null }, /`answerable`: it is true, and yet no answer is expected/],
    [
      { outcome: 'not in the sources', expected: '30 seconds' },
      /`outcome`: it is not in the sources, and yet an answer is expected/,
    ],
    [{ outcome: 'partial', expected: null }, /`outcome`: it is partial, and yet no answer is expected/],
    [{ outcome: 'refused', expected: 'No.' }, /`outcome`: .*"clarify"/],
  ])('%j is refused in one sentence', async (line, message) => {
    await expect(read([{ question, ...line }])).rejects.toThrow(message);
  });

  test('an answer to one of two equal questions, and none to the other, contradict', async () => {
    const lines = [
      { question, expected: null },
      { question, expected: 'The home side.' },
    ];
    await expect(read(lines)).rejects.toThrow('contradicting answers: cases[0] and cases[1]');
  });

  test('are not one because they have no answer in common', async () => {
    const ask = (what: string) => ({ question: `Which version added ${what}?`, expected: null });
    expect(await countGroups([ask('passkeys'), ask('logging')])).toBe(2);
  });
});
