import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { archiveOf } from '../../parse/xlsx.fixture.ts';
import { embedderOf, letterEmbedder } from '../../runtime/scripted-models.fixture.ts';
import { formOf, type ScriptedServer, scriptedServer } from '../scripted-server.fixture.ts';

let server: ScriptedServer;
afterEach(async () => {
  vi.useRealTimers();
  await server?.[Symbol.asyncDispose]();
});

const leave = '# Leave\n\nEverybody has thirty days of leave a year.\n';
const pay = '# Pay\n\nSalaries are paid on the last Friday of each month.\n';
const bikes = '# Bicycles\n\nBicycles are parked behind the house, never in the corridor.\n';

async function storeOf(files: Record<string, string | Uint8Array>, body: object = {}, key?: string) {
  const ids: Record<string, string> = {};
  for (const [name, text] of Object.entries(files))
    ids[name] = await server.upload(text, { name, ...(key !== undefined && { key }) });
  const made = await server.ask('POST', '/vector_stores', { ...body, file_ids: Object.values(ids) }, key);
  expect(made.status, JSON.stringify(made.body)).toBe(200);
  await server.settled(made.body.id, key);
  return { store: made.body.id as string, ids };
}
const namesFound = async (store: string, body: object, key?: string): Promise<string[]> => {
  const { status, body: found } = await server.ask('POST', `/vector_stores/${store}/search`, body, key);
  expect(status, JSON.stringify(found)).toBe(200);
  return found.data.map(({ filename }: { filename: string }) => filename);
};
const attributesOf = (store: string, file: string, attributes: object, key?: string) =>
  server.ask('POST', `/vector_stores/${store}/files/${file}`, { attributes }, key);

test('files are indexed in the background, and found with scores from 0 to 1', async () => {
  server = await scriptedServer();
  const { store, ids } = await storeOf(
    { 'leave.md': leave, 'pay.txt': pay, 'bikes.py': bikes },
    { name: 'Handbook', metadata: { team: 'people' }, expires_after: { anchor: 'last_active_at', days: 7 } },
  );
  const { body } = await server.ask('GET', `/vector_stores/${store}`);
  expect(body).toEqual({
    id: store,
    object: 'vector_store',
    created_at: expect.any(Number),
    name: 'Handbook',
    usage_bytes: expect.any(Number),
    file_counts: { in_progress: 0, completed: 3, failed: 0, cancelled: 0, total: 3 },
    status: 'completed',
    expires_after: { anchor: 'last_active_at', days: 7 },
    expires_at: body.last_active_at + 7 * 86_400,
    last_active_at: expect.any(Number),
    metadata: { team: 'people' },
  });
  expect(body.usage_bytes).toBeGreaterThan(3 * 2049 * 4);
  const found = await server.ask('POST', `/vector_stores/${store}/search`, {
    query: 'How many days of leave?',
    max_num_results: 2,
  });
  expect(found.body).toMatchObject({
    object: 'vector_store.search_results.page',
    search_query: ['How many days of leave?'],
    has_more: false,
    next_page: null,
  });
  expect(found.body.data).toHaveLength(2);
  expect(found.body.data[0]).toEqual({
    file_id: ids['leave.md'],
    filename: 'leave.md',
    score: expect.any(Number),
    attributes: {},
    content: [{ type: 'text', text: expect.stringContaining('thirty days of leave') }],
  });
  const scores = found.body.data.map(({ score }: { score: number }) => score);
  expect(scores.every((score: number) => score >= 0 && score <= 1)).toBe(true);
  expect(scores[0]).toBeGreaterThan(scores[1]);
  const least = { score_threshold: (scores[0] + scores[1]) / 2 };
  expect(await namesFound(store, { query: 'How many days of leave?', ranking_options: least })).toEqual([
    'leave.md',
  ]);
  const both = await namesFound(store, {
    query: ['days of leave', 'bicycles behind the house'],
    ranking_options: { ranker: 'none' },
    max_num_results: 2,
  });
  expect(both.toSorted()).toEqual(['bikes.py', 'leave.md']);
  const content = await server.ask('GET', `/vector_stores/${store}/files/${ids['leave.md']}/content`);
  expect(content.body.data).toEqual([{ type: 'text', text: leave }]);
  await server.reopen();
  expect(await namesFound(store, { query: 'salaries', max_num_results: 1 })).toEqual(['pay.txt']);
});

