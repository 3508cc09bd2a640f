import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LanguageModelV4CallOptions, LanguageModelV4Prompt } from '@ai-sdk/provider';
import { generateText, jsonSchema, Output, streamText } from 'ai';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ChatMessage } from '../core/types/example.ts';
import { fetchModel } from './fetch/fetch-model.ts';
import { type LocalChatMetadata, type LocalChatModel, openLocalChat } from './local-chat.ts';
import { type LocalChatTools, localToolsOf } from './local-tools.ts';
import { writeRandomAdapter } from './write-random-adapter.ts';

const reference = 'local:smollm2-135m-instruct';
let path: string;
let model: LocalChatModel;
let tools: LocalChatTools;
let folder: string;
let adapter: string;

beforeAll(async () => {
  ({ path } = await fetchModel(reference));
  model = await openLocalChat({ path, threads: 1, modelId: 'smollm2' });
  tools = localToolsOf(model) as LocalChatTools;
  folder = await mkdtemp(join(tmpdir(), 'tandem-chat-'));
  adapter = join(folder, 'adapter.gguf');
  await writeRandomAdapter(adapter, { seed: 1 });
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
  if (folder) await rm(folder, { recursive: true });
});

const ask = (question: string, system?: string): LanguageModelV4Prompt => [
  ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
  { role: 'user', content: [{ type: 'text', text: question }] },
];
async function answer(question: string, options: Partial<LanguageModelV4CallOptions> = {}) {
  const result = await model.doGenerate({ prompt: ask(question), maxOutputTokens: 24, ...options });
  const text = result.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  return { ...result, text, tandem: result.providerMetadata?.tandem as unknown as LocalChatMetadata };
}
const intentSchema = {
  type: 'object' as const,
  properties: {
    intent: { enum: ['information', 'symptoms', 'treatment', 'causes'] },
    condition: { type: 'string' as const, maxLength: 40 },
  },
  required: ['intent', 'condition'],
};

