import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchModel } from './fetch/fetch-model.ts';
import { type LocalChatModel, openLocalChat } from './local-chat.ts';
import { defaultModels } from './providers.ts';
import { writeRandomAdapter } from './write-random-adapter.ts';

// The default chat model, asked plainly: what it can do before any prompt is worked on.

let model: LocalChatModel;
beforeAll(async () => {
  model = await openLocalChat({ path: (await fetchModel(defaultModels.chat)).path });
});
afterAll(() => model[Symbol.asyncDispose]());

async function ask(text: string): Promise<{ text: string; finished: boolean }> {
  const { content, finishReason } = await model.doGenerate({
    prompt: [{ role: 'user', content: [{ type: 'text', text }] }],
    maxOutputTokens: 96,
  });
  const [first] = content;
  return { text: first?.type === 'text' ? first.text : '', finished: finishReason.unified === 'stop' };
}

test.each([
  [
    'Everybody has 30 days of leave a year. Leave is asked for two weeks ahead, by a note to the office.',
    'How many days of leave does everybody have?',
    /\b30\b/,
  ],
  [
    'A bicycle is lent for one day. The deposit is 60 euros, and is given back when the bicycle comes back clean.',
    'How high is the deposit for a bicycle?',
    /\b60\b/,
  ],
  [
    'The workshop is open from nine to six on weekdays. On Saturdays it is closed.',
    'When is the workshop open on weekdays?',
    /\b(nine|9)\b/,
  ],
])('from a passage it answers in a sentence: %s', async (passage, question, expected) => {
  const { text, finished } = await ask(
    `${passage}\n\nAnswer in one sentence from the text above. ${question}`,
  );
  expect(finished).toBe(true);
  expect(text).toMatch(expected);
  const words = text.split(/\s+/).filter(Boolean);
  expect(words.length).toBeGreaterThan(3);
  expect(words.length).toBeLessThan(40);
  expect(text).toMatch(/^[A-Z].*[.!]$/s);
});

test('an adapter for a model of another size is refused in one sentence, and the model answers as before', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-adapter-'));
  try {
    // Of the shape of SmolLM2 135M.
    const path = join(folder, 'adapter.gguf');
    await writeRandomAdapter(path, { seed: 1, size: 0.01 });
    const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Say hello.' }] }];
    const call = { prompt, maxOutputTokens: 8, providerOptions: { tandem: { adapter: { path } } } };
    const message = await model.doGenerate(call).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(message).toMatch(/adapter\.gguf cannot be loaded over this model: .*\.$/);
    expect(message).not.toContain('\n');
    expect((await ask('Say hello.')).text).not.toBe('');
  } finally {
    await rm(folder, { recursive: true });
  }
});
