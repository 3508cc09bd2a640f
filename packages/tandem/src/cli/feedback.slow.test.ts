import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTandem } from './tandem-process.fixture.ts';

test('an answer is rated, its trace shows it, and too few ratings are told', {
  timeout: 240_000,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tandem-feedback-'));
  try {
    const tandem = (...args: string[]) => startTandem(args, { cwd: directory }).done;
    await writeFile(
      join(directory, 'tandem.config.ts'),
      `export default { name: 'rated', models: { chat: 'local:smollm2-135m-instruct' }, answer: { maxTokens: 8 } };\n`,
    );
    const { traceId } = JSON.parse((await tandem('ask', 'Hello?', '--arm', 'base', '--json')).out);
    await writeFile(join(directory, 'better.txt'), 'Good day.\n');
    const rated = await tandem('feedback', traceId, 'down', '--better-file', 'better.txt');
    expect(rated.out).toMatch(/is rated down, with a better text\. Next: tandem tune --preferences feedback/);
    expect((await tandem('trace', traceId)).out).toMatch(/rated down on .*; better:\nGood day\.\n/);
    const few = await tandem('tune', '--preferences', 'feedback');
    expect(few.code).toBe(1);
    expect(few.err).toContain(
      'Feedback gives 1 pair (0 rated up, 1 rated down, 1 of these with a better text), and one step of training takes 4.',
    );
    const missing = await tandem('feedback', traceId, 'down', '--better-file', 'none.txt');
    expect([missing.code, missing.err]).toEqual([
      1,
      expect.stringContaining('none.txt cannot be read (ENOENT)'),
    ]);
    expect((await tandem('feedback', traceId, 'none')).out).toMatch(/is taken back/);
    const form = await tandem('export', 'adapter_none', '--to', 'out', '--as', 'zip');
    expect([form.code, form.err]).toEqual([
      1,
      expect.stringContaining('peft, gguf, merged-gguf, merged-safetensors'),
    ]);
    expect((await tandem('export', 'adapter_none', '--to', 'out')).err).toMatch(
      /There is no adapter adapter_none/,
    );
  } finally {
    await rm(directory, { recursive: true });
  }
});
