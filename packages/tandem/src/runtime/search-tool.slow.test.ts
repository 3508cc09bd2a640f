import type { LanguageModelV4GenerateResult, LanguageModelV4Usage } from '@ai-sdk/provider';
import { generateText, isStepCount } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem, type Tandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { searchTool } from './search-tool.ts';

const documents = [
  { uri: 'leave.md', text: '# Leave\n\nEverybody at Alder Works has 30 days of leave a year.' },
  { uri: 'pay.md', text: '# Pay\n\nPay comes on the 25th of each month.', access: 'staff' },
];

let tandem: Tandem;
beforeAll(async () => {
  tandem = await createTandem({ chat: 'local:smollm2-135m-instruct', sources: [fromDocuments(documents)] });
  await ingest(tandem);
});
afterAll(async () => tandem?.[Symbol.asyncDispose]());

const usage: LanguageModelV4Usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};
/** A model that calls the tool with this input, and then says what the tool gave. */
const calling = (input: object) =>
  new MockLanguageModelV4({
    doGenerate: async ({ prompt }): Promise<LanguageModelV4GenerateResult> => {
      const answered = prompt.find(({ role }) => role === 'tool');
      return {
        content: answered
          ? [{ type: 'text', text: JSON.stringify(answered.content) }]
          : [
              {
                type: 'tool-call',
                toolCallId: 'call-1',
                toolName: 'search',
                input: JSON.stringify(input),
              },
            ],
        finishReason: { unified: answered ? 'stop' : 'tool-calls', raw: undefined },
        usage,
        warnings: [],
      };
    },
  });

test('a model that calls it reads passages with their places', async () => {
  const { text, steps } = await generateText({
    model: calling({ query: 'How many days of leave?' }),
    tools: { search: searchTool(tandem, { k: 1 }) },
    stopWhen: isStepCount(3),
    prompt: 'How many days of leave do I have?',
  });
  expect(text).toContain('30 days of leave');
  const [result] = steps[0]!.toolResults;
  expect(result!.output).toHaveLength(1);
  const [passage] = result!.output as { uri: string; start: number; end: number; text: string }[];
  expect(passage).toMatchObject({ rank: 1, uri: 'leave.md', title: 'Leave', section: 'Leave' });
  expect(documents[0]!.text.slice(passage!.start, passage!.end)).toBe(passage!.text);
});

test('finds only what the program lets it find', async () => {
  const found = async (access: string[]) => {
    const { steps } = await generateText({
      model: calling({ query: 'When does pay come?' }),
      tools: { search: searchTool(tandem, { access }) },
      stopWhen: isStepCount(3),
      prompt: 'When does pay come?',
    });
    return (steps[0]!.toolResults[0]!.output as { uri: string }[]).map(({ uri }) => uri);
  };
  expect(await found(['public'])).toEqual(['leave.md']);
  expect(await found(['public', 'staff'])).toContain('pay.md');
});

test('the model gets the error of a wrong call, and an abort stops it', async () => {
  for (const input of [{ query: '' }, { question: 'leave' }]) {
    const { text } = await generateText({
      model: calling(input),
      tools: { search: searchTool(tandem) },
      stopWhen: isStepCount(3),
      prompt: 'x',
    });
    expect(text).toMatch(/error/);
  }
  const { execute } = searchTool(tandem);
  const abortSignal = AbortSignal.abort();
  await expect(
    (async () =>
      execute!({ query: 'leave' }, { toolCallId: '1', messages: [], abortSignal, context: {} as never }))(),
  ).rejects.toMatchObject({ name: 'AbortError' });
});
