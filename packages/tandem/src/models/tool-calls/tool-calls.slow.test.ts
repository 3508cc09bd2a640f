import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider';
import { generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchModel } from '../fetch/fetch-model.ts';
import { type LocalChatMetadata, type LocalChatModel, openLocalChat } from '../local-chat.ts';

// SmolLM2's template knows no tools, and the model has hardly learnt any: what holds here is held by the grammar.

let path: string;
let model: LocalChatModel;
beforeAll(async () => {
  ({ path } = await fetchModel('local:smollm2-135m-instruct'));
  model = await openLocalChat({ path, threads: 1 });
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
});

const order: LanguageModelV4FunctionTool = {
  type: 'function',
  name: 'order',
  description: 'Orders fruit.',
  inputSchema: {
    type: 'object',
    properties: {
      fruit: { enum: ['apple', 'pear'] },
      count: { type: 'integer' },
      note: { type: 'string', maxLength: 10 },
    },
    required: ['fruit', 'count'],
  },
};
const cancel: LanguageModelV4FunctionTool = {
  type: 'function',
  name: 'cancel',
  inputSchema: { type: 'object', properties: { reason: { const: 'late' } }, required: ['reason'] },
};
const ask = (
  text: string,
  options: Partial<LanguageModelV4CallOptions> = {},
): LanguageModelV4CallOptions => ({
  prompt: [{ role: 'user', content: [{ type: 'text', text }] }],
  tools: [order, cancel],
  maxOutputTokens: 60,
  ...options,
});

function checkOrder(input: string) {
  const { fruit, count, note = '', ...rest } = JSON.parse(input) as Record<string, never>;
  expect(['apple', 'pear']).toContain(fruit);
  expect(Number.isInteger(count)).toBe(true);
  expect([...note].length).toBeLessThanOrEqual(10);
  expect(rest).toEqual({});
}

describe('a call that must be made', () => {
  it('fits its tool, also where the model writes at random', async () => {
    for (const seed of [1, 2]) {
      const result = await model.doGenerate(
        ask('Two pears, please.', {
          toolChoice: { type: 'required' },
          temperature: 1.5,
          seed,
          providerOptions: { tandem: { parallelToolCalls: false } },
        }),
      );
      expect(result.finishReason.unified).toBe('tool-calls');
      expect(result.content).toHaveLength(1);
      const [call] = result.content;
      if (call?.type !== 'tool-call') throw new Error('no call');
      expect(['order', 'cancel']).toContain(call.toolName);
      if (call.toolName === 'order') checkOrder(call.input);
      else expect(JSON.parse(call.input)).toEqual({ reason: 'late' });
    }
  });

  it('is of the tool that is named, and streams as it is written', async () => {
    const options = ask('Two pears, please.', { toolChoice: { type: 'tool', toolName: 'order' } });
    const { content, finishReason } = await model.doGenerate(options);
    const [call] = content;
    if (call?.type !== 'tool-call') throw new Error('no call');
    expect(content).toHaveLength(1);
    checkOrder(call.input);
    expect(finishReason).toEqual({ unified: 'tool-calls', raw: 'complete call' });

    const parts: LanguageModelV4StreamPart[] = [];
    const { stream } = await model.doStream(options);
    for await (const part of stream) parts.push(part);
    const types = parts.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1]);
    expect(types).toEqual([
      'stream-start',
      'response-metadata',
      'tool-input-start',
      'tool-input-delta',
      'tool-input-end',
      'tool-call',
      'finish',
    ]);
    const deltas = parts.map((part) => (part.type === 'tool-input-delta' ? part.delta : ''));
    expect(deltas.filter(Boolean).length).toBeGreaterThan(3);
    expect(deltas.join('')).toBe(call.input);
    const streamed = parts.find((part) => part.type === 'tool-call');
    expect(streamed).toMatchObject({ toolName: 'order', input: call.input });
    const ids = new Set(parts.flatMap((part) => ('id' in part && part.id ? [part.id] : [])));
    expect([...ids]).toEqual([streamed?.toolCallId]);
    expect(streamed?.toolCallId).not.toBe(call.toolCallId);
  });

  it('and is broken off is none', async () => {
    const result = await model.doGenerate(
      ask('Two pears, please.', { toolChoice: { type: 'required' }, maxOutputTokens: 22 }),
    );
    expect(result.content).toEqual([]);
    expect(result.finishReason.unified).toBe('length');
    const metadata = result.providerMetadata?.tandem as unknown as LocalChatMetadata;
    expect(metadata.unfinishedToolCall).toMatch(/^<tool_call>\n?\{"name": ?"/);
  });
});

