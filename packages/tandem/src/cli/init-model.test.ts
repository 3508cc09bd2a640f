import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTandem } from './tandem-process.fixture.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-init-'));
});
afterEach(() => rm(directory, { recursive: true }));

const tandem = (...args: string[]) =>
  startTandem(args, { cwd: directory, env: { HF_HUB_OFFLINE: '1' } }).done;
const config = () => readFile(join(directory, 'tandem.config.ts'), 'utf8');

test('init names the model that suits this machine, says why, and what the next larger one needs', async () => {
  const { code, out, err } = await tandem('init');
  expect(code, err).toBe(0);
  const [made, chosen, next, todo] = out.trim().split('\n');
  expect(made).toMatch(/^Made .*tandem\.config\.ts\.$/);
  const [, model] =
    /^Chat model: local:([\w.-]+) \(.*\): .* of memory .*\. It cannot be fetched now \(nothing may be fetched in offline mode\): bring its file here\.$/.exec(
      chosen ?? '',
    ) ?? [];
  expect(await config()).toContain(`chat: 'local:${model}', embedder: 'local:all-minilm-l6-v2'`);
  expect(next).toMatch(/^Next larger: local:[\w.-]+ is \d+\.\d+ GB to fetch, takes .* of memory/);
  expect(todo).toMatch(/tandem ingest/);
});

test('init takes the model that it is given, and asks about none', async () => {
  const { code, out } = await tandem('init', '--chat', 'local:smollm2-135m-instruct');
  expect(code).toBe(0);
  expect(out).not.toContain('Chat model');
  expect(await config()).toContain("chat: 'local:smollm2-135m-instruct'");
});

test('init in JSON has the same, and a model that nobody knows is not written down', async () => {
  const wrong = await tandem('init', '--chat', 'local:smolm2');
  expect(wrong.code).toBe(1);
  expect(wrong.err).toMatch(/There is no local model called smolm2/);
  await expect(config()).rejects.toThrow(/ENOENT/);
  const made = JSON.parse((await tandem('init', '--json')).out);
  expect(made).toMatchObject({
    config: join(directory, 'tandem.config.ts'),
    chat: expect.stringMatching(/^local:/),
    next: expect.stringMatching(/^Next larger/),
  });
});
