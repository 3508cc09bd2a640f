import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Catalog } from '../catalog/catalog.ts';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import { SourceError } from '../core/errors/source-error.ts';
import type { ProgressEvent } from '../core/progress.ts';
import { embedderIdentity } from '../index/embedder-identity.ts';
import { fetchModel } from '../models/fetch/fetch-model.ts';
import { type LocalEmbedderModel, openLocalEmbedder } from '../models/local-embedder.ts';
import { attachLocalTools, localToolsOf } from '../models/local-tools.ts';
import { createRetriever } from '../retrieve/retriever.ts';
import { filesSource } from '../sources/files.ts';
import type { Source } from '../sources/source.ts';
import { openLanceStore } from '../store/lancedb/lance-store.ts';
import type { LexicalIndex } from '../store/lexical-index.ts';
import type { VectorStore } from '../store/vector-store.ts';
import { checkConsistency } from './check-consistency.ts';
import { type IngestOptions, ingest } from './ingest.ts';

let embedder: LocalEmbedderModel;
let folder: string;
let documents: string;
let catalog: Catalog;
let store: VectorStore & LexicalIndex;

beforeAll(async () => {
  const { path } = await fetchModel('local:all-minilm-l6-v2');
  embedder = await openLocalEmbedder({ path, threads: 2, modelId: 'all-minilm-l6-v2' });
});
afterAll(() => embedder?.[Symbol.asyncDispose]());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-ingest-'));
  documents = join(folder, 'documents');
  mkdirSync(documents);
  catalog = await openCatalog(join(folder, 'data', 'catalog.sqlite'));
  store = await openLanceStore(join(folder, 'data', 'index'));
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  await catalog[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Which documents someone with these labels finds. */
const seenBy = async (labels: string[]) => {
  const { passages } = await createRetriever({ catalog, store, embedder }).retrieve('causes and symptoms', {
    k: 10,
    access: labels,
  });
  return [...new Set(passages.map(({ documentId }) => basename(documentId)))].sort();
};

const write = (name: string, text: string | Uint8Array) => writeFileSync(join(documents, name), text);
const run = (change: Partial<IngestOptions> = {}) =>
  ingest({
    catalog,
    store,
    embedder,
    sources: [filesSource({ path: 'documents', baseDirectory: folder })],
    chunking: { maxTokens: 100, overlapTokens: 10 },
    ...change,
  });
const find = async (query: string, k = 3) =>
  (await createRetriever({ catalog, store, embedder }).retrieve(query, { k })).passages;

const gout = `# Gout (podagra)\n\n## Symptoms\n\nGout causes sudden attacks of severe pain in a joint, most often the big toe.\n`;
const scurvy = `# Scurvy\n\n## Causes\n\nScurvy comes from a lack of vitamin C, for example on long sea voyages.\n`;
const rickets = `---\nid: rickets\n---\n# Rickets\n\n## Causes\n\nRickets is caused by too little vitamin D or calcium in childhood.\n`;

describe('incremental', () => {
  test('first everything, then only what changed, then what is gone', async () => {
    write('gout.md', gout);
    write('scurvy.md', scurvy);
    write('rickets.md', rickets);
    expect(await run()).toMatchObject({
      added: 3,
      changed: 0,
      removed: 0,
      unchanged: 0,
      problems: [],
      chunks: 3,
      embedded: 3,
      fromCache: 0,
      index: { documents: 3, chunks: 3 },
      reindexed: 'first ingest',
    });
    await checkConsistency(catalog, store);
    expect((await find('Why do joints of the foot hurt suddenly?'))[0]).toMatchObject({
      documentId: 'documents/gout.md',
      title: 'Gout (podagra)',
      headingPath: ['Gout (podagra)', 'Symptoms'],
      rank: 1,
    });
    expect((await find('rickets causes'))[0]?.documentId).toBe('rickets');

    const again = await run();
    expect(again).toMatchObject({ added: 0, changed: 0, removed: 0, unchanged: 3, chunks: 0, embedded: 0 });
    expect(again).not.toHaveProperty('reindexed');

    write('gout.md', gout.replace('big toe', 'thumb'));
    rmSync(join(documents, 'scurvy.md'));
    write('beriberi.md', '# Beriberi\n\nBeriberi comes from too little vitamin B1 (thiamine).\n');
    expect(await run()).toMatchObject({
      added: 1,
      changed: 1,
      removed: 1,
      unchanged: 1,
      chunks: 2,
      embedded: 2,
      index: { documents: 3, chunks: 3 },
    });
    await checkConsistency(catalog, store);
    const passages = await find('lack of vitamin C on sea voyages', 10);
    expect(passages.map(({ documentId }) => documentId)).not.toContain('documents/scurvy.md');
    expect(passages.find(({ documentId }) => documentId === 'documents/gout.md')?.text).toContain('thumb');
  });

  test('a touched file is read, found equal, and not read again', async () => {
    write('gout.md', gout);
    await run();
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(documents, 'gout.md'), later, later);
    let loads = 0;
    const counting = () => {
      const source = filesSource({ path: 'documents', baseDirectory: folder });
      return {
        ...source,
        load: (...args: Parameters<typeof source.load>) => {
          loads++;
          return source.load(...args);
        },
      };
    };
    expect(await run({ sources: [counting()] })).toMatchObject({ unchanged: 1, changed: 0, chunks: 0 });
    expect(loads).toBe(1);
    expect(await run({ sources: [counting()] })).toMatchObject({ unchanged: 1, changed: 0, chunks: 0 });
    expect(loads).toBe(1);
  });

  test('a moved file keeps its document when it has an id of its own', async () => {
    write('rickets.md', rickets);
    write('scurvy.md', scurvy);
    await run();
    renameSync(join(documents, 'rickets.md'), join(documents, 'a-new-place.md'));
    renameSync(join(documents, 'scurvy.md'), join(documents, 'elsewhere.md'));
    expect(await run()).toMatchObject({ added: 1, changed: 1, removed: 1, embedded: 0, fromCache: 2 });
    expect((await catalog.documents.list()).map(({ id, uri }) => [id, uri])).toEqual([
      ['documents/elsewhere.md', 'documents/elsewhere.md'],
      ['rickets', 'documents/a-new-place.md'],
    ]);
    await checkConsistency(catalog, store);
  });

  test('two files that swap their ids are told apart in whichever order they are read', async () => {
    const named = (id: string, text: string) => `---\nid: ${id}\n---\n# ${id}\n\n${text}\n`;
    write('1.md', named('one', 'The first text is about apples.'));
    write('2.md', named('two', 'The second text is about pears.'));
    await run({ batchChunks: 1 });
    write('1.md', named('two', 'The first file now has the second id.'));
    write('2.md', named('one', 'The second file now has the first id.'));
    const report = await run({ batchChunks: 1 });
    expect(report.problems).toEqual([]);
    expect((await catalog.documents.list()).map(({ id, uri }) => [id, uri])).toEqual([
      ['one', 'documents/2.md'],
      ['two', 'documents/1.md'],
    ]);
    await checkConsistency(catalog, store);
  });

  test('an id that two files claim is a problem of the second until one of them changes', async () => {
    write('a.md', rickets);
    write('b.md', rickets.replace('childhood', 'infancy'));
    const report = await run();
    expect(report).toMatchObject({
      added: 1,
      problems: [
        {
          uri: 'documents/b.md',
          message: 'documents/b.md has the id "rickets", which documents/a.md has already.',
        },
      ],
    });
    expect(await run()).toMatchObject({ unchanged: 1, problems: [{ uri: 'documents/b.md' }] });
    rmSync(join(documents, 'a.md'));
    expect(await run()).toMatchObject({ changed: 1, problems: [] });
    expect((await catalog.documents.get('rickets'))?.uri).toBe('documents/b.md');
    expect(await catalog.documents.problems()).toEqual([]);
    await checkConsistency(catalog, store);
  });

  test('another chunk size indexes again, and embeds only texts that are new', async () => {
    write(
      'gout.md',
      `${gout}\n## Treatment\n\n${'Rest the joint, cool it, and drink plenty of water. '.repeat(20)}\n`,
    );
    write('scurvy.md', scurvy);
    const first = await run();
    const second = await run({ chunking: { maxTokens: 60, overlapTokens: 0 } });
    expect(second).toMatchObject({ added: 2, reindexed: 'configuration changed' });
    expect(second.chunks).toBeGreaterThan(first.chunks);
    // The two short sections are the same chunks as before.
    expect(second.fromCache).toBeGreaterThanOrEqual(2);
    await checkConsistency(catalog, store);
    // Back again: every vector is remembered.
    expect(await run()).toMatchObject({
      reindexed: 'configuration changed',
      embedded: 0,
      chunks: first.chunks,
    });
    expect(readdirSync(join(folder, 'data', 'index'))).toHaveLength(1);
  });

  test('an index that was deleted is made again from remembered vectors', async () => {
    write('gout.md', gout);
    await run();
    rmSync(join(folder, 'data', 'index'), { recursive: true });
    await expect(find('gout')).rejects.toMatchObject({ code: 'index_missing' });
    expect(await run()).toMatchObject({
      reindexed: 'index was missing or damaged',
      embedded: 0,
      fromCache: 1,
    });
    expect((await find('gout'))[0]?.documentId).toBe('documents/gout.md');
  });

  test('another embedder is told from the one that the index was made with', async () => {
    write('gout.md', gout);
    await run();
    const { doEmbed, maxEmbeddingsPerCall, supportsParallelCalls } = embedder;
    const other: EmbeddingModelV4 = attachLocalTools(
      {
        specificationVersion: 'v4',
        provider: 'test',
        modelId: 'other-weights',
        maxEmbeddingsPerCall,
        supportsParallelCalls,
        doEmbed: doEmbed.bind(embedder),
      },
      {
        ...localToolsOf(embedder)!,
        countTokens: (text) => localToolsOf(embedder)!.countTokens(text),
        baseHash: 'f'.repeat(64),
      },
    );
    await expect(
      createRetriever({ catalog, store, embedder: other }).retrieve('gout', { k: 1 }),
    ).rejects.toThrow(
      /made with the embedder tandem.local:all-minilm-l6-v2, and it is now asked with test:other-weights/i,
    );
    expect(await run({ embedder: other })).toMatchObject({ reindexed: 'configuration changed', embedded: 1 });
  });
});

