import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { settingsSchema } from '../core/settings.ts';
import type { GivenFile } from '../core/types/dataset-file.ts';
import { caseSchema, exampleSchema } from '../core/types/example.ts';
import { caseLineSchema } from './cases.ts';
import { linesOfForm } from './line-forms.ts';
import { linesOf } from './material.ts';
import { type Form, readEntries } from './read-file.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-formats-'));
});

let files = 0;
async function write(ending: string, content: string | object): Promise<string> {
  const path = join(directory, `${files++}`, `file${ending}`);
  await mkdir(dirname(path));
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  return path;
}
const jsonl = (...lines: object[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
async function read(ending: string, content: string | object, form: Form, how: Omit<GivenFile, 'file'> = {}) {
  const file = await write(ending, content);
  const { format, entries } = await readEntries({ file, ...how }, form);
  return {
    format: format?.name,
    lines: entries.map((entry) => ('line' in entry ? entry.line : entry.fault.message)),
    places: entries.map(({ where }) => where.replace(`${file}:`, '')),
    entries,
  };
}
const question = 'When does the tap open?';
const expected = 'On 1 April.';

describe('questions with answers', () => {
  test('CSV, whatever parts its cells, with its lines', async () => {
    const { format, lines, places } = await read(
      '.csv',
      `\uFEFFFrage;Antwort;Gruppe;document;section\n"${question}";${expected};tap;water.md;Opening\n\n"Two\nlines?";"Yes; two.";;;\n`,
      'question',
    );
    expect(format).toBe('question-answer');
    expect(lines).toMatchObject([
      { question, expected, gruppe: 'tap', source: { documentId: 'water.md', section: 'Opening' } },
      { question: 'Two\nlines?', expected: 'Yes; two.' },
    ]);
    expect(places).toEqual(['2', '4']);
  });

  test('columns of other names are named', async () => {
    const csv = `asked,said\n${question},${expected}\n`;
    await expect(read('.csv', csv, 'question')).rejects.toThrow(
      /file\.csv:2 is of no format that is known: it has the members asked, said\./,
    );
    const { lines } = await read('.csv', csv, 'question', {
      format: 'question-answer',
      columns: { question: 'asked', answer: 'said' },
    });
    expect(lines).toMatchObject([{ question, expected }]);
  });

  test('a row with a cell too many is named, and the others are read', async () => {
    const { lines, places } = await read(
      '.csv',
      `question,answer\na,b,c\n${question},${expected}\n`,
      'question',
    );
    expect(lines[0]).toMatch(/file\.csv:2 has 3 cells, and the first line names 2 columns\./);
    expect(lines[1]).toMatchObject({ question, expected });
    expect(places).toEqual(['2', '3']);
  });

  test('JSON Lines; an id is of the words, whatever stands before', async () => {
    const one = { prompt: question, completion: expected };
    const { lines } = await read('.jsonl', jsonl(one, one), 'question');
    const { lines: later } = await read(
      '.jsonl',
      jsonl({ prompt: 'Else?', completion: 'No.' }, one),
      'question',
    );
    const ids = lines.map((line) => (line as { id: string }).id);
    expect(ids[1]).toBe(`${ids[0]}-2`);
    expect(later[1]).toMatchObject({ id: ids[0], question, expected });
  });

  test('are no conversations to train on', async () => {
    const file = await write('.csv', `question,answer\n${question},${expected}\n`);
    await expect(linesOf(file, 'train', { form: 'example' }).read(exampleSchema)).rejects.toThrow(
      /holds questions with answers .* no conversations to train on/,
    );
  });
});

const turns = [
  { role: 'system', content: 'Answer.' },
  { role: 'user', content: question },
  { role: 'assistant', content: expected },
];

describe.each([
  ['openai-chat', '.jsonl', jsonl({ messages: turns })],
  ['openai-chat', '.json', [{ messages: turns }]],
  [
    'sharegpt',
    '.json',
    [
      {
        id: 'a',
        system: 'Answer.',
        conversations: [
          { from: 'human', value: question },
          { from: 'gpt', value: expected },
        ],
      },
    ],
  ],
  ['alpaca', '.json', [{ system: 'Answer.', instruction: question, input: '', output: expected }]],
  ['alpaca', '.jsonl', jsonl({ system: 'Answer.', instruction: question, output: expected })],
] as const)('%s in %s', (name, ending, content) => {
  test('is an example, and a case', async () => {
    const asExample = await read(ending, content, 'example');
    expect(asExample.format).toBe(name);
    expect(exampleSchema.parse(asExample.lines[0]).messages).toEqual(turns);
    const asCase = await read(ending, content, 'question');
    expect(caseSchema.parse(asCase.lines[0])).toMatchObject({ question, expected });
    expect(asCase.entries[0]).toMatchObject({ leftOut: ['the system message'] });
  });
});

test('several turns are an example in which each reply is learnt, but for weight 0, and no case', async () => {
  const conversations = [
    { from: 'human', value: 'One?' },
    { from: 'gpt', value: 'Yes.', weight: 0 },
    { from: 'human', value: 'Two?' },
    { from: 'gpt', value: 'No.' },
  ];
  const { lines } = await read('.jsonl', jsonl({ conversations }), 'example');
  expect(exampleSchema.parse(lines[0]).messages.map(({ role, weight }) => [role, weight])).toEqual([
    ['user', undefined],
    ['assistant', 0],
    ['user', undefined],
    ['assistant', undefined],
  ]);
  const asCase = await read('.jsonl', jsonl({ conversations }), 'question');
  expect(asCase.lines[0]).toMatch(
    /file\.jsonl:1 is not a ShareGPT conversation that can be used: it has 2 turns of the user/,
  );
  const history = [['One?', 'Yes.']];
  const alpaca = await read('.jsonl', jsonl({ instruction: 'Two?', output: 'No.', history }), 'example');
  expect(exampleSchema.parse(alpaca.lines[0]).messages).toHaveLength(4);
});

test.each([
  [
    'an unknown speaker',
    { conversations: [{ from: 'narrator', value: 'x' }] },
    /"narrator", which is no speaker/,
  ],
  [
    'an unknown member',
    { conversations: [{ from: 'human', value: 'x', wieght: 0 }] },
    /`conversations\.0\.wieght`/,
  ],
  ['tools', { conversations: [{ from: 'human', value: 'x' }], tools: '[{}]' }, /`tools`/],
])('a ShareGPT conversation with %s is named', async (_, line, message) => {
  expect((await read('.jsonl', jsonl(line), 'example')).lines[0]).toMatch(message);
});

describe("samples of OpenAI's evals", () => {
  test('one right text or several; a system message is part of the task', async () => {
    const input = turns.slice(0, 2);
    const file = await write(
      '.jsonl',
      jsonl({ input, ideal: [expected, 'in April'] }, { input: 'Q?', ideal: 'A' }),
    );
    expect(
      await linesOf(file, 'cases').read(linesOfForm(caseLineSchema, settingsSchema.parse({}).answer)),
    ).toMatchObject([
      { question: `Answer.\n\n${question}`, expected, accepted: ['in April'] },
      { question: 'Q?', expected: 'A' },
    ]);
  });
});

describe("promptfoo's tests", () => {
  const yaml = `
prompts: ['{{question}}']
defaultTest:
  assert:
    - type: latency
      threshold: 5000
tests:
  - description: opening
    vars:
      question: ${question}
    assert:
      - type: icontains
        value: 1 April
      - type: llm-rubric
        value: is friendly
  - vars:
      question: [One?, Two?]
    assert:
      - type: contains-any
        value: [yes, sure]
  - vars: { question: Three? }
    assert: [{ type: javascript, value: 'output.length < 9' }]
`;

  test('in a config of YAML', async () => {
    const { format, lines, places, entries } = await read('.yaml', yaml, 'question');
    expect(format).toBe('promptfoo');
    expect(lines).toMatchObject([
      { question, expected: '1 April', kind: 'opening' },
      { question: 'One?', expected: ['yes', 'sure'] },
      { question: 'Two?', expected: ['yes', 'sure'] },
      expect.stringMatching(/file\.yaml:21 .* says what is right only by .*the assertion javascript/),
    ]);
    expect(places).toEqual(['8', '16', '16', '21']);
    expect(entries[0]).toMatchObject({ leftOut: ['the assertion latency', 'the assertion llm-rubric'] });
  });

  test('as JSON, in a file of their own that the config names, and as CSV', async () => {
    const tests = [{ vars: { q: question }, assert: [{ type: 'equals', value: expected }] }];
    expect((await read('.json', { tests }, 'question')).lines).toMatchObject([{ question, expected }]);
    const named = await write('.json', tests);
    const config = join(dirname(named), 'config.yaml');
    await writeFile(config, 'prompts: []\ntests: file://file.json\n');
    const { entries } = await readEntries({ file: config }, 'question');
    expect(entries).toMatchObject([{ where: `${named}:2`, line: { question, expected } }]);
    const csv = `question,__expected\n${question},${expected}\nColour?,"contains-any: red, blue"\n`;
    expect((await read('.csv', csv, 'question')).lines).toMatchObject([
      { question, expected },
      { question: 'Colour?', expected: ['red', 'blue'] },
    ]);
  });
});

test('a pair of preferred replies, and an object of no known members, are refused', async () => {
  const pair = jsonl({ input: {}, preferred_output: [], non_preferred_output: [] });
  await expect(read('.jsonl', pair, 'example')).rejects.toThrow(/pair of replies/);
  await expect(read('.jsonl', jsonl({ title: 'x' }), 'question')).rejects.toThrow(
    /file\.jsonl:1 is of no format that is known: it has the members title\./,
  );
});

test('a broken entry of a JSON array is named by its line, and the others are read', async () => {
  const { lines, places } = await read(
    '.json',
    '[\n{"question": "A?", "answer": "a"},\n{"question": "B?" "answer"},\n{"question": "C?", "answer": "]"}\n]',
    'question',
  );
  expect(places).toEqual(['2', '3', '4']);
  expect(lines[1]).toMatch(/begins at .*file\.json:3 is not valid JSON/);
  expect(lines[2]).toMatchObject({ expected: ']' });
});

test('what JSON.stringify writes as an array is read as it was', async () => {
  const path = await write('.json', '');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ question: fc.string(), expected: fc.string(), id: fc.string() }), {
        minLength: 1,
      }),
      fc.constantFrom(0, 2),
      async (values, indent) => {
        await writeFile(path, JSON.stringify(values, null, indent));
        const { entries } = await readEntries({ file: path }, 'question');
        expect(entries.map((entry) => 'line' in entry && entry.line)).toEqual(values);
      },
    ),
    { numRuns: 60 },
  );
});

test('text that is not UTF-8 is named with its line', async () => {
  const path = await write('.csv', '');
  await writeFile(path, Buffer.concat([Buffer.from('question,answer\n'), Buffer.from([0xe4, 0x2c, 0x62])]));
  await expect(readEntries({ file: path }, 'question')).rejects.toThrow(`${path}:2 is not text in UTF-8.`);
  await expect(readEntries({ file: join(directory, 'none.csv') }, 'question')).rejects.toThrow(
    'There is no file',
  );
});
