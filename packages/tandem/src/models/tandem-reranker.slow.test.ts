import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openModels } from './providers.ts';
import { knownModels } from './registry.ts';
import { declarationOf } from './reranker-declaration.ts';

const reference = 'local:tandem-reranker';

test('the reranker that comes with Tandem is opened by its name, and says what it is', async () => {
  await using models = await openModels({ reranker: reference });
  const reranker = (await models.reranker())!;
  expect(reranker.modelId).toBe('tandem-reranker');
  expect(declarationOf(reranker)).toEqual({ scores: 'shares', languages: ['en'] });
  const values = [
    'Payments\nCustomers pay by card or by invoice, within thirty days of the order.',
    'Delivery\nA parcel leaves the warehouse on the next working day.',
    'Returns\nGoods may be sent back within two weeks; the carrier collects them.',
  ];
  const { ranking } = await reranker.doRerank({
    query: 'How long do customers have to pay an invoice?',
    documents: { type: 'text', values },
  });
  expect(ranking).toHaveLength(3);
  expect(ranking[0]!.index).toBe(0);
  expect(ranking[0]!.relevanceScore).toBeLessThanOrEqual(1);
  expect(ranking.at(-1)!.relevanceScore).toBeGreaterThanOrEqual(0);
});

test('its file is small, and it is no embedder', async () => {
  const { difference } = knownModels.find(({ name }) => name === 'tandem-reranker')!;
  expect(statSync(difference!).size).toBeLessThanOrEqual(4_000_000);
  await expect(openModels({ embedder: reference })).rejects.toThrow(/which is a reranker/);
});

test('a model of another kind is refused as a reranker, with what to do', async () => {
  await expect(openModels({ reranker: 'local:all-minilm-l6-v2' })).rejects.toThrow(/which is an embedder/);
});
