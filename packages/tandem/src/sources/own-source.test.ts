import { expect, test } from 'vitest';
import { SourceError } from '../core/errors/source-error.ts';
import { sourceSchema } from '../core/source-config.ts';
import { openSource } from './open-source.ts';
import type { Source } from './source.ts';

const options = { baseDirectory: '.' };
const custom = (source: Partial<Source>) =>
  openSource(
    sourceSchema.parse({
      type: 'custom',
      source: {
        id: 'tickets',
        async *list() {
          yield { uri: 'ticket:1', changeMark: 'a' };
        },
        load: async () => ({ bytes: Buffer.from('x') }),
        ...source,
      },
    }),
    options,
  );
const listed = (source: Source, signal?: AbortSignal) =>
  Array.fromAsync(source.list(signal === undefined ? {} : { signal }));
const broken = new TypeError("Cannot read properties of undefined (reading 'id')");

test('what a source of one’s own throws is about that source, with its cause', async () => {
  const source = await custom({
    async *list() {
      yield { uri: 'ticket:1', changeMark: 'a' };
      throw broken;
    },
    load: async () => Promise.reject(broken),
    watch: async () => Promise.reject('no hooks at http://ann:secret@desk.example/x'),
  });
  await expect(listed(source)).rejects.toMatchObject({
    code: 'source',
    uri: 'tickets',
    message: "The source tickets could not be listed: Cannot read properties of undefined (reading 'id').",
    cause: broken,
  });
  await expect(source.load({ uri: 'ticket:1', changeMark: 'a' })).rejects.toMatchObject({
    code: 'source',
    uri: 'ticket:1',
    cause: broken,
  });
  await expect(source.watch!({ signal: new AbortController().signal, onChange() {} })).rejects.toMatchObject({
    code: 'source',
    message: 'The source tickets could not be watched: no hooks at http://desk.example/x.',
  });
});

test('what it throws in our terms, and an abort, stay as they are', async () => {
  const ours = new SourceError({ uri: 'tickets', message: 'The desk is closed.' });
  await expect(
    listed(
      await custom({
        list: () => {
          throw ours;
        },
      }),
    ),
  ).rejects.toBe(ours);
  const signal = AbortSignal.abort();
  await expect(
    listed(
      await custom({
        async *list({ signal } = {}) {
          signal?.throwIfAborted();
          yield* [];
        },
      }),
      signal,
    ),
  ).rejects.toBe(signal.reason);
});

test('what it gives and has goes through', async () => {
  let disposed = 0;
  const source = await custom({ [Symbol.asyncDispose]: async () => void disposed++ });
  const [entry] = await listed(source);
  expect(entry).toEqual({ uri: 'ticket:1', changeMark: 'a' });
  expect(Buffer.from((await source.load(entry!)).bytes).toString()).toBe('x');
  expect(source.watch).toBeUndefined();
  await source[Symbol.asyncDispose]!();
  expect(disposed).toBe(1);
});

test('a loader that gives what is no document is a failed source too', async () => {
  const loader = { load: async () => [{ pageContent: 'x', metadata: null }] };
  const source = await openSource(sourceSchema.parse({ type: 'langchain', name: 'wiki', loader }), options);
  await expect(listed(source)).rejects.toMatchObject({ code: 'source', cause: expect.any(TypeError) });
  await source[Symbol.asyncDispose]!();
});