test('what cannot be read fails alone, with its reason', async () => {
  server = await scriptedServer();
  // Forty kilobytes that unpack to forty megabytes of nothing.
  const bomb = archiveOf({ '_rels/.rels': ' '.repeat(40 * 2 ** 20) }, { deflated: true });
  const { store, ids } = await storeOf({
    'leave.md': leave,
    'archive.zip': 'PK\u0003\u0004',
    'empty.md': '',
    'damaged.docx': 'PK\u0003\u0004 and no more',
    'bomb.docx': bomb,
    README: bikes,
  });
  const { body } = await server.ask('GET', `/vector_stores/${store}/files?order=asc`);
  expect(
    body.data.map(({ status, last_error }: { status: string; last_error: { code: string } | null }) => [
      status,
      last_error?.code,
    ]),
  ).toEqual([
    ['completed', undefined],
    ['failed', 'unsupported_file'],
    ['failed', 'invalid_file'],
    ['failed', 'invalid_file'],
    ['failed', 'invalid_file'],
    ['completed', undefined],
  ]);
  expect(body.data[4].last_error.message).toMatch(
    /^bomb\.docx is no ordinary document: .* unpacks to more than/,
  );
  expect(body.data[2].last_error.message).toMatch(/^empty\.md is empty/);
  expect((await server.ask('GET', `/vector_stores/${store}/files?filter=failed`)).body.data).toHaveLength(4);
  expect((await server.ask('GET', `/vector_stores/${store}`)).body).toMatchObject({
    status: 'completed',
    file_counts: { completed: 2, failed: 4, total: 6 },
  });
  expect((await server.ask('GET', `/vector_stores/${store}/files/${ids['empty.md']}/content`)).status).toBe(
    400,
  );
});

test('filters hold exactly, for what is set later too', async () => {
  server = await scriptedServer();
  const { store, ids } = await storeOf({ 'leave.md': leave, 'pay.md': pay, 'bikes.md': bikes });
  await attributesOf(store, ids['leave.md']!, { year: 2024, region: 'north', draft: false });
  await attributesOf(store, ids['pay.md']!, { year: 2025, region: 'south', draft: true });
  const found = async (filters: object) =>
    (await namesFound(store, { query: 'house leave month', filters })).toSorted();
  const is = (type: string, key: string, value: unknown) => ({ type, key, value });
  expect(await found(is('eq', 'region', 'north'))).toEqual(['leave.md']);
  expect(await found(is('ne', 'region', 'north'))).toEqual(['bikes.md', 'pay.md']);
  expect(await found(is('eq', 'draft', true))).toEqual(['pay.md']);
  expect(await found(is('eq', 'year', '2025'))).toEqual([]);
  expect(await found(is('gt', 'year', 2024))).toEqual(['pay.md']);
  expect(await found(is('gte', 'year', 2024))).toEqual(['leave.md', 'pay.md']);
  expect(await found(is('lt', 'region', 'p'))).toEqual(['leave.md']);
  expect(await found(is('lte', 'year', 2023))).toEqual([]);
  expect(await found(is('in', 'year', [2024, 2026]))).toEqual(['leave.md']);
  expect(await found(is('nin', 'year', [2024, 2026]))).toEqual(['bikes.md', 'pay.md']);
  const or = { type: 'or', filters: [is('eq', 'year', 2025), is('eq', 'region', 'north')] };
  expect(await found(or)).toEqual(['leave.md', 'pay.md']);
  expect(await found({ type: 'and', filters: [or, is('eq', 'draft', false)] })).toEqual(['leave.md']);
  let deep: object = is('eq', 'year', 2025);
  for (let depth = 0; depth < 7; depth++) deep = { type: 'and', filters: [deep] };
  for (const filters of [
    deep,
    is('in', 'year', 2024),
    is('eq', 'year', [2024]),
    is('gt', 'draft', true),
    is('like', 'region', 'n%'),
    { type: 'and' },
  ])
    expect((await server.ask('POST', `/vector_stores/${store}/search`, { query: 'x', filters })).status).toBe(
      400,
    );
});

