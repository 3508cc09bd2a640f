import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServer, type TandemServer } from './open-server.ts';

let folder: string;
let server: TandemServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-server-'));
  server = await openServer({ folder, chat: ['local:smollm2-135m-instruct'] });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const get = (path: string, { key, ...more }: RequestInit & { key?: string } = {}) =>
  server.fetch(
    new Request(`http://localhost${path}`, {
      ...more,
      headers: { ...more.headers, ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    }),
  );
const post = (path: string, body: string, key?: string) =>
  get(path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
    ...(key !== undefined && { key }),
  });

test('without keys this machine may do everything, and no other address is listened on', async () => {
  expect((await get('/v1/models')).status).toBe(200);
  await expect(server.listen({ host: '0.0.0.0', port: 0 })).rejects.toMatchObject({ where: 'host' });
});

test('a page of another origin, and a name that leads here, are refused', async () => {
  const { port } = await server.listen({ port: 0 });
  const statusOf = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      httpRequest({ port, host: '127.0.0.1', path: '/v1/models', headers }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  expect(await statusOf({})).toBe(200);
  expect(await statusOf({ origin: 'https://evil.example' })).toBe(403);
  expect(await statusOf({ host: 'rebound.example' })).toBe(403);
});

test('what is not there is 404, another method 405, no JSON and too much of it 400 and 413, each a sentence', async () => {
  const told = async (response: Response | Promise<Response>) => {
    const { status, ...rest } = await response;
    const { error } = (await (await response).json()) as { error: { message: string } };
    expect(error.message).toMatch(/\.$/);
    return { status, ...rest };
  };
  expect((await told(get('/v1/nothing'))).status).toBe(404);
  expect((await told(get('/v1/models/none'))).status).toBe(404);
  const wrongMethod = await post('/v1/models', '{}');
  expect([wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([405, 'GET']);
  expect((await told(post('/v1/chat/completions', '{'))).status).toBe(400);
  const long = JSON.stringify({ model: 'x', messages: [{ role: 'user', content: 'a'.repeat(9 * 2 ** 20) }] });
  expect((await told(post('/v1/chat/completions', long))).status).toBe(413);
});

test('the description is of the schemas, and well-known names lead to models here', async () => {
  const description = (await (await get('/openapi.json')).json()) as { paths: Record<string, object> };
  expect(Object.keys(description.paths)).toEqual(
    expect.arrayContaining(['/v1/chat/completions', '/v1/embeddings', '/v1/files', '/v1/fine_tuning/jobs']),
  );
  expect(await (await get('/v1/models/gpt-4o-mini-2024-07-18')).json()).toMatchObject({
    id: 'smollm2-135m-instruct',
    shutdown_date: null,
  });
});

// Last: with a key nobody else is let in.
test('keys do what their scopes say, until they expire or are revoked', async () => {
  const reader = server.keys.create({ name: 'reader', scopes: ['read'] });
  expect((await get('/v1/models')).status).toBe(401);
  expect((await get('/v1/models', { key: 'tdm-wrong' })).status).toBe(401);
  expect((await get('/v1/models', { key: reader.secret })).status).toBe(200);
  const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'a' }] });
  const refused = await post('/v1/chat/completions', body, reader.secret);
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { error: { code: 'insufficient_permissions' } },
  ]);
  expect(JSON.stringify(server.keys.list())).not.toContain(reader.secret);
  expect(server.keys.revoke(reader.key.id)).toBe(true);
  expect((await get('/v1/models', { key: reader.secret })).status).toBe(401);
  expect(() => server.keys.create({ name: 'past', expiresAt: 1 })).toThrow('expired');
});
