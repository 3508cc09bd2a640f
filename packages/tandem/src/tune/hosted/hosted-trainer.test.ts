import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Settings, settingsSchema } from '../../core/settings.ts';
import { networkPolicy, policyFetch } from '../../models/network-policy.ts';
import type { ConversationJob } from '../trainer.ts';
import { type Connection, fineTuningApi } from './fine-tuning-api.ts';
import { FineTuningServer } from './fine-tuning-server.fixture.ts';
import { hostedTrainer } from './hosted-trainer.ts';

let server: FineTuningServer;
let directory: string;
let events: { kind: string; data: Record<string, number | string> }[];

beforeEach(async () => {
  server = await FineTuningServer.start();
  directory = await mkdtemp(join(tmpdir(), 'tandem-hosted-'));
  events = [];
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

function connection(overrides: Partial<Connection> = {}): Connection {
  const { name, baseURL } = { name: 'office', baseURL: server.url, ...overrides };
  const config = {
    providers: { [name]: { type: 'openai-compatible' as const, baseURL } },
    network: 'local' as const,
  };
  return {
    name,
    baseURL,
    apiKey: server.key,
    apiKeyEnv: 'OFFICE_KEY',
    fetch: policyFetch(networkPolicy(config)),
    ...overrides,
  };
}

const settings = (overrides: Partial<Settings['tune']['hosted']> = {}): Settings['tune']['hosted'] => ({
  pollSeconds: 0.005,
  keepFiles: false,
  ...overrides,
});
const trainer = (own: Partial<Settings['tune']['hosted']> = {}, over: Partial<Connection> = {}) =>
  hostedTrainer(connection(over), settings(own), { retryMilliseconds: 5, attempts: 4 });

function job(overrides: Partial<ConversationJob> = {}): ConversationJob {
  const {
    trainer: _trainer,
    worker: _worker,
    hosted: _hosted,
    ...hyperparameters
  } = settingsSchema.parse({}).tune;
  return {
    baseModel: 'tiny-1',
    train: Array.from({ length: 12 }, (_, index) => ({
      messages: [
        { role: 'system' as const, content: 'Be brief.' },
        { role: 'user' as const, content: `What is ${index}?` },
        { role: 'assistant' as const, content: `A number, "${index}".` },
        { role: 'user' as const, content: 'And after it?' },
        { role: 'assistant' as const, content: `${index + 1} – nächste` },
      ],
      metadata: { id: `example-${index}`, kind: 'closed' },
    })),
    validation: [
      {
        messages: [
          { role: 'user', content: 'One?' },
          { role: 'assistant', content: 'Two.' },
        ],
      },
    ],
    hyperparameters,
    checkpointDirectory: join(directory, 'checkpoint'),
    ...overrides,
  };
}
const watch = {
  outputDirectory: '',
  onEvent: (kind: string, data: Record<string, number | string>) => void events.push({ kind, data }),
};
const steps = () => events.filter(({ kind }) => kind === 'step').map(({ data }) => data.step);

describe('from examples to a model', () => {
  test('uploads, starts, follows and tidies up; every step is an event once, in order', async () => {
    const stages = new Set<string>();
    const uploaded: string[][] = [];
    const result = await trainer({ suffix: 'clinic', epochs: 2, keepFiles: true }).train(job(), {
      ...watch,
      onProgress: ({ stage }) => void stages.add(stage),
    });
    for (const { lines } of server.files.values()) uploaded.push(lines);

    expect(result).toEqual({
      model: 'ft:tiny-1:org:clinic:9',
      jobId: server.jobs[0]!.id,
      steps: 7,
      tokens: 1200,
      trainLoss: 2 / 7,
      validationLossAfter: 2 / 7 + 0.5,
      seconds: 50,
      tokensPerSecond: 24,
      peakMemoryBytes: 0,
    });
    expect(steps()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(events.filter(({ kind }) => kind === 'status').map(({ data }) => data.status)).toEqual([
      'validating_files',
      'queued',
      'running',
      'succeeded',
    ]);
    expect(events.find(({ kind }) => kind === 'job')?.data).toEqual({
      job: server.jobs[0]!.id,
      provider: 'office',
      model: 'tiny-1',
    });
    expect([...stages]).toEqual([
      'uploading examples',
      'the provider checks the files',
      "waiting in the provider's queue",
      'training at the provider',
      'succeeded',
    ]);
    // As they were given, whose every reply is learnt as for the local trainer; our own metadata stays here.
    expect(uploaded.map((lines) => lines.length)).toEqual([12, 1]);
    expect(JSON.parse(uploaded[0]![3]!)).toEqual({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'What is 3?' },
        { role: 'assistant', content: 'A number, "3".' },
        { role: 'user', content: 'And after it?' },
        { role: 'assistant', content: '4 – nächste' },
      ],
    });
    expect(server.jobs[0]!.request).toMatchObject({
      seed: 7,
      suffix: 'clinic',
      method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 2 } } },
    });
    // Until the caller has kept it, the result can be had again; copies of the examples do not stay.
    expect(await readdir(job().checkpointDirectory)).toEqual(['hosted-job.json']);
    expect((await trainer({ suffix: 'clinic', epochs: 2 }).train(job(), watch)).model).toBe(result.model);
    expect(server.jobs).toHaveLength(1);
  });

  test('the examples do not stay at the provider unless they are to', async () => {
    await trainer().train(job(), watch);
    expect(server.files.size).toBe(0);
    expect(server.deletedFiles).toHaveLength(2);
  });

  test('without validation examples none are uploaded', async () => {
    const { validationLossAfter } = await trainer().train(job({ validation: [] }), watch);
    expect(validationLossAfter).toBeUndefined();
    expect(server.count('POST /files')).toBe(1);
  });
});

