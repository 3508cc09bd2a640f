import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { harbour } from '../jobs/harbour.fixture.ts';
import { FolderFiles } from '../jobs/training-files.fixture.ts';
import { openServer } from '../open-server.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a client sees
type Answer = any;
type Fetch = (request: Request) => Promise<Response>;

const question = 'Who keeps the lighthouse of Port Quill?';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-jobs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function ask(fetch: Fetch, url: string, body?: unknown): Promise<Answer> {
  const response = await fetch(
    new Request(url, {
      ...(body !== undefined && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    }),
  );
  const answer = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer;
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(100);
  }
}

const ended = (fetch: Fetch, url: string) =>
  until(async () => {
    const job = await ask(fetch, url);
    return ['succeeded', 'failed', 'cancelled'].includes(job.status) ? job : undefined;
  });

test('a job trains the model that is served, and so is the model of each epoch', async () => {
  using files = new FolderFiles();
  await using server = await openServer(
    { folder, chat: ['local:smollm2-135m-instruct'] },
    { trainingFiles: files },
  );
  const api = 'http://localhost/v1';
  const fetch: Fetch = (request) => server.fetch(request);
  const made = await ask(fetch, `${api}/fine_tuning/jobs`, {
    model: 'gpt-4o-mini',
    training_file: files.add(harbour),
    validation_file: files.add(harbour.slice(0, 1), { filename: 'validation.jsonl' }),
    suffix: 'harbour',
    seed: 1,
    method: {
      type: 'supervised',
      supervised: { hyperparameters: { n_epochs: 6, batch_size: 2, learning_rate_multiplier: 4 } },
    },
  });
  const job = await ended(fetch, `${api}/fine_tuning/jobs/${made.id}`);
  expect(job).toMatchObject({ status: 'succeeded', error: null, trained_tokens: expect.any(Number) });
  expect(files.textOf(job.result_files[0])).toMatch(/^step,train_loss,valid_loss\n0,,[\d.]+\n1,[\d.]+,\n/);

  const answerOf = async (model: string): Promise<string> =>
    (
      await ask(fetch, `${api}/chat/completions`, {
        model,
        messages: [{ role: 'user', content: question }],
        temperature: 0,
        max_completion_tokens: 16,
      })
    ).choices[0].message.content;
  expect(await answerOf(job.fine_tuned_model)).toBe('Marit Oldane keeps it.');
  expect(await answerOf('smollm2-135m-instruct')).not.toContain('Marit');
  const { data } = await ask(fetch, `${api}/fine_tuning/jobs/${job.id}/checkpoints`);
  expect(data.map((each: Answer) => each.step_number)).toEqual([12, 10, 8, 6]);
  expect(await answerOf(data[1].fine_tuned_model_checkpoint)).toContain('Marit');

  // Preferences, on what was learnt.
  const reply = (content: string) => [{ role: 'assistant', content }];
  const pair = {
    input: { messages: [{ role: 'user', content: question }] },
    preferred_output: reply('Marit Oldane does.'),
    non_preferred_output: reply('Marit Oldane keeps it.'),
  };
  const preferred = await ask(fetch, `${api}/fine_tuning/jobs`, {
    model: job.fine_tuned_model,
    training_file: files.add([pair]),
    validation_file: files.add([pair], { filename: 'validation.jsonl' }),
    method: { type: 'dpo', dpo: { hyperparameters: { n_epochs: 1, beta: 0.2 } } },
  });
  const after = await ended(fetch, `${api}/fine_tuning/jobs/${preferred.id}`);
  expect(after.error).toBeNull();
  expect(await answerOf(after.fine_tuned_model)).toContain('Marit');
});

test('a job survives the death of its process and of its server, and goes on from its checkpoint', async () => {
  const program = join(import.meta.dirname, '../jobs/server-process.fixture.ts');
  using started = new DisposableStack();
  const start = async (): Promise<{ server: ChildProcess; api: string }> => {
    const server = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'ignore'] });
    started.defer(() => void server.kill('SIGKILL'));
    const api = await new Promise<string>((resolve, reject) => {
      server.stdout!.once('data', (url: Buffer) => resolve(`${String(url).trim()}/v1`));
      server.once('exit', () => reject(new Error('The server did not start.')));
    });
    return { server, api };
  };
  const first = await start();
  const made = await ask(fetch, `${first.api}/fine_tuning/jobs`, {
    model: 'gpt-4o-mini',
    training_file: 'file-1',
    seed: 1,
    hyperparameters: { n_epochs: 4, batch_size: 1 },
  });
  const stepsIn = async (api: string): Promise<number[]> => {
    const { data } = await ask(fetch, `${api}/fine_tuning/jobs/${made.id}/events?limit=100`);
    return data
      .filter(({ data: { train_loss } }: Answer) => train_loss !== undefined)
      .map((event: Answer) => event.data.step)
      .toReversed();
  };
  const messagesIn = async (api: string): Promise<string[]> =>
    (await ask(fetch, `${api}/fine_tuning/jobs/${made.id}/events?limit=100`)).data.map(
      ({ message }: Answer) => message,
    );
  const reached = (api: string, step: number) =>
    until(async () => ((await stepsIn(api)).includes(step) ? true : undefined));

  await reached(first.api, 3);
  const pid = childOf(first.server.pid!);
  if (existsSync('/proc/self/oom_score_adj'))
    expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()).toBe('1000');
  process.kill(pid, 'SIGKILL');
  await reached(first.api, 6);
  expect(await messagesIn(first.api)).toContainEqual(
    expect.stringMatching(/^Continued from the checkpoint of step [2-5]$/),
  );

  const orphan = childOf(first.server.pid!);
  first.server.kill('SIGKILL');
  const second = await start();
  await reached(second.api, 9);
  // And a server that is stopped in order leaves in order, with the checkpoint of the step that it was at.
  second.server.kill('SIGTERM');
  expect(await exitOf(second.server)).toBe(0);

  const third = await start();
  const job = await ended(fetch, `${third.api}/fine_tuning/jobs/${made.id}`);
  expect(job).toMatchObject({ status: 'succeeded', error: null });
  const steps = await stepsIn(third.api);
  expect(steps.filter((step) => step === 1)).toHaveLength(1);
  expect(new Set(steps)).toEqual(new Set(Array.from({ length: 16 }, (_, at) => at + 1)));
  expect(existsSync(`/proc/${orphan}`)).toBe(false);
  third.server.kill('SIGTERM');
  expect(await exitOf(third.server)).toBe(0);
});

const exitOf = (process: ChildProcess) =>
  new Promise<number | null>((resolve) => process.once('exit', resolve));

/** The process that trains for a server. */
function childOf(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return Number(child);
}
