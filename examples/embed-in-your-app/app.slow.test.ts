import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { documents } from './documents.ts';

const app = path.join(import.meta.dirname, 'app.ts');
const ask = (question: string, settings: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)(process.execPath, [app, question], {
    env: { ...process.env, CHAT_URL: '', CHAT_MODEL: '', CHAT_KEY: '', ...settings },
  });

/** A chat server that streams these pieces, or refuses; keeps what it was asked. */
async function chatServer(pieces: readonly string[] | { status: number; message: string }) {
  const asked: { key: string | undefined; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    asked.push({ key: request.headers.authorization, body });
    if (!Array.isArray(pieces)) {
      const { status, message } = pieces as { status: number; message: string };
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message } }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const write = (choice: object) =>
      response.write(
        `data: ${JSON.stringify({ id: '1', created: 1, model: 'm', choices: [{ index: 0, ...choice }] })}\n\n`,
      );
    for (const content of pieces) write({ delta: { content } });
    write({ delta: {}, finish_reason: 'stop' });
    response.end('data: [DONE]\n\n');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    settings: { CHAT_URL: `http://127.0.0.1:${port}/v1`, CHAT_MODEL: 'large', CHAT_KEY: 'secret' },
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => void server.close(() => closed())),
  };
}

test('with a server of OpenAI’s kind: the answer, then the exact words that it rests on', async () => {
  await using server = await chatServer(['It carries ', '180 kilograms', ' [1].']);
  const { stdout, stderr } = await ask('How much may the Heron carry?', server.settings);
  const { text } = documents.find(({ uri }) => uri === 'heron.md')!;
  const [answer, source] = stdout.trim().split('\n');
  expect(answer).toBe('It carries 180 kilograms [1].');
  const [, start, end, quote] = /^\[1\] heron\.md:(\d+)–(\d+) “(.*)”$/.exec(source!)!;
  expect(text.slice(Number(start), Number(end))).toBe(quote);
  expect(quote).toContain('It carries 180 kilograms');
  expect(stderr).toBe('');
  const [{ key, body }] = server.asked as [{ key: string; body: string }];
  expect(key).toBe('Bearer secret');
  expect(JSON.parse(body)).toMatchObject({ model: 'large', stream: true, max_tokens: 150 });
  expect(body).toContain('rider included');
});

test('a server that refuses is told in one sentence', async () => {
  await using server = await chatServer({ status: 401, message: 'no such key' });
  await expect(ask('How much may the Heron carry?', server.settings)).rejects.toMatchObject({
    code: 1,
    stderr: 'chat did not finish an answer of large (HTTP 401): no such key\n',
  });
});

test('with the local model', async () => {
  const { stdout, stderr } = await ask('How many days of leave do I have?');
  expect(stdout.trim()).not.toBe('');
  expect(stderr).toBe('');
});
