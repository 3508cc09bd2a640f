/**
 * A program of somebody else's, with the AI SDK: it imports what is published and nothing of the repository. `build-packages.slow.test.ts` copies
 * it beside the packed packages, checks its types there and runs it. Each line that it prints is one thing that held.
 */
import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, isStepCount, streamText } from 'ai';
import { MockEmbeddingModelV4, MockLanguageModelV4 } from 'ai/test';
import { createTandem, fromDocuments, InvalidInputError, ingest, searchTool, type Tandem } from 'tandem';
import { memoryStore } from 'tandem/store/memory';

const documents = [
  { uri: 'leave.md', text: '# Leave\n\nEverybody at Alder Works has 30 days of leave a year.' },
  { uri: 'https://alder.example/pay', text: '# Pay\n\nPay comes on the 25th of each month.' },
];
const question = 'How many days of leave do I have?';
const answer = ['Everybody has ', '30 days of leave a year [1].'];

/** How often each letter stands in a text: enough of an embedding to tell two documents apart. */
const letters = (text: string): number[] =>
  Array.from({ length: 26 }, (_, at) => text.toLowerCase().split(String.fromCharCode(97 + at)).length);

/** A server of OpenAI's kind. Asked to be slow it never ends, and tells when its reader has left. */
const server = { slow: false, asked: 0, left: 0 };
async function reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = JSON.parse(Buffer.concat(await Array.fromAsync(request)).toString());
  const json = (value: object) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const usage = { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 };
  if (request.url === '/v1/embeddings')
    return void json({
      data: (body.input as string[]).map((text, index) => ({ index, embedding: letters(text) })),
      usage,
    });
  server.asked++;
  const choice = { index: 0, finish_reason: 'stop' };
  if (!body.stream)
    return void json({
      choices: [{ ...choice, message: { role: 'assistant', content: answer.join('') } }],
      usage,
    });
  const chunk = (value: object) =>
    response.write(`data: ${JSON.stringify({ id: '1', created: 1, model: 'm', ...value })}\n\n`);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (server.slow) {
    const timer = setInterval(() => chunk({ choices: [{ index: 0, delta: { content: 'more ' } }] }), 10);
    response.on('close', () => {
      clearInterval(timer);
      server.left++;
    });
    return;
  }
  for (const content of answer) chunk({ choices: [{ index: 0, delta: { content } }] });
  chunk({ choices: [{ ...choice, delta: {} }], usage });
  response.end('data: [DONE]\n\n');
}
const listening = createServer((request, response) => void reply(request, response));
await new Promise<void>((done) => listening.listen(0, '127.0.0.1', done));
const { port } = listening.address() as AddressInfo;
const house = createOpenAICompatible({ name: 'house', baseURL: `http://127.0.0.1:${port}/v1` });

const tandem: Tandem = await createTandem({
  chat: house.chatModel('writer'),
  embedder: house.embeddingModel('letters'),
  store: memoryStore,
  sources: [fromDocuments(documents)],
});
const { index } = await ingest(tandem);
deepEqual(index, { documents: 2, chunks: 2 });
console.log('models of the AI SDK as chat model and embedder');

interface Span {
  uri: string;
  start: number;
  end: number;
  quote: string;
}
/** The exact words in the documents that the sources point to. */
function quotes(sources: Awaited<ReturnType<typeof generateText>>['sources']): string[] {
  return sources.map(({ type, providerMetadata }) => {
    const { uri, start, end, quote } = providerMetadata!.tandem as unknown as Span;
    equal(type, 'source');
    equal(documents.find((document) => document.uri === uri)?.text.slice(start, end), quote);
    return quote;
  });
}
const cited = ['Everybody at Alder Works has 30 days of leave a year.'];

const generated = await generateText({ model: tandem.languageModel('rag'), prompt: question });
equal(generated.text, answer.join(''));
deepEqual(quotes(generated.sources), cited);
deepEqual(
  [generated.finishReason, generated.usage.inputTokens, generated.usage.outputTokens],
  ['stop', 20, 5],
);
const asked = server.asked;
const extracted = await generateText({ model: tandem.languageModel('extract'), prompt: question });
ok(extracted.text.includes('30 days of leave a year. [1]'));
ok(quotes(extracted.sources).includes(cited[0]!));
equal(server.asked, asked);
console.log('generateText: rag and extract, with sources');

for (const name of ['rag', 'extract'] as const) {
  const stream = streamText({ model: tandem.languageModel(name), prompt: question });
  const pieces = await Array.fromAsync(stream.textStream);
  equal(pieces.join(''), (name === 'rag' ? generated : extracted).text);
  if (name === 'rag') equal(pieces.length, 2);
  deepEqual(await stream.sources, (name === 'rag' ? generated : extracted).sources);
}
console.log('streamText: rag and extract, with sources');

server.slow = true;
const stop = new AbortController();
const slow = streamText({
  model: tandem.languageModel('rag'),
  prompt: question,
  abortSignal: stop.signal,
});
const seen = new Set<string>();
for await (const part of slow.fullStream) {
  seen.add(part.type);
  if (part.type === 'text-delta') stop.abort();
}
ok(seen.has('abort'));
while (server.left < 1) await new Promise((later) => setTimeout(later, 10));
console.log('an abort stops the model behind it');

const { stream } = await tandem.languageModel('rag').doStream({
  prompt: [{ role: 'user', content: [{ type: 'text', text: question }] }],
});
for await (const part of stream) if (part.type === 'text-delta') break;
while (server.left < 2) await new Promise((later) => setTimeout(later, 10));
server.slow = false;
console.log('leaving the stream stops it as well');

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined },
};
const caller = new MockLanguageModelV4({
  doGenerate: async ({ prompt }) => {
    const found = prompt.find(({ role }) => role === 'tool');
    return {
      content: found
        ? [{ type: 'text', text: JSON.stringify(found.content) }]
        : [
            {
              type: 'tool-call',
              toolCallId: '1',
              toolName: 'search',
              input: JSON.stringify({ query: question }),
            },
          ],
      finishReason: { unified: found ? 'stop' : 'tool-calls', raw: undefined },
      usage,
      warnings: [],
    };
  },
});
const looked = await generateText({
  model: caller,
  tools: { search: searchTool(tandem, { k: 1 }) },
  stopWhen: isStepCount(3),
  prompt: question,
});
ok(looked.text.includes(cited[0]!));
const [call] = looked.steps[0]!.staticToolResults;
equal(call?.output[0]?.uri, 'leave.md');
console.log('a model calls the search as a tool');

await using other = await createTandem({
  chat: caller,
  embedder: new MockEmbeddingModelV4({
    doEmbed: async ({ values }) => ({ embeddings: values.map(letters), warnings: [] }),
  }),
  sources: [fromDocuments(documents)],
});
await ingest(other);
equal(
  (await generateText({ model: other.languageModel('extract'), prompt: question })).sources.length > 0,
  true,
);
await rejects(
  // @ts-expect-error an embedding model writes no answers
  createTandem({ chat: house.embeddingModel('letters') }),
  (error) => InvalidInputError.isInstance(error) && /^chat is an embedding model/.test(error.message),
);
// @ts-expect-error there is no such way to answer
throws(() => tandem.languageModel('guess'), InvalidInputError.isInstance);
// @ts-expect-error a rank is a number: the types are there, not any
call?.output[0]?.rank.toUpperCase?.();
console.log('what does not fit is told');

await tandem[Symbol.asyncDispose]();
listening.close();
