import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider';
import { afterAll, describe, expect, test } from 'vitest';
import { ask } from '../answer/ask.ts';
import { buildDataset } from '../dataset/build-dataset.ts';
import { rateAnswer } from '../dataset/feedback.ts';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem, type Tandem, type TandemOptions } from './create-tandem.ts';
import { ingest } from './ingest.ts';

/** Examples that are made of what a project has anyway: its documents, and answers that people rated. */

/** Tells texts apart by their letters. */
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
/** Replies with what `say` makes of the prompt's last text. */
const chat = (say: (asked: string) => string): LanguageModelV4 => ({
  specificationVersion: 'v4',
  provider: 'scripted',
  modelId: 'chat',
  supportedUrls: {},
  async doGenerate({ prompt }) {
    const content = prompt.at(-1)!.content as { text: string }[];
    return {
      content: [{ type: 'text', text: say(content[0]!.text) }],
      finishReason: { unified: 'stop', raw: undefined },
      usage: {
        inputTokens: { total: 1, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 1, text: undefined, reasoning: undefined },
      },
      warnings: [],
    };
  },
  doStream: () => Promise.reject(new Error('Nothing streams here.')),
});

const leave =
  '# Leave\n\n## Days in a year\n\nStaff are entitled to 30 days of paid leave in each calendar year.\n\n## Carrying days over\n\nUp to 5 unused days move into the following year and lapse at the end of March.\n';
const salaries =
  '# Salaries\n\n## Bands\n\nBand seven of the salaries begins at 71,000 euros before any allowance.\n';

const opened: Tandem[] = [];
afterAll(() => Promise.all(opened.map((tandem) => tandem[Symbol.asyncDispose]())));
async function open(options: TandemOptions): Promise<Tandem> {
  const documents = [
    { uri: 'leave.md', text: leave },
    { uri: 'salaries.md', text: salaries, access: 'board' },
  ];
  const tandem = await createTandem({ embedder, sources: [fromDocuments(documents)], ...options });
  opened.push(tandem);
  await ingest(tandem);
  return tandem;
}
const mix = { passages: 4, absent: 0, closed: 4, rewrite: 0, glossary: 0 };

describe('questions made of documents', () => {
  test('ask for what stands below a heading; restricted documents are left out', async () => {
    const tandem = await open({ settings: { dataset: { mix, documents: {} } } });
    const { train, fromDocuments: made } = await buildDataset(tandem);
    expect(made).toEqual({
      questions: 2,
      dropped: { 'not grounded': 0, 'not verified': 0, 'not found': 0, 'held out': 0 },
    });
    const closed = train.find(
      ({ metadata, messages }) =>
        metadata?.kind === 'closed' && messages[1]!.content === 'Leave: Days in a year',
    )!;
    const { content } = closed.messages.at(-1)!;
    expect(content).toBe('Staff are entitled to 30 days of paid leave in each calendar year.');
    const { provenance } = closed.metadata!;
    expect(provenance?.foundBy).toBe('heading');
    const [{ documentId, start, end }] = provenance!.spans as [
      { documentId: string; start: number; end: number },
    ];
    const { text } = (await tandem.catalog.documents.get(documentId))!;
    expect(text.slice(start, end)).toContain(content);
    expect(JSON.stringify(train)).not.toContain('71,000');
  });

  test('not for what a case is about', async () => {
    const tandem = await open({
      cases: [
        {
          id: 'a',
          question: 'How long is my holiday?',
          expected: '30 days',
          source: { documentId: 'leave.md', section: 'Days in a year' },
        },
      ],
      settings: { dataset: { mix, documents: {} } },
    });
    const { fromDocuments: made, train } = await buildDataset(tandem);
    expect(made).toMatchObject({ questions: 1, dropped: { 'held out': 1 } });
    expect(train.every(({ metadata }) => metadata?.id?.startsWith('leave.md#'))).toBe(true);
  });

  test("a model's are grounded, verified, and found by a search", async () => {
    const reply = (question: string, answer: string) => JSON.stringify({ question, answer });
    const tandem = await open({
      chat: chat((asked) => {
        if (asked.includes('Question: How many unused days')) return 'All of them move over. [1]';
        if (asked.startsWith('Sources:')) return 'Staff are entitled to 30 days of paid leave a year. [1]';
        return asked.includes('unused')
          ? reply('How many unused days move over?', 'Up to 5 unused days move into the following year')
          : reply('How many days of paid leave are there?', 'Staff are entitled to\n30 days of paid leave');
      }),
      settings: { dataset: { mix, documents: { questions: 'model' } } },
    });
    const { train, fromDocuments: made } = await buildDataset(tandem);
    expect(made).toMatchObject({ questions: 1, dropped: { 'not verified': 1, 'not grounded': 0 } });
    expect(train[0]!.metadata?.provenance?.foundBy).toBe('model');
    expect(JSON.stringify(train)).toContain('How many days of paid leave are there?');

    const invents = await open({
      chat: chat(() => reply('How many?', 'There are 31 days.')),
      settings: { dataset: { mix, documents: { questions: 'model' } } },
    });
    await expect(buildDataset(invents)).rejects.toThrow('has nothing to train on');
  });
});

describe('rated answers', () => {
  test('become examples, with their traces; what a case asks does not', async () => {
    const tandem = await open({
      chat: chat((asked) => (asked.includes('pay') ? 'No idea.' : 'You have 30 days. [1]')),
      cases: [
        { id: 'held', question: 'How many days of leave does the calendar year give?', expected: '30' },
      ],
      settings: { answer: { arm: 'rag' }, dataset: { feedback: true }, retrieve: { leastSimilarity: -1 } },
    });
    const up = await ask(tandem, 'How many days of leave do staff have?');
    const down = await ask(tandem, 'Who gets the pay for days of leave?');
    const held = await ask(tandem, 'How many days of leave does the calendar year give?');
    await rateAnswer(tandem, up.traceId, { rating: 'up' });
    await rateAnswer(tandem, down.traceId, { rating: 'down', better: 'All staff do. [1]' });
    await rateAnswer(tandem, held.traceId, { rating: 'up' });
    const { train, validation, fromFeedback, documents } = await buildDataset(tandem);
    expect(fromFeedback).toEqual({ examples: 2, heldOut: 1 });
    const all = [...train, ...validation];
    expect(all.map(({ messages }) => messages.at(-1)!.content).sort()).toEqual([
      'All staff do. [1]',
      'You have 30 days. [1]',
    ]);
    const corrected = all.find(({ messages }) => messages.at(-1)!.content === 'All staff do. [1]')!;
    expect(corrected.metadata).toMatchObject({
      kind: 'rated',
      provenance: { traceId: down.traceId, foundBy: 'corrected' },
    });
    // The prompt is that of the arm that will be asked, and not of the one that was.
    expect(corrected.messages[0]!.content).toBe(tandem.settings.answer.tunedSystem);
    expect(Object.keys({ ...documents?.train, ...documents?.validation })).toContain('leave.md');
  });
});

test('an example of a question says which line it is from, and how its answer was found', async () => {
  const tandem = await open({
    questions: [
      {
        id: 'a',
        question: 'How many days in a year?',
        expected: 'Staff are entitled to 30 days of paid leave in each calendar year.',
        source: { documentId: 'leave.md' },
        split: 'train',
      },
    ],
    settings: { dataset: { mix } },
  });
  const { train } = await buildDataset(tandem);
  expect(train[0]!.metadata?.provenance).toMatchObject({
    place: 'questions[0]',
    foundBy: 'verbatim',
    spans: [{ documentId: 'leave.md' }],
  });
});
