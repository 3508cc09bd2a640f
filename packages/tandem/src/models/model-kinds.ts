import { basename } from 'node:path';
import type { EmbeddingModelV4, LanguageModelV4, RerankingModelV4 } from '@ai-sdk/provider';
import {
  type EmbeddingModel,
  type EmbeddingModelMiddleware,
  type LanguageModel,
  type LanguageModelMiddleware,
  type RerankingModel,
  wrapEmbeddingModel,
  wrapLanguageModel,
} from 'ai';
import { z } from 'zod';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { localToolsOf } from './local-tools.ts';
import { withNetwork } from './network-policy.ts';
import { declarationOf } from './reranker-declaration.ts';

/** A language model as any AI SDK provider makes it, such as `openai('gpt-5')`. */
export type LanguageModelInstance = Exclude<LanguageModel, string>;
/** An embedding model as any AI SDK provider makes it. */
export type EmbeddingModelInstance = Exclude<EmbeddingModel, string>;
/** A reranking model as any AI SDK provider makes it. */
export type RerankingModelInstance = Exclude<RerankingModel, string>;

/** What each kind of model is called, and the method by which one is known. */
const kinds = {
  language: { method: 'doGenerate', called: 'a language model' },
  embedding: { method: 'doEmbed', called: 'an embedding model' },
  reranking: { method: 'doRerank', called: 'a reranking model' },
} as const;
type Kind = keyof typeof kinds;

const isOfKind = (value: unknown, kind: Kind): value is object =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, kinds[kind].method) === 'function';

const instance = <Model>(kind: Kind) =>
  z.custom<Model>((value) => isOfKind(value, kind), {
    error: ({ input }) => `it must be ${kinds[kind].called} of the AI SDK, not ${describeGiven(input)}`,
  });

/** For configs: a model in place of its name. */
export const languageModelSchema = instance<LanguageModelInstance>('language');
/** For configs: a model in place of its name. */
export const embeddingModelSchema = instance<EmbeddingModelInstance>('embedding');
/** For configs: a model in place of its name. */
export const rerankingModelSchema = instance<RerankingModelInstance>('reranking');

/**
 * The given model as one of the AI SDK's present specification (V4), allowed to reach its provider. A local model stays the object that it
 * is, with its local tools.
 * @throws InvalidInputError for anything else, naming what it is and the setting that holds it.
 */
export function adoptLanguageModel(given: unknown, where: string): LanguageModelV4 {
  if (!isOfKind(given, 'language')) throw wrongKind(given, 'language', where);
  const model = given as LanguageModelInstance;
  if (localToolsOf(model)) return model as LanguageModelV4;
  return wrapLanguageModel({ model, middleware: [networkForLanguageModel] });
}

/** As `adoptLanguageModel`, for embedding models. */
export function adoptEmbeddingModel(given: unknown, where: string): EmbeddingModelV4 {
  if (!isOfKind(given, 'embedding')) throw wrongKind(given, 'embedding', where);
  const model = given as EmbeddingModelInstance;
  if (localToolsOf(model)) return model as EmbeddingModelV4;
  if (model.specificationVersion === 'v2') throw tooOld(model, where);
  return wrapEmbeddingModel({ model, middleware: [networkForEmbeddingModel] });
}

/** As `adoptLanguageModel`, for reranking models. */
export function adoptRerankingModel(given: unknown, where: string): RerankingModelV4 {
  if (!isOfKind(given, 'reranking')) throw wrongKind(given, 'reranking', where);
  const model = given as RerankingModelV4;
  const adopted: RerankingModelV4 = {
    specificationVersion: 'v4',
    provider: model.provider,
    modelId: model.modelId,
    doRerank: (call) => withNetwork(async () => model.doRerank(call)),
  };
  return Object.assign(adopted, { tandem: declarationOf(model) });
}

/** What a model is called in messages, reports and hashes: its reference, or `provider:model` of an instance. */
export function nameOfModel(given: string | { provider: string; modelId: string }): string {
  return typeof given === 'string' ? given : `${given.provider}:${given.modelId}`;
}

/** For readers: a model of the user's own by its last name only, since where it lies on this disk says nothing elsewhere. */
export const titleOfModel = (name: string): string =>
  /^local:.*[/\\]/.test(name) ? basename(name.replaceAll('\\', '/')) : name;

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

function describeGiven(value: unknown): string {
  for (const { method, called } of Object.values(kinds))
    if (typeof value === 'object' && value !== null && method in value) {
      const { provider, modelId } = value as { provider?: string; modelId?: string };
      return provider !== undefined && modelId !== undefined ? `${called} (${provider}:${modelId})` : called;
    }
  if (value === null || value === undefined) return String(value);
  return typeof value === 'object' ? 'another object' : `a ${typeof value}`;
}

function wrongKind(given: unknown, kind: Kind, where: string): InvalidInputError {
  return new InvalidInputError({
    domain: 'models',
    where,
    // A provider's function is called; a setting holds the model itself.
    message: where.startsWith('providers.')
      ? `${where} gave no AI SDK model that is ${kinds[kind].called}: it gave ${describeGiven(given)}.`
      : `${where} is ${describeGiven(given)}, and must be ${kinds[kind].called} of the AI SDK.`,
    hint: `Give what a provider's package makes, such as ${examples[kind]}, or a name such as ${names[kind]}.`,
  });
}

const examples = {
  language: "openai('gpt-5')",
  embedding: "openai.embedding('text-embedding-3-small')",
  reranking: "cohere.reranking('rerank-v3.5')",
} as const;
const names = {
  language: "'local:smollm2-135m-instruct'",
  embedding: "'local:all-minilm-l6-v2'",
  reranking: "'local:./reranker'",
} as const;

function tooOld(model: EmbeddingModelInstance, where: string): InvalidInputError {
  return new InvalidInputError({
    domain: 'models',
    where,
    message: `${where} is ${nameOfModel(model)}, of the AI SDK's specification ${model.specificationVersion}, which is no longer read.`,
    hint: "Update the provider's package to one for AI SDK 6 or later.",
  });
}
