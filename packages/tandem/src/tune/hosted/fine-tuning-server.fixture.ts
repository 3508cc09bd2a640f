import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

/** A line of a training file, and nothing else: what OpenAI's checker says of unknown members is what this one says. */
const lineSchema = z.strictObject({
  messages: z
    .array(
      z.discriminatedUnion('role', [
        z.strictObject({ role: z.enum(['system', 'user']), content: z.string() }),
        z.strictObject({
          role: z.literal('assistant'),
          content: z.string(),
          weight: z.union([z.literal(0), z.literal(1)]).optional(),
        }),
      ]),
    )
    .min(2),
});
const choice = <Value extends z.ZodType>(value: Value) => z.union([z.literal('auto'), value]).optional();
const requestSchema = z.strictObject({
  model: z.string(),
  training_file: z.string(),
  validation_file: z.string().optional(),
  suffix: z.string().max(64).optional(),
  seed: z.number().int().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  method: z
    .strictObject({
      type: z.literal('supervised'),
      supervised: z
        .strictObject({
          hyperparameters: z.strictObject({
            n_epochs: choice(z.number().int().min(1)),
            batch_size: choice(z.number().int().min(1)),
            learning_rate_multiplier: choice(z.number().positive()),
          }),
        })
        .optional(),
    })
    .optional(),
});

interface StoredJob {
  id: string;
  request: z.infer<typeof requestSchema>;
  status: 'validating_files' | 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  error: { code: string; message: string; param: string } | null;
  createdAt: number;
  /** Oldest first. */
  events: { id: string; created_at: number; level: string; type: string; message: string; data: unknown }[];
  step: number;
}

/** What the server does instead of answering well; each is used once. */
export interface Fault {
  /** `METHOD /path` begins with this. */
  on: string;
  status?: number;
  /** Or made when they are sent. */
  headers?: Record<string, string> | (() => Record<string, string>);
  error?: { message: string; code?: string };
  /** Break the connection off instead of answering. */
  breakOff?: boolean;
  /** Do what was asked before failing to say so. */
  afterwards?: boolean;
}

/**
 * Speaks OpenAI's files and fine-tuning jobs on loopback, strictly: keys, multipart, the examples' form, unknown members and
 * ids are checked. A job moves one step each time it is looked at.
 */
