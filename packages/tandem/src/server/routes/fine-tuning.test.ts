import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ScriptedTrainings, succeeded } from '../jobs/scripted-trainings.fixture.ts';
import { example, FolderFiles } from '../jobs/training-files.fixture.ts';
import { openServer, type ServerOptions, type TandemServer } from '../open-server.ts';

const base = 'smollm2-135m-instruct';
const examples = [
  example('What is a quay?', 'A wall to moor at.'),
  example('And a pier?', 'It stands on piles.'),
];

let folder: string;
let files: FolderFiles;
let trainings: ScriptedTrainings;
let server: TandemServer;
let logged: unknown[];

const open = (options: ServerOptions = {}) =>
  openServer(
    { folder, chat: [`local:${base}`], log: (error) => logged.push(error), ...options },
    { trainingFiles: files, startTraining: trainings.start },
  );

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-jobs-'));
  files = new FolderFiles();
  trainings = new ScriptedTrainings();
  logged = [];
  server = await open();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  files[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: what a client sees
type Answer = { status: number; body: any };

async function ask(method: string, path: string, body?: unknown, secret?: string): Promise<Answer> {
  const response = await server.fetch(
    new Request(`http://localhost/v1${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  );
  return { status: response.status, body: await response.json() };
}

const create = (body: object, secret?: string) =>
  ask('POST', '/fine_tuning/jobs', { model: base, ...body }, secret);

async function untilStatus(id: string, status: string, secret?: string): Promise<Answer['body']> {
  for (let tries = 0; tries < 2000; tries++) {
    const { body } = await ask('GET', `/fine_tuning/jobs/${id}`, undefined, secret);
    if (body.status === status) return body;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const { body } = await ask('GET', `/fine_tuning/jobs/${id}`, undefined, secret);
  throw new Error(`${id} is ${body.status} (${JSON.stringify(body.error)}), not ${status}`);
}

const messagesOf = async (id: string): Promise<string[]> =>
  (await ask('GET', `/fine_tuning/jobs/${id}/events?limit=100`)).body.data
    .map(({ message }: { message: string }) => message)
    .toReversed();

describe('a job', () => {
  test('goes from its files to a model that is served, and tells each step', async () => {
    const training_file = files.add(examples);
    const validation_file = files.add(examples.slice(0, 1), { filename: 'validation.jsonl' });
    const { status, body: made } = await create({
      training_file,
      validation_file,
      suffix: 'harbour',
      seed: 3,
      metadata: { team: 'port' },
      method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 2 } } },
    });
    expect(status).toBe(200);
    expect(made).toMatchObject({
      object: 'fine_tuning.job',
      status: 'validating_files',
      model: base,
      fine_tuned_model: null,
      organization_id: 'local',
      seed: 3,
      metadata: { team: 'port' },
      hyperparameters: { n_epochs: 2, batch_size: 'auto', learning_rate_multiplier: 'auto' },
      error: null,
      result_files: [],
      trained_tokens: null,
    });

    const training = await trainings.number(1);
    expect(training.spec).toMatchObject({ reference: `local:${base}`, seed: 3 });
    training.report({
      type: 'planned',
      examples: 2,
      steps: 2,
      settled: { epochs: 2, batchSize: 4, learningRateMultiplier: 1 },
    });
    training.report({ type: 'validation', step: 0, loss: 3 });
    training.report({ type: 'step', step: 1, steps: 2, loss: 2.5, secondsLeft: 30 });
    const running = await untilStatus(made.id, 'running');
    expect(running.estimated_finish).toBeGreaterThanOrEqual(made.created_at + 29);
    expect(running.hyperparameters.batch_size).toBe(4);
    training.report({ type: 'checkpoint', step: 1, file: 'checkpoints/step-1/adapter.gguf' });
    training.report({ type: 'step', step: 2, steps: 2, loss: 1.5 });
    training.report({ type: 'validation', step: 2, loss: 2 });
    training.end(succeeded());

    const done = await untilStatus(made.id, 'succeeded');
    expect(done.fine_tuned_model).toMatch(new RegExp(`^ft:${base}:local:harbour:[0-9a-f]{8}$`));
    expect(done).toMatchObject({ trained_tokens: 40, estimated_finish: null });
    expect(done.finished_at).toBeGreaterThanOrEqual(done.created_at);
    expect(files.textOf(done.result_files[0])).toBe('step,train_loss,valid_loss\n0,,3\n1,2.5,\n2,1.5,2\n');
    expect(await messagesOf(made.id)).toEqual([
      `Created fine-tuning job: ${made.id}`,
      `Validating training file: ${training_file}`,
      `Validating validation file: ${validation_file}`,
      'Files validated, moving job to queued state',
      'Fine-tuning job started',
      'Step 0: validation loss=3.0000',
      'Step 1/2: training loss=2.5000',
      'Step 2/2: training loss=1.5000',
      'Step 2: validation loss=2.0000',
      `New fine-tuned model created: ${done.fine_tuned_model}`,
      'The job has successfully completed',
    ]);
    const { body: checkpoints } = await ask('GET', `/fine_tuning/jobs/${made.id}/checkpoints`);
    expect(
      checkpoints.data.map((each: Answer['body']) => [
        each.step_number,
        each.fine_tuned_model_checkpoint,
        each.metrics,
      ]),
    ).toEqual([
      [2, done.fine_tuned_model, { step: 2, train_loss: 1.5, valid_loss: 2, full_valid_loss: 2 }],
      [1, `${done.fine_tuned_model}:ckpt-step-1`, { step: 1, train_loss: 2.5 }],
    ]);
    expect(checkpoints).toMatchObject({ has_more: false, first_id: checkpoints.data[0].id });

    const { body: models } = await ask('GET', '/models');
    expect(models.data.map(({ id }: { id: string }) => id)).toContain(done.fine_tuned_model);
    for (const name of [done.fine_tuned_model, `${done.fine_tuned_model}:ckpt-step-1`])
      expect(await ask('GET', `/models/${name}`)).toMatchObject({
        status: 200,
        body: { id: name, owned_by: 'local' },
      });
    const copy = join(folder, 'fine-tuning', made.id, 'training.jsonl');
    await vi.waitFor(() => expect(existsSync(copy)).toBe(false));
    expect(logged).toEqual([]);
  });

  test('trains a tuned model further, with the name of its base', async () => {
    const training_file = files.add(examples);
    const first = (await create({ training_file })).body;
    (await trainings.number(1)).end(succeeded());
    const { fine_tuned_model: model } = await untilStatus(first.id, 'succeeded');
    const second = (await create({ training_file, model, suffix: 'again & again' })).body;
    expect(second.model).toBe(model);
    const { spec, end } = await trainings.number(2);
    expect(spec.from).toMatchObject({
      adapterId: 'adapter-1',
      folder: join(folder, 'fine-tuning', first.id),
    });
    end(succeeded());
    expect((await untilStatus(second.id, 'succeeded')).fine_tuned_model).toMatch(
      new RegExp(`^ft:${base}:local:again-again:`),
    );
  });

  test('learns preferences, from the older name of the model', async () => {
    const reply = (content: string) => [{ role: 'assistant', content }];
    const pair = {
      input: { messages: [{ role: 'user', content: 'What is a quay?' }] },
      preferred_output: reply('A wall.'),
      non_preferred_output: reply('No idea.'),
    };
    const { body } = await create({
      model: 'gpt-4o-mini-2024-07-18',
      training_file: files.add([pair]),
      method: { type: 'dpo', dpo: { hyperparameters: { beta: 0.3 } } },
    });
    expect(body).toMatchObject({
      model: base,
      method: { type: 'dpo', dpo: { hyperparameters: { beta: 0.3, n_epochs: 'auto' } } },
    });
    expect((await trainings.number(1)).spec.method.type).toBe('dpo');
  });

  test.each([
    ['{"messages": [{"role": "user"', 'train.jsonl:2 is not valid JSON'],
    [JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }] }), 'train.jsonl:2 does not fit'],
    [JSON.stringify({ ...examples[0], tools: [{ type: 'function' }] }), 'train.jsonl:2 has `tools`'],
    [JSON.stringify({ ...examples[0], mesages: [] }), 'train.jsonl:2 does not fit'],
  ])('fails with the line of what cannot be learnt: %s', async (line, told) => {
    const { body } = await create({ training_file: files.add(`${JSON.stringify(examples[0])}\n${line}\n`) });
    const failed = await untilStatus(body.id, 'failed');
    expect(failed.error).toMatchObject({ code: 'invalid_training_file', param: 'training_file' });
    expect(failed.error.message).toContain(told);
    expect(failed.error.message).not.toContain(folder);
    expect((await messagesOf(body.id)).at(-1)).toContain(told);
  });

  test('fails for its validation file by its name', async () => {
    const validation_file = files.add('', { filename: 'empty.jsonl' });
    const { body } = await create({ training_file: files.add(examples), validation_file });
    expect((await untilStatus(body.id, 'failed')).error).toMatchObject({
      code: 'invalid_validation_file',
      message: 'The validation file cannot be used. empty.jsonl has no lines.',
    });
  });

  test.each([
    [{ training_file: 'file-none' }, 404, 'training_file'],
    [{ model: 'gpt-none' }, 404, 'model'],
    [{ model: 'all-minilm-l6-v2' }, 404, 'model'],
    [{ method: { type: 'reinforcement' } }, 400, 'method.type'],
    [{ integrations: [{ type: 'wandb', wandb: { project: 'p' } }] }, 400, 'integrations'],
    [{ hyperparameters: { n_epochs: 0 } }, 400, 'hyperparameters.n_epochs'],
    [
      {
        hyperparameters: { n_epochs: 1 },
        method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 2 } } },
      },
      400,
      'hyperparameters',
    ],
    [{ hyperparameters: { n_epochs: 1 }, method: { type: 'dpo' } }, 400, 'hyperparameters'],
    [{ classification_n_classes: 2 }, 400, 'classification_n_classes'],
    [{ suffix: '' }, 400, 'suffix'],
  ])('is refused by name: %j', async (change, status, param) => {
    const training_file = files.add(examples);
    const { status: answered, body } = await create({ training_file, ...change });
    expect([answered, body.error.param]).toEqual([status, param]);
  });

  test('is refused a file that was uploaded for something else', async () => {
    const training_file = files.add(examples, { purpose: 'assistants' });
    expect(await create({ training_file })).toMatchObject({
      status: 400,
      body: { error: { param: 'training_file', message: expect.stringContaining('"assistants"') } },
    });
  });
});

describe('a job that is stopped', () => {
  test('waits where it is paused, and goes on', async () => {
    const training_file = files.add(examples);
    const { id } = (await create({ training_file })).body;
    const first = await trainings.number(1);
    first.report({ type: 'step', step: 1, steps: 4, loss: 2 });
    expect((await ask('POST', `/fine_tuning/jobs/${id}/pause`)).body.status).toBe('paused');
    expect(first.asked).toEqual(['stop']);
    const other = (await create({ training_file })).body;
    const second = await trainings.number(2);
    expect(second.spec.jobId).toBe(other.id);
    expect((await ask('POST', `/fine_tuning/jobs/${id}/resume`)).body.status).toBe('queued');
    expect((await ask('POST', `/fine_tuning/jobs/${id}/resume`)).status).toBe(400);
    second.end(succeeded());
    const third = await trainings.number(3);
    expect(third.spec.jobId).toBe(id);
    // The second step was done, and nobody was there to hear of it.
    third.report({ type: 'continued', step: 2, losses: [2, 1.5], validation: [{ step: 0, loss: 3 }] });
    third.report({ type: 'step', step: 3, steps: 4, loss: 1 });
    expect((await messagesOf(id)).slice(-4)).toEqual([
      'Step 0: validation loss=3.0000',
      'Step 2/4: training loss=1.5000',
      'Continued from the checkpoint of step 2',
      'Step 3/4: training loss=1.0000',
    ]);
    third.end(succeeded(4));
    await untilStatus(id, 'succeeded');
  });

  test('is cancelled while it waits and while it trains, once', async () => {
    const training_file = files.add(examples);
    const first = (await create({ training_file })).body;
    const training = await trainings.number(1);
    const second = (await create({ training_file })).body;
    await untilStatus(second.id, 'queued');
    for (const { id } of [second, first])
      expect((await ask('POST', `/fine_tuning/jobs/${id}/cancel`)).body).toMatchObject({
        status: 'cancelled',
        finished_at: expect.any(Number),
      });
    expect(training.asked).toEqual(['kill']);
    for (const change of ['cancel', 'pause', 'resume'])
      expect(await ask('POST', `/fine_tuning/jobs/${first.id}/${change}`)).toMatchObject({
        status: 400,
        body: { error: { code: 'invalid_job_status', message: expect.stringContaining('(cancelled)') } },
      });
    const third = (await create({ training_file })).body;
    expect((await trainings.number(2)).spec.jobId).toBe(third.id);
  });

  test('goes on when the server is opened again, before what waits', async () => {
    const training_file = files.add(examples);
    const running = (await create({ training_file })).body;
    const training = await trainings.number(1);
    training.report({ type: 'step', step: 3, steps: 9, loss: 2 });
    const waiting = (await create({ training_file })).body;
    await untilStatus(waiting.id, 'queued');
    await server[Symbol.asyncDispose]();
    expect(training.asked).toEqual(['stop']);
    writeFileSync(join(folder, 'fine-tuning', 'leftover'), '');
    server = await open();
    expect(existsSync(join(folder, 'fine-tuning', 'leftover'))).toBe(false);
    const again = await trainings.number(2);
    expect(again.spec).toEqual(training.spec);
    await untilStatus(running.id, 'running');
    again.end(succeeded(9));
    expect((await trainings.number(3)).spec.jobId).toBe(waiting.id);
  });

  test('is started again when its process dies, until that leads nowhere', async () => {
    const { id } = (await create({ training_file: files.add(examples) })).body;
    (await trainings.number(1)).end({ type: 'died', how: 'by SIGKILL' });
    const further = await trainings.number(2);
    further.report({ type: 'step', step: 1, steps: 9, loss: 2 });
    further.end({ type: 'died', how: 'by SIGKILL' });
    for (let count = 3; count <= 7; count++)
      (await trainings.number(count)).end({ type: 'died', how: 'by SIGKILL' });
    expect((await untilStatus(id, 'failed')).error.code).toBe('training_process_died');
    expect(trainings.started).toHaveLength(7);
    expect(logged).toHaveLength(7);
  });

  test('fails as its training says', async () => {
    const { id } = (await create({ training_file: files.add(examples) })).body;
    const error = { code: 'training_diverged', message: 'The loss of step 3 is not finite.', param: null };
    (await trainings.number(1)).end({ type: 'failed', error });
    expect((await untilStatus(id, 'failed')).error).toEqual(error);
  });
});

describe('tenants', () => {
  const keyOf = (tenant: string, more: Partial<Parameters<TandemServer['keys']['create']>[0]> = {}) =>
    server.keys.create({ name: tenant, tenant, scopes: ['read', 'train', 'ask'], ...more }).secret;

  test('take turns, and see nothing of each other', async () => {
    const [a, b] = [keyOf('a'), keyOf('b')];
    const fileOf = (tenant: string) => files.add(examples, { tenant });
    const [fileA, fileB] = [fileOf('a'), fileOf('b')];
    const jobs: string[] = [];
    for (let count = 0; count < 3; count++) jobs.push((await create({ training_file: fileA }, a)).body.id);
    expect((await create({ training_file: fileA }, b)).status).toBe(404);
    const ofB = (await create({ training_file: fileB }, b)).body.id;
    await untilStatus(ofB, 'queued', b);
    await untilStatus(jobs[2]!, 'queued', a);
    const order: string[] = [];
    for (let count = 1; count <= 4; count++) {
      const training = await trainings.number(count);
      order.push(training.spec.jobId);
      training.end(succeeded());
    }
    expect(order).toEqual([jobs[0], ofB, jobs[1], jobs[2]]);
    const { fine_tuned_model: model } = await untilStatus(ofB, 'succeeded', b);
    for (const [method, path] of [
      ['GET', `/fine_tuning/jobs/${ofB}`],
      ['GET', `/fine_tuning/jobs/${ofB}/events`],
      ['GET', `/fine_tuning/jobs/${ofB}/checkpoints`],
      ['POST', `/fine_tuning/jobs/${ofB}/cancel`],
      ['GET', `/models/${model}`],
      ['DELETE', `/models/${model}`],
    ] as const)
      expect([path, (await ask(method, path, undefined, a)).status]).toEqual([path, 404]);
    expect((await ask('GET', '/fine_tuning/jobs', undefined, b)).body.data).toHaveLength(1);
    expect(
      (await ask('GET', '/models', undefined, a)).body.data.map(({ id }: { id: string }) => id),
    ).not.toContain(model);
  });

  test('need the scope to train', async () => {
    const reader = keyOf('a', { scopes: ['read'] });
    const training_file = files.add(examples, { tenant: 'a' });
    expect((await create({ training_file }, reader)).status).toBe(403);
    expect((await ask('GET', '/fine_tuning/jobs', undefined, reader)).status).toBe(200);
    expect((await ask('DELETE', `/models/${base}`, undefined, reader)).status).toBe(403);
  });

  test('ask a model only with the labels of its files and of its maker', async () => {
    const maker = keyOf('a', { access: ['staff', 'legal'] });
    const training_file = files.add(examples, { tenant: 'a', access: ['legal'] });
    const outsider = keyOf('a', { access: ['staff'] });
    expect((await create({ training_file }, outsider)).status).toBe(404);
    expect((await create({ training_file, access: ['board'] }, maker)).status).toBe(403);
    const { body } = await create({ training_file }, maker);
    expect(body.access).toEqual(['legal', 'staff']);
    (await trainings.number(1)).end(succeeded());
    const { fine_tuned_model: model } = await untilStatus(body.id, 'succeeded', maker);
    const sees = async (secret: string) => (await ask('GET', `/models/${model}`, undefined, secret)).status;
    expect(await sees(maker)).toBe(200);
    expect(await sees(outsider)).toBe(404);
    expect(await sees(keyOf('a'))).toBe(200);
    const jobs = async (secret: string) =>
      (await ask('GET', '/fine_tuning/jobs', undefined, secret)).body.data.map(
        ({ id }: { id: string }) => id,
      );
    expect(await jobs(maker)).toEqual([body.id]);
    expect(await jobs(outsider)).toEqual([]);
    expect((await ask('GET', `/fine_tuning/jobs/${body.id}`, undefined, outsider)).status).toBe(404);
    const { body: lighter } = await create({ training_file, access: [] }, maker);
    expect(lighter.access).toEqual(['legal']);
  });
});

describe('lists', () => {
  test('have pages, and jobs by their metadata', async () => {
    const training_file = files.add(examples);
    const ids: string[] = [];
    for (const metadata of [{ a: '1' }, null, { a: '1', b: '2' }])
      ids.unshift((await create({ training_file, metadata })).body.id);
    const listed = async (query: string) => {
      const { body } = await ask('GET', `/fine_tuning/jobs${query}`);
      return [body.data.map(({ id }: { id: string }) => id), body.has_more];
    };
    expect(await listed('')).toEqual([ids, false]);
    expect(await listed('?limit=2')).toEqual([ids.slice(0, 2), true]);
    expect(await listed(`?limit=2&after=${ids[1]}`)).toEqual([ids.slice(2), false]);
    expect(await listed('?metadata[a]=1')).toEqual([[ids[0], ids[2]], false]);
    expect(await listed('?metadata[a]=1&metadata[b]=2')).toEqual([[ids[0]], false]);
    expect(await listed('?metadata=null')).toEqual([[ids[1]], false]);
    for (const [query, refusal, param] of [
      ['?after=ftjob-none', 404, 'after'],
      ['?limit=0', 400, 'limit'],
      ['?limit=many', 400, 'limit'],
      ['?order=asc', 400, 'order'],
      ['?metadata=a', 400, 'metadata'],
    ]) {
      const { status, body } = await ask('GET', `/fine_tuning/jobs${query}`);
      expect([query, status, body.error?.param]).toEqual([query, refusal, param]);
    }
    await trainings.number(1);
    expect((await ask('GET', `/fine_tuning/jobs/${ids.at(-1)}/events?limit=1`)).body.has_more).toBe(true);
  });
});

describe('a tuned model', () => {
  test('is deleted with its weights, and a checkpoint alone', async () => {
    const { id } = (await create({ training_file: files.add(examples) })).body;
    const training = await trainings.number(1);
    for (const step of [1, 2, 3, 4, 5])
      training.report({ type: 'checkpoint', step, file: `checkpoints/step-${step}/adapter.gguf` });
    training.end(succeeded(6));
    const { fine_tuned_model: model } = await untilStatus(id, 'succeeded');
    const { body } = await ask('GET', `/fine_tuning/jobs/${id}/checkpoints`);
    expect(body.data.map((each: Answer['body']) => each.step_number)).toEqual([6, 5, 4, 3]);
    const remove = (name: string) => ask('DELETE', `/models/${name}`);
    expect((await remove(`${model}:ckpt-step-4`)).body).toEqual({
      id: `${model}:ckpt-step-4`,
      object: 'model',
      deleted: true,
    });
    expect((await remove(`${model}:ckpt-step-4`)).status).toBe(404);
    expect((await remove(model)).status).toBe(200);
    expect((await ask('GET', `/models/${model}`)).status).toBe(404);
    expect((await ask('GET', `/models/${model}:ckpt-step-5`)).status).toBe(404);
    expect(existsSync(join(folder, 'fine-tuning', id))).toBe(false);
    expect((await remove(base)).status).toBe(403);
    expect((await ask('GET', `/fine_tuning/jobs/${id}`)).body.fine_tuned_model).toBe(model);
  });
});
