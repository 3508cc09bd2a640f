import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAnswerer } from '../answer/answerer.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { accessLabelsOf } from '../dataset/access-labels.ts';
import { buildDataset } from '../dataset/build-dataset.ts';
import { checks } from '../dataset/lint/checks.ts';
import { type LintOptions, lintDataset } from '../dataset/lint/lint-dataset.ts';
import { attachLocalTools, type LocalChatTools } from '../models/local-tools.ts';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem, type Tandem, type TandemOptions } from './create-tandem.ts';
import { ingest } from './ingest.ts';

let directory: string;
let opened: Tandem[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-lint-'));
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((tandem) => tandem[Symbol.asyncDispose]()));
  await rm(directory, { recursive: true, force: true });
});

/** Counts letters. */
const embedder: EmbeddingModelV4 = {
  specificationVersion: 'v4',
  provider: 'letters',
  modelId: 'count',
  maxEmbeddingsPerCall: 100,
  supportsParallelCalls: true,
  doEmbed: async ({ values }) => ({
    embeddings: values.map((text) => {
      const counts = Array.from({ length: 26 }, () => 0.01);
      for (const letter of text.toLowerCase()) counts[letter.charCodeAt(0) - 97]! += 1;
      return counts;
    }),
    warnings: [],
  }),
};
/** A model on this machine whose tokens are characters. */
const chat = attachLocalTools(
  {
    specificationVersion: 'v4',
    provider: 'characters',
    modelId: 'chat',
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error('not asked')),
    doStream: () => Promise.reject(new Error('not asked')),
  } satisfies LanguageModelV4,
  {
    contextLength: 4096,
    baseHash: 'base',
    templateHash: 'template',
    path: 'characters.gguf',
    countTokens: (text: string) => text.length,
    encodeChat: (messages: readonly { content: string }[]) => ({
      tokens: [...messages.map(({ content }) => content).join('')].map(() => 0),
      spans: [],
    }),
  } as unknown as LocalChatTools,
);

async function open(options: TandemOptions = {}): Promise<Tandem> {
  const tandem = await createTandem({ embedder, chat, dataDirectory: directory, directory, ...options });
  opened.push(tandem);
  if (options.sources) await ingest(tandem);
  return tandem;
}
async function write(name: string, lines: readonly (object | string)[]): Promise<string> {
  const path = join(directory, name);
  await writeFile(
    path,
    lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''),
  );
  return path;
}
const turns = (question: string, answer: string, more: object = {}) => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ],
  ...more,
});
/** What is found in these lines, as "LINE check". */
async function findIn(lines: readonly (object | string)[], options: LintOptions & { tandem?: Tandem } = {}) {
  const { tandem = await open(), ...rest } = options;
  const file = await write('train.jsonl', lines);
  const report = await lintDataset(tandem, { file, now: new Date('2026-06-15'), ...rest });
  return report.findings.map(({ where, check }) => `${where.replace(`${file}:`, '')} ${check}`);
}

test('every check has a name of its own and says what it finds', () => {
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
  for (const { finds } of checks) expect(finds.length).toBeGreaterThan(30);
});

test('each kind of defect is found where it is, and a good example is left alone', async () => {
  const found = await findIn(
    [
      turns('Where is the printer?', 'On the second floor, beside the kitchen.'),
      '{"messages": [',
      {
        messages: [
          { role: 'assistant', content: 'Hello!' },
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Yes?' },
        ],
      },
      turns('Who is in?', '[1]'),
      turns('Who cooks?', "I'm sorry, but I can't help with that."),
      turns('What is eaten?', 'Soup <|im_end|>'),
      turns('Which key?', 'sk_live_abcDEF123456ghiJKL789012'),
      turns('Whose card?', 'It is 4539 1488 0343 6467.'),
      turns('What does it cost?', 'It costs 12 euros.'),
      turns('Where is the printer?', 'On the second floor,  beside the kitchen.'),
      turns('Where is the printer??', 'On the second floor, besides the kitchen.'),
      turns('where is the printer', 'In the cellar.'),
      turns('Why?', 'Because. '.repeat(130)),
    ],
    { only: checks.map(({ name }) => name).filter((name) => name !== 'same-meaning') },
  );
  expect(found).toEqual([
    '2 schema',
    '3 roles',
    '4 empty-answers',
    '5 refusing-answers',
    '13 too-long',
    '6 template-tokens',
    '7 secrets',
    '8 personal-data',
    '9 stale-facts',
    '10 exact-duplicates',
    '11 near-duplicates',
    '12 contradictions',
  ]);
});

