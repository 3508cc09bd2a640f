import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { settingsSchema } from '../core/settings.ts';
import { attachLocalTools, type LocalEmbedderTools } from '../models/local-tools.ts';
import { tokenLimits } from './token-limits.ts';

const hosted = (): EmbeddingModelV4 => ({
  specificationVersion: 'v4',
  provider: 'p',
  modelId: 'reader',
  maxEmbeddingsPerCall: 1,
  supportsParallelCalls: false,
  doEmbed: () => Promise.reject(new Error('not asked')),
});
const reading = (maxDocumentTokens: number) =>
  attachLocalTools<EmbeddingModelV4, LocalEmbedderTools>(hosted(), {
    contextLength: maxDocumentTokens + 5,
    maxDocumentTokens,
    maxQueryTokens: maxDocumentTokens,
    dimensions: 3,
    baseHash: 'a'.repeat(64),
    path: '/models/reader',
    prefixes: { query: '', document: 'passage: ' },
    countTokens: (text) => text.length,
    countUnknown: () => 0,
  });
const chunk = (given: { maxTokens?: number; strategy?: 'parent-child'; childTokens?: number }) =>
  settingsSchema.parse({ chunk: given }).chunk;

test('an embedder that reads long texts may be given long chunks', () => {
  expect(tokenLimits(reading(8187), chunk({ maxTokens: 1024 })).maxTokens).toBe(1024);
  expect(tokenLimits(reading(8187), chunk({})).maxTokens).toBe(200);
  expect(tokenLimits(reading(254), chunk({ maxTokens: 254 })).maxTokens).toBe(254);
});

test('more than it reads is an error that says how much it reads', () => {
  const failure = (() => {
    try {
      return tokenLimits(reading(254), chunk({ maxTokens: 1024 }));
    } catch (error) {
      return error;
    }
  })();
  expect(InvalidInputError.isInstance(failure)).toBe(true);
  expect(failure).toMatchObject({
    message: expect.stringContaining('reader reads 254 tokens of a text (259'),
  });
  expect(() => tokenLimits(reading(126), chunk({ maxTokens: 150 }))).toThrow(/chunk\.maxTokens is 150/);
});

test('of parents and children, the children are what it reads', () => {
  const given = { strategy: 'parent-child', maxTokens: 600 } as const;
  expect(tokenLimits(reading(254), chunk({ ...given, childTokens: 100 })).maxTokens).toBe(600);
  expect(tokenLimits(reading(254), chunk(given)).maxTokens).toBe(600);
  expect(() => tokenLimits(reading(254), chunk({ ...given, childTokens: 300 }))).toThrow(
    /chunk\.childTokens is 300, and the embedder reader reads 254/,
  );
  expect(() => tokenLimits(reading(126), chunk({ ...given }))).toThrow(/chunk\.childTokens is 240/);
});

test('the default gives way to an embedder that reads less', () => {
  expect(tokenLimits(reading(126), chunk({})).maxTokens).toBe(126);
});

test('a hosted embedder says no limit, and its tokens are counted on the safe side', () => {
  const { maxTokens, countTokens } = tokenLimits(hosted(), chunk({ maxTokens: 4000 }));
  expect(maxTokens).toBe(4000);
  expect(countTokens('ümlaut')).toBe(3);
});
