import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LanguageModelV4StreamResult } from '@ai-sdk/provider';
import { embedMany, generateText, jsonSchema, Output, streamText } from 'ai';
import { afterEach, describe, expect, it } from 'vitest';
import { ContextOverflowError } from '../core/errors/context-overflow-error.ts';
import { ModelUnavailableError } from '../core/errors/model-unavailable-error.ts';
import { localToolsOf } from './local-tools.ts';
import { JsonServer, ollama, openAICompatible } from './provider-servers.fixture.ts';
import { type ModelChoice, type Models, openModels } from './providers.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
  delete process.env.TANDEM_TEST_KEY;
});
/** As a config gives them. */
async function modelsFor({
  models: chosen,
  retrieve,
  ...config
}: Omit<ModelChoice, 'chat' | 'embedder' | 'reranker'> & {
  models?: Pick<ModelChoice, 'chat' | 'embedder'>;
  retrieve?: Pick<ModelChoice, 'reranker'>;
}): Promise<Models> {
  const models = await openModels({ ...config, ...chosen, ...retrieve }, { threads: 1 });
  open.push(models);
  return models;
}
async function serve(handle: Parameters<typeof JsonServer.start>[0]): Promise<JsonServer> {
  const server = await JsonServer.start(handle);
  open.push(server);
  return server;
}
/** Both a refusal to begin and an error on the way count. */
async function readAll(result: PromiseLike<LanguageModelV4StreamResult>): Promise<void> {
  for await (const part of (await result).stream) if (part.type === 'error') throw part.error;
}
const output = Output.object({
  schema: jsonSchema<{ intent: string }>({
    type: 'object',
    properties: { intent: { enum: ['causes'] } },
    required: ['intent'],
  }),
});

describe('local models', () => {
  it('must be of the right kind', async () => {
    await expect(modelsFor({ models: { chat: 'local:all-minilm-l6-v2' } })).rejects.toThrow(
      /models\.chat is local:all-minilm-l6-v2, which is an embedder/,
    );
    await expect(modelsFor({ models: { embedder: 'local:smollm2-135m-instruct' } })).rejects.toThrow(
      /which is a chat model/,
    );
  });
});

describe('an OpenAI-compatible server', () => {
  async function setUp() {
    const server = await serve(openAICompatible);
    process.env.TANDEM_TEST_KEY = 'sk-test';
    const models = await modelsFor({
      models: { chat: 'mine:big', embedder: 'mine:embed' },
      providers: {
        mine: {
          type: 'openai-compatible',
          baseURL: `${server.url}/v1`,
          apiKeyEnv: 'TANDEM_TEST_KEY',
          headers: { 'x-team': 'a' },
        },
      },
    });
    return { server, models };
  }

  it('answers, streams, keeps to a schema and embeds', async () => {
    const { server, models } = await setUp();
    const model = await models.chat();
    const { text, usage } = await generateText({
      model,
      system: 'Be brief.',
      prompt: 'What is asthma?',
      temperature: 0,
    });
    expect(text).toBe('You asked: What is asthma?');
    expect([usage.inputTokens, usage.outputTokens]).toEqual([11, 3]);
    expect(server.received[0]).toMatchObject({
      path: '/v1/chat/completions',
      authorization: 'Bearer sk-test',
      headers: { 'x-team': 'a' },
      body: {
        model: 'big',
        temperature: 0,
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'What is asthma?' },
        ],
      },
    });

    const streamed = streamText({ model, prompt: 'Why?' });
    const deltas: string[] = [];
    for await (const delta of streamed.textStream) deltas.push(delta);
    expect(deltas).toEqual(['You a', 'sked: Why?']);
    expect((await streamed.usage).inputTokens).toBe(11);

    expect((await generateText({ model, prompt: 'Why?', output })).output).toEqual({ intent: 'causes' });
    expect(server.received.at(-1)?.body.response_format).toMatchObject({ type: 'json_schema' });

    const { embeddings } = await embedMany({ model: await models.embedder(), values: ['a', 'abc'] });
    expect(embeddings).toEqual([
      [1, 1, 0],
      [3, 1, 0],
    ]);
    expect(localToolsOf(model)).toBeUndefined();
  });

  it('whose key is missing is named before anything is sent', async () => {
    const { server, models } = await setUp();
    delete process.env.TANDEM_TEST_KEY;
    await expect(models.chat()).rejects.toThrow(/takes its key from TANDEM_TEST_KEY, which is not set/);
    expect(server.received).toEqual([]);
  });
});

