import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchModel } from './fetch/fetch-model.ts';
import { type LocalChatMetadata, type LocalChatModel, openLocalChat } from './local-chat.ts';
import { type LocalChatTools, localToolsOf } from './local-tools.ts';

let model: LocalChatModel;
let tools: LocalChatTools;
beforeAll(async () => {
  model = await openLocalChat({ path: (await fetchModel('local:smollm2-135m-instruct')).path, threads: 1 });
  tools = localToolsOf(model) as LocalChatTools;
});
afterAll(async () => {
  await model?.[Symbol.asyncDispose]();
});

const question = 'What is diabetes?';
const call = (
  text: string,
  options: Partial<LanguageModelV4CallOptions> = {},
): LanguageModelV4CallOptions => ({
  prompt: [{ role: 'user', content: [{ type: 'text', text }] }],
  maxOutputTokens: 12,
  providerOptions: { tandem: { topLogprobs: 3 } },
  ...options,
});
async function answer(text: string, options: Partial<LanguageModelV4CallOptions> = {}) {
  const { content, providerMetadata = {} } = await model.doGenerate(call(text, options));
  const written = content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const { tokens = [] } = providerMetadata.tandem as unknown as LocalChatMetadata;
  return { written, tokens };
}

describe('log probabilities', () => {
  it('are those of scoreContinuation, and of the likeliest tokens', async () => {
    const { written, tokens } = await answer(question);
    expect(tokens.map(({ text }) => text).join('')).toBe(written);
    const messages = [{ role: 'user' as const, content: question }];
    const scored = await tools.scoreContinuation({ messages, continuation: written });
    expect(tokens.map(({ text }) => text)).toEqual(scored.tokens.map(({ text }) => text));
    for (const [index, { logProbability, probability, top = [] }] of tokens.entries()) {
      expect(logProbability).toBeCloseTo(scored.tokens[index]!.logProbability, 3);
      expect(probability).toBeCloseTo(Math.exp(logProbability!), 6);
      expect(top).toHaveLength(3);
      expect(top.map((other) => other.logProbability)).toEqual(
        top.map((other) => other.logProbability).toSorted((a, b) => b - a),
      );
      // Temperature 0: what was written is the likeliest, or, where tokens evaluated together round otherwise, near it.
      expect(top[0]!.logProbability - logProbability!).toBeLessThan(0.2);
    }

    const prompt = tools.encodePrompt(messages);
    const [row] = await tools.evaluateLogits(prompt, { positions: [prompt.length - 1] });
    const logits = [...(row as Float32Array)];
    const highest = Math.max(...logits);
    const total = highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
    const ranked = logits.map((logit, token) => ({ token, logit })).toSorted((a, b) => b.logit - a.logit);
    for (const [rank, other] of tokens[0]!.top!.entries()) {
      expect(other.text).toBe(tools.decode([ranked[rank]!.token]));
      expect(other.logProbability).toBeCloseTo(ranked[rank]!.logit - total, 2);
    }
  });

  it('are the model’s own under a grammar and at another temperature', async () => {
    const { written, tokens } = await answer(question, {
      responseFormat: { type: 'json', schema: { enum: ['yes', 'no'] } },
      temperature: 1.5,
      seed: 1,
      providerOptions: { tandem: { topLogprobs: 0 } },
    });
    expect(['"yes"', '"no"']).toContain(written);
    expect(tokens.every(({ top }) => top?.length === 0)).toBe(true);
    const { tokens: scored } = await tools.scoreContinuation({
      messages: [{ role: 'user', content: question }],
      continuation: tokens[0]!.text,
    });
    expect(tokens[0]!.logProbability).toBeCloseTo(scored[0]!.logProbability, 3);
    // Nobody begins an answer so who need not.
    expect(tokens[0]!.logProbability).toBeLessThan(-3);
  });

  it('have the bytes of each token, which join to the text where a character takes several', async () => {
    const { written, tokens } = await answer('Say: 日本', {
      responseFormat: { type: 'json', schema: { const: '日本語 🙂 é' } },
      maxOutputTokens: 40,
    });
    expect(written).toBe('"日本語 🙂 é"');
    expect(tokens.map(({ text }) => text).join('')).toBe(written);
    expect(Buffer.from(tokens.flatMap(({ bytes }) => bytes!)).toString()).toBe(written);
    expect(tokens.some(({ text, bytes }) => text === '' && bytes!.length > 0)).toBe(true);
  });

  it('come with the end of a stream, and end where the text does', async () => {
    const whole = await answer(question);
    const stop = whole.written.slice(14, 18);
    const options = { stopSequences: [stop] };
    const cut = await answer(question, options);
    expect(cut.written).toBe(whole.written.slice(0, whole.written.indexOf(stop)));
    expect(cut.tokens.map(({ text }) => text).join('')).toBe(cut.written);
    expect(cut.tokens.length).toBeLessThan(whole.tokens.length);

    const { stream } = await model.doStream(call(question, options));
    const parts = await Array.fromAsync(stream);
    const last = parts.at(-1);
    if (last?.type !== 'finish') throw new Error('not finished');
    const { tokens } = last.providerMetadata!.tandem as unknown as LocalChatMetadata;
    expect(tokens).toEqual(cut.tokens);
  });

  it('are not more than twenty', async () => {
    await expect(
      model.doGenerate(call(question, { providerOptions: { tandem: { topLogprobs: 21 } } })),
    ).rejects.toThrow(/providerOptions\.tandem is not understood/);
  });
});