describe('access labels', () => {
  /** The folder as a source that labels what it lists. */
  const labelled = (labels: Record<string, string>, change: Partial<Source> = {}): Source => {
    const source = filesSource({ path: 'documents', baseDirectory: folder });
    return {
      ...source,
      async *list(options) {
        for await (const entry of source.list(options)) {
          const access = labels[basename(entry.uri)];
          yield access === undefined ? entry : { ...entry, access };
        }
      },
      ...change,
    };
  };
  test("a source's new label takes effect without reading or embedding anything; a document's own label stays", async () => {
    write('gout.md', gout);
    write('scurvy.md', scurvy);
    write('own.md', '---\naccess: staff\n---\n# Rickets\n\nRickets is caused by too little vitamin D.\n');
    await run();
    expect(await seenBy(['public'])).toEqual(['gout.md', 'scurvy.md']);
    const unread: Partial<Source> = { load: () => Promise.reject(new Error('read again')) };
    const labels = { 'gout.md': 'board', 'own.md': 'board' };
    expect(await run({ sources: [labelled(labels, unread)] })).toMatchObject({
      relabelled: 1,
      changed: 0,
      unchanged: 2,
      embedded: 0,
      problems: [],
    });
    expect(await seenBy(['public'])).toEqual(['scurvy.md']);
    expect(await seenBy(['board'])).toEqual(['gout.md']);
    expect(await seenBy(['staff'])).toEqual(['own.md']);
    await checkConsistency(catalog, store);
    expect(await run({ sources: [labelled(labels, unread)] })).toMatchObject({ relabelled: 0, unchanged: 3 });
    expect(await run()).toMatchObject({ relabelled: 1, embedded: 0 });
    expect(await seenBy(['public'])).toEqual(['gout.md', 'scurvy.md']);
  });

  test("a label in the document's own front matter is changed without embedding", async () => {
    const own = (access: string) => `---\naccess: ${access}\n---\n${gout}`;
    write('gout.md', own('staff'));
    await run();
    const { changedAt } = (await catalog.documents.get('documents/gout.md'))!;
    write('gout.md', own('board'));
    expect(await run()).toMatchObject({ relabelled: 1, changed: 0, embedded: 0, fromCache: 1 });
    expect(await seenBy(['board'])).toEqual(['gout.md']);
    expect(await seenBy(['staff'])).toEqual([]);
    expect((await catalog.documents.get('documents/gout.md'))!.changedAt).toBe(changedAt);
    await checkConsistency(catalog, store);
  });

  test('a label that was taken away is gone also where the changed document cannot be read', async () => {
    write('gout.md', gout);
    await run();
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(documents, 'gout.md'), later, later);
    const failing: Partial<Source> = {
      load: (entry) => Promise.reject(new SourceError({ uri: entry.uri, message: 'No permission.' })),
    };
    expect(await run({ sources: [labelled({ 'gout.md': 'board' }, failing)] })).toMatchObject({
      relabelled: 1,
      problems: [{ uri: 'documents/gout.md' }],
    });
    expect(await seenBy(['public'])).toEqual([]);
    expect(await seenBy(['board'])).toEqual(['gout.md']);
    expect(await run({ sources: [labelled({ 'gout.md': 'board' })] })).toMatchObject({
      unchanged: 1,
      problems: [],
    });
  });

  test('what is gone, and what has another label, goes before anything is read', async () => {
    for (const [name, text] of Object.entries({ gout, scurvy })) write(`${name}.md`, text);
    await run();
    rmSync(join(documents, 'scurvy.md'));
    write('new.md', rickets);
    const stop = new AbortController();
    const labels = { 'gout.md': 'board' };
    const stopping = labelled(labels, {
      load: async () => {
        stop.abort();
        throw new Error('stopped');
      },
    });
    await expect(run({ sources: [stopping], signal: stop.signal, batchChunks: 1 })).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect((await catalog.documents.list()).map(({ id, access }) => [id, access])).toEqual([
      ['documents/gout.md', 'board'],
    ]);
    await checkConsistency(catalog, store);
  });
});

