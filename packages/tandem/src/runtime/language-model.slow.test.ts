import type { LanguageModelV4StreamPart, LanguageModelV4Usage } from '@ai-sdk/provider';
import { generateText, streamText } from 'ai';
import { MockEmbeddingModelV4, MockLanguageModelV4, simulateReadableStream } from 'ai/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem, type Tandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { trace } from './search.ts';

const documents = [
  {
    uri: 'leave.md',
    text: '# Leave\n\nEverybody at Alder Works has 30 days of leave a year. Leave that is left in March is lost.',
  },
  {
    uri: 'https://alder.example/pay',
    text: '# Pay\n\nPay comes on the 25th of each month. The office in Bremen pays it.',
    access: 'staff',
  },
];
const question = 'How many days of leave do I have at Alder Works?';

const usage: LanguageModelV4Usage = {
  inputTokens: { total: 100, noCache: 100, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 10, text: 10, reasoning: undefined },
};
const finishReason = { unified: 'stop', raw: 'stop' } as const;

/** A chat model that writes these pieces, and tells how far its stream was read and whether it was stopped. */
function scripted(pieces: readonly string[], { reason = finishReason as object, delay = 0 } = {}) {
  const seen = { pieces: 0, isAborted: false };
  const finish = { finishReason: reason as typeof finishReason, usage };
  const model = new MockLanguageModelV4({
    provider: 'house.chat',
    modelId: 'scripted',
    doGenerate: async () => ({
      content: [{ type: 'text', text: pieces.join('') }],
      warnings: [],
      ...finish,
    }),
    doStream: async ({ abortSignal }) => {
      abortSignal?.addEventListener('abort', () => {
        seen.isAborted = true;
      });
      const parts: LanguageModelV4StreamPart[] = [
        { type: 'stream-start', warnings: [] },
        { type: 'text-start', id: '1' },
        ...pieces.map((delta) => ({ type: 'text-delta', id: '1', delta }) as const),
        { type: 'text-end', id: '1' },
        { type: 'finish', ...finish },
      ];
      const count = new TransformStream<LanguageModelV4StreamPart, LanguageModelV4StreamPart>({
        transform(part, controller) {
          if (part.type === 'text-delta') seen.pieces++;
          controller.enqueue(part);
        },
      });
      return {
        stream: simulateReadableStream({ chunks: parts, chunkDelayInMs: delay }).pipeThrough(count),
      };
    },
  });
  return Object.assign(model, { seen });
}

const answered = ['Everybody has 30 days', ' of leave a year [1].', ' It is lost in March [1].'];
const opened = new AsyncDisposableStack();
afterAll(() => opened.disposeAsync());

async function tandemWith(chat: MockLanguageModelV4, options: Parameters<typeof createTandem>[0] = {}) {
  const tandem = opened.use(await createTandem({ chat, sources: [fromDocuments(documents)], ...options }));
  await ingest(tandem);
  return tandem;
}

let tandem: Tandem;
let chat: ReturnType<typeof scripted>;
beforeAll(async () => {
  chat = scripted(answered);
  tandem = await tandemWith(chat);
});

