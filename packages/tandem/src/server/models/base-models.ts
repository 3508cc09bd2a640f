import { sha256 } from '../../core/hash.ts';
import type { Models } from '../../models/providers.ts';
import { ModelQueue, type QueueLimits } from '../queue/model-queue.ts';
import type { ModelSource, ServedModel } from './served-model.ts';

/** References (`local:NAME`, `hf:…`, `PROVIDER:MODEL`) of the models that a server serves as they are. */
export interface BaseModelNames {
  chat: readonly string[];
  embedding: readonly string[];
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
  names: BaseModelNames,
  { models, queues, created }: { models: Models; queues: ModelQueues; created: number },
): ModelSource {
  const served = [
    ...names.chat.map(
      (reference): ServedModel => ({
        kind: 'chat',
        id: nameOf(reference),
        created,
        ownedBy: ownerOf(reference),
        queue: queues.of(reference),
        open: () => models.chatNamed(reference),
        fingerprint: fingerprintOf(reference),
        ...(isLocal(reference) && { training: { reference, base: nameOf(reference) } }),
      }),
    ),
    ...names.embedding.map(
      (reference): ServedModel => ({
        kind: 'embedding',
        id: nameOf(reference),
        created,
        ownedBy: ownerOf(reference),
        queue: queues.of(reference),
        open: () => models.embedderNamed(reference),
      }),
    ),
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
