import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '../core/hash.ts';
import type { Adapter } from '../core/types/adapter.ts';
import type { Trace } from '../core/types/answer.ts';
import type { Catalog, IndexedDocument } from './catalog.ts';
import { migrations } from './sqlite/schema.ts';
import { openCatalog } from './sqlite-catalog.ts';

let folder: string;
let path: string;
let catalog: Catalog;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-catalog-'));
  path = join(folder, 'data', 'catalog.sqlite');
  catalog = await openCatalog(path);
});
afterEach(async () => {
  await catalog[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const configuration = {
  configurationHash: 'c1',
  embedderHash: 'e1',
  embedderName: 'test:e1',
  dimensions: 3,
};

function document(id: string, change: Partial<IndexedDocument> = {}): IndexedDocument {
  return {
    id,
    uri: `file:///${id}.md`,
    sourceId: 'files',
    title: `Title of ${id}`,
    mediaType: 'text/markdown',
    text: `# ${id}\n\nÄ text with 𝛼 in it.`,
    blocks: [{ kind: 'heading', start: 0, end: 3, level: 1 }],
    aliases: ['other name'],
    metadata: { licence: 'CC0' },
    contentHash: `hash of ${id}`,
    access: 'public',
    changeMark: 'm1',
    chunkCount: 2,
    addedSeq: 1,
    indexedAt: '2026-01-01T00:00:00.000Z',
    accessFromSource: true,
    readAt: '2026-01-01T00:00:00.000Z',
    changedAt: '2026-01-01T00:00:00.000Z',
    ...change,
  };
}

const commit = (seq: number, change: Partial<Parameters<Catalog['index']['commit']>[0]>) =>
  catalog.index.commit({ seq, put: [], remove: [], problems: [], resolved: [], ...change });

test('a copy is whole, with what only the log has, or not there', async () => {
  await catalog.index.reset(configuration);
  await commit(1, { put: [document('a')] });
  const to = join(folder, 'copy.sqlite');
  // What a killed copy left.
  writeFileSync(`${to}.partial`, readFileSync(path).subarray(0, 3000));
  await catalog.copyTo(to);
  await using copy = await openCatalog(to);
  expect(await copy.documents.get('a')).toEqual(await catalog.documents.get('a'));
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

describe('index and documents', () => {
  test('a commit moves documents, problems and committedSeq together', async () => {
    expect(await catalog.index.get()).toBeUndefined();
    await catalog.index.reset(configuration);
    await commit(1, {
      put: [document('b'), document('a')],
      problems: [{ uri: 'x.pdf', sourceId: 'files', changeMark: 'm', message: 'No text.', at: 'now' }],
    });
    expect((await catalog.index.get())?.committedSeq).toBe(1);
    expect((await catalog.documents.list()).map((each) => each.id)).toEqual(['a', 'b']);
    expect(await catalog.documents.get('a')).toEqual(document('a'));
    expect(await catalog.documents.count()).toEqual({ documents: 2, chunks: 4, problems: 1 });
    await commit(2, { remove: ['a'], resolved: ['x.pdf'] });
    expect(await catalog.documents.get('a')).toBeUndefined();
    expect(await catalog.documents.problems()).toEqual([]);
  });

  test('a commit that fails half-way leaves nothing of itself', async () => {
    await catalog.index.reset(configuration);
    await commit(1, { put: [document('a')] });
    // Two documents with one uri break a constraint on the second insert.
    await expect(
      commit(2, { remove: ['a'], put: [document('b'), document('c', { uri: document('b').uri })] }),
    ).rejects.toThrow(/UNIQUE/);
    expect((await catalog.documents.list()).map((each) => each.id)).toEqual(['a']);
    expect((await catalog.index.get())?.committedSeq).toBe(1);
  });

  test('a commit that does not follow the last one is refused', async () => {
    await catalog.index.reset(configuration);
    await expect(commit(2, {})).rejects.toThrow('Commit 2 does not follow');
    await commit(1, {});
    await expect(commit(1, {})).rejects.toThrow('Commit 1 does not follow');
  });

  test('a reset forgets documents, keeps vectors, and never takes a sequence number back', async () => {
    await catalog.index.reset(configuration);
    await commit(1, { put: [document('a')] });
    await catalog.embeddings.put('e1', [{ textHash: 't', vector: Float32Array.of(1, 2, 3) }]);
    const state = await catalog.index.reset({ ...configuration, configurationHash: 'c2' });
    expect(state).toMatchObject({ generation: 2, committedSeq: 1, configurationHash: 'c2' });
    expect(await catalog.documents.count()).toEqual({ documents: 0, chunks: 0, problems: 0 });
    expect(await catalog.embeddings.count()).toBe(1);
  });

  test('documents can swap their uris in one commit, and all() yields each once', async () => {
    await catalog.index.reset(configuration);
    await commit(1, { put: [document('a'), document('b')] });
    await commit(2, {
      put: [document('a', { uri: document('b').uri }), document('b', { uri: document('a').uri })],
    });
    const seen = [];
    for await (const each of catalog.documents.all()) seen.push([each.id, each.uri]);
    expect(seen).toEqual([
      ['a', 'file:///b.md'],
      ['b', 'file:///a.md'],
    ]);
    expect([...(await catalog.documents.getMany(['b', 'nobody'])).keys()]).toEqual(['b']);
  });
});

describe('a listing beside the catalogue', () => {
  const entry = (uri: string, change: object = {}) => ({
    uri,
    source: 0,
    sourceId: 'files',
    changeMark: 'm1',
    entry: { uri, extra: [1, 'ü'] },
    ...change,
  });
  const uriOf = (id: string) => document(id).uri;
  const problem = (uri: string, changeMark: string) => ({
    uri,
    sourceId: 'files',
    changeMark,
    message: 'No.',
    at: 'now',
  });
  const listed = async (entries: Parameters<Catalog['listing']['add']>[0], unlisted: string[] = []) => {
    await catalog.listing.begin();
    await catalog.listing.add(entries);
    return await catalog.listing.compare(unlisted);
  };

  test('what is unchanged, changed, new, relabelled, gone, moved, unknown or broken still', async () => {
    await catalog.index.reset(configuration);
    await commit(1, {
      put: [
        document('same'),
        document('touched'),
        document('secret'),
        document('own', { access: 'staff', accessFromSource: false }),
        document('gone', { changeMark: 'g' }),
        document('moved', { changeMark: 'twin' }),
        document('folder/unknown', { uri: 'folder/unknown.md' }),
        document('unreadable'),
      ],
      problems: [
        problem('broken', 'm1'),
        problem('mended', 'm0'),
        problem('left', 'm1'),
        problem(uriOf('same'), 'm0'),
      ],
    });
    const compared = await listed(
      [
        entry('new', { changeMark: 'twin' }),
        entry(uriOf('same')),
        entry(uriOf('touched'), { changeMark: 'm2' }),
        entry(uriOf('secret'), { access: 'board' }),
        entry(uriOf('own'), { access: 'board' }),
        entry('broken'),
        entry('mended'),
        entry(uriOf('same'), { changeMark: 'a second source says' }),
      ],
      ['folder/', uriOf('unreadable')],
    );
    expect(compared).toEqual({
      listed: 7,
      unchanged: 2,
      work: 4,
      gone: [{ id: 'gone', uri: uriOf('gone') }],
      moved: 1,
      problems: [problem('broken', 'm1')],
      resolved: expect.arrayContaining(['left', uriOf('same')]),
    });
    expect(compared.resolved).toHaveLength(2);
    const work = await catalog.listing.work(0, 10);
    expect(work.map(({ kind, uri, access, before }) => [kind, uri, access, before?.id])).toEqual([
      ['relabel', uriOf('secret'), 'board', 'secret'],
      ['changed', uriOf('touched'), undefined, 'touched'],
      ['new', 'new', undefined, undefined],
      ['new', 'mended', undefined, undefined],
    ]);
    expect(work[2]!.entry).toEqual({ uri: 'new', extra: [1, 'ü'] });
    expect((await catalog.listing.work(work[1]!.rank, 1)).map(({ uri }) => uri)).toEqual(['new']);
    expect([await catalog.listing.has('new'), await catalog.listing.has('gone')]).toEqual([true, false]);

    expect(await catalog.listing.takeMoved({ contentHash: 'another' })).toBeUndefined();
    expect(await catalog.listing.restOfMoved()).toEqual([{ id: 'moved', uri: uriOf('moved') }]);
    expect(await catalog.listing.takeMoved({ contentHash: 'hash of moved' })).toMatchObject({ id: 'moved' });
    expect(await catalog.listing.takeMoved({ uri: uriOf('moved') })).toBeUndefined();
    expect(await catalog.listing.restOfMoved()).toEqual([]);
  });

  test('a document is seen when its source was checked, unless it could not be looked at', async () => {
    await catalog.index.reset(configuration);
    await commit(1, { put: [document('a'), document('b'), document('c')] });
    const seen = async () =>
      Object.fromEntries(
        [...(await catalog.documents.freshness(['a', 'b', 'c', 'nobody']))].map(([id, { seenAt }]) => [
          id,
          seenAt,
        ]),
      );
    const [read, first, second, third] = [document('a').readAt, '2026-02', '2026-03', '2026-04'];
    expect(await seen()).toEqual({ a: read, b: read, c: read });
    const all = ['a', 'b', 'c'].map((id) => entry(uriOf(id)));
    await listed(all);
    await catalog.listing.finish([{ sourceId: 'files', checkedAt: first }]);
    expect(await seen()).toEqual({ a: first, b: first, c: first });
    // b's folder could not be listed, c could not be read.
    await listed([all[0]!, all[2]!], [uriOf('b')]);
    await commit(2, { problems: [problem(uriOf('c'), '')] });
    await catalog.listing.finish([{ sourceId: 'files', checkedAt: second }]);
    expect(await seen()).toEqual({ a: second, b: first, c: first });
    await listed(all);
    await commit(3, { resolved: [uriOf('c')] });
    await catalog.listing.finish([{ sourceId: 'files', checkedAt: third }]);
    expect(await seen()).toEqual({ a: third, b: third, c: third });
  });

  test('content is as old as its hash, also over a reset', async () => {
    await catalog.index.reset(configuration);
    const changedAt = async () => (await catalog.documents.get('a'))!.changedAt;
    await commit(1, { put: [document('a', { changedAt: '2026-02' })] });
    await commit(2, { put: [document('a', { changedAt: '2026-03' })] });
    expect(await changedAt()).toBe('2026-02');
    await catalog.index.reset({ ...configuration, configurationHash: 'c2' });
    await commit(3, { put: [document('a', { changedAt: '2026-04' })] });
    expect(await changedAt()).toBe('2026-02');
    await commit(4, { put: [document('a', { changedAt: '2026-05', contentHash: 'other' })] });
    expect(await changedAt()).toBe('2026-05');
  });

  test('marks are told for documents and for problems', async () => {
    await catalog.index.reset(configuration);
    await commit(1, { put: [document('a')], problems: [problem('x.pdf', 'p')] });
    const known = await catalog.documents.changeMarks();
    expect(['x.pdf', uriOf('a'), 'y'].map(known)).toEqual(['p', 'm1', undefined]);
    expect(await catalog.documents.at(uriOf('a'))).toEqual({ id: 'a', contentHash: 'hash of a' });
    expect([await catalog.documents.uriOf('a'), await catalog.documents.uriOf('b')]).toEqual([
      uriOf('a'),
      undefined,
    ]);
  });
});

describe('forgetting', () => {
  const one = {
    id: 'a',
    uri: 'a.md',
    title: 'A',
    text: 'the unmistakable words',
    aliases: [],
    textHashes: [],
    allowAgain: false,
    at: 'now',
  };

  test('only hashes stay of what is finished, and all of what is not', async () => {
    await catalog.forgotten.begin(one);
    await catalog.forgotten.alsoAt('a', 'elsewhere.md');
    expect(await catalog.forgotten.unfinished()).toEqual([one]);
    expect(await catalog.forgotten.hashes()).toEqual(
      new Set(['a', 'a.md', 'elsewhere.md'].map((name) => sha256(name))),
    );
    await catalog.scrub();
    await catalog.forgotten.finish('a');
    expect(await catalog.forgotten.unfinished()).toEqual([]);
    for (const file of readdirSync(dirname(path)))
      expect(readFileSync(join(dirname(path), file), 'latin1')).not.toContain('unmistakable');
    expect(await catalog.forgotten.allow('elsewhere.md')).toBe(true);
    expect(await catalog.forgotten.allow('a')).toBe(false);
    expect((await catalog.forgotten.hashes()).size).toBe(0);
  });

  test('the vectors of all versions of a document are dropped, those of others stay', async () => {
    const hash = (text: string) => sha256(text);
    const vectors = (texts: string[]) =>
      texts.map((text) => ({ textHash: hash(text), vector: Float32Array.of(1) }));
    await catalog.embeddings.put('e1', vectors(['old', 'new', 'other', 'by hand']));
    await catalog.embeddings.put('e2', vectors(['new']));
    await catalog.index.reset(configuration);
    await commit(1, { put: [{ ...document('a'), textHashes: [hash('old')] }] });
    await commit(2, {
      put: [
        { ...document('a'), textHashes: [hash('new')] },
        { ...document('b'), textHashes: [hash('other')] },
      ],
    });
    expect(await catalog.embeddings.countOf('a')).toBe(3);
    expect(await catalog.embeddings.forget('a', [hash('by hand')])).toBe(4);
    expect(await catalog.embeddings.countOf('a')).toBe(0);
    expect([...(await catalog.embeddings.get('e1', [hash('other')])).keys()]).toEqual([hash('other')]);
  });
});

describe('definitions in texts', () => {
  const bcp = { abbreviation: 'BCP', longForm: 'Business Continuity Plan' };

  test('are counted by long form, of documents that the filter admits', async () => {
    await catalog.index.reset(configuration);
    await commit(1, {
      put: [
        { ...document('a', { metadata: { site: 'north' } }), definitions: [bcp, bcp] },
        { ...document('b', { metadata: { site: 'south' }, access: 'staff' }), definitions: [bcp] },
        {
          ...document('c', { metadata: {} }),
          definitions: [{ ...bcp, longForm: 'blood clot prevention' }],
        },
        document('d'),
      ],
    });
    const look = await catalog.documents.definitions();
    const counts = (...asked: Parameters<typeof look>) =>
      look(...asked).map(({ longForm, documents }) => `${documents} ${longForm}`);
    const [both, clot] = ['2 Business Continuity Plan', '1 blood clot prevention'];
    const one = '1 Business Continuity Plan';
    expect(look('bcp')[0]).toEqual({ ...bcp, documents: 2 });
    expect(counts('Bcp')).toEqual([both, clot]);
    expect(counts('BCPL')).toEqual([]);
    expect(counts('BCP', { access: ['public'] })).toEqual([one, clot]);
    expect(counts('BCP', { access: [] })).toEqual([]);
    expect(counts('BCP', { documentIds: ['b', 'c'] })).toEqual([one, clot]);
    expect(counts('BCP', { documentIds: ['b', 'c'], excludeDocumentIds: ['c'] })).toEqual([one]);
    expect(counts('BCP', { metadata: { site: 'north' } })).toEqual([one]);
    expect(counts('BCP', { metadata: { site: ['north', 'south'] } })).toEqual([both]);
    expect(counts('BCP', { metadata: { site: 'north' }, access: ['staff'] })).toEqual([]);
    expect(counts('BCP', { metadata: { other: 'north' } })).toEqual([]);
  });

  test('go with their document, change with it, and leave no trace when it is scrubbed', async () => {
    await catalog.index.reset(configuration);
    await commit(1, {
      put: [{ ...document('a'), definitions: [{ abbreviation: 'QZX', longForm: 'quite zany xylophones' }] }],
    });
    const look = await catalog.documents.definitions();
    expect(look('QZX')).toHaveLength(1);
    await commit(2, { put: [{ ...document('a'), definitions: [bcp] }] });
    expect([look('QZX'), look('BCP').length]).toEqual([[], 1]);
    await commit(3, { remove: ['a'] });
    expect(look('BCP')).toEqual([]);
    await catalog.scrub();
    for (const file of readdirSync(dirname(path)))
      expect(readFileSync(join(dirname(path), file), 'latin1')).not.toContain('zany xylophones');
    await commit(4, { put: [{ ...document('a'), definitions: [bcp] }] });
    await catalog.index.reset(configuration);
    expect(look('BCP')).toEqual([]);
  });
});

test('the languages of the documents, each once', async () => {
  const path = join(folder, 'languages.sqlite');
  await using catalog = await openCatalog(path);
  await catalog.index.reset(configuration);
  expect(await catalog.documents.languages()).toEqual([]);
  const put = [
    document('a', { language: 'de' }),
    document('b'),
    document('c', { language: 'de' }),
    document('d', { language: 'fr' }),
  ];
  await catalog.index.commit({ seq: 1, put, remove: [], problems: [], resolved: [] });
  expect((await catalog.documents.languages()).sort()).toEqual(['de', 'fr', undefined]);
  expect((await catalog.documents.list()).map(({ language }) => language)).toEqual([
    'de',
    undefined,
    'de',
    'fr',
  ]);
  expect(await catalog.documents.countByLanguage()).toEqual([
    { language: 'de', documents: 2 },
    { language: undefined, documents: 1 },
    { language: 'fr', documents: 1 },
  ]);
  expect(await catalog.documents.idsInLanguage('de', 5)).toEqual(['a', 'c']);
  expect(await catalog.documents.idsInLanguage('de', 1)).toEqual(['a']);
  expect(await catalog.documents.languagesOf(['d', 'a', 'b', 'nobody'])).toEqual(
    new Map([
      ['a', 'de'],
      ['d', 'fr'],
    ]),
  );
  expect((await catalog.documents.get('a'))!.language).toBe('de');
  expect(await catalog.documents.get('b')).not.toHaveProperty('language');
  await catalog.index.commit({ seq: 2, put: [], remove: ['a', 'c'], problems: [], resolved: [] });
  expect((await catalog.documents.languages()).sort()).toEqual(['fr', undefined]);
});

test('a catalogue of the first schema keeps its documents', async () => {
  const old = join(folder, 'old.sqlite');
  const connection = new DatabaseSync(old);
  connection.exec(migrations[0]!);
  connection.exec(`PRAGMA user_version = 1;
    INSERT INTO index_state VALUES (1, 'c', 'e', 'n', 3, 1, 1);
    INSERT INTO documents VALUES ('a', 'a.md', 'files', 'T', 'text/plain', 'h', 'm', 'staff', '{}', '[]', '[]', 'text', 4, 1, 1, '2026-01');`);
  connection.close();
  await using migrated = await openCatalog(old);
  expect(await migrated.documents.get('a')).toMatchObject({
    text: 'text',
    access: 'staff',
    accessFromSource: false,
    changedAt: '2026-01',
  });
  expect(await migrated.documents.list()).toMatchObject([{ id: 'a', characters: 4 }]);
  expect(await migrated.documents.languages()).toEqual([undefined]);
});

test('vectors come back bit for bit, only for their embedder', async () => {
  const vector = Float32Array.from({ length: 384 }, (_, i) => Math.fround(Math.sin(i) / 3));
  const before = new Date();
  await catalog.embeddings.put('e1', [{ textHash: 't', vector: vector.subarray(1, 383) }]);
  expect(await catalog.embeddings.get('e1', ['t', 'missing'])).toEqual(
    new Map([['t', vector.slice(1, 383)]]),
  );
  expect(await catalog.embeddings.get('e2', ['t'])).toEqual(new Map());
  expect(await catalog.embeddings.prune(before)).toBe(0);
  expect(await catalog.embeddings.prune(new Date(Date.now() + 60_000))).toBe(1);
});

describe('runs', () => {
  test('metrics merge, artefacts append, events keep their order', async () => {
    const run = await catalog.runs.start({ kind: 'tune', config: { rank: 16 }, inputs: { dataset: 'd1' } });
    await catalog.runs.update(run.id, { metrics: { loss: 2 }, artefacts: ['a'] });
    await catalog.runs.addEvents(run.id, [
      { kind: 'loss', data: { step: 1, loss: 2 } },
      { kind: 'loss', data: { step: 2, loss: 1 } },
      { kind: 'warning', data: 'slow' },
    ]);
    const done = await catalog.runs.finish(run.id, {
      status: 'done',
      metrics: { steps: 2 },
      artefacts: ['a', 'b'],
    });
    expect(done).toMatchObject({
      status: 'done',
      config: { rank: 16 },
      inputs: { dataset: 'd1' },
      metrics: { loss: 2, steps: 2 },
      artefacts: ['a', 'b'],
    });
    expect(
      (await catalog.runs.events(run.id, { kind: 'loss' })).map((e) => (e.data as { step: number }).step),
    ).toEqual([1, 2]);
    expect(await catalog.runs.events(run.id)).toHaveLength(3);
    await expect(catalog.runs.update('run_none', {})).rejects.toThrow('There is no run run_none');
  });

  test('a run whose process was killed reads as interrupted, can be resumed, and one that runs does not', async () => {
    const alive = await catalog.runs.start({ kind: 'tune', config: {} });
    const child = spawn(
      process.execPath,
      [
        '--input-type=module-typescript',
        '-e',
        `import { openCatalog } from ${JSON.stringify(new URL('./sqlite-catalog.ts', import.meta.url).href)};
         const catalog = await openCatalog(${JSON.stringify(path)});
         const run = await catalog.runs.start({ kind: 'tune', config: { child: true } });
         await catalog.lockForWriting('tuning');
         console.log(run.id);
         setInterval(() => {}, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = await once(child.stdout, 'data');
    const id = String(line).trim();
    expect((await catalog.runs.get(id))?.status).toBe('running');
    expect(await catalog.runs.interrupted('tune')).toEqual([]);
    await expect(catalog.lockForWriting('ingesting')).rejects.toMatchObject({
      code: 'locked',
      heldBy: child.pid,
      message: expect.stringContaining(`pid ${child.pid}, tuning`),
    });

    const waiting = catalog.lockForWriting('ingesting', { waitMs: 20_000 });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await waiting).release();

    expect((await catalog.runs.interrupted('tune')).map((run) => run.id)).toEqual([id]);
    const resumed = await catalog.runs.start({ kind: 'tune', config: { child: false }, resume: id });
    expect(resumed).toMatchObject({ id, status: 'running', config: { child: false } });
    expect((await catalog.runs.list({ kind: 'tune' })).map((run) => run.id).sort()).toEqual(
      [alive.id, id].sort(),
    );
    expect(await catalog.runs.list({ kind: 'compare' })).toEqual([]);
  });
});

test('the writer lock excludes this process too, and is given back', async () => {
  {
    await using _lock = await catalog.lockForWriting('ingesting');
    await expect(catalog.lockForWriting('tuning')).rejects.toMatchObject({ heldBy: process.pid });
    await expect(
      catalog.lockForWriting('tuning', { waitMs: 60_000, signal: AbortSignal.timeout(50) }),
    ).rejects.toThrow(/abort|timeout/i);
  }
  await (await catalog.lockForWriting('tuning')).release();
});

test('datasets, adapters and traces: latest first, replaced by id', async () => {
  const adapter = (id: string, createdAt: string) =>
    ({ id, createdAt, directory: id, lineage: {}, metrics: {} }) as unknown as Adapter;
  await catalog.adapters.put(adapter('old', '2026-01-01'));
  await catalog.adapters.put(adapter('new', '2026-02-01'));
  await catalog.adapters.put({ ...adapter('old', '2026-01-01'), directory: 'moved' });
  expect((await catalog.adapters.list()).map((each) => [each.id, each.directory])).toEqual([
    ['new', 'new'],
    ['old', 'moved'],
  ]);
  const dataset = { id: 'd', path: 'datasets/d', counts: { train: 3 }, createdAt: '2026-01-01' };
  await catalog.datasets.put(dataset);
  expect(await catalog.datasets.get('d')).toEqual(dataset);
  expect(await catalog.datasets.get('e')).toBeUndefined();
  for (let i = 0; i < 30; i++)
    await catalog.traces.put({ id: `trace_${i}`, at: `2026-01-01T00:00:${10 + i}` } as Trace);
  expect((await catalog.traces.list()).map((trace) => trace.id)).toEqual(
    Array.from({ length: 20 }, (_, i) => `trace_${29 - i}`),
  );
  expect((await catalog.traces.get('trace_3'))?.at).toBe('2026-01-01T00:00:13');
});

test('deployments are a stack on an append-only history', async () => {
  expect(await catalog.deployments.current()).toBeUndefined();
  await expect(catalog.deployments.undo()).rejects.toThrow('no deployment to undo');
  await catalog.deployments.push({ arm: 'rag', forced: false, reason: 'won' });
  await catalog.deployments.push({ arm: 'tuned', adapterId: 'a1', forced: true, reason: 'insisted' });
  expect(await catalog.deployments.undo()).toMatchObject({
    undone: { arm: 'tuned' },
    current: { arm: 'rag' },
  });
  await catalog.deployments.push({ arm: 'hybrid', adapterId: 'a2', forced: false, reason: 'won' });
  await catalog.deployments.undo();
  expect(await catalog.deployments.current()).toMatchObject({ arm: 'rag' });
  expect((await catalog.deployments.undo()).current).toBeUndefined();
  expect((await catalog.deployments.history()).map((event) => event.kind)).toEqual([
    'push',
    'push',
    'undo',
    'push',
    'undo',
    'undo',
  ]);
});

test('traces from before a day are dropped, but for those that were rated', async () => {
  for (const day of [1, 2, 3, 4])
    await catalog.traces.put({ id: `trace_${day}`, at: `2026-01-0${day}T00:00:00Z` } as Trace);
  await catalog.feedback.put({ traceId: 'trace_1', rating: 'up', at: '2026-01-05T00:00:00Z' });
  expect(await catalog.traces.dropBefore('2026-01-03T00:00:00Z')).toBe(1);
  expect((await catalog.traces.list()).map(({ id }) => id)).toEqual(['trace_4', 'trace_3', 'trace_1']);
});

test('looks at held-out cases add up; calibrations are kept by key', async () => {
  await catalog.looks.add({ casesHash: 'h1', purpose: 'compare', runId: 'run_1' });
  await catalog.looks.add({ casesHash: 'h2', purpose: 'compare' });
  await catalog.looks.add({ casesHash: 'h1', purpose: 'again' });
  expect((await catalog.looks.list({ casesHash: 'h1' })).map((look) => look.purpose)).toEqual([
    'compare',
    'again',
  ]);
  expect(await catalog.looks.list()).toHaveLength(3);
  await catalog.calibrations.put('confidence:a', { slope: 1.5 });
  expect(await catalog.calibrations.get('confidence:a')).toEqual({ slope: 1.5 });
  expect(await catalog.calibrations.get('confidence:b')).toBeUndefined();
});

describe('bad files', () => {
  test('something that is not a catalogue', async () => {
    const other = join(folder, 'notes.sqlite');
    writeFileSync(other, 'These are my notes, '.repeat(100));
    await expect(openCatalog(other)).rejects.toThrow(
      `The catalogue ${other} is damaged or is not a Tandem catalogue`,
    );
    expect(readFileSync(other, 'utf8')).toContain('These are my notes');
  });

  test('a catalogue of a newer Tandem', async () => {
    const newer = join(folder, 'newer.sqlite');
    const connection = new DatabaseSync(newer);
    connection.exec('PRAGMA user_version = 999');
    connection.close();
    await expect(openCatalog(newer)).rejects.toThrow('was written by a newer Tandem (schema 999');
  });
});