describe('trouble on the way', () => {
  test('waits as long as Retry-After says, in seconds or as a date', async () => {
    server.faults.push({ on: 'POST /files', status: 429, headers: { 'retry-after': '1' } });
    server.faults.push({
      on: 'POST /fine_tuning/jobs',
      status: 503,
      // A date has whole seconds: this one is one to two seconds after it is sent.
      headers: () => ({ 'retry-after': new Date(Date.now() + 2000).toUTCString() }),
    });
    await trainer().train(job({ validation: [] }), watch);
    const at = (line: string) => server.requests.filter((request) => request.line === line).map((r) => r.at);
    const [firstUpload, secondUpload] = at('POST /files');
    expect(secondUpload! - firstUpload!).toBeGreaterThanOrEqual(990);
    const [firstJob, secondJob] = at('POST /fine_tuning/jobs');
    expect(secondJob! - firstJob!).toBeGreaterThanOrEqual(900);
    expect(events.filter(({ kind }) => kind === 'retry')).toHaveLength(2);
  });

  test('goes on through failures while it watches', async () => {
    for (let i = 0; i < 2; i++) server.faults.push({ on: 'GET /fine_tuning/jobs/', status: 500 + i });
    server.faults.push({ on: 'GET /fine_tuning/jobs/', breakOff: true });
    expect((await trainer().train(job(), watch)).steps).toBe(7);
  });

  test('gives up after its attempts with the reason, and the next run goes on with the same job', async () => {
    for (let i = 0; i < 4; i++) server.faults.push({ on: 'GET /fine_tuning/jobs/', status: 502 });
    await expect(trainer().train(job(), watch)).rejects.toMatchObject({
      code: 'provider',
      status: 502,
      message: expect.stringMatching(/^Could not .* at office: The server had an error \(502\)\.$/),
    });
    await trainer().train(job(), watch);
    expect(server.jobs).toHaveLength(1);
  });

  test.each([
    ['the connection breaks', { breakOff: true }],
    ['the server says 500', { status: 500 }],
  ])('a job whose start was not confirmed because %s is not started twice', async (_name, fault) => {
    server.faults.push({ on: 'POST /fine_tuning/jobs', afterwards: true, ...fault });
    const { jobId } = await trainer().train(job(), watch);
    expect(server.jobs.map(({ id }) => id)).toEqual([jobId]);
  });

  test('a start that never arrived is sent again', async () => {
    server.faults.push({ on: 'POST /fine_tuning/jobs', breakOff: true });
    await trainer().train(job(), watch);
    expect(server.jobs).toHaveLength(1);
    expect(server.count('POST /fine_tuning/jobs')).toBe(2);
  });

  test('out of money is said at once', async () => {
    server.faults.push({
      on: 'POST /fine_tuning/jobs',
      status: 429,
      error: { message: 'You exceeded your current quota.', code: 'insufficient_quota' },
    });
    await expect(trainer().train(job(), watch)).rejects.toMatchObject({
      status: 429,
      hint: expect.stringMatching(/credit/),
    });
    expect(server.count('POST /fine_tuning/jobs')).toBe(1);
  });

  test('a wrong key, a model that is not there, a server without this API: one sentence each', async () => {
    await expect(trainer({}, { apiKey: 'sk-other' }).train(job(), watch)).rejects.toMatchObject({
      status: 401,
      message: 'Could not upload train.openai.jsonl at office: Incorrect API key provided (401).',
      hint: 'Check the key in OFFICE_KEY.',
    });
    await expect(trainer().train(job({ baseModel: 'huge-9' }), watch)).rejects.toMatchObject({
      status: 404,
      message:
        "Could not start a fine-tuning job of huge-9 at office: The model 'huge-9' does not exist (404).",
    });
    await expect(
      trainer({}, { baseURL: `${server.url}/other` }).train(
        job({ checkpointDirectory: join(directory, 'b') }),
        watch,
      ),
    ).rejects.toMatchObject({ status: 404, hint: expect.stringMatching(/fine-tuning API/) });
    expect(server.requests.length).toBe(5); // none of them is tried again
  });

  test('no server at all', async () => {
    const { url } = server;
    await server[Symbol.asyncDispose]();
    server = await FineTuningServer.start();
    await expect(trainer({}, { baseURL: url }).train(job(), watch)).rejects.toThrow(
      /at office: .*ECONNREFUSED.*\.$/,
    );
  });

  test('what the provider finds wrong with the examples is passed on', async () => {
    const few = job({ train: job().train.slice(0, 9) });
    await expect(trainer().train(few, watch)).rejects.toMatchObject({
      message: `The fine-tuning job ftjob-3 failed at office: The training file has 9 example(s), but must have at least 10 examples.`,
    });
    // Over is over: the next run starts anew.
    expect(existsSync(join(few.checkpointDirectory, 'hosted-job.json'))).toBe(false);
  });

  test('cancelled by somebody else', async () => {
    await expect(
      trainer().train(job(), {
        ...watch,
        onEvent: (kind) => {
          if (kind === 'step') server.jobs[0]!.status = 'cancelled';
        },
      }),
    ).rejects.toThrow(/ftjob-\d+ was cancelled at office/);
  });
});

