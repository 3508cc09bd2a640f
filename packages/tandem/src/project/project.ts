import { join } from 'node:path';
import { type Answerer, createAnswerer } from '../answer/answerer.ts';
import { confidenceKey, parseCalibration } from '../answer/confidence.ts';
import type { Catalog, Deployment } from '../catalog/catalog.ts';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import type { Config } from '../core/config.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { Adapter } from '../core/types/adapter.ts';
import type { ArmName } from '../core/types/answer.ts';
import { type Models, openModels } from '../models/providers.ts';
import type { Retriever } from '../retrieve/retriever.ts';
import type { LexicalIndex } from '../store/lexical-index.ts';
import { openStore } from '../store/open-store.ts';
import type { VectorStore } from '../store/vector-store.ts';
import { checkAdapter, checkHostedAdapter } from './check-adapter.ts';
import { findProject, loadConfig } from './load-config.ts';
import { retrieverFor } from './retriever-for.ts';

/**
 * A folder with a `tandem.config.ts` and, under `.tandem/`, all that Tandem made for it: the catalogue, the index, datasets,
 * adapters, reports. Parts open when first asked for and are closed together.
 */
export interface Project extends AsyncDisposable {
  readonly directory: string;
  /** `DIRECTORY/.tandem` */
  readonly dataDirectory: string;
  readonly config: Config;
  readonly catalog: Catalog;
  store(): Promise<VectorStore & LexicalIndex>;
  models(): Promise<Models>;
  retriever(): Promise<Retriever>;
  /** What answers by default: the deployment made with `tandem use`, else the config's arm. */
  deployment(): Promise<Pick<Deployment, 'arm' | 'adapterId'>>;
  /**
   * The adapter with this id, or the latest; `file` is its GGUF LoRA, absent where the tuned model is a provider's.
   * @throws InvalidInputError when it is not there or was trained on another base or template.
   */
  adapter(id?: string): Promise<{ adapter: Adapter; file?: string }>;
  /** Parts for this arm, its adapter and its calibration among them. */
  answerer(arm: ArmName, adapterId?: string): Promise<Answerer>;
}

export interface OpenProjectOptions {
  /** Default: the nearest project at or above the working directory. */
  directory?: string;
  /** Progress of model downloads and loading. */
  onProgress?: ProgressListener;
  signal?: AbortSignal;
}

/**
 * Finds the project's folder, runs its `tandem.config.ts` and opens its catalogue; index and models open when first asked for. Dispose it.
 *
 * @throws InvalidInputError when there is no project, its config is not understood, or the catalogue is damaged or of a newer Tandem
 */
export async function openProject(options: OpenProjectOptions = {}): Promise<Project> {
  const directory = findProject(process.cwd(), options.directory);
  const config = await loadConfig(directory);
  const dataDirectory = join(directory, '.tandem');
  const parts = new AsyncDisposableStack();
  const catalog = parts.use(await openCatalog(join(dataDirectory, 'catalog.sqlite')));

  const store = once(async () =>
    parts.use(
      await openStore(config.store, { directory: join(dataDirectory, 'index'), projectName: config.name }),
    ),
  );
  const retriever = once(async () =>
    retrieverFor(config, { directory, catalog, store: await store(), models: await models() }),
  );

  const open = async (chosen: Config) =>
    parts.use(
      await openModels(chosen, {
        projectDirectory: directory,
        ...(options.onProgress && { onProgress: options.onProgress }),
        ...(options.signal && { signal: options.signal }),
      }),
    );
  const models = once(() => open(config));
  /** A tuned model that is a provider's is a chat model of its own: by its name. */
  const hosted = new Map<string, () => Promise<Models>>();
  const hostedChat = async ({ provider, model }: NonNullable<Adapter['hosted']>) => {
    const name = `${provider}:${model}`;
    let opened = hosted.get(name);
    if (!opened) {
      opened = once(() => open({ ...config, models: { ...config.models, chat: name } }));
      hosted.set(name, opened);
    }
    return (await opened()).chat();
  };

  async function adapter(id?: string): Promise<{ adapter: Adapter; file?: string }> {
    const found = id === undefined ? (await catalog.adapters.list())[0] : await catalog.adapters.get(id);
    if (!found) {
      throw new InvalidInputError({
        domain: 'project',
        where: id ?? 'adapter',
        message:
          id === undefined
            ? 'This project has no trained adapter yet.'
            : `There is no adapter ${id} in this project.`,
        hint:
          id === undefined
            ? 'Run `tandem tune` to train one.'
            : 'Look at `tandem doctor` for the adapters there are.',
      });
    }
    if (found.hosted) {
      checkHostedAdapter(found, config);
      return { adapter: found };
    }
    await checkAdapter(found, await (await models()).chat());
    return { adapter: found, file: join(dataDirectory, found.directory, 'adapter.gguf') };
  }

  async function makeAnswerer(arm: ArmName, adapterId?: string): Promise<Answerer> {
    const tuned = arm === 'tuned' || arm === 'hybrid' ? await adapter(adapterId) : undefined;
    const chat = tuned?.adapter.hosted
      ? await hostedChat(tuned.adapter.hosted)
      : await (await models()).chat();
    const calibrate = parseCalibration(await catalog.calibrations.get(confidenceKey(arm, tuned?.adapter.id)));
    return createAnswerer({
      config,
      chat,
      catalog,
      ...((arm === 'rag' || arm === 'hybrid') && { retriever: await retriever() }),
      ...(tuned && { adapter: tuned }),
      ...(calibrate && { calibrate }),
    });
  }

  return {
    directory,
    dataDirectory,
    config,
    catalog,
    store,
    models,
    retriever,
    adapter,
    deployment: async () => (await catalog.deployments.current()) ?? { arm: config.answer.arm },
    answerer: (arm, adapterId) => makeAnswerer(arm, adapterId),
    [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
  };
}

/** Made when first asked for, once; after a failure the next asks anew. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
}