test('a file that is removed, or deleted, is found no more, at once; its store, neither', async () => {
  server = await scriptedServer();
  const { store, ids } = await storeOf({ 'leave.md': leave, 'pay.md': pay, 'bikes.md': bikes });
  const search = { query: 'leave salaries bicycles' };
  expect((await namesFound(store, search)).length).toBe(3);
  const removed = await server.ask('DELETE', `/vector_stores/${store}/files/${ids['leave.md']}`);
  expect(removed.body).toEqual({ id: ids['leave.md'], object: 'vector_store.file.deleted', deleted: true });
  expect((await namesFound(store, search)).toSorted()).toEqual(['bikes.md', 'pay.md']);
  expect((await server.ask('GET', `/vector_stores/${store}/files/${ids['leave.md']}`)).status).toBe(404);
  expect((await server.ask('GET', `/files/${ids['leave.md']}`)).status).toBe(200);
  await server.ask('DELETE', `/files/${ids['pay.md']}`);
  expect(await namesFound(store, search)).toEqual(['bikes.md']);
  // And again, cut in another way.
  const file = { file_id: ids['leave.md'], chunking_strategy: chunks(300, 20) };
  expect((await server.ask('POST', `/vector_stores/${store}/files`, file)).body).toMatchObject({
    status: 'in_progress',
    chunking_strategy: chunks(300, 20),
  });
  await server.settled(store);
  expect((await namesFound(store, search)).toSorted()).toEqual(['bikes.md', 'leave.md']);
  const folder = join(server.folder, 'vector_stores', store);
  expect(readdirSync(folder).toSorted()).toEqual(['300-20', 'auto']);
  expect((await server.ask('DELETE', `/vector_stores/${store}`)).body).toEqual({
    id: store,
    object: 'vector_store.deleted',
    deleted: true,
  });
  expect(existsSync(folder)).toBe(false);
  for (const path of ['', '/files', `/files/${ids['bikes.md']}`])
    expect((await server.ask('GET', `/vector_stores/${store}${path}`)).status).toBe(404);
  expect((await server.ask('POST', `/vector_stores/${store}/search`, search)).status).toBe(404);
});

const chunks = (most: number, overlap: number) => ({
  type: 'static',
  static: { max_chunk_size_tokens: most, chunk_overlap_tokens: overlap },
});

test('batches: of files with attributes of their own, or all alike; what is not done can be cancelled', async () => {
  server = await scriptedServer();
  const { store } = await storeOf({});
  const ids = [await server.upload(leave), await server.upload(pay, { name: 'pay.md' })];
  const batch = await server.ask('POST', `/vector_stores/${store}/file_batches`, {
    files: [{ file_id: ids[0], attributes: { year: 2024 } }, { file_id: ids[1] }],
  });
  expect(batch.body).toMatchObject({
    object: 'vector_store.files_batch',
    vector_store_id: store,
    status: 'in_progress',
    file_counts: { in_progress: 2, total: 2 },
  });
  await server.settled(store);
  const path = `/vector_stores/${store}/file_batches/${batch.body.id}`;
  expect((await server.ask('GET', path)).body).toMatchObject({
    status: 'completed',
    file_counts: { completed: 2, total: 2 },
  });
  const listed = await server.ask('GET', `${path}/files?order=asc`);
  expect(
    listed.body.data.map(({ id, attributes }: { id: string; attributes: object }) => [id, attributes]),
  ).toEqual([
    [ids[0], { year: 2024 }],
    [ids[1], {}],
  ]);
  const other = await server.upload(bikes, { name: 'bikes.md' });
  const second = await server.ask('POST', `/vector_stores/${store}/file_batches`, {
    file_ids: [other],
    attributes: { year: 2025 },
  });
  const cancelled = await server.ask('POST', `/vector_stores/${store}/file_batches/${second.body.id}/cancel`);
  expect(cancelled.body).toMatchObject({ status: 'cancelled', file_counts: { cancelled: 1, total: 1 } });
  await server.settled(store);
  expect((await namesFound(store, { query: 'bicycles' })).includes('bikes.md')).toBe(false);
  for (const body of [
    {},
    { file_ids: [other], files: [{ file_id: other }] },
    { files: [{ file_id: other }], attributes: { a: 1 } },
    { file_ids: [other, other] },
    { file_ids: [] },
  ])
    expect((await server.ask('POST', `/vector_stores/${store}/file_batches`, body)).status).toBe(400);
  expect(
    (await server.ask('POST', `/vector_stores/${store}/file_batches`, { file_ids: ['file-none'] })).status,
  ).toBe(404);
  expect((await server.ask('GET', `/vector_stores/${store}/file_batches/vsfb_none`)).status).toBe(404);
});

