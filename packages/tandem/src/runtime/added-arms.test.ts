import { join } from 'node:path';
import { MockLanguageModelV4 } from 'ai/test';
import { expect, test } from 'vitest';
import { settingsSchema } from '../core/settings.ts';
import type { GivenArm } from '../evaluate/added-arms.ts';
import { compare } from '../evaluate/compare.ts';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';

/** Arms of a team's own, with scripted chat models and an embedder of some thousand weights. */

const embedder = `local:${join(import.meta.dirname, '../../../nn/references/bert/embedder')}`;
const colours = { pump: 'red', crane: 'green', gate: 'blue', lift: 'white' };
const documents = Object.entries(colours).map(([name, colour]) => ({
  uri: `${name}.md`,
  text: `# ${name}\n\nThe ${name} is ${colour}.\n`,
}));
const cases = Object.entries(colours).map(([name, colour]) => ({
  id: name,
  question: `Which colour has the ${name}?`,
  expected: colour,
  source: { documentId: `${name}.md` },
}));

/** Says what `reply` makes of everything that it is given. */
const scripted = (modelId: string, reply: (prompt: string) => string) =>
  new MockLanguageModelV4({
    provider: 'house',
    modelId,
    doGenerate: async ({ prompt }) => ({
      content: [{ type: 'text', text: reply(JSON.stringify(prompt)) }],
      finishReason: { unified: 'stop', raw: undefined },
      usage: {
        inputTokens: { total: 9, noCache: 9, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 5, text: 5, reasoning: undefined },
      },
      warnings: [],
    }),
  });
const reader = scripted('reader', (prompt) => {
  const thing = /colour has the (\w+)\?/.exec(prompt)?.[1];
  return `It is ${new RegExp(`The ${thing} is (\\w+)`).exec(prompt)?.[1] ?? 'grey'} [1].`;
});

const tandemWith = (settings: Parameters<typeof createTandem>[0] = {}) =>
  createTandem({
    chat: scripted('dull', () => 'It is grey.'),
    embedder,
    cases,
    sources: [fromDocuments(documents)],
    ...settings,
  });

test('arms of a team’s own stand beside Tandem’s: another model, prompt and retrieval, and a program', {
  timeout: 60_000,
}, async () => {
  const house: GivenArm = {
    name: 'house',
    description: 'What we have today.',
    answer: async (question) => (question.includes('pump') ? 'red' : { text: 'The sources do not say.' }),
  };
  await using tandem = await tandemWith({
    settings: {
      compare: {
        arms: {
          'rag by another': { like: 'rag', chat: reader },
          'words alone': { like: 'rag', chat: reader, retrieve: { mode: 'lexical', k: 1 } },
          curt: { like: 'base', prompt: 'One word.' },
        },
        constraints: { dataMustStay: true },
      },
    },
  });
  await ingest(tandem);
  const { result } = await compare(tandem, {
    arms: ['base', 'rag', 'rag by another', 'words alone', 'curt', house],
    references: false,
    latencyCases: 0,
    validationCases: 0,
  });
  const right = (arm: string) =>
    result.slices[0]!.arms.find((entry) => entry.arm === arm && entry.metric === 'right')!.value;
  expect(Object.fromEntries(result.arms.map(({ name }) => [name, right(name)]))).toEqual({
    base: 0,
    rag: 0,
    'rag by another': 1,
    'words alone': 1,
    curt: 0,
    house: 0.25,
  });
  expect(result.arms.find(({ name }) => name === 'words alone')).toMatchObject({
    model: 'house:reader',
    description: 'As rag, with the model house:reader and other retrieval (mode lexical, k 1).',
    retrieves: true,
  });
  for (const { arms } of result.cases) expect(arms['words alone']!.answer!.passages).toHaveLength(1);
  expect(result.cases[1]!.arms.house!.answer!.abstained).toBe(true);
  expect(result.verdict.firstLine).toContain('rag by another on house:reader');
  const place = result.verdict.evidence!.find(({ arm }) => arm === 'house')!;
  expect(place).toMatchObject({ constraint: 'dataMustStay', holds: false });
  expect(place.sentence).toContain('what house asks');
});

