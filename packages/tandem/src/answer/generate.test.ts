import { MockLanguageModelV4, simulateReadableStream } from 'ai/test';
import { expect, test } from 'vitest';
import { settingsSchema } from '../core/settings.ts';
import { attachLocalTools } from '../models/local-tools.ts';
import { generate } from './generate.ts';
import { buildMessages, buildRewriteMessages } from './prompt.ts';

const model = () =>
  new MockLanguageModelV4({
    doGenerate: async () => ({
      content: [{ type: 'text', text: 'Rest.' }],
      finishReason: { unified: 'stop', raw: undefined },
      usage: {
        inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 1, text: 1, reasoning: undefined },
      },
      warnings: [],
    }),
  });
const { answer } = settingsSchema.parse({});
const passages = [{ text: 'Rest helps.', headingPath: ['Flu'], prefix: '' }];
const examples = [{ user: 'What helps against gout?', assistant: 'Colchicine.' }];

test('a local model is told which messages all questions share, and no document is in them', async () => {
  const local = attachLocalTools(model(), {
    contextLength: 512,
    baseHash: '',
    path: '',
    countTokens: () => 1,
  });
  const question = 'What helps?';
  const variant = { id: 'example', system: 'Answer.', examples };
  const asked = [
    buildMessages({ arm: 'rag', answer, question, passages, variant }),
    buildMessages({ arm: 'hybrid', answer, question, passages }),
    buildRewriteMessages(question, answer),
  ];
  for (const messages of asked) await generate(local, messages, { maxTokens: 8, temperature: 0 });
  const shared = local.doGenerateCalls.map(({ providerOptions, prompt }) =>
    prompt.slice(0, providerOptions?.tandem?.sharedMessages as number),
  );
  expect(shared.map(({ length }) => length)).toEqual([3, 1, 1]);
  expect(JSON.stringify(shared)).not.toMatch(/Rest helps|What helps\?/);
});

test('a hosted model is told nothing of it', async () => {
  const hosted = model();
  await generate(hosted, buildMessages({ arm: 'base', answer, question: 'What helps?' }), {
    maxTokens: 8,
    temperature: 0,
  });
  expect(hosted.doGenerateCalls[0]).not.toHaveProperty('providerOptions');
});

test('a local model is stopped at the second turn of a loop', async () => {
  const pieces = Array.from({ length: 50 }, () => 'The gate is locked at dusk. ')
    .join('')
    .split(/(?<= )/);
  const looping = attachLocalTools(
    new MockLanguageModelV4({
      doStream: async () => ({
        stream: simulateReadableStream({
          initialDelayInMs: null,
          chunkDelayInMs: null,
          chunks: pieces.map((delta) => ({ type: 'text-delta' as const, id: '0', delta })),
        }),
      }),
    }),
    {
      contextLength: 512,
      baseHash: '',
      path: '',
      countTokens: (text: string) => text.split(' ').length,
      encodePrompt: () => [1, 2, 3],
    },
  );
  const messages = buildMessages({ arm: 'base', answer, question: 'When?' });
  const reply = await generate(looping, messages, { maxTokens: 400, temperature: 0, stopAtRepetition: true });
  expect(reply.text.trim()).toBe('The gate is locked at dusk. The gate is locked at dusk.');
  expect(reply).toMatchObject({ finishReason: 'other', promptTokens: 3 });
});
