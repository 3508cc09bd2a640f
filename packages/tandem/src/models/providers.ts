import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { EmbeddingModelV4, LanguageModelV4, RerankingModelV4 } from '@ai-sdk/provider';
import {
  type EmbeddingModel,
  type EmbeddingModelMiddleware,
  type LanguageModel,
  type LanguageModelMiddleware,
  wrapEmbeddingModel,
  wrapLanguageModel,
} from 'ai';
import type { Config, ProviderConfig } from '../core/config.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import { type FetchedModel, type FetchOptions, fetchModel } from './fetch/fetch-model.ts';
import { networkPolicy, policyFetch, withNetwork } from './network-policy.ts';
import { ollamaEmbedder, ollamaLanguageModel } from './ollama.ts';
import { parseModelReference } from './registry.ts';

/** A project's models. Each is fetched and loaded when first asked for, once. */
export interface Models extends AsyncDisposable {
  chat(): Promise<LanguageModelV4>;
  embedder(): Promise<EmbeddingModelV4>;
  /** That of `retrieve.reranker`; undefined where the config names none. */
  reranker(): Promise<RerankingModelV4 | undefined>;
}

export interface OpenModelsOptions {
  /** Where relative model paths start. */
  projectDirectory?: string;
  cacheDirectory?: string;
  threads?: number;
  onProgress?: ProgressListener;
  signal?: AbortSignal;
}

/**
 * The models that a config names: `local:` and `hf:` ones on this machine, others from the config's `providers`.
 * Throws InvalidInputError at once for a reference that leads nowhere; the models themselves come later.
 */
export async function openModels(config: Config, options: OpenModelsOptions = {}): Promise<Models> {
  const { chat: chatReference, embedder: embedderReference } = config.models;
  checkReference(config, chatReference, 'models.chat', options);
  checkReference(config, embedderReference, 'models.embedder', options);
  const rerankerReference = config.retrieve.reranker;
  if (rerankerReference !== undefined)
    checkReference(config, rerankerReference, 'retrieve.reranker', options);
  const opened = new AsyncDisposableStack();
  let reranker: Promise<RerankingModelV4> | undefined;
  let chat: Promise<LanguageModelV4> | undefined;
  let embedder: Promise<EmbeddingModelV4> | undefined;
  return {
    chat() {
      chat ??= loading(chatReference, options, () => openChat(config, chatReference, options, opened));
      return chat;
    },
    embedder() {
      embedder ??= loading(embedderReference, options, () =>
        openEmbedder(config, embedderReference, options, opened),
      );
      return embedder;
    },
    async reranker() {
      if (rerankerReference === undefined) return undefined;
      reranker ??= loading(rerankerReference, options, () =>
        openReranker(config, rerankerReference, options, opened),
      );
      return reranker;
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([chat, embedder, reranker]);
      await opened.disposeAsync();
    },
  };
}

const isLocal = (reference: string) => /^(local|hf):/.test(reference);

/** Tells when a local model is being brought into memory, which takes seconds for a large one, and when it is there. */
async function loading<Model>(
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
  config: Config,
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
      const made = (provider.languageModel as ((model: string) => LanguageModel) | undefined)?.(model);
      if (typeof made !== 'object' || !('doGenerate' in made)) throw notAModel(name, 'languageModel');
      return wrapLanguageModel({ model: made, middleware: [networkForLanguageModel] });
    }
  }
}

async function openEmbedder(
  config: Config,
  reference: string,
  options: OpenModelsOptions,
  opened: AsyncDisposableStack,
): Promise<EmbeddingModelV4> {
  if (isLocal(reference)) {
    const found = await fetchModel(reference, fetchOptions(options));
    const { openLocalEmbedder } = await import('./local-embedder.ts');
    return opened.use(
      await openLocalEmbedder({ path: found.path, ...nameOf(found), ...localOptions(options) }),
    );
  }
  const { name, provider, model } = providerOf(config, reference);
  switch (provider.type) {
    case 'openai-compatible':
      return openAICompatible(config, name, provider).embeddingModel(model);
    case 'ollama':
      return ollamaEmbedder(model, { ...provider, name, fetch: policyFetch(networkPolicy(config)) });
    case 'ai-sdk': {
      const made = (provider.embeddingModel as ((model: string) => EmbeddingModel) | undefined)?.(model);
      if (typeof made !== 'object' || !('doEmbed' in made)) throw notAModel(name, 'embeddingModel');
      if (made.specificationVersion === 'v2') throw notAModel(name, 'embeddingModel');
      return wrapEmbeddingModel({ model: made, middleware: [networkForEmbeddingModel] });
    }
  }
}

