import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { Catalog } from '../catalog/catalog.ts';
import { openMemoryCatalog } from '../catalog/sqlite-catalog.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import { type Settings, type SettingsInput, settingsSchema } from '../core/settings.ts';
import type { Example } from '../core/types/example.ts';
import type { CaseLine } from '../dataset/cases.ts';
import { type GivenGlossary, type GivenLines, glossaryOf, linesOf } from '../dataset/material.ts';
import type { TrainingQuestionLine } from '../dataset/training-question.ts';
import { type ModelChoice, type Models, openModels } from '../models/providers.ts';
import type { Material } from '../parts/material.ts';
import type { OpenedSources, Parts } from '../parts/parts.ts';
import { retrieverFor } from '../parts/retriever-for.ts';
import type { Source } from '../sources/source.ts';
import { memoryStore } from '../store/memory/memory-store.ts';
import type { Store } from '../store/store.ts';
import { type TandemModel, tandemModel } from './language-model.ts';
import { OpenWork } from './open-work.ts';

/** A part as it is, or a function that opens it when it is first needed. What a function opened is closed with the Tandem. */
export type Opened<Part> = Part | (() => Part | Promise<Part>);

/** What a Tandem is made of. Everything has a default: the built-in models, and a store and a catalogue in memory. */
export interface TandemOptions extends ModelChoice {
  /** In reports and cards, and the prefix of tables on a server. Default `tandem`. */
  name?: string;
  /** Where chunks are kept and searched. Default: in memory. Openers: `tandem/store/NAME`. */
  store?: Opened<Store>;
  /** What is remembered: documents, runs, adapters, traces. Default: in memory. `openCatalog(path)` opens one in a file. */
  catalog?: Opened<Catalog>;
  /** How documents are cut, searched, answered from and trained on: docs/config.md. Each has a default. */
  settings?: SettingsInput;
  /** Where documents come from; `fromDocuments` makes a source of documents in memory. They stay yours to dispose, unless a function opens them. */
  sources?: readonly Source[] | (() => Promise<OpenedSources>);
  /** Questions with answers that may be trained on: a file of one of the formats of docs/training.md, or the lines. */
  questions?: GivenLines<TrainingQuestionLine>;
  /** Questions with answers that are not divided yet: split by group into training, validation and held-out cases. */
  qa?: GivenLines<TrainingQuestionLine>;
  /** Ready-made chat examples, instead of `questions`: in OpenAI's fine-tuning form, as ShareGPT or Alpaca conversations. */
  examples?: { train: GivenLines<Example>; validation?: GivenLines<Example> };
  /** Held-out cases for `compare` and `evalRetrieval`; never trained on. */
  cases?: GivenLines<CaseLine>;
  /** Short forms that `tune` teaches. */
  glossary?: GivenGlossary;
  /** Short forms that are spelt out in searches. */
  searchGlossary?: GivenGlossary;
  /** Where relative paths start. Default: the working directory. */
  directory?: string;
  /**
   * Where files go that are made: datasets, adapters, reports. Default: a temporary folder that is removed when the Tandem is disposed, so
   * give one where something is to last.
   */
  dataDirectory?: string;
  /** What the store is called in reports. Default `a store of your own`, or `memory`. */
  storeName?: string;
  /** Of model downloads and loading. */
  onProgress?: ProgressListener;
  /** Stops model downloads and loading. */
  signal?: AbortSignal;
}

/**
 * Models, a store, a catalogue and settings, put together: what all verbs (`ingest`, `search`, `ask`, `tune`, `compare` …) work on. It is
 * also a provider in the AI SDK's sense: `languageModel('rag')` answers from the documents. Dispose it.
 */
export interface Tandem extends Parts, AsyncDisposable {
  /**
   * An AI SDK language model that answers with this arm (default: the one in use); its citations come as `source` parts.
   *
   * @example
   * const { text, sources } = await generateText({ model: tandem.languageModel('rag'), prompt: 'How many days of leave?' });
   */
  languageModel(arm?: TandemModel): ReturnType<typeof tandemModel>;
}

