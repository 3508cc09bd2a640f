import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4Usage } from '@ai-sdk/provider';
import { convertArrayToReadableStream, MockLanguageModelV4 } from 'ai/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProviderError } from '../core/errors/provider-error.ts';
import { type SettingsInput, settingsSchema } from '../core/settings.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { type ArmName, armNames } from '../core/types/answer.ts';
import { fetchModel } from '../models/fetch/fetch-model.ts';
import { type LocalChatModel, openLocalChat } from '../models/local-chat.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { makeSmallIndex, type SmallIndex } from '../retrieve/small-index.fixture.ts';
import { withoutMarkers } from './citations.ts';
import { runSteps } from './run-steps.ts';
import type { AnswerRequest } from './step.ts';
import { type AnswerParts, answerSteps, extractSteps } from './steps/answer-steps.ts';

/** Usage and errors are those of a scripted model; what is read, cited and kept is tested with SmolLM2. */

const more = 'Whoever has a question about it asks the doctor at the next visit. ';
const documents = {
  'gout.md': `---
aliases: [AGA, acute gouty arthritis]
---
# Gout

## Symptoms

Sudden attacks of severe pain in a joint, most often the big toe. ${more.repeat(3)}

## Causes

Uric acid forms crystals in the joint. ${more.repeat(3)}
`,
  'asthma.md': `# Asthma

## Symptoms

Wheezing, coughing and a tight chest, most often at night. ${more.repeat(3)}

## Causes

Pollen, dust and cold air narrow the airways. ${more.repeat(3)}
`,
};

let index: SmallIndex;
let smol: LocalChatModel;
beforeAll(async () => {
  index = await makeSmallIndex(documents);
  const { path } = await fetchModel('local:smollm2-135m-instruct');
  smol = await openLocalChat({ path, threads: 2, modelId: 'smollm2' });
});
afterAll(async () => {
  await smol?.[Symbol.asyncDispose]();
  await index?.[Symbol.asyncDispose]();
});

const usage = (prompt: number, completion: number): LanguageModelV4Usage => ({
  inputTokens: { total: prompt, noCache: prompt, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: completion, text: completion, reasoning: undefined },
});
/** Says these texts one after the other, each reply at the cost of 100 and 10 tokens. */
const scripted = (...replies: string[]) => {
  const rest = [...replies];
  return new MockLanguageModelV4({
    provider: 'house.chat',
    doGenerate: async () => ({
      content: [{ type: 'text', text: rest.shift()! }],
      finishReason: { unified: 'stop', raw: undefined },
      usage: usage(100, 10),
      warnings: [],
    }),
  });
};
const streaming = (...parts: LanguageModelV4StreamPart[]) =>
  new MockLanguageModelV4({
    provider: 'house.chat',
    doStream: async () => ({ stream: convertArrayToReadableStream(parts) }),
  });