describe('an Ollama server', () => {
  async function setUp(options: { knowsTruncate: boolean; trainedContext?: number }, contextLength?: number) {
    const server = await serve(ollama(options));
    const models = await modelsFor({
      models: { chat: 'box:llama3.2:3b', embedder: 'box:nomic' },
      providers: { box: { type: 'ollama', baseURL: server.url, ...(contextLength && { contextLength }) } },
    });
    return { server, model: await models.chat(), embedder: await models.embedder() };
  }

  it('is told the context it needs, answers, streams, keeps to a schema and embeds', async () => {
    const { server, model, embedder } = await setUp({ knowsTruncate: true });
    const { text, usage, finishReason } = await generateText({
      model,
      prompt: 'What is asthma?',
      maxOutputTokens: 50,
      seed: 3,
    });
    expect(text).toBe('You asked: What is asthma?');
    expect([usage.inputTokens, usage.outputTokens, finishReason]).toEqual([8, 3, 'stop']);
    expect(server.received.map(({ path }) => path)).toEqual(['/api/show', '/api/chat']);
    expect(server.received[1]?.body).toMatchObject({
      model: 'llama3.2:3b',
      truncate: false,
      shift: false,
      options: { num_ctx: 8192, num_predict: 50, seed: 3, temperature: 0 },
    });
    const deltas: string[] = [];
    for await (const delta of streamText({ model, prompt: 'Why?' }).textStream) deltas.push(delta);
    expect(deltas).toEqual(['You a', 'sked: Why?']);
    expect((await generateText({ model, prompt: 'Why?', output })).output).toEqual({ intent: 'causes' });
    expect(server.received.at(-1)?.body.format).toMatchObject({ required: ['intent'] });
    expect((await embedMany({ model: embedder, values: ['a', 'abc'] })).embeddings).toEqual([
      [1, 1],
      [3, 1],
    ]);
    expect(server.received.at(-1)?.body.truncate).toBe(false);
  });

  it('that was trained with less is not asked for more', async () => {
    const { server, model } = await setUp({ knowsTruncate: true, trainedContext: 4096 });
    await generateText({ model, prompt: 'Hi' });
    expect(server.received[1]?.body.options).toMatchObject({ num_ctx: 4096 });
  });

  it.each([true, false])(
    'never answers from a prompt that it cut (heeds truncate: %s)',
    async (knowsTruncate) => {
      const { model } = await setUp({ knowsTruncate }, 1000);
      const overflow = async (work: Promise<unknown>) => {
        const error = await work.then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(ContextOverflowError.isInstance(error), String(error)).toBe(true);
      };
      const user = (text: string) => ({ role: 'user' as const, content: [{ type: 'text' as const, text }] });
      const call = (...texts: string[]) =>
        model.doGenerate({ prompt: texts.map(user), maxOutputTokens: 100 });
      expect((await call('word '.repeat(500))).finishReason.unified).toBe('stop');
      await overflow(Promise.resolve(call('word '.repeat(900)))); // the prompt fits, the answer would not
      await overflow(Promise.resolve(call('word '.repeat(2000))));
      await overflow(Promise.resolve(call('word '.repeat(2000), 'And?'))); // the long one is dropped whole
      await overflow(readAll(model.doStream({ prompt: [user('word '.repeat(900))], maxOutputTokens: 100 })));
    },
  );

  it('that is not there, or lacks the model, is named', async () => {
    const { server, model } = await setUp({ knowsTruncate: true });
    const absent = await modelsFor({
      models: { chat: 'box:absent' },
      providers: { box: { type: 'ollama', baseURL: server.url } },
    });
    const failure = await Promise.resolve((await absent.chat()).doGenerate({ prompt: [] })).catch(
      (error: unknown) => error,
    );
    expect(ModelUnavailableError.isInstance(failure)).toBe(true);
    expect((failure as ModelUnavailableError).hint).toBe('Run: ollama pull absent');
    await server[Symbol.asyncDispose]();
    open.splice(open.indexOf(server), 1);
    await expect(Promise.resolve(model.doGenerate({ prompt: [] }))).rejects.toThrow(
      /No Ollama server answers at http:.*ECONNREFUSED/,
    );
  });

  it('that breaks off in the middle is not taken for an answer', async () => {
    const server = await serve((request) => {
      const reply = ollama({ knowsTruncate: true })(request);
      return 'lines' in reply ? { ...reply, lines: reply.lines.slice(0, 3) } : reply;
    });
    const models = await modelsFor({
      models: { chat: 'box:m' },
      providers: { box: { type: 'ollama', baseURL: server.url } },
    });
    const reading = (await models.chat()).doStream({
      prompt: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    });
    await expect(readAll(reading)).rejects.toThrow(/the answer broke off/);
  });
});

