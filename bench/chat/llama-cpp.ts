/** llama.cpp's own programs, with the settings that Tandem's local chat has. */
import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export interface LlamaCppOptions {
  /** The folder that it is built in. */
  build: string;
  model: string;
  threads: number;
}

/** Of node-llama-cpp's contexts: batches of 512, no flash attention, keys and values in 16 bits. */
const settings = ['-b', '512', '-ub', '512', '-fa', 'off', '-ctk', 'f16', '-ctv', 'f16'];

/** Tokens a second, read and then written behind as many. */
export function runLlamaBench(
  { build, model, threads }: LlamaCppOptions,
  counts: { read: number; written: number },
): { read: number; written: number } {
  const run = (...words: string[]) => {
    const told = execFileSync(
      join(build, 'bin', 'llama-bench'),
      ['-m', model, '-t', String(threads), ...settings, '-r', '1', '-o', 'json', ...words],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    return (JSON.parse(told) as { avg_ts: number }[])[0]!.avg_ts;
  };
  return {
    read: run('-p', String(counts.read), '-n', '0'),
    written: run('-p', '0', '-n', String(counts.written), '-d', String(counts.read)),
  };
}

export interface LlamaServer extends AsyncDisposable {
  /** Greedy; the prompt is evaluated from its start. Milliseconds from the request to the first and last token. */
  complete(prompt: readonly number[], tokens: number): Promise<{ firstToken: number; generate: number }>;
}

export async function startLlamaServer({ build, model, threads }: LlamaCppOptions): Promise<LlamaServer> {
  const port = await freePort();
  const child = spawn(
    join(build, 'bin', 'llama-server'),
    [
      ...['-m', model, '-t', String(threads), '-tb', String(threads), '-c', '4096', '-np', '1', ...settings],
      ...['--host', '127.0.0.1', '--port', String(port)],
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((done) => child.on('exit', () => done()));
  const address = `http://127.0.0.1:${port}`;
  for (let waited = 0; ; waited += 250) {
    if (child.exitCode !== null) throw new Error(`llama-server ended with ${child.exitCode}.`);
    if (waited > 120_000) throw new Error('llama-server is not ready after two minutes.');
    if (
      await fetch(`${address}/health`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break;
    await setTimeout(250);
  }
  return {
    async complete(prompt, tokens) {
      const started = performance.now();
      const response = await fetch(`${address}/completion`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          prompt,
          n_predict: tokens,
          temperature: 0,
          ignore_eos: true,
          cache_prompt: false,
          stream: true,
        }),
      });
      if (!response.ok) throw new Error(`llama-server answered ${response.status}: ${await response.text()}`);
      let firstToken: number | undefined;
      for await (const chunk of response.body!)
        if (chunk.length > 0) firstToken ??= performance.now() - started;
      if (firstToken === undefined) throw new Error('llama-server wrote nothing.');
      return { firstToken, generate: performance.now() - started - firstToken };
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
