import type { EmbeddingModelV4, LanguageModelV4, SharedV4ProviderOptions } from '@ai-sdk/provider';
import type { TrainingStart } from '../jobs/job.ts';
import type { Caller } from '../keys/caller.ts';
import type { ModelQueue } from '../queue/model-queue.ts';

interface Served {
  /** What answers say answered: never an alias. */
  id: string;
  /** Unix seconds: since when it is there. */
  created: number;
  ownedBy: string;
  /** Shared by all that run on the same weights. */
  queue: ModelQueue;
}

/** A model that answers messages. */
export interface ServedChat extends Served {
  kind: 'chat';
  open(): Promise<LanguageModelV4>;
  /** With what each call is made for this caller: an adapter, the labels that the caller holds. */
  optionsFor?(caller: Caller): SharedV4ProviderOptions;
  /** Changes with the weights: two answers with the same one come from the same model. */
  fingerprint: string;
  /** What a fine-tuning job of it begins with. Absent: it cannot be trained here. */
  training?: TrainingStart;
  /** Labels that a caller must hold to see it. */
  access?: readonly string[];
}

/** A model that makes vectors. */
export interface ServedEmbedding extends Served {
  kind: 'embedding';
  open(): Promise<EmbeddingModelV4>;
}

export type ServedModel = ServedChat | ServedEmbedding;

/** Where served models come from: those of the start, projects, fine-tuned ones. */
export interface ModelSource {
  /** Those that the caller may see. */
  list(caller: Caller): readonly ServedModel[];
  /** By its own name, or by another that leads to it. */
  find(name: string, caller: Caller): ServedModel | undefined;
}
