import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { formOf, type ScriptedServer, scriptedServer } from '../scripted-server.fixture.ts';

let server: ScriptedServer;
afterEach(async () => {
  vi.useRealTimers();
  await server?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  server = await scriptedServer({ mostFileBytes: 1000 });
});

const begin = async (bytes: number, more: object = {}) =>
  server.ask('POST', '/uploads', {
    filename: 'leave.md',
    purpose: 'assistants',
    bytes,
    mime_type: 'text/markdown',
    ...more,
  });
const addPart = (upload: string, content: string, key?: string) =>
  server.ask('POST', `/uploads/${upload}/parts`, formOf({ content, member: 'data', name: 'part' }), key);
const onDisk = (upload: string) => {
  try {
    return readdirSync(join(server.folder, 'uploads', upload));
  } catch {
    return undefined;
  }
};

test('parts become a file, in the order given', async () => {
  const { body: upload } = await begin(11, { expires_after: { anchor: 'created_at', seconds: 7200 } });
  expect(upload).toEqual({
    id: expect.stringMatching(/^upload_/),
    object: 'upload',
    bytes: 11,
    created_at: expect.any(Number),
    filename: 'leave.md',
    purpose: 'assistants',
    status: 'pending',
    expires_at: upload.created_at + 3600,
    file: null,
  });
  const second = await addPart(upload.id, ' days.');
  const first = await addPart(upload.id, 'Sixty');
  const unused = await addPart(upload.id, 'Thirty');
  expect(second.body).toEqual({
    id: expect.stringMatching(/^part_/),
    object: 'upload.part',
    created_at: expect.any(Number),
    upload_id: upload.id,
  });
  const complete = (part_ids: string[], md5?: string) =>
    server.ask('POST', `/uploads/${upload.id}/complete`, { part_ids, ...(md5 && { md5 }) });
  const parts = [first.body.id, second.body.id];
  expect((await complete(['part_none'])).status).toBe(400);
  expect((await complete([parts[0], parts[0]])).status).toBe(400);
  expect((await complete([unused.body.id, parts[1]])).body.error.message).toBe(
    'The parts have 12 bytes together, and the upload was to have 11.',
  );
  expect((await complete(parts, '0'.repeat(32))).status).toBe(400);
  const md5 = createHash('md5').update('Sixty days.').digest('hex');
  const { body: done } = await complete(parts, md5);
  expect(done).toMatchObject({
    status: 'completed',
    file: { object: 'file', bytes: 11, filename: 'leave.md', purpose: 'assistants', status: 'processed' },
  });
  expect(done.file.expires_at).toBe(done.file.created_at + 7200);
  expect((await server.ask('GET', `/files/${done.file.id}/content`)).body).toBe('Sixty days.');
  expect(onDisk(upload.id)).toBeUndefined();
  expect((await complete(parts)).body.error.code).toBe('upload_completed');
  expect((await addPart(upload.id, 'More')).body.error.code).toBe('upload_completed');
});

test('an upload is cancelled, or expires after an hour; then nothing of it is left', async () => {
  const { body: one } = await begin(5);
  const { body: two } = await begin(5);
  for (const { id } of [one, two]) await addPart(id, 'Sixty');
  expect((await server.ask('POST', `/uploads/${one.id}/cancel`)).body).toMatchObject({
    id: one.id,
    status: 'cancelled',
  });
  expect(onDisk(one.id)).toBeUndefined();
  expect((await server.ask('POST', `/uploads/${one.id}/cancel`)).status).toBe(400);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 });
  expect((await addPart(two.id, 'More')).body.error.code).toBe('upload_expired');
  await server.reopen();
  expect(onDisk(two.id)).toBeUndefined();
});

test('what is too large is refused, as is what is not of the caller', async () => {
  expect((await begin(1001)).status).toBe(413);
  expect((await begin(0)).status).toBe(400);
  expect((await begin(5, { filename: '../leave.md' })).status).toBe(400);
  const keyOf = (tenant: string) =>
    server.server.keys.create({ name: tenant, tenant, scopes: ['ingest'] }).secret;
  const { body: upload } = await begin(5);
  const [north] = [keyOf('north')];
  for (const answer of [
    await addPart(upload.id, 'Sixty', north),
    await server.ask('POST', `/uploads/${upload.id}/cancel`, undefined, north),
    await server.ask('POST', `/uploads/${upload.id}/complete`, { part_ids: ['part_1'] }, north),
  ])
    expect(answer.status).toBe(404);
});

test('parts that were answered stay over a restart, others are removed', async () => {
  const { body: upload } = await begin(5);
  const { body: part } = await addPart(upload.id, 'Sixty');
  writeFileSync(join(server.folder, 'uploads', upload.id, 'part_left'), 'Left.');
  await server.reopen();
  expect(onDisk(upload.id)).toEqual([part.id]);
  const { body } = await server.ask('POST', `/uploads/${upload.id}/complete`, { part_ids: [part.id] });
  expect(body.status).toBe('completed');
});