export class FineTuningServer implements AsyncDisposable {
  readonly requests: { line: string; at: number }[] = [];
  readonly files = new Map<string, { name: string; lines: string[] }>();
  readonly deletedFiles: string[] = [];
  readonly jobs: StoredJob[] = [];
  readonly faults: Fault[] = [];
  readonly key = 'sk-test';
  /** Most in one page, whatever `limit` asks for. */
  pageSize = 3;
  steps = 7;
  url = '';
  readonly #server: Server;
  #ids = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#handle(request, response).catch((error: Error) => {
        response.writeHead(500, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: { message: `the test's server: ${error.stack}` } }));
      });
    });
  }

  static async start(): Promise<FineTuningServer> {
    const server = new FineTuningServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    server.url = `http://127.0.0.1:${(server.#server.address() as AddressInfo).port}/v1`;
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** How often something was asked for, by the beginning of `METHOD /path`. */
  count(line: string): number {
    return this.requests.filter((request) => request.line.startsWith(line)).length;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url!, 'http://localhost');
    const line = `${request.method} ${url.pathname.replace(/^\/v1/, '')}`;
    this.requests.push({ line, at: performance.now() });

    const index = this.faults.findIndex(({ on }) => line.startsWith(on));
    const [fault] = index < 0 ? [] : this.faults.splice(index, 1);
    let reply: { status: number; json: unknown } | undefined;
    if (!fault || fault.afterwards) reply = await this.#answer(request, line, url, body);
    if (fault?.breakOff) {
      request.socket.destroy();
      return;
    }
    if (fault) {
      reply = {
        status: fault.status ?? 500,
        json: { error: fault.error ?? { message: 'The server had an error.' } },
      };
    }
    const headers = typeof fault?.headers === 'function' ? fault.headers() : fault?.headers;
    response.writeHead(reply!.status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(reply!.json));
  }

  async #answer(request: IncomingMessage, line: string, url: URL, body: Buffer) {
    const refuse = (status: number, message: string, code: string | null = null) => ({
      status,
      json: { error: { message, type: 'invalid_request_error', param: null, code } },
    });
    const ok = (json: unknown) => ({ status: 200, json });
    if (request.headers.authorization !== `Bearer ${this.key}`)
      return refuse(401, 'Incorrect API key provided.', 'invalid_api_key');

    if (line === 'POST /files') {
      const type = request.headers['content-type'] ?? '';
      if (!type.startsWith('multipart/form-data; boundary=')) return refuse(400, 'Send multipart/form-data.');
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
      const file = form.get('file');
      if (form.get('purpose') !== 'fine-tune') return refuse(400, "'purpose' must be fine-tune.");
      if (!(file instanceof File) || !file.name.endsWith('.jsonl'))
        return refuse(400, "'file' must be JSONL.");
      const id = `file-${++this.#ids}`;
      this.files.set(id, { name: file.name, lines: (await file.text()).split('\n').filter(Boolean) });
      return ok({
        id,
        object: 'file',
        bytes: file.size,
        created_at: 1,
        filename: file.name,
        purpose: 'fine-tune',
        status: 'processed',
      });
    }
    const fileId = /^DELETE \/files\/([^/]+)$/.exec(line)?.[1];
    if (fileId !== undefined) {
      if (!this.files.delete(fileId)) return refuse(404, `No such File object: ${fileId}`);
      this.deletedFiles.push(fileId);
      return ok({ id: fileId, object: 'file', deleted: true });
    }

    if (line === 'POST /chat/completions') {
      const { model, messages } = JSON.parse(body.toString('utf8')) as {
        model: string;
        messages: { content: string }[];
      };
      const finished = this.jobs
        .filter(({ status }) => status === 'succeeded')
        .map((job) => this.#describe(job));
      if (model !== 'tiny-1' && !finished.some((job) => job.fine_tuned_model === model))
        return refuse(404, `The model '${model}' does not exist.`, 'model_not_found');
      const content = `${model} on: ${messages.map((message) => message.content).join(' | ')}`;
      return ok({
        id: 'chat-1',
        object: 'chat.completion',
        created: 1,
        model,
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
      });
    }
    if (line === 'POST /fine_tuning/jobs') {
      if (request.headers['content-type'] !== 'application/json')
        return refuse(400, 'Send application/json.');
      const parsed = requestSchema.safeParse(JSON.parse(body.toString('utf8')));
      if (!parsed.success) return refuse(400, parsed.error.issues[0]!.message);
      if (!parsed.data.model.startsWith('tiny-'))
        return refuse(404, `The model '${parsed.data.model}' does not exist.`, 'model_not_found');
      for (const id of [parsed.data.training_file, parsed.data.validation_file])
        if (id !== undefined && !this.files.has(id)) return refuse(400, `invalid file: ${id}`);
      const job: StoredJob = {
        id: `ftjob-${++this.#ids}`,
        request: parsed.data,
        status: 'validating_files',
        error: null,
        createdAt: 1_700_000_000,
        events: [],
        step: 0,
      };
      this.jobs.push(job);
      this.#event(job, `Created fine-tuning job: ${job.id}`);
      return ok(this.#describe(job));
    }
    if (line === 'GET /fine_tuning/jobs')
      return this.#page(url, this.jobs.toReversed(), (job) => this.#describe(job), refuse);
    const [, jobId, rest] = /^\w+ \/fine_tuning\/jobs\/([^/]+)(?:\/(\w+))?$/.exec(line) ?? [];
    const job = this.jobs.find(({ id }) => id === jobId);
    if (jobId === undefined) return refuse(404, `Invalid URL (${line})`);
    if (!job) return refuse(404, `Could not find fine tune: ${jobId}`, 'fine_tune_not_found');
    if (line.startsWith('GET') && rest === undefined) {
      this.#advance(job);
      return ok(this.#describe(job));
    }
    if (line.startsWith('GET') && rest === 'events')
      return this.#page(
        url,
        job.events.toReversed(),
        (event) => ({ object: 'fine_tuning.job.event', ...event }),
        refuse,
      );
    if (line.startsWith('POST') && rest === 'cancel') {
      if (['succeeded', 'failed', 'cancelled'].includes(job.status))
        return refuse(400, `Job has already completed: ${job.id}`);
      job.status = 'cancelled';
      this.#event(job, 'Fine-tuning job cancelled');
      return ok(this.#describe(job));
    }
    return refuse(405, `Method not allowed (${line})`);
  }

  #page<Item extends { id: string }>(
    url: URL,
    newestFirst: readonly Item[],
    describe: (item: Item) => object,
    refuse: (status: number, message: string) => { status: number; json: unknown },
  ) {
    const after = url.searchParams.get('after');
    const start = after === null ? 0 : newestFirst.findIndex(({ id }) => id === after) + 1;
    if (after !== null && start === 0) return refuse(404, `No such object: ${after}`);
    const size = Math.min(Number(url.searchParams.get('limit') ?? 20), this.pageSize);
    const data = newestFirst.slice(start, start + size);
    return {
      status: 200,
      json: { object: 'list', data: data.map(describe), has_more: start + size < newestFirst.length },
    };
  }

  #advance(job: StoredJob): void {
    if (job.status === 'validating_files') {
      const problem =
        this.#problemOf(job.request.training_file) ?? this.#problemOf(job.request.validation_file);
      if (problem) {
        job.status = 'failed';
        job.error = { code: 'invalid_training_file', message: problem, param: 'training_file' };
        this.#event(job, problem, { level: 'error' });
      } else {
        job.status = 'queued';
        this.#event(job, 'Files validated, moving job to queued state');
      }
    } else if (job.status === 'queued') {
      job.status = 'running';
      this.#event(job, 'Fine-tuning job started');
    } else if (job.status === 'running') {
      if (job.step === this.steps) {
        job.status = 'succeeded';
        this.#event(job, 'The job has successfully completed');
        return;
      }
      job.step += 1;
      const loss = 2 / job.step;
      const data = {
        step: job.step,
        total_steps: this.steps,
        train_loss: loss,
        ...(job.request.validation_file && { valid_loss: loss + 5 }),
        ...(job.request.validation_file && job.step === this.steps && { full_valid_loss: loss + 0.5 }),
      };
      this.#event(job, `Step ${job.step}/${this.steps}: training loss=${loss.toFixed(2)}`, {
        type: 'metrics',
        data,
      });
    }
  }

  #problemOf(file: string | undefined): string | undefined {
    if (file === undefined) return undefined;
    const { lines } = this.files.get(file)!;
    for (const [index, line] of lines.entries()) {
      const parsed = lineSchema.safeParse(JSON.parse(line));
      if (!parsed.success) return `Line ${index + 1}: ${parsed.error.issues[0]!.message}`;
    }
    if (this.files.get(file)!.name.startsWith('train') && lines.length < 10)
      return `The training file has ${lines.length} example(s), but must have at least 10 examples.`;
    return undefined;
  }

  #event(
    job: StoredJob,
    message: string,
    more: { level?: string; type?: string; data?: unknown } = {},
  ): void {
    const { level = 'info', type = 'message', data = null } = more;
    job.events.push({
      id: `ftevent-${++this.#ids}`,
      created_at: ++job.createdAt,
      level,
      type,
      message,
      data,
    });
  }

  #describe(job: StoredJob) {
    const succeeded = job.status === 'succeeded';
    return {
      id: job.id,
      object: 'fine_tuning.job',
      created_at: 1_700_000_000,
      finished_at: succeeded ? 1_700_000_050 : null,
      model: job.request.model,
      fine_tuned_model: succeeded ? `ft:${job.request.model}:org:${job.request.suffix ?? ''}:9` : null,
      organization_id: 'org',
      status: job.status,
      training_file: job.request.training_file,
      validation_file: job.request.validation_file ?? null,
      result_files: [],
      trained_tokens: succeeded ? 1200 : null,
      error: job.error,
      seed: job.request.seed ?? 1,
    };
  }
}
