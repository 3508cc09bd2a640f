import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LanguageModelV4 } from '@ai-sdk/provider';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask, streamAnswer } from '../answer/ask.ts';
import { refuse } from '../answer/step.ts';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import { DisposedError } from '../core/errors/disposed-error.ts';
import { LockedError } from '../core/errors/locked-error.ts';
import { fromDocuments } from '../sources/documents.ts';
import type { Source } from '../sources/source.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import { memoryStore } from '../store/memory/memory-store.ts';
import { createTandem, type Tandem, type TandemOptions } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { letterEmbedder, scriptedEnd, scriptedUsage } from './scripted-models.fixture.ts';
import { listTraces, search, trace } from './search.ts';

const embedder = letterEmbedder;
/** Says what it is told to; with `hang` it says nothing until it is stopped. */
const chat = (reply: string, onCall: (signal: AbortSignal | undefined) => void = () => {}, hang = false) =>
  ({
    specificationVersion: 'v4',
    provider: 'scripted',
    modelId: 'chat',
    supportedUrls: {},
    async doGenerate({ abortSignal }) {
      onCall(abortSignal);
      if (hang)
        await new Promise((_, reject) =>
          abortSignal?.addEventListener('abort', () => reject(abortSignal.reason), { once: true }),
        );
      return {
        content: [{ type: 'text', text: reply }],
        finishReason: scriptedEnd,
        usage: scriptedUsage,
        warnings: [],
      };
    },
    doStream: () => Promise.reject(new Error('Nobody follows this answer.')),
  }) satisfies LanguageModelV4;

const documents = [
  { uri: 'leave.md', text: '# Leave\n\nEverybody has 30 days of leave a year. It is taken in whole weeks.' },
  { uri: 'pay.md', text: '# Pay\n\nPay comes on the 25th of each month.' },
];
const given: TandemOptions = { embedder, sources: [fromDocuments(documents)] };

describe('in memory', () => {
  test('documents are ingested, searched and answered from, and every answer has its trace', async () => {
    await using tandem = await createTandem({ ...given, chat: chat('Thirty days. [1]') });
    expect(await ingest(tandem)).toMatchObject({ added: 2, index: { documents: 2 } });
    expect((await search(tandem, 'days of leave')).passages[0]).toMatchObject({ documentId: 'leave.md' });
    const answer = await ask(tandem, 'How many days of leave?');
    expect(answer).toMatchObject({ arm: 'rag', text: 'Thirty days. [1]', citations: [{ uri: 'leave.md' }] });
    expect(await trace(tandem, answer.traceId)).toMatchObject({
      model: 'scripted:chat',
      steps: ['read', 'retrieve', 'assess', 'prompt', 'generate', 'cite', 'verify', 'record']
        .slice(0, -1)
        .map((name) => ({ name })),
    });
    expect(await listTraces(tandem)).toHaveLength(1);
    const extract = await ask(tandem, 'When does pay come?', { extract: true });
    expect(extract.citations[0]).toMatchObject({
      uri: 'pay.md',
      quote: 'Pay comes on the 25th of each month.',
    });
    expect(await ingest(tandem)).toMatchObject({ unchanged: 2, embedded: 0 });
  });

  test('markers alone, a loop, and an answer without a source are said, not shown as cited', async () => {
    const answered = async (text: string, settings: TandemOptions['settings'] = {}) => {
      await using tandem = await createTandem({ ...given, chat: chat(text), settings });
      await ingest(tandem);
      return await ask(tandem, 'How many days of leave?');
    };
    expect(await answered('[1] [2]')).toMatchObject({ problems: ['nothing said'], citations: [] });
    const loop = await answered('It is 30 days. [1] It is 30 days. [2] It is 30 days. [1]');
    expect(loop).toMatchObject({ text: 'It is 30 days. [1]', problems: ['repeated'] });
    expect(loop.citations).toHaveLength(1);
    const plain = 'Everybody has 30 days of leave.';
    const written = await answered(plain, { answer: { markers: 'written' } });
    expect(written).toMatchObject({ text: plain, problems: ['nothing cited'] });
    const matched = await answered(plain);
    expect(matched.text).toBe(`${plain} [1]`);
    expect(matched.citations).toMatchObject([{ uri: 'leave.md', setBy: 'matching' }]);
    for (const { problems } of [
      matched,
      await answered('Thirty days. [1]'),
      await answered('The sources do not say.'),
    ])
      expect(problems).toBeUndefined();
  });

  test('what an ingest is not given any more is gone', async () => {
    await using tandem = await createTandem(given);
    await ingest(tandem);
    const report = await ingest(tandem, { sources: [fromDocuments(documents.slice(0, 1))] });
    expect(report).toMatchObject({ removed: 1, index: { documents: 1 } });
  });

  test('files have a place only as long as they are needed', async () => {
    const tandem = await createTandem(given);
    const { dataDirectory } = tandem;
    expect(existsSync(dataDirectory)).toBe(true);
    await tandem[Symbol.asyncDispose]();
    expect(existsSync(dataDirectory)).toBe(false);
  });

  test('an unknown trace, and settings that are not understood, are one sentence', async () => {
    await using tandem = await createTandem(given);
    await expect(trace(tandem, 'trace_none')).rejects.toThrow('There is no trace trace_none.');
    await expect(createTandem({ settings: { retrieve: { k: 0 } } })).rejects.toThrow(
      /settings are not understood: .*retrieve\.k/,
    );
    await expect(createTandem({ chat: embedder as never })).rejects.toThrow(
      'chat is an embedding model (letters:count), and must be a language model of the AI SDK.',
    );
  });
});

