import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryVectorStore } from '@langchain/classic/vectorstores/memory';
import { FakeEmbeddings } from '@langchain/core/utils/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { storeSchema } from '../core/store-config.ts';
import { writerRows } from './conformance.ts';
import { checkNamespace, namespaceOf } from './namespace.ts';
import { openStore, storeAddresses } from './open-store.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tandem-open-store-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const storeOf = (store: object = { kind: 'lancedb' }) => storeSchema.parse(store);
const open = (store: object | undefined, name: string) =>
  openStore(storeOf(store), { directory: join(directory, name), projectName: 'A Clinic' });

test.each([
  ['LanceDB where nothing is said', undefined],
  [
    'a LangChain store, paired with the embedded lexical index',
    { kind: 'langchain', open: () => new MemoryVectorStore(new FakeEmbeddings()), inMemory: true },
  ],
  [
    'a store of one’s own',
    {
      kind: 'custom',
      open: (at: { directory: string }) => openStore(storeOf(), { ...at, projectName: 'x' }),
    },
  ],
])('%s', async (name, config) => {
  await using store = await open(config, name);
  const at = { generation: 1, seq: 1 };
  await store.prepare({ generation: 1, dimensions: 3, committedSeq: 0 });
  const rows = writerRows('project', 1);
  await store.add(rows, at);
  await store.flush();
  expect(await store.count(at)).toBe(rows.length);
  expect(await store.searchVector(rows[2]!.vector, { at, limit: 1 })).toMatchObject([
    { chunk: { id: rows[2]!.id } },
  ]);
  expect(await store.searchTerms(['commit'], { at, limit: 20 })).toHaveLength(rows.length);
});

test('an address that is not in the environment is one sentence', async () => {
  await expect(open({ kind: 'pgvector', urlEnv: 'TANDEM_NO_SUCH_URL' }, 'none')).rejects.toThrow(
    "The store's address or token is in the environment variable TANDEM_NO_SUCH_URL, which is not set.",
  );
});

test.each([
  'host=localhost password=s3cret',
  'postgres://app:s3cret%@db.example.test/app',
  'postgres://app:s3cret@d b/app',
])('an address that cannot be one is a sentence without it: %s', async (text) => {
  process.env.TANDEM_TEST_STORE_URL = text;
  const config = { kind: 'pgvector', urlEnv: 'TANDEM_TEST_STORE_URL' };
  const refusal = {
    code: 'invalid_input',
    where: 'store.urlEnv',
    message:
      'The environment variable TANDEM_TEST_STORE_URL does not hold the address of a PostgreSQL database.',
    hint: expect.not.stringContaining('s3cret'),
  };
  await expect(open(config, 'none')).rejects.toMatchObject(refusal);
  expect(() => storeAddresses(storeOf(config))).toThrow(expect.objectContaining(refusal));
  expect(() => storeAddresses(storeOf({ kind: 'milvus', address: 'my host:1' }))).toThrow(
    expect.objectContaining({ code: 'invalid_input', where: 'store.address' }),
  );
});

test('a namespace from any project name is one that servers take, and no other project has it', () => {
  // It must not change: an index on a server is found by it.
  expect(namespaceOf('A Clinic')).toBe('tandem_a_clinic_2bba2c2f');
  const long = 'x'.repeat(100);
  const names = [
    '',
    'A Clinic',
    'a-clinic',
    'Ünïcödé — 1',
    '日本',
    '中国',
    'Справка',
    long,
    `${long}y`,
    '__',
  ];
  const namespaces = names.map(namespaceOf);
  for (const namespace of namespaces) expect(checkNamespace(namespace)).toBe(namespace);
  expect(new Set(namespaces).size).toBe(names.length);
  // The same name, typed on another machine.
  expect(namespaceOf('Ünïcödé'.normalize('NFD'))).toBe(namespaceOf('Ünïcödé'.normalize('NFC')));
});

test('the network policy is told where the store is', () => {
  process.env.TANDEM_TEST_STORE_URL = 'postgres://app:p%40ss@db.example.test:5433/app';
  const hosts = (store: object) => storeAddresses(storeOf(store)).map((address) => new URL(address).hostname);
  expect(hosts({ kind: 'pgvector', urlEnv: 'TANDEM_TEST_STORE_URL' })).toEqual(['db.example.test']);
  // A socket of this machine.
  process.env.TANDEM_TEST_STORE_URL = 'postgres://app@/app?host=/var/run/postgresql';
  expect(hosts({ kind: 'pgvector', urlEnv: 'TANDEM_TEST_STORE_URL' })).toEqual([]);
  process.env.TANDEM_TEST_STORE_URL = 'postgres://%2Fvar%2Frun%2Fpostgresql/app';
  expect(hosts({ kind: 'pgvector', urlEnv: 'TANDEM_TEST_STORE_URL' })).toEqual([]);
  expect(hosts({ kind: 'milvus', address: 'milvus.example.test:19530' })).toEqual(['milvus.example.test']);
  expect(hosts({ kind: 'chroma', url: 'https://chroma.example.test' })).toEqual(['chroma.example.test']);
  expect(hosts({ kind: 'lancedb' })).toEqual([]);
});

describe('a driver that is not installed is one sentence with the command', () => {
  test.each([
    ['pg', { kind: 'pgvector', urlEnv: 'TANDEM_TEST_STORE_URL' }],
    ['@zilliz/milvus2-sdk-node', { kind: 'milvus' }],
    ['chromadb', { kind: 'chroma' }],
  ])('%s', (packageName, config) => {
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({ resolve(specifier, context, next) {
        return next(specifier === ${JSON.stringify(packageName)} ? specifier + '-absent' : specifier, context);
      } });
      const { openStore } = await import(${JSON.stringify(new URL('./open-store.ts', import.meta.url).href)});
      const { storeSchema } = await import(${JSON.stringify(new URL('../core/store-config.ts', import.meta.url).href)});
      const store = storeSchema.parse(${JSON.stringify(config)});
      await openStore(store, { directory: '.', projectName: 'x' }).catch(({ code, message, hint }) =>
        console.log(JSON.stringify({ code, message, hint })));
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: { ...process.env, TANDEM_TEST_STORE_URL: 'postgres://127.0.0.1/app' },
    });
    expect(stdout, stderr).not.toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'missing_driver',
      message: expect.stringContaining(`needs the package ${packageName}, which is not installed.`),
      hint: expect.stringContaining(`npm install ${packageName}`),
    });
  });
});

test.each([
  ['custom', {}],
  ['langchain', { inMemory: true }],
])('a package that `open` of a %s store imports is named', async (kind, more) => {
  const name = '@tandem/no-such-store';
  const config = storeOf({ kind, ...more, open: () => import(/* @vite-ignore */ name) });
  await expect(openStore(config, { directory: '.', projectName: 'x' })).rejects.toMatchObject({
    code: 'missing_driver',
    message: "The project's `store.open` needs the package @tandem/no-such-store, which is not installed.",
  });
});
