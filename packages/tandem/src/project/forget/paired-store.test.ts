import { join } from 'node:path';
import { MemoryVectorStore } from '@langchain/classic/vectorstores/memory';
import { FakeEmbeddings } from '@langchain/core/utils/testing';
import { expect, test } from 'vitest';
import { forget } from '../../forget/forget.ts';
import { ingest } from '../../runtime/ingest.ts';
import { openLangChainStore } from '../../store/langchain/langchain-store.ts';
import { openLexicalIndex } from '../../store/open-store.ts';
import { pairStores } from '../../store/pair.ts';
import { makeLetterProject } from '../letter-project.fixture.ts';
import { openProject } from '../open-project.ts';

test('what a paired store may keep is reported, before and after', async () => {
  await using letters = await makeLetterProject();
  await using opened = await openProject(letters);
  const directory = join(opened.dataDirectory, 'index');
  const vectors = await openLangChainStore({
    vectorStore: new MemoryVectorStore(new FakeEmbeddings()),
    file: join(directory, 'langchain-rows.sqlite'),
  });
  await using store = pairStores(vectors, await openLexicalIndex(directory));
  const project = { ...opened, store: async () => store };
  expect(await ingest(project)).toMatchObject({ added: 12 });
  expect(await forget(project, 'd3', { dryRun: true })).toMatchObject({ storeMayKeep: 'rows' });
  expect(await forget(project, 'd3')).toMatchObject({ storeMayKeep: 'rows', chunks: 2 });
});
