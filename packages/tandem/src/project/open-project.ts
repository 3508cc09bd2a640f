import { join, resolve } from 'node:path';
import { openCatalog } from '../catalog/sqlite-catalog.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { GivenFile } from '../core/types/dataset-file.ts';
import { createTandem, type Tandem, type TandemOptions } from '../runtime/create-tandem.ts';
import { type IngestOptions, type IngestResult, ingestOpened } from '../runtime/ingest.ts';
import { type WatchOptions, watchSources } from '../runtime/watch.ts';
import { openStore, storeTitle } from '../store/open-store.ts';
import type { Config } from './config.ts';
import { defaultChat } from './default-chat.ts';
import { findProject, loadConfig } from './load-config.ts';
import { type GivenSources, openProjectSources } from './sources.ts';

/**
 * A folder with a `tandem.config.ts` and, under `.tandem/`, all that Tandem made for it: the catalogue, the index, datasets,
 * adapters, reports.
 */
export interface Project extends Tandem {
  readonly config: Config;
}

/** Which project, and what to call with the progress of loading models. */
export interface OpenProjectOptions {
  /** Default: the nearest project at or above the working directory. */
  directory?: string;
  /** Takes the place of the config's `models.chat`. */
  chat?: string;
  /** Takes the place of the config's `retrieve.ranking`: what `tuneRanking` learnt, by its reference. */
  ranking?: string;
  /** Progress of model downloads and loading. */
  onProgress?: ProgressListener;
  signal?: AbortSignal;
}

/**
 * Finds the project's folder, runs its `tandem.config.ts` and makes a Tandem of what that says; index and models open when first asked for.
 * Dispose it.
 *
 * @throws InvalidInputError when there is no project, its config is not understood, or the catalogue is damaged or of a newer Tandem
 *
 * @example
 * await using project = await openProject({ directory: 'handbook-project' });
 * await ingest(project);
 * const answer = await ask(project, 'How many days of leave do I have?');
 */
export async function openProject(options: OpenProjectOptions = {}): Promise<Project> {
  const directory = findProject(process.cwd(), options.directory);
  const config = await loadConfig(directory);
  const dataDirectory = join(directory, '.tandem');
  const catalogFile = join(dataDirectory, 'catalog.sqlite');
  const chat = options.chat ?? config.models.chat ?? (await defaultChat(catalogFile));
  const tandem = await createTandem({
    name: config.name,
    directory,
    dataDirectory,
    ...partsOf(
      options.ranking === undefined
        ? config
        : { ...config, retrieve: { ...config.retrieve, ranking: options.ranking } },
      directory,
    ),
    chat,
    catalog: () => openCatalog(catalogFile),
    store: () =>
      openStore(config.store, { directory: join(dataDirectory, 'index'), projectName: config.name }),
    storeName: storeTitle(config.store),
    sources: () => openProjectSources({ directory, dataDirectory, config }),
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.signal && { signal: options.signal }),
  });
  return Object.defineProperty(tandem, 'config', { value: config, enumerable: true }) as Project;
}

/**
 * `ingest`, with further files, folders and web addresses. They are remembered: a later ingest without them keeps their documents up to date
 * too, as it does those of the config's sources.
 *
 * @example
 * const { added } = await ingestPaths(project, { paths: ['handbook/leave.md'] });
 * console.log(added);
 */
export async function ingestPaths(
  project: Project,
  given: GivenSources,
  options: Omit<IngestOptions, 'sources'> = {},
): Promise<IngestResult> {
  return project.whileOpen(async (signal) => {
    await using opened = await openProjectSources(project, given);
    const report = await ingestOpened(project, opened.sources, { ...options, signal });
    await opened.remember(report);
    return report;
  }, options.signal);
}

/** `watchSources`, with further files, folders and web addresses, which are remembered as by `ingestPaths`. */
export async function watchPaths(
  project: Project,
  given: GivenSources,
  options: WatchOptions,
): Promise<void> {
  await using opened = await openProjectSources(project, given);
  let isRemembered = false;
  await watchSources(
    {
      ...project,
      openSources: async () => ({ sources: opened.sources, [Symbol.asyncDispose]: async () => {} }),
    },
    {
      ...options,
      async onReport(report) {
        await options.onReport(report);
        if (!isRemembered) await opened.remember(report);
        isRemembered = true;
      },
    },
  );
}

/** What a config says of settings, models and files, in the terms of `createTandem`. */
function partsOf(
  { models, providers, network, dataset, chunk, retrieve, answer, tune, compare }: Config,
  directory: string,
): Partial<TandemOptions> {
  const { glossary: searchGlossary, reranker, ...retrieveSettings } = retrieve;
  const file = (path: string) => resolve(directory, path);
  const lines = (given: string | GivenFile) =>
    typeof given === 'string' ? file(given) : { ...given, file: file(given.file) };
  return {
    settings: {
      chunk,
      retrieve: retrieveSettings,
      answer,
      dataset: {
        ...(dataset.mix && { mix: dataset.mix }),
        ...(dataset.mostRefusals !== undefined && { mostRefusals: dataset.mostRefusals }),
        ...(dataset.documents && { documents: dataset.documents }),
        ...(dataset.feedback !== undefined && { feedback: dataset.feedback }),
      },
      tune,
      compare,
    },
    ...models,
    ...(reranker !== undefined && { reranker }),
    providers,
    network,
    ...(searchGlossary !== undefined && { searchGlossary: file(searchGlossary) }),
    ...(dataset.questions !== undefined && { questions: lines(dataset.questions) }),
    ...(dataset.qa !== undefined && { qa: lines(dataset.qa) }),
    ...(dataset.train !== undefined && {
      examples: {
        train: lines(dataset.train),
        ...(dataset.validation !== undefined && { validation: lines(dataset.validation) }),
      },
    }),
    ...(dataset.cases !== undefined && { cases: lines(dataset.cases) }),
    ...(dataset.glossary !== undefined && { glossary: file(dataset.glossary) }),
  };
}
