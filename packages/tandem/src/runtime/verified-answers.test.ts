import type { LanguageModelV4 } from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import { ask, streamAnswer } from '../answer/ask.ts';
import type { AnswerEvent } from '../answer/events.ts';
import type { SettingsInput } from '../core/settings.ts';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { chatSaying, embedderOf, scriptedEnd, scriptedUsage } from './scripted-models.fixture.ts';
import { listTraces, trace } from './search.ts';

/** All texts are near to each other: what is found is by its words. */
const embedder = embedderOf('test', 'one-direction', () => [1, 0.5]);

/** Says one reply after another, the last one for ever; written piece by piece where it is streamed. */
function saying(...replies: string[]): LanguageModelV4 {
  const next = () => (replies.length > 1 ? replies.shift()! : replies[0]!);
  return {
    ...chatSaying(next),
    doStream: async () => ({
      stream: new ReadableStream({
        start(controller) {
          controller.enqueue({ type: 'stream-start', warnings: [] });
          controller.enqueue({ type: 'text-start', id: '1' });
          for (const piece of next().split(/(?<= )/))
            controller.enqueue({ type: 'text-delta', id: '1', delta: piece });
          controller.enqueue({ type: 'text-end', id: '1' });
          controller.enqueue({ type: 'finish', finishReason: scriptedEnd, usage: scriptedUsage });
          controller.close();
        },
      }),
    }),
  };
}

const documents = [
  { uri: 'leave.md', text: '# Leave\n\nEverybody has 30 days of leave a year. It is taken in whole weeks.' },
  { uri: 'pay.md', text: '# Pay\n\nPay comes on the 25th of each month.' },
];
const right = 'Everybody has 30 days of leave a year. [1]';
const wrong = 'The museum shows paintings by Rembrandt. [1]';

async function follow(chat: LanguageModelV4, answer: SettingsInput['answer']) {
  await using tandem = await createTandem({
    embedder,
    chat,
    sources: [fromDocuments(documents)],
    settings: { answer, retrieve: { k: 2 } },
  });
  await ingest(tandem);
  const { events, result } = streamAnswer(tandem, 'How many days of leave does everybody have?');
  const seen: AnswerEvent[] = [];
  for await (const event of events) seen.push(event);
  const given = await result;
  return { seen, answer: given, trace: await trace(tandem, given.traceId) };
}

const textsIn = (events: readonly AnswerEvent[]) =>
  events.flatMap((event) => (event.type === 'text' ? [event.text] : []));

test('a marked answer is told as it is written, and its statements once it is whole', async () => {
  const { seen, answer } = await follow(saying(`${right} ${wrong}`), {});
  expect(textsIn(seen).length).toBeGreaterThan(2);
  expect(textsIn(seen).join('')).toBe(answer.raw);
  expect(answer.claims!.map(({ verdict }) => verdict)).toEqual(['supported', 'not found']);
  expect(seen.flatMap((event) => (event.type === 'claim' ? [event.claim] : []))).toEqual(answer.claims);
});

test('nobody sees a word of what is dropped', async () => {
  const { seen, answer, trace } = await follow(saying(`${right} ${wrong}`), { onUnsupported: 'drop' });
  expect(textsIn(seen)).toEqual([right]);
  expect(answer.text).toBe(right);
  const beforeTheAnswer = seen.filter(({ type }) => type !== 'answer');
  expect(JSON.stringify(beforeTheAnswer)).not.toContain('Rembrandt');
  // What was dropped is for who looks into it.
  expect(trace).toMatchObject({
    rawOutput: `${right} ${wrong}`,
    answer: { revision: { action: 'dropped', draft: `${right} ${wrong}` } },
  });
});

test('the sources are quoted where the model is not borne out, and the model where it is', async () => {
  const settings = { onUnsupported: 'extract' } as const;
  const quoted = await follow(saying(wrong), settings);
  expect(quoted.answer).toMatchObject({
    text: `${right} It is taken in whole weeks. [1]`,
    revision: { action: 'quoted', draft: wrong },
    claims: [
      { verdict: 'supported', verifier: 'quotation', spans: [{ uri: 'leave.md' }] },
      { verdict: 'supported' },
    ],
  });
  expect(textsIn(quoted.seen)).toEqual([quoted.answer.text]);
  expect((await follow(saying(right), settings)).answer.revision).toBeUndefined();
});

test('a model that is asked once more is shown what it had said wrongly', async () => {
  const { answer, trace } = await follow(saying(wrong, right), { onUnsupported: 'regenerate' });
  expect(answer).toMatchObject({
    text: right,
    revision: { action: 'regenerated', draft: wrong },
    usage: { promptTokens: 20, completionTokens: 10 },
  });
  expect(trace.messages!.at(-1)!.content).toContain('- The museum shows paintings by Rembrandt.');
});

test('a verifier of one’s own judges', async () => {
  const { answer } = await follow(saying(right), {
    verifier: {
      name: 'nay-sayer',
      verify: async (claims: readonly unknown[]) =>
        claims.map(() => ({ verdict: 'contradicted', probability: 0.1, supporting: [1] })),
    },
  });
  expect(answer.claims).toMatchObject([
    { verdict: 'contradicted', verifier: 'nay-sayer', spans: [{ marker: 1 }] },
  ]);
});

test('traces are found by words and outcome, and kept for a set time', async () => {
  await using tandem = await createTandem({
    embedder,
    chat: saying(right),
    sources: [fromDocuments(documents)],
    settings: { answer: { keepTracesDays: 1 } },
  });
  await ingest(tandem);
  const old = await ask(tandem, 'How many days of leave does everybody have?');
  await tandem.catalog.traces.put({ ...(await trace(tandem, old.traceId)), at: '2020-01-01T00:00:00.000Z' });
  const { traceId, outcome } = await ask(tandem, 'How many days of LEAVE?');
  expect((await listTraces(tandem, { search: 'everybody leave' })).map(({ id }) => id)).toEqual([traceId]);
  expect(await listTraces(tandem, { search: 'telescope' })).toEqual([]);
  expect(await listTraces(tandem, { outcome: outcome! })).toHaveLength(1);
  expect(await listTraces(tandem, { outcome: 'conflict' })).toEqual([]);
  expect(await listTraces(tandem, { since: '2099-01-01' })).toEqual([]);
});

test('where nothing is asked, nothing is checked', async () => {
  await using tandem = await createTandem({ embedder, chat: saying(right), sources: [], settings: {} });
  const { claims } = await ask(tandem, 'How many days of leave does everybody have?', { arm: 'base' });
  expect(claims).toMatchObject([{ verdict: 'not checked' }]);
});
