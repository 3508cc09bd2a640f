import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { openMemoryCatalog } from '../../catalog/sqlite-catalog.ts';
import type { Trace } from '../../core/types/answer.ts';
import { exportTraces } from './export-traces.ts';
import { spansOf } from './trace-spans.ts';

const trace = (id: string, at: string): Trace => ({
  id,
  at,
  question: 'What does a berth cost?',
  arm: 'rag',
  model: 'local:qwen2.5-coder-0.5b',
  passages: [
    { id: 'fees#0', text: 'A berth costs 24 euros.', uri: 'fees.md' },
  ] as unknown as Trace['passages'],
  prompt: '<|im_start|>user What does a berth cost?',
  rawOutput: '24 euros. [1]',
  answer: {
    question: 'What does a berth cost?',
    arm: 'rag',
    text: '24 euros. [1]',
    abstained: false,
    outcome: 'answer',
    finishReason: 'stop',
    citations: [],
    danglingMarkers: [],
    claims: [{ text: '24 euros.', sentence: '24 euros.', verdict: 'supported', spans: [] }],
    usage: { promptTokens: 120, completionTokens: 9 },
    timings: { generate: 800, total: 900 },
  },
  steps: [
    { name: 'retrieve', milliseconds: 100 },
    { name: 'generate', milliseconds: 800 },
    { name: 'verify', milliseconds: 2 },
  ],
});

async function partsWith(...traces: Trace[]) {
  const catalog = await openMemoryCatalog();
  for (const each of traces) await catalog.traces.put(each);
  return {
    name: 'harbour',
    catalog,
    whileOpen: <R>(work: (signal: AbortSignal) => Promise<R>) => work(new AbortController().signal),
  };
}

const parentOf = (span: ReadableSpan, spans: readonly ReadableSpan[]) =>
  spans.find((each) => each.spanContext().spanId === span.parentSpanContext?.spanId)?.name;

test('an answer is a span, with its steps inside, and the model’s call inside of that', async () => {
  const exporter = new InMemorySpanExporter();
  const parts = await partsWith(
    trace('one', '2026-12-01T10:00:00.000Z'),
    trace('two', '2026-12-02T10:00:00.000Z'),
  );
  expect(await exportTraces(parts, { exporter, since: '2026-12-02' })).toEqual({ traces: 1, spans: 5 });
  const spans = exporter.getFinishedSpans();
  expect(spans.map((span) => [span.name, parentOf(span, spans)]).toSorted()).toEqual([
    ['chat qwen2.5-coder-0.5b', 'tandem.generate'],
    ['invoke_agent rag', undefined],
    ['tandem.generate', 'invoke_agent rag'],
    ['tandem.retrieve', 'invoke_agent rag'],
    ['tandem.verify', 'invoke_agent rag'],
  ]);
  expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  const call = spans.find(({ name }) => name.startsWith('chat'))!;
  expect(call.attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'local',
    'gen_ai.usage.input_tokens': 120,
    'gen_ai.response.finish_reasons': ['stop'],
  });
  expect(call.resource.attributes['service.name']).toBe('harbour');
  expect(call.duration[1] / 1e6 + call.duration[0] * 1000).toBeCloseTo(800, 0);
});

test('what was asked and said stays here, unless it is to go with it', () => {
  const one = trace('one', '2026-12-01T10:00:00.000Z');
  expect(JSON.stringify(spansOf(one))).not.toMatch(/berth|euros/);
  const whole = JSON.stringify(spansOf(one, { contents: true }));
  for (const text of [
    'What does a berth cost?',
    'A berth costs 24 euros.',
    '<|im_start|>user',
    '24 euros. [1]',
  ])
    expect(whole).toContain(text);
});

test('they are sent over HTTP as a collector takes them, and one that does not is one sentence', async () => {
  const got: { path: string; type: string; bytes: number }[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      got.push({
        path: request.url!,
        type: request.headers['content-type']!,
        bytes: Buffer.concat(chunks).length,
      });
      response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
  try {
    const parts = await partsWith(trace('one', '2026-12-01T10:00:00.000Z'));
    expect(await exportTraces(parts, { url })).toEqual({ traces: 1, spans: 5 });
    expect(got).toMatchObject([{ path: '/v1/traces', type: 'application/x-protobuf' }]);
    expect(got[0]!.bytes).toBeGreaterThan(300);
    status = 400;
    await expect(exportTraces(parts, { url })).rejects.toThrow(/did not take the traces/);
  } finally {
    server.close();
  }
});
