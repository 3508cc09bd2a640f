import { generateText, jsonSchema, Output, stepCountIs, tool } from 'ai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fetchModel } from '../fetch/fetch-model.ts';
import { type LocalChatModel, openLocalChat } from '../local-chat.ts';
import { defaultModels } from '../providers.ts';

// The default chat model, whose template knows tools (Qwen2.5).

let model: LocalChatModel;
beforeAll(async () => {
  model = await openLocalChat({ path: (await fetchModel(defaultModels.chat)).path });
});
afterAll(() => model[Symbol.asyncDispose]());

const asked: string[] = [];
const tools = {
  get_weather: tool({
    description: 'The weather of a city now.',
    inputSchema: jsonSchema<{ city: string; unit?: string }>({
      type: 'object',
      properties: { city: { type: 'string' }, unit: { enum: ['celsius', 'fahrenheit'] } },
      required: ['city'],
    }),
    execute: ({ city }) => {
      asked.push(city);
      return { city, degrees: 17, sky: 'rain' };
    },
  }),
  add: tool({
    description: 'Adds two numbers.',
    inputSchema: jsonSchema<{ a: number; b: number }>({
      type: 'object',
      properties: { a: { type: 'number' }, b: { type: 'number' } },
      required: ['a', 'b'],
    }),
    execute: ({ a, b }) => a + b,
  }),
};

it('calls the tool that the question needs, with its arguments', async () => {
  const { toolCalls, finishReason, text } = await generateText({
    model,
    tools: { get_weather: { ...tools.get_weather, execute: undefined }, add: tools.add },
    prompt: 'What is the weather in Paris?',
    maxOutputTokens: 100,
  });
  expect(finishReason).toBe('tool-calls');
  expect(text).toBe('');
  expect(toolCalls).toHaveLength(1);
  expect(toolCalls[0]).toMatchObject({ toolName: 'get_weather', input: { city: 'Paris' } });
});

it('reads the result: an answer in a form of its own says it', async () => {
  asked.length = 0;
  const { steps, output } = await generateText({
    model,
    tools,
    prompt: 'What is the weather in Paris, in celsius?',
    maxOutputTokens: 100,
    stopWhen: stepCountIs(3),
    // Left free, this model writes its call again: it is a coder, and was hardly trained on what follows a result.
    prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? 'required' : 'none' }),
    output: Output.object({
      schema: jsonSchema<{ degrees: number; sky: string }>({
        type: 'object',
        properties: { degrees: { type: 'integer' }, sky: { enum: ['sun', 'clouds', 'rain', 'snow'] } },
        required: ['degrees', 'sky'],
      }),
    }),
  });
  expect(asked).toEqual(['Paris']);
  expect(steps).toHaveLength(2);
  expect(output).toEqual({ degrees: 17, sky: 'rain' });
});

it('does not make the same call over and over', async () => {
  asked.length = 0;
  const { steps } = await generateText({
    model,
    tools,
    prompt: 'What is the weather in Paris, in celsius?',
    maxOutputTokens: 200,
    stopWhen: stepCountIs(3),
  });
  expect(steps.length).toBeLessThanOrEqual(3);
  for (const { toolCalls, finishReason } of steps) {
    expect(new Set(toolCalls.map(({ input }) => JSON.stringify(input))).size).toBe(toolCalls.length);
    expect(finishReason).not.toBe('length');
  }
});

it('answers in words where no tool helps', async () => {
  const { toolCalls, text } = await generateText({
    model,
    tools,
    prompt: 'Write a haiku.',
    maxOutputTokens: 60,
  });
  expect(toolCalls).toEqual([]);
  expect(text).not.toBe('');
});

it('makes several calls in one reply where it must call', async () => {
  const { toolCalls } = await generateText({
    model,
    tools: { get_weather: { ...tools.get_weather, execute: undefined } },
    toolChoice: 'required',
    prompt: 'Tell me the weather in Oslo and in Rome.',
    maxOutputTokens: 120,
  });
  expect(toolCalls.map(({ input }) => input)).toMatchObject([{ city: 'Oslo' }, { city: 'Rome' }]);
});