test('a secret and personal data are named and not shown', async () => {
  const file = await write('train.jsonl', [
    turns('Key?', 'sk_live_abcDEF123456ghiJKL789012 of tom.becker@acme-corp.io'),
  ]);
  const { findings } = await lintDataset(await open(), { file, only: ['secrets', 'personal-data'] });
  const told = findings.map(({ message }) => message).join('\n');
  expect(told).toContain('e-mail address');
  expect(told).not.toMatch(/abcDEF|becker/);
});

test('what a case asks is leakage, and so is a pair across the split; the cases themselves are not judged', async () => {
  const cases = await write('cases.jsonl', [
    { id: 'a', question: 'When does the tap open in spring?', expected: 'N/A' },
  ]);
  const tandem = await open({ cases });
  expect(await findIn([turns('When does the tap open in spring?', 'In April.')], { tandem })).toEqual([
    '1 leakage',
  ]);
});

test("without a file the project's own material is looked at, its questions on their sides of the split", async () => {
  const questions = await write('questions.jsonl', [
    { id: 'a', question: 'When does the tap open?', expected: 'In April.', group: 'tap', split: 'train' },
    {
      id: 'b',
      question: 'Is the tap open in winter?',
      expected: 'It is shut.',
      group: 'tap',
      split: 'validation',
    },
  ]);
  const { findings, files } = await lintDataset(await open({ questions }), { only: ['leakage', 'schema'] });
  expect(files).toEqual([{ file: questions, entries: 2 }]);
  expect(findings).toMatchObject([{ check: 'leakage', where: `${questions}:1`, severity: 'error' }]);
  expect(findings[0]!.message).toContain('has the group "tap" of');
  await expect(lintDataset(await open(), {})).rejects.toThrow('no questions, examples or cases to look at');
  await expect(lintDataset(await open(), { only: ['spelling'] })).rejects.toThrow(
    'no check called "spelling"',
  );
});

test('what of a file is not used is told', async () => {
  const file = await write('tests.yaml', [
    '- vars: { question: "When?" }\n  assert: [{ type: equals, value: In April. }, { type: llm-rubric, value: kind }]',
  ]);
  const { findings } = await lintDataset(await open(), { file, only: ['schema'] });
  expect(findings).toMatchObject([
    { severity: 'warning', message: 'is read without the assertion llm-rubric' },
  ]);
});

