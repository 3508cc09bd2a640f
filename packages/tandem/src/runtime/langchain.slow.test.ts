import type { AIMessage, ToolMessage } from '@langchain/core/messages';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnablePassthrough, RunnableSequence } from '@langchain/core/runnables';
import { FakeChatModel } from '@langchain/core/utils/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem, type Tandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { langChainSearchTool, TandemRetriever } from './langchain.ts';

const documents = [
  { uri: 'leave.md', text: '# Leave\n\nEverybody at Alder Works has 30 days of leave a year.' },
  { uri: 'pay.md', text: '# Pay\n\n## Dates\n\nPay comes on the 25th of each month.', access: 'staff' },
];
const question = 'When does pay come?';

let tandem: Tandem;
beforeAll(async () => {
  tandem = await createTandem({ chat: 'local:smollm2-135m-instruct', sources: [fromDocuments(documents)] });
  await ingest(tandem);
});
afterAll(async () => tandem?.[Symbol.asyncDispose]());

test('gives passages as documents, each with its place', async () => {
  const [best, ...others] = await new TandemRetriever(tandem).invoke(question);
  expect(others).toHaveLength(1);
  const { uri, documentId, start, end, section, title, rank, score } = best!.metadata;
  expect([uri, documentId, title, section, rank]).toEqual(['pay.md', 'pay.md', 'Pay', 'Pay › Dates', 1]);
  expect(documents[1]!.text.slice(start, end)).toBe(best!.pageContent);
  expect(score).toBeGreaterThan(others[0]!.metadata.score);
  expect(best!.id).toMatch(/^pay\.md#/);
});

test('the retriever’s options hold, and those of one call go before them', async () => {
  const retriever = new TandemRetriever(tandem, { search: { k: 1, access: ['public'] }, tags: ['own'] });
  const uris = async (options?: Parameters<typeof retriever.invoke>[1]) =>
    (await retriever.invoke(question, options)).map(({ metadata }) => metadata.uri);
  expect(await uris()).toEqual(['leave.md']);
  expect(await uris({ configurable: { tandem: { access: ['staff'] } } })).toEqual(['pay.md']);
  expect(await uris({ configurable: { tandem: { access: ['staff', 'public'], k: 2 } } })).toHaveLength(2);
  expect(await uris({ configurable: { tandem: { documentIds: ['pay.md'] } } })).toEqual([]);
});

test('in a chain, whose config reaches it', async () => {
  const runs: string[] = [];
  const retriever = new TandemRetriever(tandem, { search: { k: 1 } });
  const chain = RunnableSequence.from([
    {
      context: retriever.pipe((found) => found.map(({ pageContent }) => pageContent).join('\n')),
      question: new RunnablePassthrough<string>(),
    },
    ChatPromptTemplate.fromTemplate('{context}\n\n{question}'),
    // Says what it was asked.
    new FakeChatModel({}),
  ]);
  const told = async (config: object) =>
    String(((await chain.invoke(question, config)) as AIMessage).content);
  const callbacks = [{ handleRetrieverEnd: () => runs.push('retrieved') }];
  expect(await told({ callbacks })).toBe('Pay comes on the 25th of each month.\n\nWhen does pay come?');
  expect(runs).toEqual(['retrieved']);
  expect(await told({ configurable: { tandem: { access: ['public'] } } })).toContain('30 days of leave');
});

test('as a tool: the model reads the passages, the program gets them as they are', async () => {
  const search = langChainSearchTool(tandem, { k: 1, name: 'handbook' });
  expect([search.name, search.description]).toEqual(['handbook', expect.stringMatching(/Search in the/)]);
  const call = { name: 'handbook', args: { query: question }, id: 'call-1', type: 'tool_call' } as const;
  const message = (await search.invoke(call)) as ToolMessage;
  expect(message.content).toMatch(/^\[1\] Pay › Dates \(pay\.md:\d+–\d+\)\nPay comes on the 25th/);
  expect(message.artifact).toEqual([expect.objectContaining({ uri: 'pay.md', rank: 1 })]);
  const none = (await search.invoke(call, {
    configurable: { tandem: { access: ['nobody'] } },
  })) as ToolMessage;
  expect([none.content, none.artifact]).toEqual(['Nothing was found.', []]);
  await expect(search.invoke({ query: '' })).rejects.toThrow(/did not match expected schema/);
});

test('bad input and a stop are told', async () => {
  const retriever = new TandemRetriever(tandem);
  await expect(retriever.invoke(' ')).rejects.toMatchObject({ code: 'invalid_input' });
  await expect(
    retriever.invoke(question, { configurable: { tandem: { kk: 1 } as object } }),
  ).rejects.toMatchObject({ code: 'invalid_input', where: 'configurable.tandem' });
  await expect(retriever.invoke(question, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: 'AbortError',
  });
});