describe('answers', () => {
  it('are those of the chat template, with the prompt as the model saw it', async () => {
    const result = await answer('What is diabetes?');
    expect(result.text).toMatch(/diabetes/i);
    expect((result.request as { body: { prompt: string } }).body.prompt).toBe(
      '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' +
        '<|im_start|>user\nWhat is diabetes?<|im_end|>\n<|im_start|>assistant\n',
    );
    expect(result.usage.inputTokens.total).toBe(
      tools.encodePrompt([{ role: 'user', content: 'What is diabetes?' }]).length,
    );
  });

  it('end where the model ends its turn', async () => {
    const result = await answer('What is 2+2?', { maxOutputTokens: 200 });
    expect(result.finishReason).toEqual({ unified: 'stop', raw: 'end of turn' });
    expect(result.text).toContain('4');
    expect(result.text).not.toContain('<|im_end|>');
  });

  it('are the same whatever was asked before, though the cache is reused', async () => {
    const long = `Tell me of ${'glucose and insulin in the blood, '.repeat(40)} please.`;
    const first = await answer(long);
    expect(first.tandem.reusedTokens).toBeLessThan(40);
    await answer(`${long} And more.`);
    const again = await answer(long);
    expect(again.tandem.reusedTokens).toBeGreaterThan(300);
    expect(again.text).toBe(first.text);

    const tokens = tools.encodePrompt([{ role: 'user', content: long }]);
    const [fresh] = await tools.evaluateLogits(tokens, { positions: [tokens.length - 1] });
    await answer(long);
    const best = (fresh as Float32Array).reduce(
      (at, logit, index, all) => (logit > (all[at] as number) ? index : at),
      0,
    );
    expect(first.text.startsWith(tools.decode([best]))).toBe(true);
  });

  it('follow the seed when sampled', async () => {
    const sampled = (seed: number) =>
      answer('Name an animal.', { temperature: 1.2, topK: 50, topP: 0.9, seed });
    const [one, same, other] = [await sampled(1), await sampled(1), await sampled(2)];
    expect(same.text).toBe(one.text);
    expect(other.text).not.toBe(one.text);
  });

  it('end at a stop sequence, which is not part of them', async () => {
    const whole = await answer('Count from 1 to 9 with commas.', { maxOutputTokens: 40 });
    const stop = whole.text.slice(8, 11);
    const result = await answer('Count from 1 to 9 with commas.', {
      maxOutputTokens: 40,
      stopSequences: [stop],
    });
    expect(result.text).toBe(whole.text.slice(0, whole.text.indexOf(stop)));
    expect(result.finishReason).toEqual({ unified: 'stop', raw: 'stop sequence' });
  });

  it('end at whichever stop sequence stands first, in a stream too, which shows nothing of it', async () => {
    const options = { maxOutputTokens: 40 };
    const question = 'Count from 1 to 9 with commas.';
    const whole = await answer(question, options);
    const [early, late] = [whole.text.slice(6, 10), whole.text.slice(12, 15)];
    const stopSequences = [late, 'nowhere', early];
    const expected = whole.text.slice(0, Math.min(whole.text.indexOf(early), whole.text.indexOf(late)));
    expect((await answer(question, { ...options, stopSequences })).text).toBe(expected);
    const { stream } = await model.doStream({ prompt: ask(question), ...options, stopSequences });
    const parts = await Array.fromAsync(stream);
    expect(parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('')).toBe(expected);
    expect(parts.at(-1)).toMatchObject({ type: 'finish', finishReason: { unified: 'stop' } });
  });

  it('say when they were cut by maxOutputTokens', async () => {
    const result = await answer('Write a long story.', { maxOutputTokens: 5 });
    expect(result.finishReason.unified).toBe('length');
    expect(result.usage.outputTokens.total).toBe(5);
  });

  it('stream to the same text, split where characters are whole', async () => {
    const options = { maxOutputTokens: 40 };
    const question = 'Repeat exactly: naïve café 日本語 🙂🙂';
    const whole = await answer(question, options);
    const { stream } = await model.doStream({ prompt: ask(question), ...options });
    const deltas: string[] = [];
    let metadata: LocalChatMetadata | undefined;
    for await (const part of stream) {
      if (part.type === 'text-delta') deltas.push(part.delta);
      if (part.type === 'finish') metadata = part.providerMetadata?.tandem as unknown as LocalChatMetadata;
    }
    expect(deltas.join('')).toBe(whole.text);
    expect(deltas.length).toBeGreaterThan(3);
    expect(deltas.some((delta) => delta.includes('\uFFFD'))).toBe(false);
    expect(metadata?.promptTokens).toBe(whole.tandem.promptTokens);
  });

  it('work through the AI SDK', async () => {
    const { text, usage } = await generateText({
      model,
      prompt: 'What is asthma?',
      maxOutputTokens: 20,
    });
    expect(text).toMatch(/asthma/i);
    expect(usage.inputTokens).toBeGreaterThan(20);
    const streamed = streamText({
      model,
      prompt: 'What are the symptoms of asthma?',
      maxOutputTokens: 60,
      output: Output.object({ schema: jsonSchema<{ intent: string; condition: string }>(intentSchema) }),
    });
    await streamed.consumeStream();
    expect(intentSchema.properties.intent.enum).toContain((await streamed.output).intent);
  });

  it('wait for each other', async () => {
    const questions = ['What is 2+2?', 'What is the capital of Spain?', 'Name a colour.'];
    const alone: string[] = [];
    for (const question of questions) alone.push((await answer(question)).text);
    const together = await Promise.all(questions.map((question) => answer(question)));
    expect(together.map(({ text }) => text)).toEqual(alone);
  });
});

