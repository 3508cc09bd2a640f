import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import { attachLocalTools, type LocalEmbedderTools } from '../models/local-tools.ts';
import { embedderIdentity } from './embedder-identity.ts';

const hosted = (modelId = 'm'): EmbeddingModelV4 => ({
  specificationVersion: 'v4',
  provider: 'p',
  modelId,
  maxEmbeddingsPerCall: 1,
  supportsParallelCalls: false,
  doEmbed: () => Promise.reject(new Error('not asked')),
});
const baseHash = 'a'.repeat(64);
const local = (tools: Partial<LocalEmbedderTools> = {}) =>
  embedderIdentity(
    attachLocalTools<EmbeddingModelV4, LocalEmbedderTools>(hosted(), {
      contextLength: 512,
      maxDocumentTokens: 510,
      maxQueryTokens: 510,
      dimensions: 3,
      baseHash,
      path: '/models/m.gguf',
      prefixes: { query: '', document: '' },
      countTokens: (text) => text.length,
      countUnknown: () => 0,
      ...tools,
    }),
  ).hash;

test('a local embedder is its weights, wherever they lie', () => {
  expect(local()).toBe(baseHash);
  expect(local({ path: '/elsewhere/n.gguf' })).toBe(baseHash);
  expect(local({ baseHash: 'b'.repeat(64) })).toBe('b'.repeat(64));
});

test("with another prefix for documents or another pooling it is another one; a question's prefix changes no document's vector", () => {
  const passage = { query: '', document: 'passage: ' };
  const identities = [
    local(),
    local({ prefixes: passage }),
    local({ pooling: 'cls' }),
    local({ pooling: 'last' }),
    local({ pooling: 'cls', prefixes: passage }),
  ];
  expect(new Set(identities).size).toBe(identities.length);
  expect(local({ prefixes: { query: 'query: ', document: '' } })).toBe(baseHash);
});

test('a hosted one is its name', () => {
  expect(embedderIdentity(hosted()).name).toBe('p:m');
  expect(embedderIdentity(hosted()).hash).not.toBe(embedderIdentity(hosted('n')).hash);
});