describe('generateText', () => {
  test('answers from the documents, and each citation is a source with its exact span', async () => {
    const result = await generateText({ model: tandem.languageModel('rag'), prompt: question });
    expect(result.text).toBe(answered.join(''));
    expect(result.finishReason).toBe('stop');
    expect(result.usage).toMatchObject({ inputTokens: 100, outputTokens: 10 });
    expect(result.sources.length).toBe(2);
    const said = ['Everybody has 30 days of leave a year.', 'It is lost in March.'];
    result.sources.forEach((source, at) => {
      const { uri, start, end, quote, sentence } = source.providerMetadata!.tandem as {
        [key: string]: unknown;
        start: number;
        end: number;
      };
      expect(source).toMatchObject({
        sourceType: 'document',
        filename: 'leave.md',
        id: `citation-${at + 1}`,
      });
      expect(uri).toBe('leave.md');
      expect(documents[0]!.text.slice(start, end)).toBe(quote);
      expect(sentence).toBe(said[at]);
    });
    const { traceId, arm, abstained } = result.providerMetadata!.tandem!;
    expect([arm, abstained]).toEqual(['rag', false]);
    expect(await trace(tandem, traceId as string)).toMatchObject({ question, arm: 'rag' });
  });

  test('extract quotes the sources and asks no model', async () => {
    const before = chat.doGenerateCalls.length;
    const { text, sources, finishReason, usage } = await generateText({
      model: tandem.languageModel('extract'),
      prompt: 'When does pay come?',
    });
    expect(text).toContain('Pay comes on the 25th of each month. [1]');
    expect(sources[0]).toMatchObject({ sourceType: 'url', url: 'https://alder.example/pay' });
    expect([finishReason, usage.outputTokens]).toEqual(['stop', 0]);
    expect(chat.doGenerateCalls.length).toBe(before);
  });

  test('says that a reply was cut', async () => {
    const cut = await tandemWith(scripted(['Everybody has'], { reason: { unified: 'length', raw: 'max' } }));
    const result = await generateText({
      model: cut.languageModel(),
      prompt: question,
      maxOutputTokens: 3,
    });
    expect(result.finishReason).toBe('length');
    const stream = streamText({ model: cut.languageModel('rag'), prompt: question, maxOutputTokens: 3 });
    expect([await stream.text, await stream.finishReason]).toEqual(['Everybody has', 'length']);
  });

  test('searches only what the call lets it', async () => {
    const ask = (tandemOptions: { access?: string[]; k?: number }) =>
      generateText({
        model: tandem.languageModel('extract'),
        prompt: 'When does pay come?',
        providerOptions: { tandem: tandemOptions },
      });
    const uris = async (access: string[]) =>
      (await ask({ access, k: 1 })).sources.map(({ providerMetadata }) => providerMetadata!.tandem!.uri);
    expect(await uris(['public', 'staff'])).toContain('https://alder.example/pay');
    expect(await uris(['public'])).not.toContain('https://alder.example/pay');
  });

  test('reads what was said before as the conversation, where the arm searches', async () => {
    const messages = [
      { role: 'user', content: 'How many days of leave are there?' },
      { role: 'assistant', content: '30 days.' },
      { role: 'user', content: 'And when is it lost?' },
    ] as const;
    const rag = await generateText({ model: tandem.languageModel('rag'), messages: [...messages] });
    expect(rag.warnings).toEqual([]);
    const kept = await trace(tandem, rag.providerMetadata!.tandem!.traceId as string);
    expect(kept.question).toBe('And when is it lost?');
    expect(kept.passages[0]!.uri).toBe('leave.md');
    const base = await generateText({ model: tandem.languageModel('base'), messages: [...messages] });
    expect(base.warnings).toEqual([
      expect.objectContaining({ type: 'unsupported', feature: 'conversations' }),
    ]);
  });

  test('says what it does not do', async () => {
    const { warnings } = await generateText({
      model: tandem.languageModel('rag'),
      system: 'You are a pirate.',
      temperature: 1,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: question },
            { type: 'file', mediaType: 'image/png', data: new Uint8Array([1]) },
          ],
        },
      ],
    });
    expect(warnings?.map((warning) => 'feature' in warning && warning.feature)).toEqual([
      'system messages',
      'files',
      'temperature',
    ]);
  });
});