describe('freshness', () => {
  const fresh = async (name: string) =>
    (await catalog.documents.freshness([`documents/${name}`])).get(`documents/${name}`)!;

  test('a document is seen with every ingest, and its content as old as its last change', async () => {
    write('gout.md', gout);
    write('scurvy.md', scurvy);
    await run();
    const first = await fresh('gout.md');
    expect(first.changedAt <= first.seenAt).toBe(true);
    const between = new Date().toISOString();
    await run();
    const second = await fresh('gout.md');
    expect(second.changedAt).toBe(first.changedAt);
    expect(second.seenAt >= between).toBe(true);
    expect((await find('gout'))[0]!.freshness).toEqual(second);

    write('gout.md', gout.replace('big toe', 'thumb'));
    await run();
    expect((await fresh('gout.md')).changedAt > second.seenAt).toBe(true);
    const { changedAt } = await fresh('scurvy.md');
    // Indexed again, its content is as old as before.
    expect(await run({ chunking: { maxTokens: 60, overlapTokens: 0 } })).toMatchObject({ added: 2 });
    expect((await fresh('scurvy.md')).changedAt).toBe(changedAt);
  });

  test('what could not be listed or read was not seen', async () => {
    mkdirSync(join(documents, 'inner'));
    write('inner/gout.md', gout);
    write('scurvy.md', scurvy);
    await run();
    const [gone, unread] = [await fresh('inner/gout.md'), await fresh('scurvy.md')];
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(documents, 'scurvy.md'), later, later);
    const source = filesSource({ path: 'documents', baseDirectory: folder });
    const half: Source = {
      ...source,
      async *list(options) {
        options?.onProblem?.({ uri: 'documents/inner/', kind: 'failed', message: 'Cannot be listed.' });
        for await (const entry of source.list()) if (!entry.uri.includes('inner')) yield entry;
      },
      load: (entry) => Promise.reject(new SourceError({ uri: entry.uri, message: 'No permission.' })),
    };
    expect(await run({ sources: [half] })).toMatchObject({ removed: 0, index: { documents: 2 } });
    expect(await fresh('inner/gout.md')).toEqual(gone);
    expect(await fresh('scurvy.md')).toEqual(unread);
    await run();
    expect((await fresh('inner/gout.md')).seenAt > gone.seenAt).toBe(true);
    expect((await fresh('scurvy.md')).seenAt > unread.seenAt).toBe(true);
  });
});

