import { generateText } from 'ai';
import { expect, it } from 'vitest';
import { localToolsOf } from './local-tools.ts';
import { openModels } from './providers.ts';

it('local models are opened by name, with their tools, when they are asked for', async () => {
  await using models = await openModels({ chat: 'local:smollm2-135m-instruct' }, { threads: 1 });
  const chat = await models.chat();
  const embedder = await models.embedder();
  expect(await models.chat()).toBe(chat);
  expect([chat.modelId, embedder.modelId]).toEqual(['smollm2-135m-instruct', 'all-minilm-l6-v2']);
  expect(localToolsOf(chat)?.baseHash).toMatch(/^b179c952/);
  expect(localToolsOf(embedder)?.dimensions).toBe(384);
  expect((await generateText({ model: chat, prompt: 'What is asthma?', maxOutputTokens: 12 })).text).toMatch(
    /asthma/i,
  );
});
