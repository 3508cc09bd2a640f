import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { NetworkBlockedError } from '../../core/errors/network-blocked-error.ts';
import { ProviderError } from '../../core/errors/provider-error.ts';

/** How a provider is reached. `fetch` keeps to the project's network policy. */
export interface Connection {
  /** Its name under `providers`. */
  name: string;
  /** Up to and with the version: `https://api.openai.com/v1`. */
  baseURL: string;
  apiKey?: string | undefined;
  /** The environment variable that the key comes from, for messages. */
  apiKeyEnv?: string | undefined;
  headers?: Record<string, string> | undefined;
  fetch: typeof fetch;
}

/** Servers leave members out or add their own: only what is read here is asked of them. */
const fileSchema = z.object({ id: z.string() });
const jobSchema = z.object({
  id: z.string(),
  status: z.string(),
  model: z.string().nullish(),
  training_file: z.string().nullish(),
  fine_tuned_model: z.string().nullish(),
  trained_tokens: z.number().nullish(),
  created_at: z.number().nullish(),
  finished_at: z.number().nullish(),
  error: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
});
export type FineTuningJob = z.infer<typeof jobSchema>;
const eventSchema = z.object({
  id: z.string(),
  created_at: z.number().nullish(),
  level: z.string().nullish(),
  message: z.string().nullish(),
  type: z.string().nullish(),
  data: z.record(z.string(), z.unknown()).nullish(),
});
export type FineTuningEvent = z.infer<typeof eventSchema>;
const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), has_more: z.boolean().nullish() });

/** What is asked of OpenAI's fine-tuning API, and of the many servers that speak it. */
export interface FineTuningApi {
  /** Returns the file's id. The file goes over the wire as it is read: it may be larger than memory. */
  uploadFile(path: string, signal?: AbortSignal): Promise<string>;
  deleteFile(id: string, signal?: AbortSignal): Promise<void>;
  /**
   * `request` needs `training_file` and `model`. Where it stays unclear whether a request arrived (the connection broke, the
   * server failed), the jobs are looked through for this file before another is sent: a second job would cost money.
   */
  createJob(request: Record<string, unknown>, signal?: AbortSignal): Promise<FineTuningJob>;
  getJob(id: string, signal?: AbortSignal): Promise<FineTuningJob>;
  /** Among the latest few hundred; undefined also where the server cannot list jobs. */
  findJob(trainingFile: string, signal?: AbortSignal): Promise<FineTuningJob | undefined>;
  cancelJob(id: string, signal?: AbortSignal): Promise<FineTuningJob>;
  /** Oldest first, those after `since`; all of them without it. */
  eventsSince(id: string, since: string | undefined, signal?: AbortSignal): Promise<FineTuningEvent[]>;
}

export interface ApiOptions {
  /** Before the second attempt; doubled for each further one, and varied so that many clients do not come at once. */
  retryMilliseconds?: number;
  attempts?: number;
  /** Told before each wait. */
  onRetry?: (why: string, milliseconds: number) => void;
}

