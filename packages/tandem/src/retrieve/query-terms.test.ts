import { expect, test } from 'vitest';
import { memoryStore } from '../store/memory/memory-store.ts';
import { documentTermsOf } from '../text/terms.ts';
import { queryTermsFor } from './query-terms.ts';

const at = { generation: 1, seq: 1 };

async function indexOf(texts: Record<string, [text: string, language?: string]>) {
  const store = await memoryStore();
  await store.prepare({ generation: 1, dimensions: 1, committedSeq: 0 });
  await store.add(
    Object.entries(texts).map(([id, [text, language]]) => ({
      id,
      documentId: id,
      ordinal: 0,
      start: 0,
      end: text.length,
      text,
      headingPath: [],
      uri: id,
      title: id,
      access: 'public',
      metadata: {},
      terms: documentTermsOf(text, language),
      vector: new Float32Array([1]),
    })),
    at,
  );
  let asked = 0;
  const documents = {
    languages: async () => {
      asked++;
      return [...new Set(Object.values(texts).map(([, language]) => language))];
    },
  };
  const queryTerms = queryTermsFor({ catalog: { documents } as never, store });
  return {
    asked: () => asked,
    search: async (query: string) =>
      (await store.searchTerms(await queryTerms(query, { at }), { at, limit: 10 })).map(
        ({ chunk }) => chunk.id,
      ),
  };
}

test('each document is found by the words of its own language', async () => {
  const { search, asked } = await indexOf({
    german: ['Die Häuser sind alt.', 'de'],
    spanish: ['Las canciones son viejas.', 'es'],
    english: ['The houses are old.', 'en'],
    unknown: ['Houses: 3', undefined],
  });
  expect(await search('Haus')).toEqual(['german']);
  expect(await search('canción')).toEqual(['spanish']);
  expect((await search('house')).sort()).toEqual(['english', 'unknown']);
  expect(asked()).toBe(1);
});

test('a compound is found by what it is a kind of, where no document has that by itself, and the other way round', async () => {
  const compound = await indexOf({
    a: ['Die Krankenversicherung zahlt.', 'de'],
    b: ['Der Hund bellt.', 'de'],
  });
  expect(await compound.search('Versicherung')).toEqual(['a']);
  const part = await indexOf({
    a: ['Die Kranken-Versicherung zahlt.', 'de'],
    b: ['Der Hund bellt.', 'de'],
    c: ['Eine Krankenversicherung.', 'de'],
  });
  expect((await part.search('Krankenversicherung')).sort()).toEqual(['a', 'c']);
  expect(await part.search('Versicherung')).toEqual(['a']);
});
