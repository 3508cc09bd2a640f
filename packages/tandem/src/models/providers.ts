import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { EmbeddingModelV4, LanguageModelV4, RerankingModelV4 } from '@ai-sdk/provider';
import { DisposedError } from '../core/errors/disposed-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { ProviderConfig } from '../core/settings.ts';
import type { EmbedderOptions } from './embedder-options.ts';
import { type FetchedModel, type FetchOptions, fetchModel } from './fetch/fetch-model.ts';
import {
  adoptEmbeddingModel,
  adoptLanguageModel,
  adoptRerankingModel,
  type EmbeddingModelInstance,
  type LanguageModelInstance,
  nameOfModel,
  type RerankingModelInstance,
} from './model-kinds.ts';
import { type NetworkPolicy, networkPolicy, policyFetch } from './network-policy.ts';
import { ollamaEmbedder, ollamaLanguageModel } from './ollama.ts';
import { knownModels, type ModelSource, parseModelReference } from './registry.ts';

/** The models that a Tandem works with. Each is fetched and loaded when first asked for, once. */
export interface Models extends AsyncDisposable {
  /** What they are called in messages, reports and hashes: the reference, or `provider:model` of an instance. */
  readonly names: { chat: string; embedder: string; reranker?: string };
  /** As chosen: which hosts may be connected to. */
  readonly network: NetworkPolicy['mode'];
  chat(): Promise<LanguageModelV4>;
  embedder(): Promise<EmbeddingModelV4>;
  /** Undefined where none is given. */
  reranker(): Promise<RerankingModelV4 | undefined>;
  /** Another chat model, by its reference: a provider's tuned one. Opened once, and closed with the others. */
  chatNamed(reference: string): Promise<LanguageModelV4>;
  /** Another embedder, by its reference, with the same options: one that was trained here. Opened once, and closed with the others. */
  embedderNamed(reference: string): Promise<EmbeddingModelV4>;
  /** The same for rerankers. */
  rerankerNamed(reference: string): Promise<RerankingModelV4>;
  /**
   * The server behind a reference such as `office:model` (default: the chat model's), and the model's name there; undefined where it is a
   * local model, an instance, or of a provider of another kind. @throws InvalidInputError for an unknown provider or a key that is not set.
   */
  connection(reference?: string): { connection: ProviderConnection; model: string } | undefined;
}

/** Which models: each by its reference (`local:NAME`, `hf:owner/repo/file.gguf`, `PROVIDER:MODEL`) or as an AI SDK model. */
export interface ModelChoice {
  /** Default: `local:qwen2.5-coder-0.5b`. */
  chat?: string | LanguageModelInstance;
  /** Default: `local:all-minilm-l6-v2`. */
  embedder?: string | EmbeddingModelInstance;
  reranker?: string | RerankingModelInstance | undefined;
  /** Of a local embedder: what its files leave open, or say wrongly. */
  embedderOptions?: EmbedderOptions | undefined;
  /** What references may name before the colon, beside `local` and `hf`. */
  providers?: Readonly<Record<string, ProviderConfig>>;
  /** With `local` (default) a provider's server is reached only at the address it is configured with; `open` follows redirects. */
  network?: NetworkPolicy['mode'];
}

/** What is used where no model is chosen. */
export const defaultModels = {
  chat: 'local:qwen2.5-coder-0.5b',
  embedder: 'local:all-minilm-l6-v2',
} as const;

export interface OpenModelsOptions {
  /** Where relative model paths start. Default: the working directory. */
  directory?: string;
  cacheDirectory?: string;
  threads?: number;
  onProgress?: ProgressListener;
  signal?: AbortSignal;
}

/** Where each is set, for messages. */
const settings = { chat: 'models.chat', embedder: 'models.embedder', reranker: 'retrieve.reranker' } as const;

/**
 * The models of a choice: `local:` and `hf:` ones on this machine, others from `providers`, instances as they are. What was opened here is
 * closed with the result; an instance stays its maker's.
 * @throws InvalidInputError at once for a reference that leads nowhere or an instance of the wrong kind; the models themselves come later.
 */