describe('a call that may be made', () => {
  it('is held to its schema from where it begins, and text before it stays', async () => {
    // What the model has written before leads it to call, with a count in words, which the tool does not take.
    const written = [
      ['Two pears', 'pear', 'two'],
      ['Five apples', 'apple', 'five'],
      ['Nine pears', 'pear', 'nine'],
      ['Four apples', 'apple', 'four'],
    ] as const;
    const before = written.flatMap(([asked, fruit, count], at): LanguageModelV4CallOptions['prompt'] => {
      const call = { toolCallId: String(at), toolName: 'order' };
      return [
        { role: 'user', content: [{ type: 'text', text: `${asked}, please.` }] },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'I order now.' },
            { type: 'tool-call', ...call, input: { fruit, count } },
          ],
        },
        {
          role: 'tool',
          content: [{ type: 'tool-result', ...call, output: { type: 'text', value: 'Ordered.' } }],
        },
      ];
    });
    const asked = ask('One apple, please.', { tools: [order] });
    const options = { ...asked, prompt: [...before, ...asked.prompt] };
    const { content, finishReason } = await model.doGenerate(options);
    const [text, call] = content;
    expect(text).toEqual({ type: 'text', text: 'I order now.' });
    if (call?.type !== 'tool-call') throw new Error('no call');
    expect(call.toolName).toBe('order');
    checkOrder(call.input);
    expect(finishReason.unified).toBe('tool-calls');

    const { stream } = await model.doStream(options);
    const parts = await Array.fromAsync(stream);
    expect(parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('')).toBe('I order now.');
    expect(parts.findIndex(({ type }) => type === 'text-end')).toBeLessThan(
      parts.findIndex(({ type }) => type === 'tool-input-start'),
    );
  });

  it('or an answer in JSON: one of the two', async () => {
    const schema = { type: 'object', properties: { fruit: { const: 'none' } }, required: ['fruit'] } as const;
    for (const seed of [1, 2]) {
      const { content } = await model.doGenerate(
        ask('Hello!', { responseFormat: { type: 'json', schema: schema as never }, temperature: 1, seed }),
      );
      for (const part of content) {
        if (part.type === 'text') expect(JSON.parse(part.text)).toEqual({ fruit: 'none' });
        else expect(part.type).toBe('tool-call');
      }
    }
  });

  it('with none of them leaves the prompt as if there were no tools', async () => {
    const body = async (options: Partial<LanguageModelV4CallOptions>) =>
      (await model.doGenerate(ask('Hello!', { maxOutputTokens: 1, ...options }))).request?.body;
    const plain = await body({ tools: [] });
    expect(await body({ toolChoice: { type: 'none' } })).toEqual(plain);
    expect((plain as { prompt: string }).prompt).not.toContain('order');
    expect((await body({})) as { prompt: string }).toMatchObject({
      prompt: expect.stringContaining('<tools>\n{"type": "function", "function": {"name": "order"'),
    });
  });

  it('is not cut by a stop sequence, which ends text only', async () => {
    const { content } = await model.doGenerate(
      ask('Two pears, please.', {
        toolChoice: { type: 'tool', toolName: 'order' },
        stopSequences: ['fruit', '"'],
      }),
    );
    expect(content.map(({ type }) => type)).toEqual(['tool-call']);
  });
});

describe('through the AI SDK', () => {
  const tools = {
    add: tool({
      description: 'Adds two numbers.',
      inputSchema: jsonSchema<{ a: number; b: number }>({
        type: 'object',
        properties: { a: { type: 'integer' }, b: { type: 'integer' } },
        required: ['a', 'b'],
      }),
      execute: ({ a, b }) => ({ sum: a + b }),
    }),
  };

  it('the loop runs: a call, its result, an answer', async () => {
    const { steps } = await generateText({
      model,
      tools,
      prompt: 'What is 12 plus 30?',
      maxOutputTokens: 40,
      stopWhen: stepCountIs(3),
      include: { requestBody: true },
      prepareStep: ({ stepNumber }) =>
        stepNumber === 0 ? { toolChoice: { type: 'tool', toolName: 'add' } } : { toolChoice: 'none' },
    });
    expect(steps).toHaveLength(2);
    const [call] = steps[0]!.toolCalls;
    expect(call).toMatchObject({ toolName: 'add', input: { a: 12, b: 30 } });
    expect(steps[0]!.toolResults[0]?.output).toEqual({ sum: 42 });
    expect((steps[1]!.request.body as { prompt: string }).prompt).toContain(
      '<tool_call>\n{"name": "add", "arguments": {"a": 12, "b": 30}}\n</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>\n{"sum": 42}\n</tool_response><|im_end|>',
    );
    expect(steps[1]!.text).not.toBe('');
  });

  it('a stream has the call', async () => {
    const result = streamText({
      model,
      tools,
      toolChoice: 'required',
      prompt: 'What is 12 plus 30?',
      maxOutputTokens: 60,
      providerOptions: { tandem: { parallelToolCalls: false } },
    });
    const [call] = await result.toolCalls;
    expect(call?.toolName).toBe('add');
    expect(await result.finishReason).toBe('tool-calls');
  });
});
