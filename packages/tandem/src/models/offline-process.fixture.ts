import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@lancedb/lancedb';
import { embedMany, generateText } from 'ai';
import { openModels } from './providers.ts';

// Runs in a network namespace that has no way out. `work`: what a project does with cached models. `leak`: what telemetry
// would do, to show that it would be seen. Prints what the kernel counted: attempts to send a packet for which it had no
// route, by JavaScript or native code alike.
const before = attempts();
const result = process.argv[2] === 'leak' ? await leak() : await work();
await sleep(1000);
console.log(JSON.stringify({ ...result, attempts: attempts() - before }));

async function work() {
  await using models = await openModels({ chat: 'local:smollm2-135m-instruct' }, { threads: 1 });
  const { text } = await generateText({
    model: await models.chat(),
    prompt: 'What is asthma?',
    maxOutputTokens: 12,
  });
  const values = ['asthma', 'airways'];
  const { embeddings } = await embedMany({ model: await models.embedder(), values });
  const folder = await mkdtemp(join(tmpdir(), 'tandem-offline-'));
  try {
    const rows = values.map((id, index) => ({ id, vector: embeddings[index] }));
    const table = await (await connect(folder)).createTable('rows', rows);
    const found = await table
      .search(embeddings[0] as number[])
      .limit(1)
      .toArray();
    return { text, found: (found[0] as { id: string }).id };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function leak() {
  const swallowed = (await fetch('http://192.0.2.1/').catch((error: Error) => error)) as Error;
  return { text: swallowed.message };
}

function attempts(): number {
  const [names = [], values = []] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Ip:'))
    .map((line) => line.split(' '));
  return Number(values[names.indexOf('OutNoRoutes')]);
}
