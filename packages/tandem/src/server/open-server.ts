import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { serve } from '@hono/node-server';
import { lockForWriting } from '../catalog/sqlite/writer-lock.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { ProviderConfig } from '../core/settings.ts';
import {
  type EmbeddingModelInstance,
  type LanguageModelInstance,
  nameOfModel,
} from '../models/model-kinds.ts';
import type { NetworkPolicy } from '../models/network-policy.ts';
import { defaultModels, openModels } from '../models/providers.ts';
import { openProject } from '../project/open-project.ts';
import type { Store } from '../store/store.ts';
import { createApp } from './app.ts';
import { jobFiles } from './files/job-files.ts';
import { ServerFiles } from './files/server-files.ts';
import { keepHouse } from './housekeeping.ts';
import { JobRunner } from './jobs/job-runner.ts';
import { JobTable } from './jobs/job-table.ts';
import type { TrainingFiles } from './jobs/training-files.ts';
import type { StartTraining } from './jobs/training-messages.ts';
import { ApiKeys } from './keys/api-keys.ts';
import { baseModels, ModelQueues, nameOf } from './models/base-models.ts';
import { type ModelAliases, ModelDirectory } from './models/model-directory.ts';
import { projectModels, type ServedProject } from './models/project-models.ts';
import { TunedModels } from './models/tuned-models.ts';
import { EmbeddingBatches } from './queue/embedding-batches.ts';
import type { QueueLimits } from './queue/model-queue.ts';
import type { ServerContext } from './server-context.ts';
import { defaultServerFolder, openServerDatabase } from './state/server-database.ts';
import { Uploads } from './uploads/uploads.ts';
import { VectorStores } from './vector-stores/vector-stores.ts';

/** What is served, and to whom. */
export interface ServerOptions {
  /** Folder for keys, files, jobs and vector stores. Default: `.tandem/server` of the first project, else of the working directory. */
  folder?: string;
  /** Folders with a `tandem.config.ts`. */
  projects?: readonly string[];
  /** Chat models, by reference or as AI SDK models; the first is what well-known names lead to. Default: `local:qwen2.5-coder-0.5b`. */
  chat?: readonly (string | LanguageModelInstance)[];
  /** Embedders, likewise; vector stores are searched with the first. Default: `local:all-minilm-l6-v2`. */
  embedding?: readonly (string | EmbeddingModelInstance)[];
  /** Further names, or others for well-known ones: a name that begins with the key leads to the model. */
  aliases?: ModelAliases;
  /** What references may name before the colon, beside `local` and `hf`. */
  providers?: Readonly<Record<string, ProviderConfig>>;
  /** With `local` (default) a provider's server is reached only at the address that it is configured with. */
  network?: NetworkPolicy['mode'];
  /** Default: 32 requests wait for a model, 16 of one key. */
  queue?: Partial<QueueLimits>;
  /** Names, without port, under which the server is reached beside the address that it listens on. */
  allowHosts?: readonly string[];
  /** Web pages that may use it: `https://chat.example.org`. */
  allowOrigins?: readonly string[];
  /** Of a request without files. Default: 8 MiB. */
  mostBodyBytes?: number;
  /** Of one file. Default: 512 MiB. */
  mostFileBytes?: number;
  /** Opens the chunks of a vector store in a folder of its own. Default: LanceDB. */
  openStore?: (folder: string) => Promise<Store>;
  /** Of fine-tuning jobs, which train in a process of their own, one at a time. */
  training?: {
    /** What it should stay within, such as `2GB`: the fastest way that is expected to is taken. */
    memory?: string;
    /** Between two checkpoints, beside those at the ends of epochs. Default: 60. */
    checkpointEverySeconds?: number;
  };
  onProgress?: ProgressListener;
  /** Of errors that a client is not told; by default they are written to stderr. */
  log?: (error: unknown) => void;
  signal?: AbortSignal;
}

