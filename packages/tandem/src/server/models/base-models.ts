import { sha256 } from '../../core/hash.ts';
import {
  adoptEmbeddingModel,
  adoptLanguageModel,
  type EmbeddingModelInstance,
  type LanguageModelInstance,
  nameOfModel,
} from '../../models/model-kinds.ts';
import type { Models } from '../../models/providers.ts';
import { ModelQueue, type QueueLimits } from '../queue/model-queue.ts';
import type { ModelSource, ServedModel } from './served-model.ts';

/** The models that a server serves as they are: references (`local:NAME`, `hf:…`, `PROVIDER:MODEL`), or AI SDK models. */
export interface BaseModelChoice {
  chat: readonly (string | LanguageModelInstance)[];
  embedding: readonly (string | EmbeddingModelInstance)[];
}

/** One queue for each model reference: whatever runs on the same weights takes turns. */
export class ModelQueues {
  readonly #queues = new Map<string, ModelQueue>();
  readonly #limits: QueueLimits;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  of(reference: string): ModelQueue {
    let queue = this.#queues.get(reference);
    if (!queue) this.#queues.set(reference, (queue = new ModelQueue(this.#limits)));
    return queue;
  }
}

/** The models of the server's start, named without `local:`. */
export function baseModels(
  chosen: BaseModelChoice,
  { models, queues, created }: { models: Models; queues: ModelQueues; created: number },
): ModelSource {
  const served = [
    ...chosen.chat.map((given): ServedModel => {
      const reference = nameOfModel(given);
      return {
        kind: 'chat',
        id: nameOf(reference),
        created,
        ownedBy: ownerOf(reference),
        queue: queues.of(reference),
        open: async () =>
          typeof given === 'string' ? models.chatNamed(given) : adoptLanguageModel(given, 'chat'),
        fingerprint: fingerprintOf(reference),
        ...(isLocal(reference) && { training: { reference, base: nameOf(reference) } }),
      };
    }),
    ...chosen.embedding.map((given): ServedModel => {
      const reference = nameOfModel(given);
      return {
        kind: 'embedding',
        id: nameOf(reference),
        created,
        ownedBy: ownerOf(reference),
        queue: queues.of(reference),
        open: async () =>
          typeof given === 'string' ? models.embedderNamed(given) : adoptEmbeddingModel(given, 'embedding'),
      };
    }),
  ];
  return {
    list: () => served,
    find: (name) => served.find(({ id }) => id === nameOf(name)),
  };
}

/** `local:qwen2.5-coder-0.5b` is called `qwen2.5-coder-0.5b`. */
export function nameOf(reference: string): string {
  return reference.replace(/^local:/, '');
}

export function fingerprintOf(...parts: readonly string[]): string {
  return `fp_${sha256(parts.join('\n')).slice(0, 10)}`;
}

const isLocal = (reference: string) => /^(local|hf):/.test(reference);

const ownerOf = (reference: string) =>
  isLocal(reference) ? 'tandem' : reference.slice(0, reference.indexOf(':'));
