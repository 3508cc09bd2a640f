import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openServer } from '../open-server.ts';
import { formOf, type ScriptedServer, scriptedServer } from '../scripted-server.fixture.ts';

let server: ScriptedServer;
afterEach(async () => server?.[Symbol.asyncDispose]());

const onDisk = () => readdirSync(join(server.folder, 'files'));

test('a file: uploaded, listed, read and deleted, word for word', async () => {
  server = await scriptedServer();
  const form = formOf({
    content: 'Thirty days, für alle.',
    name: 'Urlaub – "2026".md',
    purpose: 'user_data',
    'expires_after[anchor]': 'created_at',
    'expires_after[seconds]': '3600',
  });
  const { status, body } = await server.ask('POST', '/files', form);
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body).toEqual({
    id: expect.stringMatching(/^file-/),
    object: 'file',
    bytes: 23,
    created_at: expect.any(Number),
    expires_at: body.created_at + 3600,
    filename: 'Urlaub – "2026".md',
    purpose: 'user_data',
    status: 'processed',
  });
  expect((await server.ask('GET', `/files/${body.id}`)).body).toEqual(body);
  expect((await server.ask('GET', '/files')).body).toEqual({
    object: 'list',
    data: [body],
    first_id: body.id,
    last_id: body.id,
    has_more: false,
  });
  const content = await server.ask('GET', `/files/${body.id}/content`);
  expect(content.body).toBe('Thirty days, für alle.');
  expect(content.headers.get('x-content-type-options')).toBe('nosniff');
  await server.reopen();
  expect((await server.ask('GET', `/files/${body.id}/content`)).body).toBe('Thirty days, für alle.');
  expect((await server.ask('DELETE', `/files/${body.id}`)).body).toEqual({
    id: body.id,
    object: 'file',
    deleted: true,
  });
  expect(onDisk()).toEqual([]);
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/content'],
    ['DELETE', ''],
  ] as const)
    expect(await server.ask(method, `/files/${body.id}${path}`)).toMatchObject({
      status: 404,
      body: { error: { type: 'invalid_request_error', code: 'file_not_found' } },
    });
});

test('lists go on after an id, either way round, by purpose', async () => {
  server = await scriptedServer();
  const ids: string[] = [];
  for (const purpose of ['assistants', 'user_data', 'assistants'])
    ids.push(await server.upload('Some text.', { purpose }));
  const listed = async (query: string) => {
    const { body } = await server.ask('GET', `/files?${query}`);
    return [body.data.map(({ id }: { id: string }) => ids.indexOf(id)), body.has_more];
  };
  expect(await listed('')).toEqual([[2, 1, 0], false]);
  expect(await listed('limit=2')).toEqual([[2, 1], true]);
  expect(await listed(`limit=2&after=${ids[1]}`)).toEqual([[0], false]);
  expect(await listed(`order=asc&after=${ids[0]}`)).toEqual([[1, 2], false]);
  expect(await listed('purpose=user_data')).toEqual([[1], false]);
  expect((await server.ask('GET', '/files?after=file-none')).status).toBe(404);
  for (const query of ['limit=0', 'limit=many', 'order=up', 'purpose=fun', 'colour=red', 'limit=1&limit=2'])
    expect((await server.ask('GET', `/files?${query}`)).status, query).toBe(400);
});

test('what cannot be read as a form with one file is refused, and leaves nothing', async () => {
  server = await scriptedServer({ mostFileBytes: 100 });
  const send = async (body: BodyInit, type?: string) => {
    const response = await server.server.fetch(
      new Request('http://localhost/v1/files', {
        method: 'POST',
        body,
        ...(type !== undefined && { headers: { 'content-type': type } }),
      }),
    );
    return { ...((await response.json()) as object), status: response.status };
  };
  const form = 'multipart/form-data; boundary=x';
  const part = (head: string, text: string) =>
    `--x\r\ncontent-disposition: form-data; ${head}\r\n\r\n${text}\r\n`;
  const file = part('name="file"; filename="a.md"', 'Text.');
  const purpose = part('name="purpose"', 'assistants');
  expect(await send(`${file}${purpose}--x--\r\n`, form)).toMatchObject({ status: 200 });
  const wrong: [string, string, number][] = [
    ['no boundary', 'multipart/form-data', 400],
    ['{}', 'application/json', 415],
    ['', form, 400],
    ['nothing of a form', form, 400],
    [`${file}`, form, 400],
    [file.slice(0, 40), form, 400],
    [`${purpose}--x--\r\n`, form, 400],
    [`${file}--x--\r\n`, form, 400],
    [`${file}${file}${purpose}--x--\r\n`, form, 400],
    [`${file}${part('name="purpose"', 'fun')}--x--\r\n`, form, 400],
    [`${file}${purpose}${purpose}--x--\r\n`, form, 400],
    [`${file}${purpose}${part('name="colour"', 'red')}--x--\r\n`, form, 400],
    [`${file}${purpose}${part('name="other"; filename="b.md"', 'More.')}--x--\r\n`, form, 400],
    [`${file}${purpose}${part('name="expires_after[seconds]"', '60')}--x--\r\n`, form, 400],
    [`${part('name="file"; filename="a.md"', 'x'.repeat(101))}${purpose}--x--\r\n`, form, 413],
    [`${part('name="file"; filename="a.md"', 'x'.repeat(200_000))}${purpose}--x--\r\n`, form, 413],
  ];
  for (const [body, type, status] of wrong)
    expect(await send(body, type), `${type}: ${body.slice(0, 300)}`).toMatchObject({
      status,
      error: { message: expect.stringMatching(/\.$/) },
    });
  const whole = `${part('name="file"; filename="a.md"', 'x'.repeat(100))}${purpose}--x--\r\n`;
  expect(await send(whole, form)).toMatchObject({ status: 200, bytes: 100 });
  expect(onDisk().length).toBe(2);
});