test('a program’s arm that fails is named with its question, and the answers so far are kept', {
  timeout: 60_000,
}, async () => {
  await using tandem = await tandemWith();
  await ingest(tandem);
  const options = { references: false, latencyCases: 0, validationCases: 0 };
  const broken: GivenArm = {
    name: 'broken',
    description: 'Never answers.',
    answer: () => Promise.reject(new Error('no route to host')),
  };
  await expect(compare(tandem, { ...options, arms: ['base', broken] })).rejects.toThrow(
    /^The arm broken failed at "Which colour has the \w+\?": no route to host$/,
  );
  // Mended: what was answered before the failure is not asked again.
  const mended: GivenArm = { ...broken, answer: async () => 'red' };
  const { estimate, result } = await compare(tandem, { ...options, arms: ['base', mended] });
  expect(estimate.answers - estimate.stored).toBeLessThanOrEqual(8);
  expect(result.arms.map(({ name }) => name)).toEqual(['base', 'broken']);
  expect(
    result.slices[0]!.arms.some(({ arm, metric }) => arm === 'broken' && metric === 'prompt-tokens'),
  ).toBe(false);
});

test('without names all arms of the settings are compared, and a name that no arm has is refused', {
  timeout: 60_000,
}, async () => {
  await using tandem = await tandemWith({ settings: { compare: { arms: { curt: { like: 'base' } } } } });
  await ingest(tandem);
  const options = { references: false, latencyCases: 0, validationCases: 0 };
  const { result } = await compare(tandem, options);
  expect(result.arms.map(({ name }) => name)).toEqual(['base', 'rag', 'curt']);
  await expect(compare(tandem, { ...options, arms: ['rag', 'curd'] })).rejects.toThrow(
    'There is no arm called "curd".',
  );
});

test('an arm cannot take the name of one that is there', () => {
  const parse = (name: string) =>
    settingsSchema.safeParse({ compare: { arms: { [name]: { like: 'rag' } } } });
  expect(parse('rag with words').success).toBe(true);
  for (const name of ['rag', 'extract', 'a,b', '']) expect(parse(name).success).toBe(false);
});

test('an arm that nobody named and that cannot answer is left out, and one that was named says why', {
  timeout: 60_000,
}, async () => {
  await using tandem = await tandemWith({
    settings: {
      compare: { arms: { 'of May': { like: 'tuned' }, curt: { like: 'base', prompt: 'One word.' } } },
    },
  });
  await ingest(tandem);
  const options = { references: false, latencyCases: 0, validationCases: 0 };
  const { result } = await compare(tandem, options);
  expect(result.arms.map(({ name }) => name)).toEqual(['base', 'rag', 'curt']);
  expect(result.provenance.notes).toContainEqual({
    label: 'Left out: of May',
    text: 'There is no trained adapter yet.',
  });
  await expect(compare(tandem, { ...options, arms: ['of May'] })).rejects.toThrow(
    'The arm of May cannot answer: There is no trained adapter yet.',
  );
});

test('what an arm could not use is refused: a prompt of a tuned one, passages of one without', () => {
  const problem = (arm: object) =>
    settingsSchema.safeParse({ compare: { arms: { mine: arm } } }).error?.issues[0]?.message;
  expect(problem({ like: 'tuned', prompt: 'Briefly.' })).toContain('an arm like tuned has none');
  expect(problem({ like: 'rag', adapter: 'adapter_1' })).toContain('only tuned and hybrid');
  expect(problem({ like: 'base', retrieve: { k: 2 } })).toContain('no passages');
  expect(problem({ like: 'rag', chat: { name: 'gpt' } })).toBeDefined();
});
