import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chatSaying, wordEmbedder } from '../runtime/scripted-models.fixture.ts';
import { memoryStore } from '../store/memory/memory-store.ts';
import type { Store } from '../store/store.ts';
import { openServer, type ServerOptions, type TandemServer } from './open-server.ts';

/** What a request was answered with. */
export interface Answer {
  status: number;
  // What a test expects of a body it says itself.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  body: any;
  headers: Headers;
}

/** A server of scripted models in a folder of its own, and how to ask it. */
export interface ScriptedServer extends AsyncDisposable {
  server: TandemServer;
  folder: string;
  /** Asks with a JSON body, a form, or none. */
  ask(method: string, path: string, body?: unknown, key?: string): Promise<Answer>;
  /** Uploads a text as a file, and gives its id. */
  upload(
    content: string | Uint8Array,
    options?: { name?: string; purpose?: string; key?: string },
  ): Promise<string>;
  /** Waits until nothing of a vector store is in progress. */
  settled(store: string, key?: string): Promise<Answer>;
  /** Closes the server and opens it again over the same folder. */
  reopen(options?: ServerOptions): Promise<void>;
}

export async function scriptedServer(options: ServerOptions = {}): Promise<ScriptedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-server-'));
  const kept = new Map<string, Store>();
  const openStore = async (path: string): Promise<Store> => {
    const store = kept.get(path) ?? (await memoryStore());
    kept.set(path, store);
    return staying(store);
  };
  const open = (more: ServerOptions = {}) =>
    openServer({
      folder,
      chat: [chatSaying(() => 'Yes.')],
      embedding: [wordEmbedder],
      openStore,
      log: (error) => console.error(error),
      ...options,
      ...more,
    });
  const scripted: ScriptedServer = {
    server: await open(),
    folder,
    async ask(method, path, body, key) {
      const isForm = body instanceof FormData;
      const response = await scripted.server.fetch(
        new Request(`http://localhost/v1${path}`, {
          method,
          headers: {
            ...(key !== undefined && { authorization: `Bearer ${key}` }),
            ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
        }),
      );
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json');
      return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
    },
    async upload(content, { name = 'leave.md', purpose = 'assistants', key } = {}) {
      const { status, body } = await scripted.ask('POST', '/files', formOf({ content, name, purpose }), key);
      if (status !== 200) throw new Error(JSON.stringify(body));
      return body.id;
    },
    async settled(store, key) {
      for (;;) {
        const answer = await scripted.ask('GET', `/vector_stores/${store}`, undefined, key);
        if (answer.body.status !== 'in_progress') return answer;
        await sleep(5);
      }
    },
    async reopen(more) {
      await scripted.server[Symbol.asyncDispose]();
      scripted.server = await open(more);
    },
    async [Symbol.asyncDispose]() {
      await scripted.server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return scripted;
}

/** A form with a file, as clients send it. */
export function formOf({
  content,
  name = 'leave.md',
  member = 'file',
  ...fields
}: {
  content: string | Uint8Array;
  name?: string;
  member?: string;
  [field: string]: string | Uint8Array | undefined;
}): FormData {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields))
    if (value !== undefined) form.append(field, String(value));
  form.append(member, new File([content as BlobPart], name));
  return form;
}

/** A store that stays as it is when it is closed, as files do. */
function staying(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === Symbol.asyncDispose) return async () => {};
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