/**
 * Puts a Tandem together from parts, without files. Models load when they are first needed, and are shared with every other Tandem of the
 * process that uses the same file. A part that you pass open stays yours to dispose; what Tandem opens, it closes.
 * @throws InvalidInputError for settings or models that are not understood.
 *
 * @example
 * await using tandem = await createTandem({ sources: [fromDocuments([{ uri: 'leave.md', text: 'Everybody has 30 days of leave.' }])] });
 * await ingest(tandem);
 * console.log((await ask(tandem, 'How many days of leave do I have?', { extract: true })).text);
 */
export async function createTandem(options: TandemOptions = {}): Promise<Tandem> {
  const settings = parseSettings(options.settings);
  await using opening = new AsyncDisposableStack();
  const { directory = process.cwd(), onProgress, signal } = options;
  const models = opening.use(
    await openModels(options, {
      directory,
      ...(onProgress && { onProgress }),
      ...(signal && { signal }),
    }),
  );
  const catalog = await openPart(options.catalog ?? openMemoryCatalog, opening);
  const parts = assemble(options, { settings, models, catalog, owned: opening.move() });
  return parts;
}

function assemble(
  options: TandemOptions,
  given: { settings: Settings; models: Models; catalog: Catalog; owned: AsyncDisposableStack },
): Tandem {
  const { settings, models, catalog, owned } = given;
  const directory = resolve(options.directory ?? process.cwd());
  const material = materialOf(options, directory);
  const work = new OpenWork();
  let dataDirectory = options.dataDirectory && resolve(options.dataDirectory);
  const store = once(() => openPart(options.store ?? memoryStore, owned));
  const retriever = once(async () =>
    retrieverFor(settings, { catalog, store: await store(), models, material, directory }),
  );
  const tandem: Tandem = {
    name: options.name ?? 'tandem',
    settings,
    get catalog() {
      work.checkOpen();
      return catalog;
    },
    models,
    material,
    directory,
    get dataDirectory() {
      work.checkOpen();
      dataDirectory ??= temporaryFolder(owned);
      return dataDirectory;
    },
    storeName: options.storeName ?? (options.store === undefined ? 'memory' : 'a store of your own'),
    store: () => work.check() ?? store(),
    retriever: () => work.check() ?? retriever(),
    async openSources() {
      work.check();
      const { sources = [] } = options;
      if (typeof sources === 'function') return sources();
      return { sources, [Symbol.asyncDispose]: async () => {} };
    },
    whileOpen: (task, signal) => work.run(task, signal),
    languageModel: (arm) => tandemModel(tandem, arm),
    async [Symbol.asyncDispose]() {
      await work.end();
      await owned.disposeAsync();
    },
  };
  return tandem;
}

function materialOf(options: TandemOptions, directory: string): Material {
  const { questions, qa, examples, cases, glossary, searchGlossary } = options;
  return {
    ...(questions && { questions: linesOf(questions, 'questions', { directory }) }),
    ...(qa && { qa: linesOf(qa, 'qa', { directory }) }),
    ...(examples && {
      examples: {
        train: linesOf(examples.train, 'examples.train', { form: 'example', directory }),
        ...(examples.validation && {
          validation: linesOf(examples.validation, 'examples.validation', { form: 'example', directory }),
        }),
      },
    }),
    ...(cases && { cases: linesOf(cases, 'cases', { directory }) }),
    ...(glossary && { glossary: glossaryOf(glossary, directory) }),
    ...(searchGlossary && { searchGlossary: glossaryOf(searchGlossary, directory) }),
  };
}

function parseSettings(given: SettingsInput = {}): Settings {
  const parsed = settingsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new InvalidInputError({
    domain: 'runtime',
    where: 'settings',
    message: `The settings are not understood: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}.`,
    hint: 'docs/config.md has every setting with its meaning.',
  });
}

async function openPart<Part extends AsyncDisposable>(
  given: Opened<Part>,
  owned: AsyncDisposableStack,
): Promise<Part> {
  return typeof given === 'function' ? owned.use(await given()) : given;
}

function temporaryFolder(owned: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-'));
  owned.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Made when first asked for, once; after a failure the next call tries again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
}
