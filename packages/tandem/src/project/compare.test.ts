import { expect, test } from 'vitest';
import { settingsSchema } from '../core/settings.ts';
import { describeSearch } from '../evaluate/describe-provenance.ts';
import { storeTitle } from '../store/open-store.ts';
import { configSchema } from './config.ts';

const searched = (given: object) => {
  const { store, retrieve } = configSchema.parse({ name: 'test', ...given });
  return describeSearch({
    storeName: storeTitle(store),
    settings: settingsSchema.parse({ retrieve: { rerankCandidates: retrieve.rerankCandidates } }),
    models: { names: { chat: '', embedder: '', ...(retrieve.reranker && { reranker: 'local:./reranker' }) } },
  });
};

test('the report names the store that was searched and what ranked its passages', () => {
  expect(searched({})).toBe(
    'LanceDB: found by meaning and by words, ranked by both, and by phrases, names and codes',
  );
  expect(searched({ store: { kind: 'pgvector' } })).toMatch(/^PostgreSQL with pgvector: /);
  expect(searched({ store: { kind: 'milvus' } })).toMatch(/^Milvus: /);
  expect(searched({ store: { kind: 'chroma' } })).toMatch(/^Chroma, words in LanceDB: /);
  expect(searched({ store: { kind: 'langchain', open: () => undefined } })).toMatch(
    /^a LangChain vector store/,
  );
  expect(searched({ store: { kind: 'custom', open: () => undefined } })).toMatch(
    /^the project's own store: /,
  );
  expect(searched({ retrieve: { reranker: 'local:./reranker', rerankCandidates: 12 } })).toBe(
    'LanceDB: found by meaning and by words, ranked by both, and by phrases, names and codes, the best 12 read once more by local:./reranker',
  );
});