/** A server of OpenAI's kind on this machine, and the AI SDK's own client of it. */
async function chatServer(answer: (response: ServerResponse) => void) {
  const server = createServer((request, response) => request.resume().on('end', () => answer(response)));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    model: createOpenAICompatible({ name: 'house', baseURL: `http://127.0.0.1:${port}/v1` }).chatModel(
      'large',
    ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
const configured = (given: SettingsInput = {}) => settingsSchema.parse(given);

interface Asking extends Omit<AnswerRequest, 'question'> {
  onText?: (piece: string) => void;
  signal?: AbortSignal;
}
/** Asks through the steps of an arm. */
const answererOf = (
  chat: LanguageModelV4,
  settings = configured(),
  parts: Partial<AnswerParts> = {
    retriever: index.retriever,
    embedder: index.embedder,
    // A hosted model that is itself the tuned one.
    adapter: { adapter: { id: 'tuned-1' } as Adapter },
  },
) => ({
  answer: async (question: string, { onText, signal, ...request }: Asking) =>
    runSteps(
      answerSteps({ arm: request.arm, settings, chat, catalog: index.catalog, ...parts }),
      { question, ...request },
      {
        signal,
        ...(onText && {
          onEvent: (event) => {
            if (event.type === 'text') onText(event.text);
          },
        }),
      },
    ),
});

describe('what an answer costs', () => {
  test('is what the model was asked, the search query of hybrid included', async () => {
    // A head asks no language model.
    for (const arm of armNames.filter((name) => name !== 'head')) {
      const chat = scripted('gout causes', 'Uric acid [1].');
      const { usage, text, searchQuery } = await answererOf(chat).answer('What causes gout?', { arm });
      const calls = arm === 'hybrid' ? 2 : 1;
      expect(chat.doGenerateCalls).toHaveLength(calls);
      expect({ usage, searchQuery }).toEqual({
        usage: { promptTokens: 100 * calls, completionTokens: 10 * calls },
        searchQuery: arm === 'hybrid' ? 'gout causes' : undefined,
      });
      expect(withoutMarkers(text)).toBe(arm === 'hybrid' ? 'Uric acid.' : 'gout causes');
    }
  });

  test('the search query alone, where nothing is found to answer from and the model is not asked', async () => {
    const chat = scripted('the price of helmets');
    const said: string[] = [];
    const answer = await answererOf(chat, configured({ retrieve: { leastSimilarity: 0.9 } })).answer(
      'What do helmets cost?',
      { arm: 'hybrid', onText: (piece) => said.push(piece) },
    );
    expect(answer).toMatchObject({
      text: 'The sources do not say.',
      abstained: true,
      citations: [],
      usage: { promptTokens: 100, completionTokens: 10 },
    });
    expect(said).toEqual(['The sources do not say.']);
    const trace = await index.catalog.traces.get(answer.traceId);
    expect(trace).toMatchObject({ prompt: '', rawOutput: 'The sources do not say.' });
    expect(trace).not.toHaveProperty('messages');
  });
});

describe('hybrid searches with the question and what the model made of it', () => {
  const both = 'How do I recognise gout and asthma?';

  test('and keeps to the budget of one search', async () => {
    const { countTokens } = localToolsOf(index.embedder)!;
    const config = configured({ retrieve: { maxTokens: 90 } });
    const { passages } = await answererOf(scripted('asthma triggers', 'x'), config).answer(
      'What is gout caused by?',
      { arm: 'hybrid' },
    );
    const tokens = passages.map(({ prefix, text }) => countTokens(`${prefix}\n${text}`));
    expect(passages.length).toBeGreaterThan(0);
    expect(tokens.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(90);
  });

  test('and says which of several things has passages', async () => {
    const { passages, parts } = await answererOf(scripted('gout symptoms', 'x')).answer(both, {
      arm: 'hybrid',
    });
    expect(parts?.map(({ name }) => name).toSorted()).toEqual(['Asthma', 'Gout']);
    for (const part of parts!)
      expect(part.passages).toBe(
        passages.filter(({ documentId }) => documentId === `${part.name.toLowerCase()}.md`).length,
      );
  });
});

describe('cannot be answered', () => {
  const refused = (question: string, options: Asking, without: object = {}) =>
    answererOf(scripted('never'), configured(), {
      retriever: index.retriever,
      embedder: index.embedder,
      adapter: { adapter: { id: 'tuned-1' } as Adapter },
      ...without,
    }).answer(question, options);
  const turns = [{ role: 'user' as const, content: 'What is gout?' }];

  test.each<[what: string, question: string, options: Asking, without: object, message: RegExp]>([
    ['an empty question', ' \n', { arm: 'rag' }, {}, /question is empty/],
    ['a conversation without retrieval', 'Why?', { arm: 'base', turns }, {}, /base arm .* by itself/],
    ['a tuned arm without an adapter', 'Why?', { arm: 'tuned' }, { adapter: undefined }, /needs a trained/],
    ['rag without an index', 'Why?', { arm: 'rag' }, { retriever: undefined }, /needs an index/],
  ])('%s', async (_what, question, options, without, message) => {
    await expect(refused(question, options, without)).rejects.toMatchObject({
      code: 'invalid_input',
      domain: 'answer',
      message: expect.stringMatching(message),
    });
  });

  test('a stream that the provider cut off, which is no fault of the user', async () => {
    const chat = streaming(
      { type: 'stream-start', warnings: [] },
      { type: 'text-start', id: '1' },
      { type: 'text-delta', id: '1', delta: 'Uric' },
    );
    const said: string[] = [];
    const answer = answererOf(chat).answer('What causes gout?', {
      arm: 'rag',
      onText: (piece) => said.push(piece),
    });
    await expect(answer).rejects.toSatisfy(ProviderError.isInstance);
    await expect(answer).rejects.toMatchObject({
      category: 'thirdParty',
      domain: 'answer',
      provider: 'house',
    });
    expect(said).toEqual(['Uric']);
  });

  test.each<[what: string, answer: (response: ServerResponse) => void, says: RegExp]>([
    ['a server that breaks off', (response) => response.destroy(), /did not finish an answer of large/],
    ['a server that ends early', (response) => response.end(), /did not finish an answer of large/],
    [
      'an error in the stream',
      (response) => response.end('data: {"error":{"message":"overloaded"}}\n\n'),
      /overloaded/,
    ],
  ])('%s', async (_what, answer, says) => {
    await using server = await chatServer((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(
        `data: {"id":"1","created":1,"model":"large","choices":[{"index":0,"delta":{"content":"Uric"}}]}\n\n`,
      );
      setTimeout(() => answer(response), 50);
    });
    const said: string[] = [];
    await expect(
      answererOf(server.model).answer('What causes gout?', {
        arm: 'rag',
        onText: (piece) => said.push(piece),
      }),
    ).rejects.toMatchObject({
      code: 'provider',
      provider: 'house',
      status: undefined,
      message: expect.stringMatching(says),
    });
    expect(said).toEqual(['Uric']);
  });

  test('a provider that refuses, or is not there', async () => {
    const server = await chatServer((response) => {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end('{"error":{"message":"no such key"}}');
    });
    const answer = () => answererOf(server.model).answer('What causes gout?', { arm: 'rag' });
    await expect(answer()).rejects.toMatchObject({
      code: 'provider',
      status: 401,
      message: 'house did not finish an answer of large (HTTP 401): no such key',
    });
    await server[Symbol.asyncDispose]();
    await expect(answer()).rejects.toMatchObject({ code: 'provider', status: undefined });
  });

  test('one that was stopped', async () => {
    const stop = new AbortController();
    await using server = await chatServer(() => stop.abort());
    await expect(
      answererOf(server.model).answer('What causes gout?', { arm: 'rag', signal: stop.signal }),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('SmolLM2', () => {
  const output = {
    schema: {
      type: 'object',
      properties: {
        intent: { enum: ['symptoms', 'causes'] },
        response: { type: 'string', maxLength: 80 },
      },
      required: ['intent', 'response'],
    },
    textField: 'response',
    confidence: { field: 'confidence', of: 'intent' },
  };

  test('answers in the form that the project asks for, from the passages, and all of it is kept', async () => {
    const config = configured({ answer: { output, maxTokens: 80 }, retrieve: { k: 2 } });
    const answerer = answererOf(smol, config, {
      retriever: index.retriever,
      embedder: index.embedder,
      calibrate: (probability: number, arm: ArmName) => (arm === 'rag' ? probability / 2 : Number.NaN),
    });
    const answer = await answerer.answer('What causes gout?', { arm: 'rag' });
    expect(JSON.parse(answer.raw)).toMatchObject({ response: answer.text });
    expect(['symptoms', 'causes']).toContain(answer.output?.intent);
    expect(answer.rawConfidence).toBeGreaterThanOrEqual(0.5);
    expect(answer.confidence).toBeCloseTo(answer.rawConfidence! / 2);
    expect(answer.output?.confidence).toBeCloseTo(answer.confidence!, 2);
    expect(answer.passages[0]).toMatchObject({ documentId: 'gout.md', headingPath: ['Gout', 'Causes'] });
    for (const { documentId, start, end, quote } of answer.citations)
      expect((await index.catalog.documents.get(documentId))!.text.slice(start, end)).toBe(quote);
    const { rewrite, retrieve, generate, total } = answer.timings;
    expect(rewrite).toBeUndefined();
    expect(total).toBeCloseTo(retrieve! + generate);

    const trace = (await index.catalog.traces.get(answer.traceId))!;
    expect(trace).toMatchObject({ question: 'What causes gout?', arm: 'rag', rawOutput: answer.raw });
    expect(trace.prompt).toContain('Uric acid forms crystals');
    expect(localToolsOf(smol)!.renderPrompt(trace.messages!)).toBe(trace.prompt);
    expect(answer.usage.promptTokens).toBe(localToolsOf(smol)!.encodePrompt(trace.messages!).length);
  });

  test('says the same piece by piece', async () => {
    const config = configured({ answer: { maxTokens: 16 } });
    const answerer = answererOf(smol, config, {});
    const pieces: string[] = [];
    const options = { arm: 'base' as const, onText: (piece: string) => pieces.push(piece) };
    const streamed = await answerer.answer('What is gout?', options);
    const whole = await answerer.answer('What is gout?', { arm: 'base' });
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join('')).toBe(streamed.raw);
    expect([streamed.raw, streamed.usage]).toEqual([whole.raw, whole.usage]);
    expect([streamed.finishReason, whole.finishReason]).toEqual(['length', 'length']);
    expect(streamed.timings.firstToken).toBeLessThan(streamed.timings.total);
  });
});

describe('without a language model', () => {
  const extract = (question: string, retrieve: object = {}) =>
    runSteps(extractSteps({ ...index, settings: configured({ retrieve }) }), { question, arm: 'rag' });

  test('the best passage answers in its own words, each sentence cited where it stands', async () => {
    const answer = await extract('What causes gout?');
    expect(answer.text).toMatch(/^Uric acid forms crystals in the joint\. \[\d\]/);
    expect(answer.citations.length).toBeGreaterThan(0);
    const { text } = (await index.catalog.documents.get('gout.md'))!;
    for (const { marker, start, end, quote, sentence } of answer.citations) {
      expect(text.slice(start, end)).toBe(quote);
      expect(answer.passages[marker - 1]!.documentId).toBe('gout.md');
      expect(answer.text).toContain(`${sentence} [${marker}]`);
    }
    expect(answer).toMatchObject({ abstained: false, usage: { promptTokens: 0, completionTokens: 0 } });
    expect(answer).not.toHaveProperty('finishReason');
    expect(await index.catalog.traces.get(answer.traceId)).toMatchObject({
      model: 'extract',
      prompt: '',
      rawOutput: answer.text,
    });
  });

  test('nothing is cited where no passage is near the question', async () => {
    expect(await extract('What do helmets cost?', { leastSimilarity: 0.9 })).toMatchObject({
      text: 'The sources do not say.',
      abstained: true,
      citations: [],
    });
  });

  test('an abbreviation of the question is said spelt out, as by the arms', async () => {
    expect((await extract('What causes AGA?')).spelledOut).toEqual(['Gout']);
  });

  test('of several things asked, it tells which have passages', async () => {
    const { parts } = await extract('How do I recognise gout and asthma?', { k: 4, maxTokens: 90 });
    expect(parts?.map(({ passages }) => passages).toSorted()).toEqual([0, 1]);
  });
});