describe('across processes', () => {
  /** Runs until `kind` was told `count` times and stops there, as a process that is killed would. */
  async function interrupted(kind: string, count: number) {
    const stop = new AbortController();
    const reason = new Error('killed');
    await expect(
      trainer().train(job(), {
        ...watch,
        signal: stop.signal,
        onEvent: (told, data) => {
          events.push({ kind: told, data });
          if (events.filter((event) => event.kind === kind).length === count) stop.abort(reason);
        },
      }),
    ).rejects.toBe(reason);
  }

  test.each([1, 3, 6])(
    'left after step %i, the job is gone on with and no event told twice',
    async (count) => {
      await interrupted('step', count);
      const { steps: done, trainLoss } = await trainer().train(job(), watch);
      expect(done).toBe(7);
      expect(trainLoss).toBe(2 / 7);
      expect(steps()).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(server.jobs).toHaveLength(1);
      expect(server.count('POST /files')).toBe(2);
    },
  );

  test('dead between the start of a job and writing its id down: found by its file', async () => {
    await interrupted('step', 1);
    const path = join(job().checkpointDirectory, 'hosted-job.json');
    const { jobId: _jobId, lastEvent: _lastEvent, ...state } = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify(state));
    await trainer().train(job(), watch);
    expect(server.jobs).toHaveLength(1);
  });

  test('dead between upload and start: the file is not uploaded again', async () => {
    server.faults.push({ on: 'POST /fine_tuning/jobs', status: 400, error: { message: 'no' } });
    await expect(trainer().train(job(), watch)).rejects.toMatchObject({ status: 400 });
    await trainer().train(job(), watch);
    expect(server.count('POST /files')).toBe(2);
  });

  test('other examples in its folder are refused, before anything is sent', async () => {
    await interrupted('status', 1);
    const before = server.requests.length;
    await expect(trainer().train(job({ train: job().train.slice(1) }), watch)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringMatching(/that of another fine-tuning job \(ftjob-\d+ at office\)/),
    });
    expect(server.requests).toHaveLength(before);
  });

  test('a job that vanished at the provider', async () => {
    await interrupted('status', 1);
    server.jobs.length = 0;
    await expect(trainer().train(job(), watch)).rejects.toMatchObject({
      message: expect.stringMatching(/no longer there/),
      hint: 'Set fresh to start another.',
    });
  });

  test('cancelling ends the job there and takes the examples back', async () => {
    const { checkpointDirectory } = job();
    expect(await trainer().cancel!({ checkpointDirectory })).toBe(false);
    await interrupted('step', 2);
    expect(server.jobs[0]!.status).toBe('running');
    expect(await trainer().cancel!({ checkpointDirectory })).toBe(true);
    expect(server.jobs[0]!.status).toBe('cancelled');
    expect(server.files.size).toBe(0);
    expect(await trainer().cancel!({ checkpointDirectory })).toBe(false);
  });

  test('cancelling what is over already is no error', async () => {
    await interrupted('step', 2);
    server.jobs[0]!.status = 'succeeded';
    expect(await trainer().cancel!(job())).toBe(true);
  });
});

