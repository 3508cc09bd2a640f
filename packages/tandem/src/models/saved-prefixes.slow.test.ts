import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchModel } from './fetch/fetch-model.ts';
import { type LocalChatMetadata, openLocalChat } from './local-chat.ts';
import { localToolsOf } from './local-tools.ts';
import { writeRandomAdapter } from './write-random-adapter.ts';

let path: string;
let cacheDirectory: string;
let adapter: string;
beforeAll(async () => {
  ({ path } = await fetchModel('local:smollm2-135m-instruct'));
  cacheDirectory = await mkdtemp(join(tmpdir(), 'tandem-prefixes-'));
  adapter = join(cacheDirectory, 'adapter.gguf');
  await writeRandomAdapter(adapter, { seed: 1 });
});
afterAll(() => rm(cacheDirectory, { recursive: true }));

const system = `You answer patients of a clinic. ${'Write calmly and plainly, in the third person. '.repeat(12)}`;
interface Asked {
  sharedMessages?: number;
  adapter?: { path: string };
}
/** Each in a model that was just loaded, as in a process of its own. */
async function answer(question: string, tandem: Asked, contextLength?: number) {
  await using model = await openLocalChat({
    path,
    threads: 1,
    cacheDirectory,
    ...(contextLength !== undefined && { contextLength }),
  });
  const call: LanguageModelV4CallOptions = {
    prompt: [
      { role: 'system', content: system },
      { role: 'user', content: [{ type: 'text', text: question }] },
    ],
    maxOutputTokens: 12,
    providerOptions: { tandem: { probabilities: true, ...tandem } },
  };
  const { content, providerMetadata } = await model.doGenerate(call);
  const { reusedTokens, tokens } = providerMetadata!.tandem as unknown as LocalChatMetadata;
  const shared = localToolsOf(model)!.encodePrompt([{ role: 'system', content: system }]).length;
  return { reusedTokens, shared, said: { content, tokens } };
}
const folder = () => join(cacheDirectory, 'prefixes');
const saved = () => readdir(folder()).catch(() => []);

test('what prompts share is computed once, and changes no token and no probability', async () => {
  const plain = await answer('What is gout?', {});
  expect(plain.reusedTokens).toBe(0);
  expect(await saved()).toEqual([]);

  const first = await answer('What is gout?', { sharedMessages: 1 });
  expect(first).toMatchObject({ reusedTokens: 0, said: plain.said });
  const [file, ...others] = await saved();
  expect(others).toEqual([]);

  const other = await answer('How is asthma treated?', { sharedMessages: 1 });
  expect(other.reusedTokens).toBeGreaterThan(100);
  expect(other.said).toEqual((await answer('How is asthma treated?', {})).said);
  const again = await answer('What is gout?', { sharedMessages: 1 });
  expect(again).toMatchObject({ reusedTokens: other.reusedTokens, said: plain.said });
  expect(await saved()).toEqual([file]);
});

test('a damaged state is ignored and written again', async () => {
  const before = await answer('What is gout?', { sharedMessages: 1 });
  const [name] = await saved();
  const file = join(folder(), name!);
  const bytes = await readFile(file);
  await writeFile(file, bytes.fill(7, bytes.length - 1000));
  expect(await answer('What is gout?', { sharedMessages: 1 })).toMatchObject({
    reusedTokens: 0,
    said: before.said,
  });
  expect(await saved()).toEqual([name]);
  expect((await answer('What is gout?', { sharedMessages: 1 })).reusedTokens).toBeGreaterThan(100);
});

test('each adapter, context and system prompt has its own', async () => {
  const tuned = await answer('What is gout?', { sharedMessages: 1, adapter: { path: adapter } });
  expect(tuned.reusedTokens).toBe(0);
  expect(await saved()).toHaveLength(2);
  const again = await answer('What is gout?', { sharedMessages: 1, adapter: { path: adapter } });
  expect(again.reusedTokens).toBeGreaterThan(100);
  expect(again.said).toEqual(tuned.said);
  await writeRandomAdapter(adapter, { seed: 2 });
  expect(
    (await answer('What is gout?', { sharedMessages: 1, adapter: { path: adapter } })).reusedTokens,
  ).toBe(0);
  expect((await answer('What is gout?', { sharedMessages: 1 }, 1024)).reusedTokens).toBe(0);
  expect(await saved()).toHaveLength(4);
});

test('nothing that follows the shared messages is in a state', async () => {
  const question = 'zebra '.repeat(200);
  await answer(question, { sharedMessages: 1 });
  for (const name of await saved()) {
    const state = await readFile(join(folder(), name));
    // llama.cpp writes the state's tokens behind the format's name and version.
    expect(state.readUInt32LE(8)).toBeGreaterThan(64);
    expect(state.readUInt32LE(8)).toBeLessThan(160);
  }
});