describe('JSON answers', () => {
  const responseFormat = { type: 'json' as const, schema: intentSchema };

  it('fit the schema and carry the probability of each token where asked', async () => {
    const result = await answer('What are the symptoms of asthma?', {
      maxOutputTokens: 60,
      responseFormat,
      providerOptions: { tandem: { probabilities: true } },
    });
    const parsed = JSON.parse(result.text) as { intent: string; condition: string };
    expect(Object.keys(parsed)).toEqual(['intent', 'condition']);
    expect(intentSchema.properties.intent.enum).toContain(parsed.intent);
    expect(result.finishReason.unified).toBe('stop');
    const tokens = result.tandem.tokens ?? [];
    expect(tokens.map(({ text }) => text).join('')).toBe(result.text);
    expect(tokens.length).toBe(result.usage.outputTokens.total);
    for (const { probability } of tokens) {
      expect(probability).toBeGreaterThan(0);
      expect(probability).toBeLessThanOrEqual(1);
    }
  });

  it('carry probabilities that agree with the logits', async () => {
    const result = await answer('What is diabetes?', {
      providerOptions: { tandem: { probabilities: true } },
    });
    const messages: ChatMessage[] = [{ role: 'user', content: 'What is diabetes?' }];
    const prompt = tools.encodePrompt(messages);
    const [logits] = await tools.evaluateLogits(prompt, { positions: [prompt.length - 1] });
    const first = result.tandem.tokens?.[0];
    const [token] = tools.encodeText(first?.text ?? '');
    expect(first?.probability).toBeCloseTo(Math.exp(logSoftmax(logits as Float32Array, token as number)), 4);
  });

  it('name what a grammar does not enforce, and refuse what it cannot express', async () => {
    const schema = {
      type: 'object' as const,
      properties: { a: { type: 'string' as const, pattern: '^x', maxLength: 3 } },
      required: ['a'],
    };
    const result = await answer('Reply.', { responseFormat: { type: 'json', schema } });
    expect(result.warnings).toEqual([
      { type: 'unsupported', feature: 'schema keyword pattern', details: 'not enforced' },
    ]);
    await expect(
      answer('Reply.', { responseFormat: { type: 'json', schema: { allOf: [{ type: 'object' }] } } }),
    ).rejects.toThrow(/allOf at #/);
  });
});

describe('an adapter', () => {
  it('changes answers by its scale, and leaves the base as it was', async () => {
    const question = 'What is diabetes?';
    const at = (scale: number) =>
      answer(question, { providerOptions: { tandem: { adapter: { path: adapter, scale } } } });
    const base = await answer(question);
    expect((await at(0)).text).toBe(base.text);
    expect((await at(1)).text).not.toBe(base.text);
    expect((await answer(question)).text).toBe(base.text);
  });

  it('is another one when its file is overwritten', async () => {
    const file = join(folder, 'changing.gguf');
    const tokens = tools.encodeText('The capital of France is');
    const logits = async () => {
      const [row] = await tools.evaluateLogits(tokens, {
        positions: [tokens.length - 1],
        adapter: { path: file },
      });
      return row as Float32Array;
    };
    await writeRandomAdapter(file, { seed: 2 });
    const first = await logits();
    await writeRandomAdapter(file, { seed: 3 });
    expect(await logits()).not.toEqual(first);
    await writeRandomAdapter(file, { seed: 2 });
    expect(await logits()).toEqual(first);
  });

  it('may be one of many', async () => {
    const tokens = tools.encodeText('The capital of France is');
    const rows: Float32Array[] = [];
    for (const scale of [0.2, 0.4, 0.6, 0.8, 0.2]) {
      rows.push(
        ...(await tools.evaluateLogits(tokens, { positions: [0], adapter: { path: adapter, scale } })),
      );
    }
    expect(rows[4]).toEqual(rows[0]);
    expect(rows[1]).not.toEqual(rows[0]);
  });

  it('that is missing or none is named', async () => {
    const use = (file: string) => answer('Hi', { providerOptions: { tandem: { adapter: { path: file } } } });
    await expect(use(join(folder, 'absent.gguf'))).rejects.toThrow(
      /There is no adapter file at .*absent\.gguf/,
    );
    const broken = join(folder, 'broken.gguf');
    await writeFile(broken, 'not a GGUF');
    await expect(use(broken)).rejects.toThrow(/broken\.gguf cannot be loaded over this model/);
    await expect(use(path)).rejects.toThrow(/cannot be loaded over this model/);
  });
});

describe('limits', () => {
  it('refuse a prompt that does not fit, before any work', async () => {
    const failure = await answer('blood '.repeat(4100)).catch((error: unknown) => error);
    expect(ContextOverflowError.isInstance(failure)).toBe(true);
    expect((failure as ContextOverflowError).promptTokens).toBeGreaterThan(4100);
    expect((failure as ContextOverflowError).contextLength).toBe(4096);
    await expect(answer('Hi', { maxOutputTokens: 4090 })).rejects.toThrow(/does not fit/);
  });

  it('end at an abort: while waiting, while reading and while writing', async () => {
    const long = 'Tell me about blood. '.repeat(500);
    const reading = new AbortController();
    const running = answer(long, { abortSignal: reading.signal });
    const waiting = new AbortController();
    const queued = answer('Hi', { abortSignal: waiting.signal });
    waiting.abort(new Error('waited enough'));
    await expect(queued).rejects.toThrow('waited enough');
    reading.abort(new Error('read enough'));
    await expect(running).rejects.toThrow('read enough');

    // Were the story told to its end, which is that of the context, this would take minutes.
    const { stream } = await model.doStream({
      prompt: ask('Write a long story.'),
      responseFormat: { type: 'json', schema: { type: 'array', items: { type: 'string' }, minItems: 2000 } },
    });
    let parts = 0;
    for await (const part of stream) if (part.type === 'text-delta' && ++parts === 3) break;
    expect((await answer('What is diabetes?')).text).toMatch(/diabetes/i);
  });

  it('name unknown options, other media and files that are no model', async () => {
    await expect(answer('Hi', { providerOptions: { tandem: { adaptor: 'x' } } })).rejects.toThrow(/adaptor/);
    const image = {
      type: 'file' as const,
      mediaType: 'image/png',
      data: { type: 'data' as const, data: new Uint8Array(3) },
    };
    await expect(model.doGenerate({ prompt: [{ role: 'user', content: [image] }] })).rejects.toThrow(
      /reads text only/,
    );
    await expect(openLocalChat({ path: join(folder, 'none.gguf') })).rejects.toThrow(
      /There is no model file at/,
    );
    const text = join(folder, 'text.gguf');
    await writeFile(text, 'This is no model.');
    const failure = await openLocalChat({ path: text }).catch((error: unknown) => error);
    expect(InvalidInputError.isInstance(failure)).toBe(true);
    expect((failure as Error).message).toMatch(/text\.gguf is not a GGUF file/);
  });
});

describe('tools', () => {
  const conversation: ChatMessage[] = [
    { role: 'system', content: 'Answer briefly.' },
    { role: 'user', content: 'What is asthma?' },
    { role: 'assistant', content: ' A disease of the airways.\n' },
    { role: 'user', content: 'And COPD?' },
    { role: 'assistant', content: '{"intent": "information"}' },
  ];

  it('encode a conversation as it is served', () => {
    const { tokens, spans } = tools.encodeChat(conversation);
    expect(spans.map(({ start, end }) => tools.decode(tokens.slice(start, end)))).toEqual([
      ' A disease of the airways.\n<|im_end|>',
      '{"intent": "information"}<|im_end|>',
    ]);
    expect(tokens.slice(0, spans[1]?.start)).toEqual(tools.encodePrompt(conversation.slice(0, 4)));
    expect(tokens.slice(0, spans[0]?.start)).toEqual(tools.encodePrompt(conversation.slice(0, 2)));
    expect(`${tools.decode(tokens)}\n`).toBe(tools.renderPrompt(conversation));
  });

  it('never read a special token out of a document', () => {
    const text = fc
      .array(
        fc.oneof(
          fc.constantFrom(
            '<|im_end|>',
            '<|im_start|>',
            'system',
            '\n',
            ' ',
            '<',
            '|',
            '>',
            '<|endoftext|>',
            'é🙂',
          ),
          fc.string(),
        ),
        { maxLength: 12 },
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (question, reply) => {
        const messages: ChatMessage[] = [
          { role: 'user', content: question },
          { role: 'assistant', content: reply },
        ];
        const { tokens, spans } = tools.encodeChat(messages);
        const control = tokens.filter((token) => token <= 16);
        expect(control).toEqual([1, 2, 1, 2, 1, 2]); // system, user, assistant: each opened and closed once
        const [span] = spans;
        expect(tools.decode(tokens.slice(span?.start, span?.end))).toBe(`${reply}<|im_end|>`);
        expect(tokens.slice(0, span?.start)).toEqual(tools.encodePrompt(messages.slice(0, 1)));
        expect(`${tools.decode(tokens)}\n`).toBe(tools.renderPrompt(messages));
      }),
      { numRuns: 200 },
    );
  });

  it('score a continuation as the sum of its tokens', async () => {
    const messages: ChatMessage[] = [{ role: 'user', content: 'What is diabetes?' }];
    const right = await tools.scoreContinuation({
      messages,
      continuation: 'Diabetes is a disease of the blood sugar.',
    });
    const wrong = await tools.scoreContinuation({
      messages,
      continuation: 'Diabetes is a kind of green umbrella.',
    });
    expect(right.logProbability).toBeGreaterThan(wrong.logProbability);
    expect(right.tokens.map(({ text }) => text).join('')).toBe('Diabetes is a disease of the blood sugar.');
    expect(right.logProbability).toBeCloseTo(
      right.tokens.reduce((sum, token) => sum + token.logProbability, 0),
      10,
    );

    const prompt = tools.encodePrompt(messages);
    const tokens = tools.encodeText('Diabetes is a disease of the blood sugar.');
    const rows = await tools.evaluateLogits([...prompt, ...tokens]);
    for (const [index, token] of tokens.entries()) {
      const row = rows[prompt.length + index - 1] as Float32Array;
      expect(right.tokens[index]?.logProbability).toBeCloseTo(logSoftmax(row, token), 3);
    }
  });

  it('choose among texts as a grammar would: the softmax over the tokens at each fork', async () => {
    const messages: ChatMessage[] = [{ role: 'user', content: 'What is diabetes?' }];
    const before = 'It is a ';
    const choices = ['disease"', 'disease of the blood"', 'green umbrella"', 'drug"'];
    const probabilities = await tools.choiceProbabilities({ messages, before, choices });
    expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);

    // The reference walks the same tree over whole rows of logits.
    const prompt = tools.encodePrompt(messages);
    const paths = choices.map((choice) => tools.encodeText(before + choice));
    const expected = await Promise.all(
      paths.map(async (path) => {
        const rows = await tools.evaluateLogits([...prompt, ...path]);
        return path.reduce((mass, token, depth) => {
          const rivals = paths
            .filter((other) => path.slice(0, depth).every((one, at) => other[at] === one))
            .map((other) => other[depth] as number);
          const row = rows[prompt.length + depth - 1] as Float32Array;
          const total = [...new Set(rivals)].reduce((sum, rival) => sum + Math.exp(row[rival] as number), 0);
          return (mass * Math.exp(row[token] as number)) / total;
        }, 1);
      }),
    );
    for (const [index, value] of expected.entries()) expect(probabilities[index]).toBeCloseTo(value, 3);
    expect(probabilities[2]).toBeLessThan(probabilities[0]! + probabilities[1]!);

    await expect(
      tools.choiceProbabilities({ messages, before, choices: ['drug', 'drug store'] }),
    ).rejects.toThrow(/beginning of another/);
  });

  it('know the weights and the template they belong to', async () => {
    expect(tools.baseHash).toBe('b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53');
    expect(tools.templateHash).toMatch(/^[0-9a-f]{64}$/);
    expect(tools.vocabularySize).toBe(49_152);
    expect(tools.contextLength).toBe(4096);
    await using second = await openLocalChat({ path, threads: 1 });
    expect(localToolsOf(second)?.templateHash).toBe(tools.templateHash);
  });
});

function logSoftmax(logits: Float32Array, token: number): number {
  const max = logits.reduce((a, b) => Math.max(a, b));
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - max), 0);
  return (logits[token] as number) - max - Math.log(sum);
}