test('a host that the project does not name is not talked to', async () => {
  const config = { providers: {}, network: 'local' as const };
  await expect(
    trainer({}, { baseURL: 'https://api.openai.com/v1', fetch: policyFetch(networkPolicy(config)) }).train(
      job(),
      watch,
    ),
  ).rejects.toMatchObject({ code: 'network_blocked', host: 'api.openai.com' });
});

describe('estimate', () => {
  const openai = { baseURL: 'https://api.openai.com/v1' };
  test('by the dated table, a snapshot as its model', async () => {
    const model = { baseModel: 'gpt-4o-mini-2024-07-18' };
    const { tokens, money, basis } = await trainer({ epochs: 2 }, openai).estimate(job(model));
    expect(money).toBeCloseTo((tokens / 1e6) * 3, 12);
    expect(basis).toMatch(/\$3 for a million tokens, the provider's price list of \d{4}-\d\d-\d\d/);
  });
  test('by the price that the user gives', async () => {
    const { tokens, money } = await trainer({ epochs: 2, pricePerMillionTokens: 8 }).estimate(job());
    expect(money).toBeCloseTo((tokens / 1e6) * 8, 12);
  });
  test('no price is said to be none, and the same name at another host has none', async () => {
    const { money, basis, tokens } = await trainer().estimate(job({ baseModel: 'gpt-4o-mini' }));
    expect(money).toBeUndefined();
    expect(basis).toMatch(/no price is known for gpt-4o-mini at office/);
    // 12 examples: 9 epochs make a hundred seen.
    expect(basis).toMatch(/9 epochs, which the provider chooses/);
    expect(tokens).toBeGreaterThan(12 * 9 * 10);
  });
});

test('events come whole, once and in order, however they are paged and while new ones arrive', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 7 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 0, max: 3 }),
      async (pageSize, bursts, arrivingBetweenPages) => {
        let made = 0;
        let arriving = 0;
        const log: string[] = [];
        const make = () => log.push(`event-${made++}`);
        const api = fineTuningApi({
          name: 'x',
          baseURL: 'http://127.0.0.1/v1',
          fetch: async (address) => {
            const after = new URL(String(address)).searchParams.get('after');
            const newest = log.toReversed();
            const start = after === null ? 0 : newest.indexOf(after) + 1;
            const data = newest.slice(start, start + pageSize).map((id) => ({ id }));
            for (; arriving > 0; arriving--) make();
            return Response.json({ data, has_more: start + pageSize < newest.length });
          },
        });
        const read: string[] = [];
        for (const burst of [...bursts, 0, 0]) {
          for (let i = 0; i < burst; i++) make();
          arriving = burst > 0 ? arrivingBetweenPages : 0;
          for (const { id } of await api.eventsSince('job', read.at(-1))) read.push(id);
        }
        expect(read).toEqual(log);
      },
    ),
    { numRuns: 60 },
  );
});
