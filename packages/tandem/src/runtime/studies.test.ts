import { join } from 'node:path';
import { MockLanguageModelV4 } from 'ai/test';
import { expect, test } from 'vitest';
import { compare } from '../evaluate/compare.ts';
import { summarise } from '../evaluate/summary.ts';
import { fromDocuments } from '../sources/documents.ts';
import { createTandem } from './create-tandem.ts';
import { ingest } from './ingest.ts';
import { search } from './search.ts';

/** Studies beside a comparison, with a scripted chat model and an embedder of some thousand weights. */

const embedder = `local:${join(import.meta.dirname, '../../../nn/references/bert/embedder')}`;
const names = ['pump', 'crane', 'gate', 'lift', 'boiler'];
const secondsOf = (name: string) => 30 + names.indexOf(name);
const documents = names.map((name) => ({
  uri: `${name}.md`,
  text: `# ${name}\n\nThe ${name} waits ${secondsOf(name)} seconds before it starts.\n`,
}));
const cases = names.map((name) => ({
  id: name,
  question: `How many seconds does the ${name} wait?`,
  expected: `${secondsOf(name)} seconds`,
  source: { documentId: `${name}.md` },
  wordings: [{ question: `For how long is the ${name} waiting, in seconds?` }],
}));

/** Knows all values by heart, reads them where it is given passages, and wants to be asked as the cases ask. */
const reader = () =>
  new MockLanguageModelV4({
    modelId: 'scripted',
    doGenerate: async ({ prompt }) => {
      const text = JSON.stringify(prompt.at(-1)!.content);
      const thing = /seconds does the (\w+) wait\?/.exec(text)?.[1];
      const isRead = text.includes('before it starts');
      const passages = [...text.matchAll(/The (\w+) waits (\d+) seconds/g)];
      const read = passages.find(([, name]) => name === thing)?.[2];
      const reply = thing
        ? isRead
          ? `It waits ${read ?? 'some'} seconds [1].`
          : `It waits ${names.includes(thing) ? secondsOf(thing) : 'some'} seconds.`
        : 'I do not understand that.';
      return {
        content: [{ type: 'text', text: reply }],
        finishReason: { unified: 'stop', raw: undefined },
        usage: {
          inputTokens: { total: 9, noCache: 9, cacheRead: undefined, cacheWrite: undefined },
          outputTokens: { total: 5, text: 5, reasoning: undefined },
        },
        warnings: [],
      };
    },
  });

test('an arm that reads follows a fact that changes, one that knows it by heart does not, and the index stays', {
  timeout: 60_000,
}, async () => {
  await using tandem = await createTandem({
    chat: reader(),
    embedder,
    cases,
    sources: [fromDocuments(documents)],
  });
  await ingest(tandem);
  const { result } = await compare(tandem, {
    arms: ['base', 'rag'],
    references: false,
    latencyCases: 0,
    validationCases: 0,
    with: ['freshness', 'forgetting', 'robustness'],
  });
  const { freshness, robustness, forgetting, notMade } = result.studies!;

  expect(freshness!.facts).toHaveLength(names.length);
  expect(freshness!.documents).toBe(names.length);
  expect(freshness!.secondsToFresh).toBeGreaterThan(0);
  expect(
    freshness!.arms.map(({ arm, before, after, old }) => [arm, before.value, after.value, old.value]),
  ).toEqual([
    ['base', 1, 0, 1],
    ['rag', 1, 1, 0],
  ]);
  const { passages } = await search(tandem, 'How many seconds does the pump wait?');
  expect(passages.find(({ documentId }) => documentId === 'pump.md')!.text).toContain('waits 30 seconds');
  expect((await tandem.catalog.documents.count()).documents).toBe(names.length);

  const changes = new Map(robustness!.changes.map((change) => [change.id, change.arms]));
  expect(changes.get('other words')!.map(({ after }) => after.value)).toEqual([0, 0]);
  expect(changes.get('plain letters')!.map(({ after }) => after.value)).toEqual([0, 0]);
  for (const id of ['source first', 'source last', 'more passages'] as const)
    expect(changes.get(id)!.map(({ arm, after }) => [arm, after.value])).toEqual([['rag', 1]]);
  expect(robustness!.wordings).toBe("5 of 5 other wordings are the cases' own.");

  expect(forgetting).toBeUndefined();
  expect(notMade).toEqual([
    { study: 'forgetting', why: 'no arm with an adapter of the project’s model is compared' },
  ]);
  const told = summarise(result);
  expect(told).toContain('rag: 100 % to 100 %');
  expect(told).toContain('base: 100 % to 0 %');
  expect(told).toMatch(/Forgetting: Not studied: no arm with an adapter/);
});
