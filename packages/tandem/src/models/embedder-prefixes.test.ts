import { expect, test } from 'vitest';
import { knownPrefixes } from './embedder-prefixes.ts';

test.each([
  ['intfloat/multilingual-e5-small', 'query: ', 'passage: '],
  ['E5 Small v2', 'query: ', 'passage: '],
  ['Qwen3 Embedding 0.6B', /^Instruct: .*\nQuery:$/, ''],
  ['multilingual-e5-large-instruct', /^Instruct: .*\nQuery: $/, ''],
  ['nomic-embed-text-v1.5', 'search_query: ', 'search_document: '],
  ['embeddinggemma-300M', 'task: search result | query: ', 'title: none | text: '],
  ['Bge Small En v1.5', /^Represent this sentence/, ''],
  ['snowflake-arctic-embed-l-v2.0', 'query: ', ''],
])('%s', (name, query, document) => {
  const found = knownPrefixes(['some-file.gguf', name]);
  if (typeof query === 'string') expect(found.query).toBe(query);
  else expect(found.query).toMatch(query);
  expect(found.document).toBe(document);
});

test.each([
  'all-MiniLM-L6-v2',
  'bge-m3',
  'gte-modernbert-base',
  'granite-embedding-278m-multilingual',
  'model5-base',
])('%s has none', (name) => {
  expect(knownPrefixes([name])).toEqual({ query: '', document: '' });
});