export async function openModels(choice: ModelChoice = {}, options: OpenModelsOptions = {}): Promise<Models> {
  const { providers = {}, network = 'local', embedderOptions } = choice;
  const config: Reachable = { providers, network };
  const { chat: chatGiven, embedder: embedderGiven } = { ...defaultModels, ...definedOf(choice) };
  const rerankerGiven = choice.reranker;
  check(config, chatGiven, 'chat', adoptLanguageModel, options);
  check(config, embedderGiven, 'embedder', adoptEmbeddingModel, options);
  if (rerankerGiven !== undefined) check(config, rerankerGiven, 'reranker', adoptRerankingModel, options);
  const opened = new AsyncDisposableStack();
  const openings = new Map<string, Promise<unknown>>();
  /** Opened when first asked for, once; after a failure the next call tries again. */
  const openOnce = <Model>(key: string, open: () => Promise<Model>): Promise<Model> => {
    if (opened.disposed) throw new DisposedError({ what: 'These models were' });
    let opening = openings.get(key) as Promise<Model> | undefined;
    if (!opening) {
      opening = open().catch((error: unknown) => {
        openings.delete(key);
        throw error;
      });
      openings.set(key, opening);
    }
    return opening;
  };
  const chatOf = (given: string | LanguageModelInstance) =>
    typeof given === 'string'
      ? reportLoading(given, options, () => openChat(config, given, options, opened))
      : Promise.resolve(adoptLanguageModel(given, settings.chat));
  const embedderOf = async (given: string | EmbeddingModelInstance) =>
    typeof given === 'string'
      ? await reportLoading(given, options, () =>
          openEmbedder(config, given, { ...options, ...(embedderOptions && { embedderOptions }) }, opened),
        )
      : adoptEmbeddingModel(given, settings.embedder);
  const rerankerOf = async (given: string | RerankingModelInstance) =>
    typeof given === 'string'
      ? await reportLoading(given, options, () => openReranker(config, given, options, opened))
      : adoptRerankingModel(given, settings.reranker);
  return {
    names: {
      chat: nameOfModel(chatGiven),
      embedder: nameOfModel(embedderGiven),
      ...(rerankerGiven !== undefined && { reranker: nameOfModel(rerankerGiven) }),
    },
    network,
    chat: async () => openOnce('chat', () => chatOf(chatGiven)),
    embedder: async () => openOnce('embedder', () => embedderOf(embedderGiven)),
    reranker: async () =>
      rerankerGiven === undefined ? undefined : openOnce('reranker', () => rerankerOf(rerankerGiven)),
    chatNamed: async (reference) => openOnce(`chat ${reference}`, () => chatOf(reference)),
    embedderNamed: async (reference) =>
      openOnce(reference === embedderGiven ? 'embedder' : `embedder ${reference}`, () =>
        embedderOf(reference),
      ),
    rerankerNamed: async (reference) =>
      openOnce(reference === rerankerGiven ? 'reranker' : `reranker ${reference}`, () =>
        rerankerOf(reference),
      ),
    connection: (reference) => {
      const named = reference ?? chatGiven;
      return typeof named === 'string' ? openAIConnection(config, named) : undefined;
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(openings.values());
      await opened.disposeAsync();
    },
  };
}

/** What decides which servers a model may be reached at. */
type Reachable = Required<Pick<ModelChoice, 'providers' | 'network'>>;

function check(
  config: Reachable,
  given: unknown,
  part: keyof typeof settings,
  adopt: (given: unknown, where: string) => unknown,
  options: OpenModelsOptions,
): void {
  if (typeof given === 'string') checkReference(config, given, settings[part], options);
  // A config's schema has checked its instances: what is wrong here is an option of `createTandem`.
  else adopt(given, part);
}

const definedOf = ({ chat, embedder }: ModelChoice) => ({
  ...(chat !== undefined && { chat }),
  ...(embedder !== undefined && { embedder }),
});

const isLocal = (reference: string) => /^(local|hf):/.test(reference);

/** Tells when a local model is being brought into memory, which takes seconds for a large one, and when it is there. */
async function reportLoading<Model>(
  reference: string,
  { onProgress }: OpenModelsOptions,
  open: () => Promise<Model>,
): Promise<Model> {
  if (!isLocal(reference)) return open();
  const event = { stage: `loading ${reference}`, total: 1, unit: 'models' };
  onProgress?.({ ...event, done: 0 });
  const model = await open();
  onProgress?.({ ...event, done: 1 });
  return model;
}