export function fineTuningApi(connection: Connection, options: ApiOptions = {}): FineTuningApi {
  const call = <Schema extends z.ZodType>(schema: Schema, request: Call) =>
    send(connection, options, schema, request);

  async function findJob(trainingFile: string, signal?: AbortSignal) {
    let after: string | undefined;
    try {
      for (let page = 0; page < 5; page++) {
        const jobs = await call(pageOf(jobSchema), {
          path: `/fine_tuning/jobs?limit=100${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`,
          what: 'list the fine-tuning jobs',
          signal,
        });
        const found = jobs.data.find((job) => job.training_file === trainingFile);
        if (found || !jobs.has_more || jobs.data.length === 0) return found;
        after = jobs.data.at(-1)!.id;
      }
    } catch (error) {
      if (ProviderError.isInstance(error) && (error.status === 404 || error.status === 405)) return undefined;
      throw error;
    }
    return undefined;
  }

  return {
    async uploadFile(path, signal) {
      const file = await openAsBlob(path, { type: 'application/jsonl' });
      const form = () => {
        const body = new FormData();
        body.set('purpose', 'fine-tune');
        body.set('file', file, basename(path));
        return body;
      };
      // Sent twice it only lies there twice.
      const { id } = await call(fileSchema, {
        method: 'POST',
        path: '/files',
        body: form,
        what: `upload ${basename(path)}`,
        minutes: 15,
        signal,
      });
      return id;
    },
    async deleteFile(id, signal) {
      await call(z.unknown(), {
        method: 'DELETE',
        path: `/files/${id}`,
        what: `delete the file ${id}`,
        signal,
      });
    },
    createJob(request, signal) {
      return call(jobSchema, {
        method: 'POST',
        path: '/fine_tuning/jobs',
        body: () => JSON.stringify(request),
        what: `start a fine-tuning job of ${request.model}`,
        signal,
        beforeRetry: () => findJob(request.training_file as string, signal),
      });
    },
    getJob: (id, signal) =>
      call(jobSchema, { path: `/fine_tuning/jobs/${id}`, what: `look at the job ${id}`, signal }),
    findJob,
    cancelJob: (id, signal) =>
      call(jobSchema, {
        method: 'POST',
        path: `/fine_tuning/jobs/${id}/cancel`,
        what: `cancel the job ${id}`,
        signal,
      }),
    async eventsSince(id, since, signal) {
      // The newest come first, and `after` leads to older ones.
      const found: FineTuningEvent[] = [];
      const known = new Set<string>();
      let after: string | undefined;
      for (;;) {
        const page = await call(pageOf(eventSchema), {
          path: `/fine_tuning/jobs/${id}/events?limit=100${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`,
          what: `list the events of the job ${id}`,
          signal,
        });
        for (const event of page.data) {
          if (event.id === since) return found.reverse();
          // While pages were read a new event may have moved one of them to the next page.
          if (!known.has(event.id)) found.push(event);
          known.add(event.id);
        }
        const last = page.data.at(-1)?.id;
        if (!page.has_more || last === undefined || last === after) return found.reverse();
        after = last;
      }
    },
  };
}

interface Call {
  method?: 'GET' | 'POST' | 'DELETE';
  path: string;
  /** Called for each attempt. */
  body?: () => FormData | string;
  /** Completes "could not …" in messages. */
  what: string;
  minutes?: number;
  signal?: AbortSignal | undefined;
  /** Asked where a request may have arrived although no good answer came: what it gives is the answer. */
  beforeRetry?: () => Promise<unknown>;
}

async function send<Schema extends z.ZodType>(
  connection: Connection,
  options: ApiOptions,
  schema: Schema,
  request: Call,
): Promise<z.infer<Schema>> {
  const { attempts = 8, retryMilliseconds = 1000 } = options;
  for (let attempt = 1; ; attempt++) {
    request.signal?.throwIfAborted();
    const outcome = await attemptOnce(connection, request);
    if ('json' in outcome) {
      const parsed = schema.safeParse(outcome.json);
      if (parsed.success) return parsed.data;
      throw new ProviderError({
        provider: connection.name,
        status: 200,
        domain: 'tune',
        message: `${connection.name} could not ${request.what}: its answer is not of OpenAI's form (${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}).`,
        hint: `Check that ${connection.baseURL} has OpenAI's fine-tuning API.`,
      });
    }
    if (!outcome.again || attempt >= attempts) throw outcome.error;
    // Halfway to twice the doubled delay, but never before the server said.
    const delay = Math.min(60_000, retryMilliseconds * 2 ** (attempt - 1)) * (0.5 + Math.random());
    const wait = Math.max(outcome.retryAfter ?? 0, delay);
    options.onRetry?.(outcome.error.message, wait);
    await sleep(wait, undefined, { signal: request.signal }).catch(() => request.signal?.throwIfAborted());
    if (outcome.mayHaveArrived) {
      const found = await request.beforeRetry?.();
      if (found !== undefined) return schema.parse(found);
    }
  }
}