describe('streamText', () => {
  test('gives the text as it comes, each source once, and the same as generateText', async () => {
    const model = tandem.languageModel('rag');
    const result = streamText({ model, prompt: question });
    const pieces: string[] = [];
    const ids: string[] = [];
    for await (const part of result.fullStream) {
      if (part.type === 'text-delta') pieces.push(part.text);
      if (part.type === 'source') ids.push(part.id);
    }
    expect(pieces).toEqual(answered);
    expect(ids).toEqual(['citation-1', 'citation-2']);
    const whole = await generateText({ model, prompt: question });
    expect(await result.sources).toEqual(whole.sources);
    expect(await result.usage).toMatchObject({ inputTokens: 100, outputTokens: 10 });
    expect((await result.providerMetadata)!.tandem).toMatchObject({ arm: 'rag', abstained: false });
  });

  test('an extract comes with its sources', async () => {
    const { textStream, sources } = streamText({ model: tandem.languageModel('extract'), prompt: question });
    expect((await Array.fromAsync(textStream)).join('')).toContain('30 days of leave a year. [1]');
    expect((await sources).length).toBeGreaterThan(0);
  });

  const slowly = () =>
    scripted(
      Array.from({ length: 200 }, (_, at) => `word${at} `),
      { delay: 20 },
    );

  test('stops when its signal aborts, and the model with it', async () => {
    const slow = slowly();
    const model = (await tandemWith(slow)).languageModel('rag');
    const stop = new AbortController();
    const result = streamText({ model, prompt: question, abortSignal: stop.signal, onError: () => {} });
    const types: string[] = [];
    for await (const part of result.fullStream) {
      types.push(part.type);
      if (part.type === 'text-delta') stop.abort();
    }
    expect(types).toContain('abort');
    await expect.poll(() => slow.seen.isAborted).toBe(true);
    expect(slow.seen.pieces).toBeLessThan(100);
  });

  test('stops when its reader leaves', async () => {
    const slow = slowly();
    const model = (await tandemWith(slow)).languageModel('rag');
    const { stream } = await model.doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: question }] }],
    });
    for await (const part of stream) if (part.type === 'text-delta') break;
    await expect.poll(() => slow.seen.isAborted).toBe(true);
    expect(slow.seen.pieces).toBeLessThan(100);
  });

  test('what fails while it is written is the error of the stream', async () => {
    const broken = new MockLanguageModelV4({
      provider: 'house.chat',
      doStream: async () => ({ stream: simulateReadableStream({ chunks: [] }) }),
    });
    const errors: unknown[] = [];
    const result = streamText({
      model: (await tandemWith(broken)).languageModel('rag'),
      prompt: question,
      onError: ({ error }) => {
        errors.push(error);
      },
    });
    await result.consumeStream();
    expect(errors).toEqual([expect.objectContaining({ code: 'provider', provider: 'house' })]);
  });
});

describe('bad input is one clear error', () => {
  const invalid = (message: RegExp) => ({
    code: 'invalid_input',
    message: expect.stringMatching(message),
  });

  test('a way to answer that is not there', () => {
    expect(() => tandem.languageModel('raq' as 'rag')).toThrow(/no way to answer called "raq"/);
  });

  test('a prompt without words of the user', async () => {
    const model = tandem.languageModel('rag');
    const image = { type: 'file', mediaType: 'image/png', data: new Uint8Array([1]) } as const;
    for (const messages of [
      [{ role: 'assistant' as const, content: 'Hello.' }],
      [{ role: 'user' as const, content: [image] }],
    ])
      await expect(generateText({ model, messages })).rejects.toMatchObject(
        invalid(/no message of the user/),
      );
  });

  test('an option that is not known, or of the wrong kind', async () => {
    for (const [options, message] of [
      [{ kk: 3 }, /kk/],
      [{ k: 0 }, /→ at k/],
      [{ access: 'staff' }, /→ at access/],
    ] as const)
      await expect(
        generateText({
          model: tandem.languageModel('rag'),
          prompt: question,
          providerOptions: { tandem: options as { [key: string]: string | number } },
        }),
      ).rejects.toMatchObject(invalid(message));
  });

  test('an arm that needs an adapter where there is none', async () => {
    await expect(
      generateText({ model: tandem.languageModel('tuned'), prompt: question }),
    ).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('a model of another kind', async () => {
    const embedding = new MockEmbeddingModelV4({ provider: 'acme', modelId: 'vectors' });
    await expect(createTandem({ chat: embedding as never })).rejects.toMatchObject({
      ...invalid(/^chat is an embedding model \(acme:vectors\), and must be a language model of the AI SDK/),
      where: 'chat',
    });
    await expect(createTandem({ embedder: chat as never })).rejects.toMatchObject(
      invalid(/^embedder is a language model \(house.chat:scripted\), and must be an embedding model/),
    );
    await expect(createTandem({ reranker: 7 as never })).rejects.toMatchObject(
      invalid(/^reranker is a number, and must be a reranking model/),
    );
  });

  test('a Tandem that is disposed', async () => {
    const short = await createTandem({ chat });
    const model = short.languageModel('base');
    await short[Symbol.asyncDispose]();
    await expect(generateText({ model, prompt: question })).rejects.toMatchObject({ code: 'disposed' });
  });
});
