/**
 * A program of somebody else's, with LangChain: it imports what is published and nothing of the repository. `build-packages.slow.test.ts` copies it
 * beside the packed packages, checks its types there and runs it. Each line that it prints is one thing that held.
 */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import type { AIMessage, ToolMessage } from '@langchain/core/messages';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnablePassthrough, RunnableSequence } from '@langchain/core/runnables';
import { FakeListChatModel, FakeStreamingChatModel } from '@langchain/core/utils/testing';
import { createTandem, fromDocuments, ingest } from 'tandem';
import { langChainSearchTool, TandemRetriever } from 'tandem/langchain';

const documents = [
  { uri: 'leave.md', text: '# Leave\n\nEverybody at Alder Works has 30 days of leave a year.' },
  { uri: 'pay.md', text: '# Pay\n\nPay comes on the 25th of each month.', access: 'staff' },
];
const question = 'When does pay come?';
await using tandem = await createTandem({ sources: [fromDocuments(documents)] });
await ingest(tandem);

const retriever = new TandemRetriever(tandem, { search: { k: 2 } });
const [best] = await retriever.invoke(question);
const { uri, title, section, start, end, score } = best!.metadata;
deepEqual([uri, title, section], ['pay.md', 'Pay', 'Pay']);
equal(documents[1]!.text.slice(start, end), best!.pageContent);
ok(score > 0 && typeof best!.id === 'string');
console.log('a retriever of documents with their places');

const prompts: string[] = [];
const chain = RunnableSequence.from([
  {
    context: retriever.pipe((found) => found.map(({ pageContent }) => pageContent).join('\n')),
    question: new RunnablePassthrough<string>(),
  },
  ChatPromptTemplate.fromTemplate('Sources: {context}\nQuestion: {question}'),
  new FakeListChatModel({ responses: ['On the 25th.', 'It is not said.'] }),
  new StringOutputParser(),
]);
const callbacks = [
  {
    handleChatModelStart(_model: unknown, [messages]: { content: unknown }[][]) {
      prompts.push(String(messages![0]!.content));
    },
  },
];
equal(await chain.invoke(question, { callbacks }), 'On the 25th.');
ok(prompts[0]!.includes('Pay comes on the 25th'));
await chain.invoke(question, { callbacks, configurable: { tandem: { access: ['public'] } } });
ok(prompts[1]!.includes('30 days of leave') && !prompts[1]!.includes('Pay comes on'));
await rejects(chain.invoke(question, { signal: AbortSignal.abort() }), { name: 'AbortError' });
console.log('a chain of retriever, prompt and model, with options and a signal for one call');

const search = langChainSearchTool(tandem, { k: 1 });
const model = new FakeStreamingChatModel({ responses: [] }).bindTools([search]);
const { tools } = (
  model as unknown as { config: { tools: { function: { name: string; parameters: object } }[] } }
).config;
deepEqual(
  tools.map(({ function: { name, parameters } }) => [
    name,
    Object.keys(Reflect.get(parameters, 'properties')),
  ]),
  [['search', ['query']]],
);
const calls: AIMessage['tool_calls'] = [
  { name: 'search', args: { query: question }, id: '1', type: 'tool_call' },
];
const message = (await search.invoke(calls[0]! as never)) as ToolMessage;
ok(String(message.content).includes('Pay comes on the 25th of each month.'));
equal((message.artifact as { uri: string }[])[0]?.uri, 'pay.md');
console.log('a tool that a model is given and calls');

// @ts-expect-error a place is a number: the types are there, not any
best!.metadata.start.toUpperCase?.();
// @ts-expect-error there is no such option
await rejects(retriever.invoke(question, { configurable: { tandem: { kk: 1 } } }), { code: 'invalid_input' });
console.log('what does not fit is told');
