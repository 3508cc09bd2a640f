import type { RerankingModelV4 } from '@ai-sdk/provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRetriever } from './retriever.ts';
import { makeSmallIndex, type SmallIndex } from './small-index.fixture.ts';

let index: SmallIndex;
beforeAll(async () => {
  index = await makeSmallIndex({
    'leave.md': '---\nlanguage: en\n---\n# Leave\n\nEverybody has thirty days of leave in each year.',
    'urlaub.md': '---\nlanguage: de\n---\n# Urlaub\n\nAlle haben dreißig Tage Urlaub in jedem Jahr.',
    'notice.md': '---\nlanguage: en\n---\n# Notice\n\nNotice of leave is given four weeks before.',
  });
});
afterAll(() => index[Symbol.asyncDispose]());

/** Gives these scores in turn, and counts how often it is asked. */
function reranker(scores: number[], tandem?: object) {
  const model = {
    specificationVersion: 'v4' as const,
    provider: 'test',
    modelId: 'fixed',
    ...(tandem && { tandem }),
    asked: 0,
    async doRerank({ documents }: { documents: { values: unknown[] } }) {
      model.asked++;
      return {
        ranking: documents.values.map((_, at) => ({
          index: at,
          relevanceScore: scores[at % scores.length]!,
        })),
      };
    },
  };
  return model;
}

const retrieve = (model: object, documentIds?: string[]) =>
  createRetriever({
    catalog: index.catalog,
    store: index.store,
    embedder: index.embedder,
    reranker: { model: model as RerankingModelV4 },
  }).retrieve('How many days of leave?', { k: 3, ...(documentIds && { documentIds }) });

describe('a reranker', () => {
  test('is not asked where a passage is in a language that it says it does not read', async () => {
    const english = reranker([0.5], { languages: ['en'] });
    const { passages } = await retrieve(english);
    expect(passages.map(({ documentId }) => documentId)).toContain('urlaub.md');
    expect(english.asked).toBe(0);
    expect(passages.every(({ scores }) => scores.rerank === undefined)).toBe(true);
    await retrieve(english, ['leave.md', 'notice.md']);
    expect(english.asked).toBe(1);
    const any = reranker([0.5], { languages: 'many' });
    await retrieve(any);
    expect(any.asked).toBe(1);
  });

  test('has its scores read as what it says they are', async () => {
    // Both are shares, and could be logits.
    const given = [0.2, 0.9];
    const scoresOf = async (tandem?: object) =>
      (await retrieve(reranker(given, tandem), ['leave.md', 'notice.md'])).passages
        .map(({ scores }) => scores.rerank!)
        .sort((a, b) => a - b);
    const logistic = (logit: number) => 1 / (1 + Math.exp(-logit));
    expect(await scoresOf()).toEqual(given);
    expect(await scoresOf({ scores: 'shares' })).toEqual(given);
    expect(await scoresOf({ scores: 'logits' })).toEqual(given.map(logistic));
  });
});