test('what is not understood, or not supported, is refused by its name', async () => {
  server = await scriptedServer();
  const { store, ids } = await storeOf({ 'leave.md': leave });
  const refusal = async (path: string, body: unknown) => {
    const answer = await server.ask('POST', `/vector_stores${path}`, body);
    expect(answer.status, JSON.stringify(answer.body)).toBe(400);
    return answer.body.error.param;
  };
  expect(await refusal('', { colour: 'red' })).toBe('colour');
  expect(await refusal('', { expires_after: { anchor: 'created_at', days: 1 } })).toBe(
    'expires_after.anchor',
  );
  expect(
    await refusal('', { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, ''])) }),
  ).toBe('metadata');
  const file_id = ids['leave.md'];
  for (const chunking_strategy of [chunks(50, 0), chunks(400, 201), chunks(5000, 0), { type: 'semantic' }])
    expect(await refusal(`/${store}/files`, { file_id, chunking_strategy })).toMatch(/^chunking_strategy/);
  for (const attributes of [{ access: 7 }, { a: null }, { a: 'x'.repeat(513) }, { ['k'.repeat(65)]: 1 }])
    expect(await refusal(`/${store}/files`, { file_id, attributes })).toMatch(/^attributes/);
  expect(await refusal(`/${store}/search`, { query: 'x', rewrite_query: true })).toBe('rewrite_query');
  expect(await refusal(`/${store}/search`, { query: 'x', max_num_results: 51 })).toBe('max_num_results');
  expect(await refusal(`/${store}/search`, { query: 'x', ranking_options: { ranker: 'best' } })).toBe(
    'ranking_options.ranker',
  );
  expect(await refusal(`/${store}/search`, { query: '' })).toBe('query');
  expect(await refusal(`/${store}/search`, { query: 'x', ranking_options: { hybrid_search: {} } })).toBe(
    'ranking_options.hybrid_search',
  );
});

test('tenants are apart', async () => {
  server = await scriptedServer();
  const keyOf = (tenant: string) =>
    server.server.keys.create({ name: tenant, tenant, scopes: ['read', 'ingest'] }).secret;
  const [north, south] = [keyOf('north'), keyOf('south')];
  const { store, ids } = await storeOf({ 'leave.md': leave }, {}, north);
  const file = ids['leave.md'];
  expect((await server.ask('GET', '/vector_stores', undefined, south)).body.data).toEqual([]);
  const asked: [string, string, object?][] = [
    ['GET', ''],
    ['POST', '', { name: 'mine' }],
    ['DELETE', ''],
    ['POST', '/search', { query: 'leave' }],
    ['GET', '/files'],
    ['POST', '/files', { file_id: file }],
    ['GET', `/files/${file}`],
    ['POST', `/files/${file}`, { attributes: {} }],
    ['GET', `/files/${file}/content`],
    ['DELETE', `/files/${file}`],
    ['POST', '/file_batches', { file_ids: [file] }],
  ];
  for (const [method, path, body] of asked)
    expect((await server.ask(method, `/vector_stores/${store}${path}`, body, south)).status).toBe(404);
  expect((await server.ask('POST', '/vector_stores', { file_ids: [file] }, south)).status).toBe(404);
  expect(await namesFound(store, { query: 'leave' }, north)).toEqual(['leave.md']);
});