describe('a source that cannot be listed', () => {
  const named = (id: string, names: string[], change: Partial<Source> = {}, access?: string): Source => {
    const source = filesSource({ path: 'documents', baseDirectory: folder });
    return {
      ...source,
      id,
      async *list(options) {
        for await (const entry of source.list(options))
          if (names.includes(basename(entry.uri)))
            yield { ...entry, ...(access !== undefined && { access }) };
      },
      ...change,
    };
  };
  const down: Partial<Source> = {
    async *list(options) {
      for await (const entry of filesSource({ path: 'documents', baseDirectory: folder }).list(options)) {
        yield { ...entry, access: 'public' };
        throw new SourceError({ uri: 'wiki', message: 'The wiki is down.', hint: 'Start it.' });
      }
    },
  };

  test('is a problem; the others go on, and nothing of it is changed or removed', async () => {
    write('gout.md', gout);
    write('scurvy.md', scurvy);
    const wiki = named('wiki', ['gout.md'], {}, 'staff');
    await run({ sources: [wiki, named('files', ['scurvy.md'])] });
    expect(await seenBy(['public'])).toEqual(['scurvy.md']);
    const before = await catalog.documents.get('documents/gout.md');

    write('gout.md', `${gout} More.`);
    write('scurvy.md', `${scurvy} More.`);
    write('rickets.md', rickets);
    // The other lists the wiki's document as well, and without a label.
    const other = named('files', ['gout.md', 'rickets.md']);
    expect(await run({ sources: [named('wiki', [], down), other] })).toMatchObject({
      added: 1,
      changed: 0,
      relabelled: 0,
      removed: 1,
      unavailable: ['wiki'],
      problems: [{ uri: 'wiki', kind: 'failed', message: 'The wiki is down.', hint: 'Start it.' }],
      index: { documents: 2 },
    });
    expect(await catalog.documents.get('documents/gout.md')).toEqual(before);
    expect(await seenBy(['public'])).toEqual(['rickets']);
    expect(await seenBy(['staff'])).toEqual(['gout.md']);
    await checkConsistency(catalog, store);

    expect(await run({ sources: [wiki, other] })).toMatchObject({
      changed: 1,
      unavailable: [],
      problems: [],
    });
  });

  test('ends the ingest when it is the only one, and so does what is wrong with this machine', async () => {
    write('gout.md', gout);
    await run();
    await expect(run({ sources: [named('wiki', [], down)] })).rejects.toThrow('The wiki is down.');
    await expect(run({ sources: [named('wiki', [], down), named('shop', [], down)] })).rejects.toMatchObject({
      code: 'source',
      message: 'None of the 2 sources can be listed. The wiki is down. The wiki is down.',
    });
    const bug = named('bug', [], {
      list: () => {
        throw new TypeError('undefined is not a function');
      },
    });
    await expect(run({ sources: [named('files', ['gout.md']), bug] })).rejects.toThrow(TypeError);
    expect((await catalog.documents.count()).documents).toBe(1);
  });
});