async function openReranker(
  config: Config,
  reference: string,
  options: OpenModelsOptions,
  opened: AsyncDisposableStack,
): Promise<RerankingModelV4> {
  if (isLocal(reference)) {
    const found = await fetchModel(reference, fetchOptions(options));
    const { openLocalReranker } = await import('./local-reranker.ts');
    return opened.use(
      await openLocalReranker({
        path: found.path,
        ...nameOf(found),
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
  const made = (provider.rerankingModel as ((model: string) => RerankingModelV4) | undefined)?.(model);
  if (typeof made !== 'object' || !('doRerank' in made)) throw notAModel(name, 'rerankingModel');
  return {
    specificationVersion: 'v4',
    provider: made.provider,
    modelId: made.modelId,
    doRerank: (call) => withNetwork(async () => made.doRerank(call)),
  };
}

/**
 * A provider that the user wrote or chose is configured, wherever it connects to. Wrapping also lifts models of earlier
 * specifications to this one.
 */
const networkForLanguageModel: LanguageModelMiddleware = {
  specificationVersion: 'v4',
  wrapGenerate: ({ doGenerate }) => withNetwork(async () => doGenerate()),
  wrapStream: ({ doStream }) => withNetwork(async () => doStream()),
};
const networkForEmbeddingModel: EmbeddingModelMiddleware = {
  specificationVersion: 'v4',
  wrapEmbed: ({ doEmbed }) => withNetwork(async () => doEmbed()),
};

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

/**
 * The server behind a reference such as `office:model`, and the model's name there; undefined where the reference is to a local
 * model or to a provider of another kind. @throws InvalidInputError for an unknown provider or a key that is not set.
 */
export function openAIConnection(
  config: Config,
  reference: string,
): { connection: ProviderConnection; model: string } | undefined {
  if (isLocal(reference)) return undefined;
  const { name, provider, model } = providerOf(config, reference);
  return provider.type === 'openai-compatible'
    ? { connection: connectionTo(config, name, provider), model }
    : undefined;
}

function openAICompatible(
  config: Config,
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
  config: Config,
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

function checkReference(config: Config, reference: string, where: string, options: OpenModelsOptions): void {
  if (!isLocal(reference)) {
    providerOf(config, reference);
    return;
  }
  const source = parseModelReference(reference, options.projectDirectory);
  if (where === 'retrieve.reranker') {
    if (source.type === 'path' || (source.kind === 'embedder' && reference.startsWith('hf:'))) return;
    throw new InvalidInputError({
      domain: 'models',
      where,
      message: `${where} is ${reference}, which is ${source.kind === 'chat' ? 'a chat model' : 'an embedder'}.`,
      hint: 'Name the folder of a cross-encoder, such as the one that `tandem tune --reranker` makes: local:./path.',
    });
  }
  const kind = where === 'models.chat' ? 'chat' : 'embedder';
  if (source.type === 'files' && source.kind !== kind) {
    throw new InvalidInputError({
      domain: 'models',
      where,
      message: `${where} is ${reference}, which is ${source.kind === 'chat' ? 'a chat model' : 'an embedder'}.`,
      hint: `Name ${kind === 'chat' ? 'a chat model' : 'an embedder'} there (tandem models list).`,
    });
  }
}

function providerOf(
  config: Config,
  reference: string,
): { name: string; provider: ProviderConfig; model: string } {
  const colon = reference.indexOf(':');
  const name = reference.slice(0, colon);
  const provider = config.providers[name];
  if (provider !== undefined) return { name, provider, model: reference.slice(colon + 1) };
  const known = ['local', 'hf', ...Object.keys(config.providers)];
  throw new InvalidInputError({
    domain: 'models',
    where: reference,
    message: `The model ${reference} names the provider ${name}, which the config does not have.`,
    hint: `Known are ${known.join(', ')}; add ${name} under providers in tandem.config.ts.`,
  });
}

function notAModel(name: string, member: string): InvalidInputError {
  return new InvalidInputError({
    domain: 'models',
    where: `providers.${name}.${member}`,
    message: `providers.${name}.${member} gave no AI SDK model.`,
    hint: `Return what the provider's package makes, as in ${member}: (name) => openai(name).`,
  });
}

/** A model of a user's own is called what it calls itself: where it lies on this disk says nothing to a reader elsewhere. */
const nameOf = ({ name, from }: FetchedModel) => (from === 'path' ? {} : { modelId: name });

function fetchOptions(options: OpenModelsOptions): FetchOptions {
  return {
    ...(options.projectDirectory !== undefined && { directory: options.projectDirectory }),
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
