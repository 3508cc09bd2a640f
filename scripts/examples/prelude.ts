/**
 * What examples take for granted: a Tandem over two small documents, with the real local models, and models of hosted providers,
 * which answer here without their servers.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { FakeEmbeddings, FakeListChatModel } from '@langchain/core/utils/testing';
import { simulateReadableStream } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { createTandem, fromDocuments, ingest, type Tandem, type TandemOptions } from 'tandem';
import { type ConfigInput, initProject, openProject, type Project } from 'tandem/project';
import { memoryStore } from 'tandem/store/memory';
import { configSchema } from '../../packages/tandem/src/project/config.ts';

/** What answers where an example asks a local model: the default is larger than a test needs. */
const smallest = 'local:smollm2-135m-instruct';

const text = {
  'leave.md': '# Leave\n\nEverybody has 30 days of leave a year. It is taken in whole weeks.',
  'pay.md': '# Pay\n\nPay comes on the 25th of each month.',
};
/** Documents in memory. */
export const documents = Object.entries(text).map(([uri, text]) => ({ uri, text }));
/** What is asked in a loop. */
export const questions = ['How many days of leave do I have?', 'When does pay come?'];

const known = [
  { documentId: 'leave.md', question: questions[0]!, expected: '30 days.', quote: '30 days of leave a year' },
  { documentId: 'pay.md', question: questions[1]!, expected: 'On the 25th.', quote: 'Pay comes on the 25th' },
].map(({ documentId, question, expected, quote }) => {
  const start = text[documentId as keyof typeof text].indexOf(quote);
  const source = { documentId, start, end: start + quote.length };
  return { id: documentId, group: documentId, question, expected, source };
});

/** Of as many groups as telling what is far from them wants. */
const enoughCases = Array.from({ length: 24 }, (_, at) => ({
  id: `month ${at + 1}`,
  question: `When does pay come in month ${at + 1} of two years?`,
  expected: 'On the 25th.',
}));

/** A Tandem in memory over `documents`, ingested, with questions to learn from and to be measured on. */
export async function exampleTandem(options: TandemOptions = {}): Promise<Tandem> {
  const tandem = await createTandem({
    chat: smallest,
    sources: [fromDocuments(documents)],
    questions: known,
    cases: known.map((line) => ({
      ...line,
      id: `held-out ${line.id}`,
      question: `${line.question} Please.`,
    })),
    settings: { answer: { maxTokens: 24 } },
    ...options,
  });
  await ingest(tandem);
  return tandem;
}

/** The files that examples name, in the folder that they run in. */
export async function writeExampleFiles(): Promise<void> {
  await mkdir('handbook');
  for (const { uri, text } of documents) await writeFile(`handbook/${uri}`, text);
  await initProject({ directory: 'handbook-project', docs: 'handbook', chat: smallest });
  await writeFile('notes.txt', 'Everybody has 30 days of leave a year.');
  await writeFile('train.jsonl', `${JSON.stringify({ prompt: questions[1], completion: 'On the 25th.' })}\n`);
  await writeFile('cases.jsonl', enoughCases.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** A project on disk over `documents`. */
export async function exampleProject(): Promise<Project> {
  return openProject({ directory: 'handbook-project' });
}

const reply = 'Everybody has 30 days of leave a year [1].';
const usage = {
  inputTokens: { total: 12, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 10, text: undefined, reasoning: undefined },
};
const finishReason = { unified: 'stop', raw: undefined } as const;

/** Stands for `@ai-sdk/openai` and its like: a model of that name whose every reply is the same. */
export function openai(modelId: string): MockLanguageModelV4 {
  return new MockLanguageModelV4({
    provider: 'openai',
    modelId,
    doGenerate: async () => ({ content: [{ type: 'text', text: reply }], finishReason, usage, warnings: [] }),
    doStream: async () => ({
      stream: simulateReadableStream<LanguageModelV4StreamPart>({
        chunks: [
          { type: 'stream-start', warnings: [] },
          { type: 'text-start', id: '1' },
          ...reply.split(/(?<= )/).map((delta) => ({ type: 'text-delta', id: '1', delta }) as const),
          { type: 'text-end', id: '1' },
          { type: 'finish', finishReason, usage },
        ],
      }),
    }),
  });
}

/** Stands for `@langchain/openai`. */
export class ChatOpenAI extends FakeListChatModel {
  constructor(_options: { model: string }) {
    super({ responses: [reply] });
  }
}

/** Embeddings that LangChain's stores want and Tandem does not ask. */
export const embeddings = new FakeEmbeddings();
export { MemoryVectorStore } from '@langchain/classic/vectorstores/memory';
/** Stands for a vector store of a package that is not installed here; it is named in a config, and nothing opens it. */
export class Chroma {
  constructor(_embeddings: unknown, _options: { url: string; collectionName: string }) {
    throw new Error('No example opens this store.');
  }
  declare addVectors: () => Promise<void>;
}
export const url = 'http://127.0.0.1:8000';
export const collectionName = 'handbook';

/** A store of one's own. */
export async function openMyStore(_place: string) {
  return memoryStore();
}
/** A test runner, as far as an example needs one: what it is given can be run. */
export function test(name: string, run: () => Promise<void>): void {
  if (name === '' || typeof run !== 'function') throw new Error('A test has a name and a function.');
}

/** Reads a config as `openProject` does, every mistake an error. */
export function checkConfig(config: ConfigInput): void {
  configSchema.parse(config);
}