test('a folder that was renamed is never missing: each document goes when its new place is written', async () => {
  mkdirSync(join(documents, 'old'));
  for (const [name, text] of Object.entries({ gout, scurvy, rickets })) write(`old/${name}.md`, text);
  await run();
  renameSync(join(documents, 'old'), join(documents, 'new'));
  const counts: number[] = [];
  const report = await run({
    batchChunks: 1,
    onProgress: ({ stage }) => {
      if (stage === 'ingesting')
        void catalog.documents.count().then(({ documents }) => counts.push(documents));
    },
  });
  // The one with an id of its own is the same document in another place.
  expect(report).toMatchObject({ added: 2, removed: 2, changed: 1, embedded: 0, index: { documents: 3 } });
  expect(counts.length).toBeGreaterThan(2);
  expect(new Set(counts)).toEqual(new Set([3]));
  await checkConsistency(catalog, store);
});

test('progress counts each document once, those that come to nothing too', async () => {
  write('gout.md', gout);
  await run();
  const touched = new Date(Date.now() + 60_000);
  utimesSync(join(documents, 'gout.md'), touched, touched);
  write('empty.md', '\n');
  const told: string[] = [];
  const report = await run({
    onProgress: ({ stage, done, total }) => stage === 'ingesting' && told.push(`${done} of ${total}`),
  });
  expect(report).toMatchObject({ unchanged: 1, problems: [{ uri: expect.stringContaining('empty.md') }] });
  expect(new Set(told)).toEqual(new Set(['0 of 2', '2 of 2']));
});