async function openChat(
  config: Reachable,
  reference: string,
  options: OpenModelsOptions,
  opened: AsyncDisposableStack,
): Promise<LanguageModelV4> {
  if (isLocal(reference)) {
    const found = await fetchModel(reference, fetchOptions(options));
    // Loaded when needed: a project whose chat model is hosted needs no llama.cpp.
    const { openLocalChat } = await import('./local-chat.ts');
    return opened.use(await openLocalChat({ path: found.path, ...nameOf(found), ...localOptions(options) }));
  }
  const { name, provider, model } = providerOf(config, reference);
  switch (provider.type) {
    case 'openai-compatible':
      return openAICompatible(config, name, provider).chatModel(model);
    case 'ollama':
      return ollamaLanguageModel(model, { ...provider, name, fetch: policyFetch(networkPolicy(config)) });
    case 'ai-sdk': {
      const make = provider.languageModel as ((model: string) => unknown) | undefined;
      return adoptLanguageModel(make?.(model), `providers.${name}.languageModel`);
    }
  }
}

async function openEmbedder(
  config: Reachable,
  reference: string,
  options: OpenModelsOptions & { embedderOptions?: EmbedderOptions },
  opened: AsyncDisposableStack,
): Promise<EmbeddingModelV4> {
  if (isLocal(reference)) {
    const found = await fetchModel(reference, fetchOptions(options));
    const { openLocalEmbedder } = await import('./local-embedder.ts');
    const languages = knownModels.find(({ name }) => name === found.name)?.languages;
    return opened.use(
      await openLocalEmbedder({
        path: found.path,
        ...nameOf(found),
        ...localOptions(options),
        ...(languages && { languages }),
        ...options.embedderOptions,
      }),
    );
  }
  const { name, provider, model } = providerOf(config, reference);
  switch (provider.type) {
    case 'openai-compatible':
      return openAICompatible(config, name, provider).embeddingModel(model);
    case 'ollama':
      return ollamaEmbedder(model, { ...provider, name, fetch: policyFetch(networkPolicy(config)) });
    case 'ai-sdk': {
      const make = provider.embeddingModel as ((model: string) => unknown) | undefined;
      return adoptEmbeddingModel(make?.(model), `providers.${name}.embeddingModel`);
    }
  }
}

async function openReranker(
  config: Reachable,
  reference: string,
  options: OpenModelsOptions,
  opened: AsyncDisposableStack,
): Promise<RerankingModelV4> {
  if (isLocal(reference)) {
    const found = await fetchModel(reference, fetchOptions(options));
    const { openLocalReranker } = await import('./local-reranker.ts');
    const { difference, languages } = knownModels.find(({ name }) => name === found.name) ?? {};
    return opened.use(
      await openLocalReranker({
        path: found.path,
        ...nameOf(found),
        ...(difference !== undefined && { difference }),
        ...(languages && { languages }),
        ...(options.threads !== undefined && { threads: options.threads }),
      }),
    );
  }
  const { name, provider, model } = providerOf(config, reference);
  if (provider.type !== 'ai-sdk')
    throw new InvalidInputError({
      domain: 'models',
      where: 'retrieve.reranker',
      message: `The provider ${name} (${provider.type}) offers no rerankers.`,
      hint: 'Name a local cross-encoder (local:./path), or a provider of type ai-sdk with rerankingModel.',
    });
  const make = provider.rerankingModel as ((model: string) => unknown) | undefined;
  return adoptRerankingModel(make?.(model), `providers.${name}.rerankingModel`);
}

/** How a server of OpenAI's kind is reached: for its chat models, and for what else it offers. */
export interface ProviderConnection {
  /** Under `providers`. */
  name: string;
  baseURL: string;
  apiKey?: string;
  apiKeyEnv?: string;
  headers?: Record<string, string>;
  /** Keeps to the network policy. */
  fetch: typeof fetch;
}

function openAIConnection(
  config: Reachable,
  reference: string,
): { connection: ProviderConnection; model: string } | undefined {
  if (isLocal(reference)) return undefined;
  const { name, provider, model } = providerOf(config, reference);
  return provider.type === 'openai-compatible'
    ? { connection: connectionTo(config, name, provider), model }
    : undefined;
}