/** Where it listens. */
export interface ListenOptions {
  /** Default: 127.0.0.1. Another address needs a key. */
  host?: string;
  /** Default: 8642; 0 takes a free one. */
  port?: number;
}

/** What a server is put together with, where it is not its own: in tests. */
export interface ServerParts {
  /** Where fine-tuning jobs find uploaded files. */
  trainingFiles?: TrainingFiles;
  /** Stands for a process that trains. */
  startTraining?: StartTraining;
}

/** OpenAI's API over local models and projects. It holds memory until it is disposed of. */
export interface TandemServer extends AsyncDisposable {
  /** Ids of the models that are served. */
  readonly models: readonly string[];
  readonly keys: ApiKeys;
  /** Where the server keeps what it is given. */
  readonly folder: string;
  /** Answers a request, without a network: for tests, and for a server of your own. */
  fetch(request: Request): Promise<Response>;
  /** Listens until the server is disposed of. @throws InvalidInputError where others could reach it and no key is made */
  listen(options?: ListenOptions): Promise<{ url: string; port: number }>;
}

/** Well-known names, by how they begin. */
const wellKnown = {
  chat: ['gpt-4o', 'gpt-4.1', 'gpt-4', 'gpt-3.5-turbo', 'gpt-5', 'chatgpt-4o', 'o1', 'o3', 'o4-mini'],
  embedding: ['text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002'],
};

/**
 * Opens what a server serves; models load when they are first asked.
 * @throws InvalidInputError for a model or project that leads nowhere, and for two projects of one name
 * @throws LockedError while another server uses the folder
 *
 * @example
 * await using server = await openServer({ projects: ['handbook-project'] });
 * const { url } = await server.listen({ port: 8642 });
 * console.log(`OPENAI_BASE_URL=${url}/v1`);
 */