describe('steps of one’s own', () => {
  const refusing = { name: 'hours', run: () => refuse('I do not talk about that.') };

  test('that refuse are heard by every later step, whatever was found, and ask no model', async () => {
    let calls = 0;
    await using tandem = await createTandem({ ...given, chat: chat('never', () => calls++) });
    await ingest(tandem);
    for (const after of ['read', 'retrieve', 'assess'])
      for (const extract of [false, true]) {
        const steps = [{ after, step: refusing }];
        const answer = await ask(tandem, 'What do helmets cost?', { steps, extract });
        expect(answer).toMatchObject({ text: 'I do not talk about that.', abstained: true, citations: [] });
        const { events } = streamAnswer(tandem, 'What do helmets cost?', { steps, extract });
        const texts = [];
        for await (const event of events) if (event.type === 'text') texts.push(event.text);
        expect(texts).toEqual(['I do not talk about that.']);
      }
    expect(calls).toBe(0);
  });

  test('in the settings pass over arms that have no such place', async () => {
    const step = { name: 'seen', run: () => ({ notes: { seen: true } }) };
    const settings = { answer: { steps: [{ after: 'prompt', step }] } };
    await using tandem = await createTandem({ ...given, settings, chat: chat('Thirty. [1]') });
    await ingest(tandem);
    expect((await ask(tandem, 'How many days of leave?')).notes).toEqual({ seen: true });
    expect((await ask(tandem, 'How many days of leave?', { extract: true })).notes).toBeUndefined();
    await expect(
      ask(tandem, 'How many days of leave?', { extract: true, steps: [{ after: 'prompt', step }] }),
    ).rejects.toThrow(/no such step/);
  });
});

describe('what cannot be asked is one sentence', () => {
  test.each<[what: string, ask: (tandem: Tandem) => Promise<unknown>, message: RegExp]>([
    ['an arm', (tandem) => ask(tandem, 'Why?', { arm: 'nope' as never }), /no arm called "nope"/],
    ['no question', (tandem) => ask(tandem, undefined as never, { extract: true }), /question is empty/],
    ['no passages', (tandem) => ask(tandem, 'Why?', { k: -1, extract: true }), /-1 is no number of passages/],
    ['no passages at all', (tandem) => search(tandem, 'Why?', { k: 0 }), /0 is no number of passages/],
  ])('%s', async (_what, asked, message) => {
    await using tandem = await createTandem(given);
    await ingest(tandem);
    await expect(asked(tandem)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(message),
    });
  });

  test('a document without text, a model without provider', async () => {
    expect(() => fromDocuments([{ uri: 'a' } as never])).toThrow('The document "a" has no text.');
    await expect(createTandem({ chat: 'gpt-5' })).rejects.toThrow(
      '"gpt-5" names no model: a name is written as provider:model.',
    );
  });
});