type Outcome =
  | { json: unknown }
  | { error: ProviderError; again: boolean; retryAfter?: number | undefined; mayHaveArrived: boolean };

async function attemptOnce(connection: Connection, request: Call): Promise<Outcome> {
  const { name, baseURL, apiKey, headers } = connection;
  const body = request.body?.();
  const timeout = AbortSignal.timeout((request.minutes ?? 1) * 60_000);
  let response: Response;
  let text: string;
  try {
    response = await connection.fetch(`${baseURL.replace(/\/+$/, '')}${request.path}`, {
      method: request.method ?? 'GET',
      headers: {
        ...(apiKey && { authorization: `Bearer ${apiKey}` }),
        // A form brings its own, with its boundary.
        ...(typeof body === 'string' && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      signal: request.signal ? AbortSignal.any([request.signal, timeout]) : timeout,
    });
    text = await response.text();
  } catch (cause) {
    request.signal?.throwIfAborted();
    if (NetworkBlockedError.isInstance(cause)) throw cause;
    const reason = timeout.aborted ? 'no answer in time' : reasonOf(cause);
    return {
      again: true,
      mayHaveArrived: true,
      error: new ProviderError({
        provider: name,
        domain: 'tune',
        message: `Could not ${request.what} at ${name}: ${reason}.`,
        hint: `Check that ${baseURL} can be reached, then train again: it continues where it stopped.`,
        cause,
      }),
    };
  }
  const json = parseJson(text);
  if (response.ok) return { json };
  const { status } = response;
  const said = errorOf(json);
  // Out of money is told with the status of "too many requests", and no waiting helps.
  const again = (status === 429 && said.code !== 'insufficient_quota') || status === 408 || status >= 500;
  return {
    again,
    retryAfter: retryAfter(response.headers.get('retry-after')),
    mayHaveArrived: status >= 500,
    error: new ProviderError({
      provider: name,
      status,
      domain: 'tune',
      message: `Could not ${request.what} at ${name}: ${(said.message ?? `status ${status}`).replace(/\.$/, '')} (${status}).`,
      hint: hintFor(status, said.code, connection),
    }),
  };
}

function hintFor(status: number, code: string | undefined, { baseURL, apiKeyEnv }: Connection): string {
  const key = apiKeyEnv ?? 'its apiKeyEnv';
  if (code === 'insufficient_quota') return 'Add credit at the provider, then run the same command again.';
  if (status === 401) return `Check the key in ${key}.`;
  if (status === 403) return `The key in ${key} may not do this; use one that may fine-tune.`;
  if (status === 404)
    return `Check the model's name, and that ${baseURL} has OpenAI's fine-tuning API under /fine_tuning/jobs.`;
  if (status === 429) return 'Wait a while and train again: it continues where it stopped.';
  if (status >= 500) return 'The provider has a fault; train again later: it continues where it stopped.';
  return "Change what it names under tune.hosted or in the dataset; the provider's documentation says what it takes.";
}

/** Seconds or a date (RFC 9110, 10.2.3), as milliseconds from now. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) ? Math.min(Math.max(0, wait), 10 * 60_000) : undefined;
}

function errorOf(json: unknown): { message?: string; code?: string } {
  const error = z
    .object({ error: z.union([z.string(), z.object({ message: z.string(), code: z.unknown() }).partial()]) })
    .safeParse(json).data?.error;
  if (typeof error === 'string') return { message: error };
  return {
    ...(error?.message !== undefined && { message: error.message }),
    ...(typeof error?.code === 'string' && { code: error.code }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What `fetch` throws says only "fetch failed"; its cause says why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  // Of several addresses tried, none: an AggregateError without words of its own.
  return cause.message || ('code' in cause ? String(cause.code) : cause.name);
}