test('over a connection: one that is too large is answered, whenever that shows, and one that breaks off leaves nothing', async () => {
  server = await scriptedServer({ mostFileBytes: 300_000 });
  const { url, port } = await server.server.listen({ port: 0 });
  const send = (bytes: number) =>
    fetch(`${url}/v1/files`, {
      method: 'POST',
      body: formOf({ content: 'x'.repeat(bytes), purpose: 'assistants' }),
    });
  for (const bytes of [300_001, 310_000, 400_000]) expect((await send(bytes)).status, `${bytes}`).toBe(413);
  expect((await send(300_000)).status).toBe(200);
  const breaking = connect(port, '127.0.0.1');
  breaking.write(
    'POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n\r\n' +
      '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nHalf of',
  );
  await expect.poll(() => onDisk().length).toBe(2);
  breaking.destroy();
  await expect.poll(() => onDisk().length).toBe(1);
});

test('a file must be what its purpose says', async () => {
  server = await scriptedServer();
  const example = JSON.stringify({
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
    ],
  });
  const tried = async (purpose: string, content: string | Uint8Array) =>
    (await server.ask('POST', '/files', formOf({ content, purpose, name: 'a.jsonl' }))).body.error?.message;
  expect(await tried('fine-tune', `${example}\n${example}\n`)).toBeUndefined();
  expect(await tried('fine-tune', `\uFEFF${example}\r\n\r\n`)).toBeUndefined();
  expect(await tried('fine-tune', `${example}\nnot JSON`)).toBe(
    'The file cannot be of the purpose "fine-tune": line 2 is no JSON, and it must be JSONL, one object a line.',
  );
  expect(await tried('fine-tune', '[]')).toMatch(/line 1 is no JSON object/);
  expect(await tried('fine-tune', '{}')).toMatch(/line 1 has no list "messages"/);
  expect(await tried('fine-tune', '{"input": {}, "preferred_output": []}')).toMatch(/not both/);
  expect(await tried('fine-tune', '')).toMatch(/it has no line/);
  expect(await tried('batch', '{"custom_id": "1", "method": "POST"}')).toMatch(/line 1 has no "url"/);
  expect(await tried('vision', 'no image')).toMatch(/it is no PNG/);
  expect(await tried('vision', Buffer.from('89504e470d0a1a0a00', 'hex'))).toBeUndefined();
});

test('tenants are apart; a key does what its scopes say', async () => {
  server = await scriptedServer();
  const keyOf = (tenant: string, scopes: ('read' | 'ingest')[]) =>
    server.server.keys.create({ name: tenant, tenant, scopes }).secret;
  const own = keyOf('north', ['read', 'ingest']);
  const reader = keyOf('north', ['read']);
  const other = keyOf('south', ['read', 'ingest']);
  const id = await server.upload('Of the north.', { key: own });
  expect((await server.ask('GET', `/files/${id}`, undefined, reader)).status).toBe(200);
  expect((await server.ask('DELETE', `/files/${id}`, undefined, reader)).status).toBe(403);
  const form = formOf({ content: 'x', purpose: 'assistants' });
  expect((await server.ask('POST', '/files', form, reader)).status).toBe(403);
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/content'],
    ['DELETE', ''],
  ] as const)
    expect((await server.ask(method, `/files/${id}${path}`, undefined, other)).status).toBe(404);
  expect((await server.ask('GET', '/files', undefined, other)).body.data).toEqual([]);
  expect((await server.ask('GET', `/files?after=${id}`, undefined, other)).status).toBe(404);
  expect((await server.ask('GET', '/files')).status).toBe(401);
});

test('one server at a time works in a folder', async () => {
  server = await scriptedServer();
  await expect(openServer({ folder: server.folder })).rejects.toThrow(
    'This process is writing to the same data already (serving).',
  );
});

test('what a killed process left is removed when the server opens', async () => {
  server = await scriptedServer();
  const id = await server.upload('Kept.');
  for (const name of ['file-0123.partial', 'file-without-a-row'])
    writeFileSync(join(server.folder, 'files', name), 'Left.');
  await server.reopen();
  expect(onDisk()).toEqual([id]);
  expect(existsSync(join(server.folder, 'files', id))).toBe(true);
});
