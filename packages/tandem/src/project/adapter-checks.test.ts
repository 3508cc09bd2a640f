import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostedBase } from '../answer/hosted-base.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { createTandem, type Tandem } from '../runtime/create-tandem.ts';
import { ingest } from '../runtime/ingest.ts';
import { fromDocuments } from '../sources/documents.ts';
import { adapterChecks } from './adapter-checks.ts';

/** What the doctor says of adapters that a provider serves; the provider says what a test has it say. */

const embedder = `local:${join(import.meta.dirname, '../../../nn/references/bert/embedder')}`;
const names = ['a b', 'c d', 'e f', 'g h', 'i j', 'k l'];
const documents = names.map((name, at) => ({ uri: `d${at}.md`, text: `# ${name}\n\n${name} ${name}.\n` }));
const questions = names.map((name, at) => ({
  id: `q${at}`,
  question: `${name}?`,
  expected: `${name} ${name}.`,
}));

let server: Server;
let says: (question: string) => string;
let asked: number;
beforeEach(async () => {
  asked = 0;
  server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString());
    asked++;
    const said: string = body.messages.at(-1).content;
    const content = says(/Question: (.*)\?/.exec(said)?.[1] ?? said);
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        id: '1',
        object: 'chat.completion',
        created: 1,
        model: body.model,
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

async function tandemWith(options: { adapters?: number; sources?: typeof documents } = {}): Promise<Tandem> {
  const { port } = server.address() as AddressInfo;
  const tandem = await createTandem({
    chat: 'office:tiny',
    providers: { office: { type: 'openai-compatible', baseURL: `http://127.0.0.1:${port}/v1` } },
    embedder,
    questions,
    sources: [fromDocuments(options.sources ?? documents)],
    settings: { chunk: { maxTokens: 20, overlapTokens: 0 } },
  });
  await ingest(tandem);
  for (let at = 0; at < (options.adapters ?? 0); at++)
    await tandem.catalog.adapters.put(adapterOf(tandem, at));
  return tandem;
}

function adapterOf(tandem: Tandem, at: number, baseHash = hostedBase(tandem)!.baseHash): Adapter {
  return {
    id: `adapter_${at}`,
    createdAt: `2026-01-0${at + 1}T00:00:00Z`,
    directory: `adapters/${at}`,
    hosted: { provider: 'office', model: 'ft:tiny', jobId: 'j' },
    lineage: {
      trainer: 'hosted',
      baseHash,
      templateHash: 't',
      datasetHash: 'd',
      baseModel: 'tiny',
      hyperparameters: {},
      runId: 'r',
    },
    metrics: {
      examples: 1,
      steps: 1,
      tokens: 1,
      seconds: 1,
      tokensPerSecond: 1,
      peakMemoryBytes: 1,
    },
  };
}

const check = (tandem: Tandem) =>
  adapterChecks(tandem, { canAnswer: true, signal: undefined, onProgress: undefined });

describe('the adapter that is used, or the latest', () => {
  test('answers', async () => {
    says = (question) => `Of ${question} this is known. [1]`;
    await using tandem = await tandemWith({ adapters: 2 });
    expect(await check(tandem)).toEqual([
      { name: 'Adapter', state: 'ok', message: 'adapter_1, trained 2026-01-02T00:00:00Z' },
      { name: 'Adapter', state: 'ok', message: 'adapter_0, trained 2026-01-01T00:00:00Z' },
      {
        name: 'Answers',
        state: 'ok',
        message: "hybrid (adapter_1) answers 4 of the project's own questions",
      },
    ]);
    // Nobody asked for these answers.
    expect(await tandem.catalog.traces.list()).toEqual([]);
  });

  test.each([
    [
      'declines',
      () => 'The sources do not say.',
      'declines: it declined 4 of 4 questions that have an answer',
    ],
    [
      'says one thing',
      () => 'Ask the board. [1]',
      'repeats itself: it says "Ask the board. [1]" to each of 4 questions',
    ],
    [
      'falls into loops',
      (question: string) => `The ${question} is red. The ${question} is red. The`,
      'repeats itself: it fell into a loop in 4 of 4 answers',
    ],
  ])('%s', async (_, answer, message) => {
    says = answer;
    await using tandem = await tandemWith({ adapters: 1 });
    expect((await check(tandem)).at(-1)).toMatchObject({
      name: 'Answers',
      state: 'warning',
      message: `hybrid (adapter_0) ${message}`,
      hint: expect.stringMatching(/\.$/),
    });
  });

  test('of another base is told; the one that is used is an error, and no question is tried', async () => {
    says = () => 'Red.';
    await using tandem = await tandemWith({ adapters: 1 });
    await tandem.catalog.adapters.put(adapterOf(tandem, 1, 'other'));
    expect((await check(tandem)).slice(0, 2)).toMatchObject([
      {
        name: 'Adapter',
        state: 'warning',
        message: expect.stringMatching(
          /^adapter_1, .* cannot answer: The tuned model ft:tiny was made from tiny/,
        ),
        hint: expect.stringContaining('Set models.chat'),
      },
      { name: 'Adapter', state: 'ok' },
    ]);
    await tandem.catalog.deployments.push({
      arm: 'tuned',
      adapterId: 'adapter_1',
      forced: true,
      reason: 'r',
    });
    asked = 0;
    expect(await check(tandem)).toMatchObject([
      { state: 'error', message: expect.stringContaining('is used and cannot answer') },
    ]);
    expect(asked).toBe(0);
  });
});

describe('without an adapter', () => {
  test('no model is asked', async () => {
    await using tandem = await tandemWith();
    expect(await check(tandem)).toEqual([]);
    expect(asked).toBe(0);
  });

  test('documents that have nothing on the questions are told', async () => {
    const other = [{ uri: 'x.md', text: '# q\n\nq q q q.\n' }];
    await using tandem = await tandemWith({ sources: other as typeof documents });
    await using strict = await createTandem({
      chat: 'office:tiny',
      providers: { office: { type: 'openai-compatible', baseURL: 'http://127.0.0.1:9/v1' } },
      embedder,
      questions,
      catalog: tandem.catalog,
      store: await tandem.store(),
      settings: { chunk: { maxTokens: 20, overlapTokens: 0 }, retrieve: { leastSimilarity: 1 } },
    });
    expect(await check(strict)).toMatchObject([
      {
        name: 'Answers',
        state: 'warning',
        message: "The documents have nothing on any of 6 of the project's own questions that were tried.",
      },
    ]);
  });
});
