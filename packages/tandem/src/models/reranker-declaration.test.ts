import type { RerankingModelV4 } from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import { adoptRerankingModel } from './model-kinds.ts';
import { declarationOf } from './reranker-declaration.ts';

const model = (tandem?: unknown) =>
  ({
    specificationVersion: 'v4',
    provider: 'own',
    modelId: 'one',
    doRerank: async () => ({ ranking: [] }),
    ...(tandem !== undefined && { tandem }),
  }) as RerankingModelV4;

test('a reranker says what its scores are and what it reads; another says nothing', () => {
  expect(declarationOf(model({ scores: 'logits', languages: ['en'] }))).toEqual({
    scores: 'logits',
    languages: ['en'],
  });
  expect(declarationOf(model())).toEqual({});
  expect(declarationOf(model({ scores: 'stars' }))).toEqual({});
});

test('what a reranker declares is still there when it was adopted from a config', () => {
  const adopted = adoptRerankingModel(model({ scores: 'shares' }), 'retrieve.reranker');
  expect(declarationOf(adopted)).toEqual({ scores: 'shares' });
});