export async function openServer(
  options: ServerOptions = {},
  parts: ServerParts = {},
): Promise<TandemServer> {
  const chat = options.chat?.length ? options.chat : [defaultModels.chat];
  const embedding = options.embedding?.length ? options.embedding : [defaultModels.embedder];
  const folder = resolve(options.folder ?? defaultServerFolder(options.projects?.[0]));
  await using opening = new AsyncDisposableStack();
  const closing = new AbortController();
  const models = opening.use(
    await openModels(
      {
        chat: chat[0]!,
        embedder: embedding[0]!,
        ...(options.providers && { providers: options.providers }),
        ...(options.network && { network: options.network }),
      },
      { ...(options.onProgress && { onProgress: options.onProgress }) },
    ),
  );
  const projects: ServedProject[] = [];
  for (const directory of options.projects ?? []) {
    const project = opening.use(
      await openProject({
        directory,
        ...(options.onProgress && { onProgress: options.onProgress }),
      }),
    );
    if (projects.some((other) => other.project.name === project.name))
      throw new InvalidInputError({
        domain: 'server',
        where: directory,
        message: `Two projects are called "${project.name}", so that tandem/${project.name} would be either.`,
        hint: 'Give one of them another name in its tandem.config.ts.',
      });
    projects.push({ project, isTuned: (await project.catalog.adapters.list()).length > 0 });
  }
  const database = openServerDatabase(folder);
  opening.defer(() => database.close());
  // What another server has not finished in this folder would be taken for what a killed one left.
  opening.use(await lockForWriting(database.path, 'serving'));
  const now = () => Math.floor(Date.now() / 1000);
  const created = now();
  const queues = new ModelQueues({ waiting: 32, waitingOfCaller: 16, ...options.queue });
  const keys = new ApiKeys(database, now);
  const log = options.log ?? ((error: unknown) => console.error(error));
  const table = new JobTable(database, now);
  const files = await ServerFiles.open({ database, folder, now });
  const trainingFiles = parts.trainingFiles ?? jobFiles(files);
  const tunedModels = new TunedModels({ folder, models, queues, table, now });
  const runner = opening.use(
    new JobRunner({
      folder,
      table,
      files: trainingFiles,
      now,
      log,
      startTraining: parts.startTraining,
      limits: { ...options.training, ...(options.network && { network: options.network }) },
    }),
  );
  await runner.open();
  const directory = new ModelDirectory(
    [
      baseModels({ chat, embedding }, { models, queues, created }),
      projectModels(projects, { queues, created }),
      tunedModels,
    ],
    {
      ...Object.fromEntries(wellKnown.chat.map((name) => [name, nameOf(nameOfModel(chat[0]!))])),
      ...Object.fromEntries(wellKnown.embedding.map((name) => [name, nameOf(nameOfModel(embedding[0]!))])),
      ...options.aliases,
    },
  );
  const mostFileBytes = options.mostFileBytes ?? 512 * 2 ** 20;
  const context: ServerContext = {
    folder,
    database,
    keys,
    models: directory,
    embeddings: new EmbeddingBatches(),
    files,
    mostFileBytes,
    uploads: await Uploads.open({ database, folder, files, mostFileBytes, now }),
    vectorStores: opening.use(
      await VectorStores.open({
        database,
        folder,
        files,
        embedder: () => models.embedder(),
        ...(options.openStore && { openStore: options.openStore }),
        now,
        closing: closing.signal,
        log,
      }),
    ),
    fineTuning: { table, runner, files: trainingFiles },
    tunedModels,
    now,
    closing: closing.signal,
    log,
  };
  const keeping = keepHouse(context);
  opening.defer(() => keeping);
  const owned = opening.move();
  const { mostBodyBytes = 8 * 2 ** 20, allowHosts = [], allowOrigins = [] } = options;
  const appFor = (hosts: readonly string[]) =>
    createApp(context, { hosts, origins: allowOrigins, mostBodyBytes });
  const unbound = appFor([]);
  return {
    models: directory.list({ id: 'start', tenant: '', scopes: new Set() }).map(({ id }) => id),
    keys,
    folder,
    fetch: async (request) => unbound.fetch(request),
    async listen({ host = '127.0.0.1', port = 8642 } = {}) {
      if (!isLoopback(host) && !keys.hasAny())
        throw new InvalidInputError({
          domain: 'server',
          where: 'host',
          message: `On ${host} others can reach the server, and no key is made, so that anybody could use it.`,
          hint: 'Make a key first, or listen on 127.0.0.1, to be reached from this machine alone.',
        });
      const hosts = isLoopback(host)
        ? ['localhost', '127.0.0.1', '::1', ...allowHosts.map((name) => name.toLowerCase())]
        : allowHosts.length > 0
          ? [...allowHosts.map((name) => name.toLowerCase()), ...(isIP(host) ? [host] : [])]
          : [];
      const { promise, resolve: listening, reject } = Promise.withResolvers<number>();
      const listener = serve({ fetch: appFor(hosts).fetch, hostname: host, port }, (address) =>
        listening(address.port),
      );
      listener.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, { host, port })));
      const bound = await promise;
      owned.defer(async () => {
        const closed = new Promise<void>((done) => listener.close(() => done()));
        if ('closeIdleConnections' in listener) listener.closeIdleConnections();
        const late = setTimeout(
          () => 'closeAllConnections' in listener && listener.closeAllConnections(),
          5000,
        );
        await closed;
        clearTimeout(late);
      });
      return { url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${bound}`, port: bound };
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('The server is shutting down.'));
      await owned.disposeAsync();
    },
  };
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127\./.test(host);

function cannotListen(error: NodeJS.ErrnoException, { host, port }: Required<ListenOptions>): Error {
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES' && error.code !== 'EADDRNOTAVAIL') return error;
  return new InvalidInputError({
    domain: 'server',
    where: 'port',
    message:
      error.code === 'EADDRINUSE'
        ? `Port ${port} of ${host} is used by another program.`
        : `The server may not listen on ${host}:${port} (${error.code}).`,
    hint: 'Give another port, or 0 for a free one.',
    cause: error,
  });
}
