import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider';
import type { Config } from '../core/config.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import { fetchModel } from './fetch/fetch-model.ts';
import { openLocalChat } from './local-chat.ts';
import { openLocalEmbedder } from './local-embedder.ts';

export interface OpenModelsOptions {
  /** Where relative model paths start. */
  projectDirectory: string;
  onProgress?: ProgressListener;
  signal?: AbortSignal;
}

/** The project's models, each opened when first asked for and then shared. */
export interface Models extends AsyncDisposable {
  chat(): Promise<LanguageModelV4>;
  embedder(): Promise<EmbeddingModelV4>;
}

export async function openModels(config: Config, options: OpenModelsOptions): Promise<Models> {
  const opened = new AsyncDisposableStack();
  let chat: Promise<LanguageModelV4> | undefined;
  let embedder: Promise<EmbeddingModelV4> | undefined;
  const local = async (reference: string, kind: 'chat' | 'embedder') => {
    const { projectDirectory, ...rest } = options;
    const model = await fetchModel(reference, { directory: projectDirectory, ...rest });
    if (model.kind !== kind) {
      throw new InvalidInputError({
        domain: 'models',
        where: `models.${kind}`,
        message: `models.${kind} is ${reference}, which is a model of another kind (${model.kind}).`,
        hint: 'Look at `tandem models list`.',
      });
    }
    return model;
  };
  return {
    chat: () =>
      (chat ??= local(config.models.chat, 'chat').then(async ({ path, name }) =>
        opened.use(
          await openLocalChat({ path, modelId: name, ...(options.signal && { signal: options.signal }) }),
        ),
      )),
    embedder: () =>
      (embedder ??= local(config.models.embedder, 'embedder').then(async ({ path, name }) =>
        opened.use(
          await openLocalEmbedder({ path, modelId: name, ...(options.signal && { signal: options.signal }) }),
        ),
      )),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