describe('disposed while it is used', () => {
  test('an answer whose parts are still being opened', async () => {
    const opening = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow = async () => {
      opening.resolve();
      await goOn.promise;
      return memoryStore();
    };
    const tandem = await createTandem({ ...given, store: slow, chat: chat('never') });
    const answer = expect(ask(tandem, 'Why?')).rejects.toSatisfy(DisposedError.isInstance);
    await opening.promise;
    const disposed = tandem[Symbol.asyncDispose]();
    await answer;
    goOn.resolve();
    await disposed;
  });

  test('a signal that has aborted opens nothing', async () => {
    let opened = 0;
    const store = async () => {
      opened += 1;
      return memoryStore();
    };
    await using tandem = await createTandem({ ...given, store, chat: chat('never') });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(ask(tandem, 'Why?', { signal })).rejects.toThrow('enough');
    await expect(search(tandem, 'Why?', { signal })).rejects.toThrow('enough');
    expect(opened).toBe(0);
  });

  test('an answer under way ends with one error, its model is stopped, and nothing works after it', async () => {
    const called = Promise.withResolvers<AbortSignal | undefined>();
    const tandem = await createTandem({ ...given, chat: chat('never', called.resolve, true) });
    await ingest(tandem);
    const answer = ask(tandem, 'How many days of leave?');
    const refused = expect(answer).rejects.toSatisfy(DisposedError.isInstance);
    const signal = await called.promise;
    await tandem[Symbol.asyncDispose]();
    await refused;
    expect(signal?.aborted).toBe(true);
    for (const use of [
      () => ask(tandem, 'And now?'),
      () => search(tandem, 'leave'),
      () => ingest(tandem),
      () => streamAnswer(tandem, 'And now?').result,
    ])
      await expect(use()).rejects.toSatisfy(DisposedError.isInstance);
    await tandem[Symbol.asyncDispose]();
  });

  test('an ingest under way keeps what it committed', async () => {
    const reading = Promise.withResolvers<void>();
    const source: Source = {
      id: 'slow',
      async *list() {
        yield { uri: 'a.md', changeMark: '1', mediaType: 'text/markdown' };
      },
      async load(_entry, options) {
        reading.resolve();
        await new Promise((_, reject) =>
          options?.signal?.addEventListener('abort', () => reject(options.signal!.reason), { once: true }),
        );
        throw new Error('not reached');
      },
    };
    const tandem = await createTandem({ embedder, sources: [source] });
    const ingesting = expect(ingest(tandem)).rejects.toSatisfy(DisposedError.isInstance);
    await reading.promise;
    await tandem[Symbol.asyncDispose]();
    await ingesting;
  });

  test('a part that was passed open stays open, and one that a function opened is closed', async () => {
    const store = await memoryStore();
    let closed = 0;
    const opened = async () => {
      const own = await memoryStore();
      const close = own[Symbol.asyncDispose].bind(own);
      own[Symbol.asyncDispose] = async () => {
        closed += 1;
        await close();
      };
      return own;
    };
    const mine = await createTandem({ ...given, store });
    await ingest(mine);
    await mine[Symbol.asyncDispose]();
    expect(await store.count({ generation: 1, seq: 1 })).toBeGreaterThan(0);
    const theirs = await createTandem({ ...given, store: opened });
    await ingest(theirs);
    await theirs[Symbol.asyncDispose]();
    expect(closed).toBe(1);
  });
});

describe('two on one data folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-two-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const over = (sources: readonly Source[]) =>
    createTandem({
      embedder,
      sources,
      dataDirectory: folder,
      catalog: () => openCatalog(join(folder, 'catalog.sqlite')),
      store: () => openLanceStore(join(folder, 'index')),
    });

  test('one writes at a time; the other gets an error, and reads meanwhile', async () => {
    const reading = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const plain = fromDocuments(documents);
    await using first = await over([plain]);
    await ingest(first);
    const changed = fromDocuments(documents.map((each) => ({ ...each, text: `${each.text} Since May.` })));
    const slow: Source = {
      ...changed,
      async load(entry, options) {
        reading.resolve();
        await goOn.promise;
        return changed.load(entry, options);
      },
    };
    await using second = await over([slow]);
    const writing = ingest(second);
    await reading.promise;
    const refused = ingest(first);
    await expect(refused).rejects.toSatisfy(LockedError.isInstance);
    await expect(refused).rejects.toThrow('This process is writing to the same data already (ingesting).');
    expect((await search(first, 'days of leave')).passages[0]).toMatchObject({ documentId: 'leave.md' });
    goOn.resolve();
    expect(await writing).toMatchObject({ changed: 2 });
    expect(await ingest(first)).toMatchObject({ changed: 2 });
  });
});