test('the way documents are cut is part of the index', async () => {
  write('gout.md', gout);
  await run();
  expect(await run({ chunking: { maxTokens: 100, overlapTokens: 10, strategy: 'sentence' } })).toMatchObject({
    unchanged: 1,
  });
  expect(await run({ chunking: { maxTokens: 100, overlapTokens: 10, strategy: 'fixed' } })).toMatchObject({
    reindexed: 'configuration changed',
  });
  const parents = { maxTokens: 100, overlapTokens: 0, strategy: 'parent-child' as const };
  expect(await run({ chunking: { ...parents, childTokens: 48 } })).toMatchObject({
    reindexed: 'configuration changed',
  });
  expect(await run({ chunking: { ...parents, childTokens: 40 } })).toMatchObject({
    reindexed: 'configuration changed',
  });
  expect(await run({ chunking: { ...parents, childTokens: 40 } })).toMatchObject({ unchanged: 1, chunks: 0 });
  await checkConsistency(catalog, store);
});

describe('documents that cannot be ingested', () => {
  test('are reported in a sentence each, remembered, and stop nothing', async () => {
    write('gout.md', gout);
    write('empty.md', '');
    write(
      'binary.txt',
      Uint8Array.from({ length: 400 }, (_, i) => (i * 7) % 256),
    );
    write('broken.pdf', '%PDF-1.7\nthis is not a PDF');
    write('photo.jpg', 'not read at all');
    const report = await run();
    expect(report).toMatchObject({ added: 1, index: { documents: 1 } });
    const problems = new Map(report.problems.map((problem) => [problem.uri, problem]));
    expect([...problems.keys()].sort()).toEqual(
      ['binary.txt', 'broken.pdf', 'empty.md', 'photo.jpg'].map((name) => `documents/${name}`),
    );
    expect(problems.get('documents/photo.jpg')?.kind).toBe('skipped');
    expect(problems.get('documents/empty.md')).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('empty'),
      hint: expect.stringMatching(/\S/),
    });
    // Unchanged, they are reported again without being read.
    const source = filesSource({ path: 'documents', baseDirectory: folder });
    const unread = { ...source, load: () => Promise.reject(new Error('read again')) };
    expect((await run({ sources: [unread] })).problems).toHaveLength(4);
    write('empty.md', scurvy);
    const mended = await run();
    expect(mended).toMatchObject({ added: 1 });
    expect(mended.problems).toHaveLength(3);
    await checkConsistency(catalog, store);
  });

  test('a document that turned empty goes; one that cannot be read for now stays', async () => {
    write('gout.md', gout);
    write('scurvy.md', scurvy);
    await run();
    write('gout.md', '   \n');
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(documents, 'scurvy.md'), later, later);
    const source = filesSource({ path: 'documents', baseDirectory: folder });
    const half = {
      ...source,
      load: (...args: Parameters<typeof source.load>) =>
        args[0].uri.includes('scurvy')
          ? Promise.reject(new SourceError({ uri: args[0].uri, message: 'No permission.' }))
          : source.load(...args),
    };
    expect(await run({ sources: [half] })).toMatchObject({ removed: 1, index: { documents: 1 } });
    expect((await catalog.documents.list()).map(({ id }) => id)).toEqual(['documents/scurvy.md']);
    expect(await run()).toMatchObject({ unchanged: 1, problems: [{ uri: 'documents/gout.md' }] });
    await checkConsistency(catalog, store);
  });

  test('a source that is not there removes nothing', async () => {
    write('gout.md', gout);
    await run();
    renameSync(documents, `${documents}-away`);
    await expect(run()).rejects.toMatchObject({ code: 'source' });
    expect(await catalog.documents.count()).toMatchObject({ documents: 1 });
    expect((await catalog.runs.list({ kind: 'ingest' }))[0]).toMatchObject({ status: 'failed' });
    renameSync(`${documents}-away`, documents);
    expect(await run()).toMatchObject({ unchanged: 1 });
  });

  test('a setting that fits no document ends the ingest once', async () => {
    write('gout.md', gout);
    await expect(run({ chunking: { maxTokens: 4, overlapTokens: 0 } })).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });
});