describe('with an index', () => {
  const documents = [
    { uri: 'fees.md', text: '# Fees\n\nThe annual fee of the society is 75 euros. It is due in spring.\n' },
    {
      uri: 'board.md',
      access: 'board',
      text: '# Board\n\nThe board keeps a reserve in the blue safe behind the second door on the left of the cellar.\n',
    },
  ];

  test('a fact that the index has otherwise is shown beside it', async () => {
    const tandem = await open({ sources: [fromDocuments(documents)] });
    const file = await write('train.jsonl', [
      turns('What is the annual fee of the society?', 'The annual fee of the society is 60 euros.'),
      turns('How much is the annual fee?', 'The annual fee is 75 €.'),
    ]);
    const { findings } = await lintDataset(tandem, { file, only: ['stale-facts'] });
    expect(findings.map(({ disagreement }) => disagreement)).toEqual([
      {
        said: 'The annual fee of the society is 60 euros.',
        indexed: 'The annual fee of the society is 75 euros.',
        documentId: 'fees.md',
        start: 8,
        end: 50,
      },
      undefined,
    ]);
  });

  test('an example of a restricted document is an error, unless the adapter inherits its label', async () => {
    const lines = [
      turns('Where?', 'It is there.', { metadata: { documentId: 'board.md' } }),
      turns('Where is it?', 'A reserve in the blue safe behind the second door on the left of the cellar.'),
      turns('What?', 'The annual fee of the society is 75 euros. It is due in spring.'),
    ];
    const only = ['restricted-documents'];
    const sources = [fromDocuments(documents)];
    expect(await findIn(lines, { tandem: await open({ sources }), only })).toEqual([
      '1 restricted-documents',
      '2 restricted-documents',
    ]);
    const inherits = await open({ sources, settings: { tune: { inheritAccess: true } } });
    expect(await findIn(lines, { tandem: inherits, only })).toEqual([]);
  });

  test('an adapter is asked by those who hold the labels that it inherited', async () => {
    const train = await write('train.jsonl', [
      turns('Where?', 'There.', { metadata: { documentId: 'board.md' } }),
    ]);
    const tandem = await open({ sources: [fromDocuments(documents)], examples: { train } });
    const { id } = await buildDataset(tandem);
    const access = await accessLabelsOf(tandem, id);
    expect(access).toEqual(['board']);
    await tandem.catalog.adapters.put({
      id: 'adapter_1',
      createdAt: '2026-01-01T00:00:00Z',
      directory: 'adapters/adapter_1',
      access,
      lineage: {
        baseHash: 'base',
        templateHash: 'template',
        datasetHash: id,
        baseModel: 'chat',
        hyperparameters: {},
        runId: 'run',
      },
      metrics: { examples: 1, steps: 1, tokens: 1, seconds: 1, tokensPerSecond: 1, peakMemoryBytes: 1 },
    } satisfies Adapter);
    const answerer = await createAnswerer(tandem, { arm: 'tuned', adapterId: 'adapter_1' });
    await expect(answerer.answer('Where?', { access: ['public'] })).rejects.toThrow(
      'trained on documents with the access label "board"',
    );
    await expect(answerer.answer('Where?', { access: ['public', 'board'] })).rejects.not.toThrow(
      'access label',
    );
  });
});

test('--fix writes a new file in which what loses nothing is mended, and nothing over', async () => {
  const file = await write('train.jsonl', [
    turns(' Where? ', 'In April.<|im_end|>'),
    turns('Where?', 'In April.'),
    turns('Where?', 'In April.'),
    { messages: [{ role: 'user', content: 'Bad' }] },
    '{"messages": [',
  ]);
  const tandem = await open();
  const { fixed } = await lintDataset(tandem, { file, fix: true, only: ['schema'] });
  expect(fixed).toMatchObject({
    file: join(directory, 'train.fixed.jsonl'),
    entries: 3,
    changes: [
      'left out 1 entry that cannot be read',
      'left out 1 entry word for word the same as an earlier one',
      'took template tokens off the edges of 1 text',
      'took white space off the edges of 1 text',
    ],
  });
  const written = (await readFile(fixed!.file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(written[0]).toEqual(turns('Where?', 'In April.'));
  expect(written.at(-1)).toEqual({ messages: [{ role: 'user', content: 'Bad' }] });
  expect(existsSync(file)).toBe(true);
  await expect(lintDataset(tandem, { file, fix: true })).rejects.toThrow('is there already');
});

test('a check that cannot be made says why', async () => {
  const remote: LanguageModelV4 = { ...chat };
  const { checks: told } = await lintDataset(await open({ chat: remote }), {
    file: await write('train.jsonl', [turns('Why?', 'Because. '.repeat(130))]),
    only: ['too-long', 'restricted-documents'],
  });
  expect(told.map(({ notMade }) => notMade)).toEqual([
    'only a model on this machine says how many tokens a text has',
    'there are no documents',
  ]);
});
