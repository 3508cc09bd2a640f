import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryVectorStore } from '@langchain/classic/vectorstores/memory';
import { FakeEmbeddings } from '@langchain/core/utils/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keptAfterDeletion } from './chunk-table.ts';
import { openLanceStore } from './lancedb/lance-store.ts';
import { openLangChainStore } from './langchain/langchain-store.ts';
import { openLexicalIndex } from './open-store.ts';
import { pairStores } from './pair.ts';
import type { VectorStore } from './vector-store.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tandem-pair-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const words = 'quartz key kept by Amara';
const at = (seq: number) => ({ generation: 1, seq });

/** One document comes and goes; what of its words lies in files below the folder then. */
async function comeAndGo(folder: string, vectors: VectorStore) {
  await using store = pairStores(vectors, await openLexicalIndex(join(folder, 'lexical')));
  await store.prepare({ generation: 1, dimensions: 3, committedSeq: 0 });
  const row = (documentId: string, text: string) => ({
    id: `${documentId}#0`,
    documentId,
    ordinal: 0,
    start: 0,
    end: text.length,
    text,
    headingPath: [],
    uri: documentId,
    title: documentId,
    access: 'public',
    terms: text.split(' '),
    vector: Float32Array.of(1, 0, 0),
  });
  await store.add([row('secret', words), row('other', 'a text that stays')], at(1));
  await store.flush();
  await store.remove(['secret'], at(2));
  await store.flush();
  const before = filesWith(folder);
  await store.purge!(at(2));
  expect(await store.count(at(2))).toBe(1);
  return { kept: keptAfterDeletion(store), before, after: filesWith(folder) };
}

const filesWith = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(words))
    .map((path) => path.slice(folder.length + 1).split(/[/\\]/)[0]!);

/** LanceDB, as a server is that says nothing of its disk. */
async function openWithoutPurge(folder: string): Promise<VectorStore> {
  const store = await openLanceStore(folder);
  return {
    prepare: (state) => store.prepare(state),
    add: (rows, at) => store.add(rows, at),
    remove: (documentIds, at) => store.remove(documentIds, at),
    flush: () => store.flush(),
    maintain: (at) => store.maintain(at),
    count: (at, filter) => store.count(at, filter),
    scan: (at, filter, options) => store.scan(at, filter, options),
    searchVector: (vector, options) => store.searchVector(vector, options),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

test('a half that can purge does, and what the other may keep is told', async () => {
  const folder = join(directory, 'server');
  const { kept, before, after } = await comeAndGo(folder, await openWithoutPurge(join(folder, 'vectors')));
  expect(kept).toBe('bytes');
  expect(before).toContain('lexical');
  expect(after).not.toContain('lexical');
  expect(after).toContain('vectors');
});

/** As stores on servers do, which the embedded one does not. */
class Deleting extends MemoryVectorStore {
  override async delete({ ids }: { ids: string[] }) {
    this.memoryVectors = this.memoryVectors.filter(({ id }) => !ids.includes(id!));
  }
}

test.each([
  ['forgets when its process ends', { inMemory: true }, undefined],
  ['deletes by id', { filter: () => () => true }, 'bytes'],
  ['is filtered by a function, and never told to delete', {}, 'rows'],
])('a LangChain store that %s', async (name, options, expected) => {
  const folder = join(directory, name.replaceAll(' ', '-'));
  const vectors = await openLangChainStore({
    vectorStore: new Deleting(new FakeEmbeddings()),
    file: join(folder, 'rows.sqlite'),
    ...options,
  });
  const { kept, before, after } = await comeAndGo(folder, vectors);
  expect(before.join()).toContain('rows.sqlite');
  expect([kept, after]).toEqual([expected, []]);
});