describe('interrupted', () => {
  const clinic = join(import.meta.dirname, '..', '..', '..', '..', 'examples', 'clinic', 'documents');
  /** The shortest real documents of the example. */
  const copySome = (count: number) => {
    const names = readdirSync(clinic)
      .map((name) => ({ name, size: statSync(join(clinic, name)).size }))
      .sort((a, b) => a.size - b.size || (a.name < b.name ? -1 : 1));
    for (const { name } of names.slice(0, count)) cpSync(join(clinic, name), join(documents, name));
  };

  test('stopped by a signal: one sentence, what was done stays, the next ingest goes on', async () => {
    copySome(24);
    const stop = new AbortController();
    const events: ProgressEvent[] = [];
    const stopped = run({
      batchChunks: 8,
      signal: stop.signal,
      onProgress: (event) => {
        events.push(event);
        if (event.stage === 'ingesting' && event.done >= 8) stop.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({
      code: 'interrupted',
      message: expect.stringMatching(/^The ingest was stopped after \d+ of 24 documents\.$/),
    });
    const { documents: kept } = await catalog.documents.count();
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(24);
    await checkConsistency(catalog, store);
    expect((await catalog.runs.list({ kind: 'ingest' }))[0]?.status).toBe('interrupted');
    expect(events.every(({ done, total }) => total === undefined || done <= total)).toBe(true);

    const report = await run();
    expect(report).toMatchObject({ added: 24 - kept, unchanged: kept, index: { documents: 24 } });
    await checkConsistency(catalog, store);
  });

  test('who searches meanwhile finds whole documents, old or new, and never nothing', async () => {
    const about = (name: string, version: number) =>
      `---\nid: ${name}\n---\n# ${name}\n\n## One\n\nVersion ${version} of ${name}, first half.\n\n## Two\n\nVersion ${version} of ${name}, second half.\n`;
    const names = ['gout', 'scurvy', 'rickets', 'beriberi', 'pellagra', 'goitre'];
    for (const name of names) write(`${name}.md`, about(name, 1));
    await run({ chunking: { maxTokens: 24, overlapTokens: 0 } });
    // Another connection, as another process has it.
    await using catalogThere = await openCatalog(join(folder, 'data', 'catalog.sqlite'));
    await using storeThere = await openLanceStore(join(folder, 'data', 'index'));
    const retriever = createRetriever({ catalog: catalogThere, store: storeThere, embedder });
    for (const name of names) write(`${name}.md`, about(name, 22));
    let ingesting = true;
    const ingested = run({ chunking: { maxTokens: 24, overlapTokens: 0 }, batchChunks: 2 }).finally(() => {
      ingesting = false;
    });
    let searches = 0;
    const seen = new Set<string>();
    while (ingesting || searches === 0) {
      const { passages } = await retriever.retrieve('version of the disease', { k: 50, mode: 'lexical' });
      searches++;
      const versions = Map.groupBy(passages, ({ documentId }) => documentId);
      expect([...versions.keys()].sort()).toEqual([...names].sort());
      for (const chunks of versions.values()) {
        const own = new Set(chunks.map(({ text }) => text.match(/Version (\d+)/)?.[1]));
        expect(own.size).toBe(1);
        for (const version of own) seen.add(version!);
      }
    }
    expect(await ingested).toMatchObject({ changed: 6 });
    expect(seen).toContain('22');
  });

  test('a second writer is turned away by name, and readers go on', async () => {
    write('gout.md', gout);
    await run();
    await using _lock = await catalog.lockForWriting('tuning');
    await expect(run()).rejects.toMatchObject({
      code: 'locked',
      message: 'This process is writing to the same data already (tuning).',
    });
    expect((await find('gout'))[0]?.documentId).toBe('documents/gout.md');
  });
});

test("an embedder with another prompt for documents is another embedder, with the same weights' vectors", async () => {
  const tools = localToolsOf(embedder)!;
  const withPrompt = (document: string) =>
    embedderIdentity(
      attachLocalTools(
        {
          specificationVersion: 'v4',
          provider: 'p',
          modelId: 'm',
          maxEmbeddingsPerCall: 1,
          supportsParallelCalls: false,
          doEmbed: embedder.doEmbed.bind(embedder),
        },
        { ...tools, countTokens: (text) => tools.countTokens(text), prefixes: { query: 'q: ', document } },
      ),
    ).hash;
  expect(withPrompt('')).toBe(tools.baseHash);
  expect(new Set([withPrompt('passage: '), withPrompt('document: '), tools.baseHash]).size).toBe(3);
  expect(withPrompt('passage: ')).toBe(withPrompt('passage: '));
});