function openAICompatible(
  config: Reachable,
  name: string,
  provider: Extract<ProviderConfig, { type: 'openai-compatible' }>,
) {
  const { apiKeyEnv: _from, ...connection } = connectionTo(config, name, provider);
  return createOpenAICompatible({
    ...connection,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
}

function connectionTo(
  config: Reachable,
  name: string,
  provider: Extract<ProviderConfig, { type: 'openai-compatible' }>,
): ProviderConnection {
  const apiKey = provider.apiKeyEnv === undefined ? undefined : process.env[provider.apiKeyEnv];
  if (provider.apiKeyEnv !== undefined && !apiKey) {
    throw new InvalidInputError({
      domain: 'models',
      where: `providers.${name}.apiKeyEnv`,
      message: `The provider ${name} takes its key from ${provider.apiKeyEnv}, which is not set.`,
      hint: `Set ${provider.apiKeyEnv} in the environment.`,
    });
  }
  return {
    name,
    baseURL: provider.baseURL,
    ...(apiKey && { apiKey }),
    ...(provider.apiKeyEnv !== undefined && { apiKeyEnv: provider.apiKeyEnv }),
    ...(provider.headers && { headers: provider.headers }),
    fetch: policyFetch(networkPolicy(config)),
  };
}

function checkReference(
  config: Reachable,
  reference: string,
  where: string,
  options: OpenModelsOptions,
): void {
  if (!isLocal(reference)) {
    providerOf(config, reference);
    return;
  }
  const source = parseModelReference(reference, options.directory);
  if (where === 'retrieve.reranker') {
    if (source.type === 'path' || source.kind === 'reranker') return;
    if (source.kind === 'embedder' && reference.startsWith('hf:')) return;
    throw new InvalidInputError({
      domain: 'models',
      where,
      message: `${where} is ${reference}, which is ${kindNames[source.kind]}.`,
      hint: 'Name local:tandem-reranker, or the folder of a cross-encoder, such as the one that training a reranker makes: local:./path.',
    });
  }
  const kind = where === 'models.chat' ? 'chat' : 'embedder';
  // A GGUF file of the Hub may be either: that is seen when it is opened.
  if (isGgufOnHub(reference, source)) return;
  if (source.type === 'files' && source.kind !== kind) {
    throw new InvalidInputError({
      domain: 'models',
      where,
      message: `${where} is ${reference}, which is ${kindNames[source.kind]}.`,
      hint: `Name ${kind === 'chat' ? 'a chat model' : 'an embedder'} there.`,
    });
  }
}

const kindNames = {
  chat: 'a chat model',
  embedder: 'an embedder',
  reranker: 'a reranker',
  verifier: 'a verifier',
} as const;

const isGgufOnHub = (reference: string, source: ModelSource) =>
  reference.startsWith('hf:') && source.type === 'files' && /\.gguf$/.test(source.files[0]?.name ?? '');

function providerOf(
  config: Reachable,
  reference: string,
): { name: string; provider: ProviderConfig; model: string } {
  const colon = reference.indexOf(':');
  if (colon < 1)
    throw new InvalidInputError({
      domain: 'models',
      where: reference,
      message: `${JSON.stringify(reference)} names no model: a name is written as provider:model.`,
      hint: "Write 'local:NAME' for a built-in model, or give a model of the AI SDK, such as openai('gpt-5').",
    });
  const name = reference.slice(0, colon);
  const provider = config.providers[name];
  if (provider !== undefined) return { name, provider, model: reference.slice(colon + 1) };
  const known = ['local', 'hf', ...Object.keys(config.providers)];
  throw new InvalidInputError({
    domain: 'models',
    where: reference,
    message: `The model ${reference} names the provider ${name}, which the config does not have.`,
    hint: `Known are ${known.join(', ')}; add ${name} under providers.`,
  });
}

/** A model of a user's own is called what it calls itself: where it lies on this disk says nothing to a reader elsewhere. */
const nameOf = ({ name, from }: FetchedModel) => (from === 'path' ? {} : { modelId: name });

function fetchOptions(options: OpenModelsOptions): FetchOptions {
  return {
    ...(options.directory !== undefined && { directory: options.directory }),
    ...(options.cacheDirectory !== undefined && { cacheDirectory: options.cacheDirectory }),
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.signal && { signal: options.signal }),
  };
}

function localOptions(options: OpenModelsOptions) {
  return {
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(options.cacheDirectory !== undefined && { cacheDirectory: options.cacheDirectory }),
    ...(options.signal && { signal: options.signal }),
  };
}
