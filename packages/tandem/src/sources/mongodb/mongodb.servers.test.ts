import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Collection, type Document, MongoClient, ObjectId } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { TandemError } from '../../core/errors/tandem-error.ts';
import { freePort } from '../../core/free-port.fixture.ts';
import { type SourceConfigInput, sourceSchema } from '../../core/source-config.ts';
import { enforceNetworkPolicy } from '../../models/network-policy.ts';
import { Listener } from '../listener.fixture.ts';
import { openSource } from '../open-source.ts';
import type { Source } from '../source.ts';

/**
 * The real driver against a real server of MongoDB's wire protocol, if not MongoDB's own: no registry has that.
 * `.ci/prepare-mongodb` installs it.
 */
const program =
  process.env.TANDEM_MONGODB_SERVER ??
  path.resolve(import.meta.dirname, '../../../../../node_modules/.cache/mongodb-server/bin/nx-27017');

let folder: string;
let server: ChildProcess;
let client: MongoClient;
let articles: Collection<Document>;
let base: string;
const sources: Source[] = [];
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tandem-mongodb-'));
  const port = await freePort();
  server = spawn(
    program,
    [
      '--data-dir',
      folder,
      '--host',
      '127.0.0.1',
      '-p',
      String(port),
      '--log-file',
      path.join(folder, 'log'),
      '--pid-file',
      path.join(folder, 'pid'),
    ],
    { stdio: 'ignore' },
  );
  for (const end = performance.now() + 60_000; !(await answers(port)); await sleep(100)) {
    if (server.exitCode !== null || performance.now() > end) throw new Error(`${program} did not start`);
  }
  base = `mongodb://127.0.0.1:${port}/app`;
  client = await new MongoClient(base).connect();
  articles = client.db('app').collection('articles');
});
afterAll(async () => {
  for (const source of sources) await source[Symbol.asyncDispose]?.();
  await client?.close();
  if (server && server.exitCode === null) {
    const ended = new Promise((resolve) => server.on('exit', resolve));
    server.kill('SIGTERM');
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
});

const gout = new ObjectId('65f0000000000000000000a1');
const beriberi = 'b/e r';
beforeEach(async () => {
  await articles.deleteMany({});
  await articles.insertMany([
    {
      _id: gout,
      title: 'Gout',
      body: 'Sudden pain.',
      access: { label: 'staff' },
      changed: new Date('2026-01-01T10:00:00.001Z'),
      sections: [
        { heading: 'Causes', text: 'Uric acid.' },
        { heading: 'Treatment', text: 'Rest.' },
      ],
      kind: 'disease',
    },
    {
      _id: 'scurvy' as never,
      title: 'Scurvy',
      body: 'Lack of vitamin C.',
      changed: new Date('2026-01-02'),
      kind: 'disease',
    },
    { _id: 7 as never, title: 'Rickets', body: 'Lack of vitamin D.', kind: 'disease' },
    {
      _id: 'draft/1' as never,
      title: 'Draft',
      body: 'Not yet.',
      changed: new Date('2026-01-02'),
      kind: 'draft',
    },
  ]);
});

type Mongodb = Extract<SourceConfigInput, { type: 'mongodb' }>;
async function open(options: Partial<Mongodb> = {}, environment: Record<string, string> = {}) {
  const config = sourceSchema.parse({
    type: 'mongodb',
    url: base,
    collection: 'articles',
    filter: { kind: 'disease' },
    ...options,
  });
  const source = await openSource(config, { baseDirectory: '/', where: 'sources.0', environment });
  sources.push(source);
  return source;
}
const uri = (key: string) => `${base}/articles/${key}`;
const nothing = { added: [], changed: [], removed: [], failed: [] };

test('a document without a label is not read where labels are wanted', async () => {
  await articles.updateOne({ _id: 7 as never }, { $set: { access: { label: '' } } });
  const { entries, problems } = await new Listener(await open({ accessField: 'access.label' })).list();
  expect(entries.map((entry) => [entry.uri, entry.access])).toEqual([[uri(gout.toHexString()), 'staff']]);
  expect(problems.map((problem) => `${problem.kind} ${problem.uri}: ${problem.message}`).toSorted()).toEqual([
    `failed ${uri('7')}: Its access label, access.label, is empty.`,
    `failed ${uri('scurvy')}: It has no access label: there is nothing in access.label, and its source has no \`access\` for such.`,
  ]);
});

for (const updatedAt of [undefined, 'changed']) {
  test(`keeps in line with a collection (${updatedAt ?? 'no change mark'})`, async () => {
    const listener = new Listener(
      await open({
        ...(updatedAt && { updatedAt }),
        title: '{{title}}',
        template: '{{body}}\n{{#sections}}\n\n## {{heading}}\n\n{{text}}\n{{/sections}}',
        accessField: 'access.label',
        access: 'members',
        metadata: ['kind'],
      }),
    );
    expect((await listener.sync()).added.toSorted()).toEqual(
      [uri('7'), uri(gout.toHexString()), uri('scurvy')].toSorted(),
    );
    expect(listener.text(uri(gout.toHexString()))).toBe(
      '---\n"title": "Gout"\n"kind": "disease"\n---\n# Gout\n\nSudden pain.\n\n## Causes\n\nUric acid.\n\n## Treatment\n\nRest.\n',
    );
    const { entries } = await listener.list();
    expect(entries.find((entry) => entry.uri === uri(gout.toHexString()))?.access).toBe('staff');
    // A document without a time has to be looked at each time.
    expect(await listener.sync()).toEqual({ ...nothing, changed: updatedAt ? [uri('7')] : [] });

    await articles.updateOne({ _id: 7 as never }, { $set: { changed: new Date('2026-03-03') } });
    await articles.updateOne(
      { _id: gout },
      { $set: { body: 'Sudden severe pain.', changed: new Date('2026-01-01T10:00:00.002Z') } },
    );
    await articles.deleteOne({ _id: 'scurvy' as never });
    await articles.insertOne({
      _id: beriberi as never,
      title: 'Beriberi',
      body: 'Lack of vitamin B1.',
      kind: 'disease',
      changed: new Date(),
    });
    const { added, changed, removed } = await listener.sync();
    expect({ added, changed: changed.toSorted(), removed }).toEqual({
      added: [uri('b%2Fe%20r')],
      changed: (updatedAt ? [uri('7'), uri(gout.toHexString())] : [uri(gout.toHexString())]).toSorted(),
      removed: [uri('scurvy')],
    });
    expect(listener.text(uri(gout.toHexString()))).toContain('Sudden severe pain.');
    expect(listener.text(uri('b%2Fe%20r'))).toContain('Lack of vitamin B1.');
    expect(await listener.sync()).toEqual(nothing);
  });
}

test('a projection, another key, and hundreds of documents through a cursor', async () => {
  await articles.deleteMany({});
  await articles.insertMany(
    Array.from({ length: 1200 }, (_, i) => ({
      slug: `doc ${String(i).padStart(4, '0')}`,
      body: `Text ${i}.`,
      secret: 'x',
      kind: 'disease',
      changed: i,
    })),
  );
  const listener = new Listener(
    await open({ key: 'slug', updatedAt: 'changed', projection: { slug: 1, body: 1 } }),
  );
  const { uris, entries } = await listener.list();
  expect(uris).toHaveLength(1200);
  expect(uris[7]).toBe(uri('doc%200007'));
  const { bytes } = await listener.source.load(entries[7]!);
  expect(Buffer.from(bytes).toString()).toBe('---\n---\n- slug: doc 0007\n- body: Text 7.\n');
});

test('what goes wrong is one sentence without the password', async () => {
  const failure = async (options: Partial<Mongodb>, environment?: Record<string, string>) => {
    const error = await open(options, environment)
      .then((source) => new Listener(source).list())
      .then(
        () => new Error('nothing failed'),
        (reason: TandemError) => reason,
      );
    return `${error.message} ${(error as TandemError).hint ?? ''}`;
  };
  expect(await failure({ url: 'mongodb://app:secret@h/db' })).toMatch(
    /^`sources\.0\.url` has a password in it/,
  );
  expect(await failure({ url: 'http://h/db' })).toMatch(
    /^`sources\.0\.url` is not the address of a MongoDB server/,
  );
  expect(await failure({ url: 'mongodb://h' })).toMatch(/^`sources\.0` does not say which database to read/);
  const closed = await failure(
    { url: 'mongodb://me@127.0.0.1:1/db', password: { env: 'PW' }, timeoutSeconds: 1 },
    { PW: 'se/cret' },
  );
  expect(closed).toMatch(/^The database mongodb:\/\/127\.0\.0\.1:1\/db cannot be reached: /);
  expect(closed).not.toMatch(/se(\/|%2F)cret/);
  using _ = enforceNetworkPolicy({ mode: 'local', hosts: [] });
  expect(await failure({ url: 'mongodb://192.0.2.1:1/db', timeoutSeconds: 1 })).toMatch(
    /^A connection to 192\.0\.2\.1 was stopped/,
  );
});

test('a document that goes between listing and loading, and an abort', async () => {
  const source = await open({ updatedAt: 'changed' });
  const { entries } = await new Listener(source).list();
  await articles.deleteOne({ _id: gout });
  await expect(source.load(entries.find((entry) => entry.uri.endsWith('a1'))!)).rejects.toThrow(
    `${uri(gout.toHexString())} is not there any more.`,
  );
  await expect(new Listener(source).list({ signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
