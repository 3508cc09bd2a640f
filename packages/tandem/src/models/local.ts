// Models on this machine, for a program that puts its own together: in `createTandem`, or with the AI SDK alone.

export type { Pooling } from './embedder-engine.ts';
export type { EmbedderLanguages } from './embedder-languages.ts';
export type { EmbedderOptions } from './embedder-options.ts';
export type { EmbedderPrefixes } from './embedder-prefixes.ts';
export { type FetchedModel, type FetchOptions, fetchModel } from './fetch/fetch-model.ts';
export {
  type LocalChatCallOptions,
  type LocalChatMetadata,
  type LocalChatModel,
  type LocalChatOptions,
  openLocalChat,
} from './local-chat.ts';
export {
  type LocalEmbedderModel,
  type LocalEmbedderOptions,
  openLocalEmbedder,
} from './local-embedder.ts';
export { type LocalRerankerModel, type LocalRerankerOptions, openLocalReranker } from './local-reranker.ts';
export {
  type AdapterReference,
  type LocalChatTools,
  type LocalEmbedderTools,
  type LocalTools,
  localToolsOf,
  type TokenSpan,
} from './local-tools.ts';
export { type KnownModel, knownModels, type ModelFile, type ModelKind } from './registry.ts';
export type { RerankerDeclaration } from './reranker-declaration.ts';
