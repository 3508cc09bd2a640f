/**
 * Does a server that hosts a training still answer? Trains the default model in its worker thread and, from another process's
 * side of a socket, pings an HTTP server in the hosting process all the while: p50, p95 and the worst, in milliseconds. Exits
 * with 1 where p95 is 50 ms or more. Writes `results/train-responsive.json`.
 *
 *     node bench/train-responsive.ts MODEL.gguf [SECONDS]
 */
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { trainLora } from '@tandem/nn';

const [model, seconds = '12', url] = process.argv.slice(2);
if (url) {
  const times: number[] = [];
  process.on('message', () => process.send!(times, () => process.exit()));
  for (;;) {
    const from = performance.now();
    await (await fetch(url)).text();
    times.push(performance.now() - from);
    await sleep(20);
  }
}

const server = createServer((_, response) => response.end('pong')).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const examples = Array.from({ length: 400 }, (_, index) => ({
  tokens: Array.from({ length: 200 }, (_, at) => (index * 7919 + at * 104729) % 40_000),
  labelSpans: [[150, 200]] as [number, number][],
}));
const stop = new AbortController();
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
const client = fork(import.meta.filename, [model!, seconds, address]);
let steps = 0;
await trainLora({
  model: model!,
  examples,
  signal: stop.signal,
  onProgress: ({ loss }) => {
    if (loss === undefined) return;
    if (steps++ === 0) setTimeout(() => stop.abort(), Number(seconds) * 1000);
  },
}).catch((error: unknown) => {
  if (!stop.signal.aborted) throw error;
});
client.send('report');
const times = await new Promise<number[]>((resolve) => client.once('message', resolve as never));
server.close();
times.sort((a, b) => a - b);
const at = (share: number) => times[Math.floor(share * (times.length - 1))]!;
console.log(
  `${times.length} pings during ${steps} steps: p50 ${at(0.5).toFixed(1)} ms, p95 ${at(0.95).toFixed(1)} ms, worst ${at(1).toFixed(1)} ms`,
);
writeFileSync(
  join(import.meta.dirname, 'results', 'train-responsive.json'),
  `${JSON.stringify(
    {
      at: new Date().toISOString(),
      machine: `${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`,
      pings: times.length,
      steps,
      milliseconds: { p50: at(0.5), p95: at(0.95), worst: at(1) },
    },
    null,
    1,
  )}\n`,
);
process.exitCode = at(0.95) < 50 ? 0 : 1;
