import { expect, test } from 'vitest';
import { type SettingsInput, settingsSchema } from '../core/settings.ts';
import { describeMeans } from './describe-means.ts';

const bases: Record<string, string> = {
  'office:m': 'https://models.example/v1',
  'mine:m': 'http://127.0.0.1:8080/v1',
};
const partsOf = (compare: SettingsInput['compare'], names = { chat: 'local:m', embedder: 'local:e' }) =>
  ({
    directory: '.',
    settings: settingsSchema.parse({ compare }),
    models: {
      names,
      connection: (reference = names.chat) =>
        reference in bases
          ? { model: reference.split(':')[1]!, connection: { baseURL: bases[reference]! } }
          : undefined,
    },
  }) as never;

test('where models run: local files and servers of this machine are here, all else is not known to be', async () => {
  const means = (chat: string, embedder: string) =>
    describeMeans(
      { names: ['rag'], searches: true, isLocalChat: chat.startsWith('local:') },
      partsOf({}, { chat, embedder }),
    );
  expect(await means('local:m', 'hf:a/b/c.gguf')).toEqual({
    chat: { name: 'local:m', isHere: true },
    embedder: { name: 'hf:a/b/c.gguf', isHere: true },
  });
  expect(await means('office:m', 'mine:m')).toMatchObject({
    chat: { isHere: false },
    embedder: { isHere: true },
  });
  expect(await means('an instance', 'another.provider:e')).toMatchObject({
    chat: { isHere: false },
    embedder: { isHere: false },
  });
});

test('what cannot be checked is said before anything is asked', async () => {
  const check = (constraints: NonNullable<SettingsInput['compare']>['constraints'], chat = 'local:m') =>
    describeMeans(
      { names: ['base'], searches: false, isLocalChat: chat.startsWith('local:'), latencyCases: 0 },
      partsOf({ constraints }, { chat, embedder: 'local:e' }),
    );
  await expect(check({ strictSchema: true })).rejects.toThrow(/there is no answer\.output\.schema/);
  await expect(check({ p95Seconds: 2 })).rejects.toThrow(/no latency is measured/);
  await expect(check({ questionsPerMonth: 10 }, 'office:m')).rejects.toThrow(
    "the package's price table has no price for m, so its cost a month is not known.",
  );
  expect((await check({ questionsPerMonth: 10 })).machine).toMatchObject({ date: expect.any(String) });
  expect(() => partsOf({ constraints: { budgetPerMonth: 5 } })).toThrow(/say how many questions a month/);
});