describe("the user's own AI SDK provider", () => {
  it('is called with the model name, of this specification or an earlier one', async () => {
    const server = await serve(openAICompatible);
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
    const own = createOpenAICompatible({ name: 'own', baseURL: `${server.url}/v1` });
    const models = await modelsFor({
      models: { chat: 'own:big', embedder: 'own:small' },
      providers: {
        own: {
          type: 'ai-sdk',
          languageModel: (name: unknown) =>
            Object.assign(Object.create(own.chatModel(name as string)), { specificationVersion: 'v3' }),
          embeddingModel: (name: unknown) => own.embeddingModel(name as string),
        },
      },
    });
    const chat = await models.chat();
    expect(chat.specificationVersion).toBe('v4');
    expect((await generateText({ model: chat, prompt: 'Why?' })).text).toBe('You asked: Why?');
    expect(server.received[0]?.body.model).toBe('big');
    expect((await embedMany({ model: await models.embedder(), values: ['ab'] })).embeddings).toEqual([
      [2, 1, 0],
    ]);
  });

  it('that gives no model is named', async () => {
    const models = await modelsFor({
      models: { chat: 'own:big', embedder: 'own:small' },
      providers: { own: { type: 'ai-sdk', languageModel: () => 42 } },
    });
    await expect(models.chat()).rejects.toThrow(/providers\.own\.languageModel gave no AI SDK model/);
    await expect(models.embedder()).rejects.toThrow(/providers\.own\.embeddingModel gave no AI SDK model/);
  });
});

it('a provider that the config does not have is named', async () => {
  await expect(modelsFor({ models: { chat: 'nobody:x' } })).rejects.toThrow(
    /names the provider nobody, which the config does not have/,
  );
});

it('a model of one’s own is called what its file calls itself, else by its file or folder, never by a path', async () => {
  const references = join(import.meta.dirname, '../../../nn/references');
  const original = join(references, 'decoders/smollm2/model.gguf');
  const folder = await mkdtemp(join(tmpdir(), 'tandem-own-model-'));
  open.push({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) });
  // Without `general.name`, by a key of the same length that nobody reads.
  const nameless = (await readFile(original)).toString('latin1').replace('general.name', 'general.nom_');
  await writeFile(join(folder, 'my-model.gguf'), nameless, 'latin1');
  const opened = async (chat: string) => {
    const models = await openModels(
      { chat: `local:${chat}`, embedder: 'local:./bert/embedder' },
      { directory: references, threads: 1 },
    );
    open.push(models);
    return models;
  };
  const named = await opened('./decoders/smollm2/model.gguf');
  const [chat, own] = [await named.chat(), await (await opened(join(folder, 'my-model.gguf'))).chat()];
  expect([chat.modelId, own.modelId]).toEqual(['smollm2', 'my-model.gguf']);
  expect((await named.embedder()).modelId).toBe('embedder');
  // What it is known by is its bytes, as before.
  expect(localToolsOf(chat)!.baseHash).not.toBe(localToolsOf(own)!.baseHash);
});