test('a key with labels sees what it may read, wherever it looks', async () => {
  server = await scriptedServer();
  const all = server.server.keys.create({ name: 'all', scopes: ['read', 'ingest'] }).secret;
  const staff = server.server.keys.create({
    name: 'staff',
    scopes: ['read', 'ingest'],
    access: ['public', 'staff'],
  }).secret;
  const { store, ids } = await storeOf(
    {
      'leave.md': leave,
      'pay.md': pay,
      'bikes.md': bikes,
      'own.md': '---\naccess: board\n---\n\nThe board takes leave in August.\n',
    },
    {},
    all,
  );
  const query = { query: 'leave salaries bicycles' };
  // The label that stands in a file itself holds, too.
  expect((await namesFound(store, query, all)).toSorted()).toEqual([
    'bikes.md',
    'leave.md',
    'own.md',
    'pay.md',
  ]);
  expect((await namesFound(store, query, staff)).toSorted()).toEqual(['bikes.md', 'leave.md', 'pay.md']);
  await attributesOf(store, ids['pay.md']!, { access: 'board' }, all);
  await attributesOf(store, ids['leave.md']!, { access: 'staff' }, all);
  expect(await namesFound(store, query, staff)).not.toContain('pay.md');
  await expect
    .poll(async () => (await namesFound(store, query, staff)).toSorted())
    .toEqual(['bikes.md', 'leave.md']);
  for (const name of ['pay.md', 'own.md']) {
    const id = ids[name];
    for (const path of [`/files/${id}`, `/files/${id}/content`, `/vector_stores/${store}/files/${id}`])
      expect((await server.ask('GET', path, undefined, staff)).status, path).toBe(404);
    expect(
      (await server.ask('GET', `/vector_stores/${store}/files/${id}/content`, undefined, staff)).status,
    ).toBe(404);
    expect((await server.ask('DELETE', `/files/${id}`, undefined, staff)).status).toBe(404);
    expect((await attributesOf(store, id!, { access: 'public' }, staff)).status).toBe(404);
    expect((await server.ask('POST', '/vector_stores', { file_ids: [id] }, staff)).status).toBe(404);
  }
  for (const path of ['/files', `/vector_stores/${store}/files`])
    expect(
      (await server.ask('GET', path, undefined, staff)).body.data
        .map(({ id }: { id: string }) => id)
        .toSorted(),
    ).toEqual([ids['bikes.md'], ids['leave.md']].toSorted());
});

test('what was in progress goes on after a restart; another embedder has it indexed again', async () => {
  server = await scriptedServer({ embedding: [letterEmbedder] });
  const { store } = await storeOf({});
  for (let index = 0; index < 34; index++)
    await server.ask('POST', `/vector_stores/${store}/files`, {
      file_id: await server.upload(`${leave}\nNumber ${index}.`, { name: `leave-${index}.md` }),
    });
  await server.reopen();
  const { body } = await server.settled(store);
  expect(body.file_counts).toMatchObject({ completed: 34, failed: 0 });
  const other = embedderOf('test', 'other-words', () => [1, 0.5]);
  await server.reopen({ embedding: [other], log: () => {} });
  const first = await server.ask('POST', `/vector_stores/${store}/search`, { query: 'leave' });
  expect(first.status).toBe(503);
  expect(first.headers.get('retry-after')).toBe('10');
  await server.settled(store);
  expect((await namesFound(store, { query: 'leave' })).length).toBeGreaterThan(0);
});

test('a store expires after days without use, a file when its time is over; then nothing of them is left', async () => {
  server = await scriptedServer();
  const { store, ids } = await storeOf(
    { 'leave.md': leave },
    { expires_after: { anchor: 'last_active_at', days: 2 } },
  );
  const form = formOf({
    content: pay,
    name: 'pay.md',
    purpose: 'user_data',
    'expires_after[anchor]': 'created_at',
    'expires_after[seconds]': '7200',
  });
  const { id: soonGone } = (await server.ask('POST', '/files', form)).body;
  const other = await server.ask('POST', '/vector_stores', { file_ids: [soonGone] });
  await server.settled(other.body.id);
  const hoursLater = (hours: number) =>
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * 3_600_000 });
  hoursLater(40);
  // It is used: from now on it is two days again.
  expect(await namesFound(store, { query: 'leave' })).toEqual(['leave.md']);
  expect((await server.ask('GET', `/files/${soonGone}`)).status).toBe(404);
  hoursLater(47);
  expect((await server.ask('GET', `/vector_stores/${store}`)).body.status).toBe('completed');
  hoursLater(2);
  const expired = await server.ask('GET', `/vector_stores/${store}`);
  expect(expired.body).toMatchObject({ status: 'expired' });
  for (const [path, body] of [
    ['search', { query: 'leave' }],
    ['files', { file_id: ids['leave.md'] }],
    ['file_batches', { file_ids: [ids['leave.md']] }],
  ] as const)
    expect((await server.ask('POST', `/vector_stores/${store}/${path}`, body)).body.error.code).toBe(
      'vector_store_expired',
    );
  await server.reopen();
  expect(readdirSync(join(server.folder, 'vector_stores'))).not.toContain(store);
  await expect.poll(() => readdirSync(join(server.folder, 'files'))).toEqual([ids['leave.md']]);
  expect((await server.ask('GET', `/vector_stores/${store}`)).body).toMatchObject({
    status: 'expired',
    file_counts: { total: 0 },
    usage_bytes: 0,
  });
  expect((await server.ask('GET', `/vector_stores/${other.body.id}/files`)).body.data).toEqual([]);
});
