import type { Document } from '../core/types/document.ts';
import type { EmbeddableChunk } from './embedded-text.ts';
import type { CountTokens } from './token-meter.ts';

/** The ways of cutting that are built in; docs/config.md (`chunk.strategy`) says what they do. */
export const chunkStrategies = ['sentence', 'structural', 'fixed', 'semantic', 'parent-child'] as const;
/** The name of a way of cutting. */
export type ChunkStrategy = (typeof chunkStrategies)[number];

/** Vectors of texts, in their order; of one length, of any norm. */
export type EmbedTexts = (texts: string[], options: { signal?: AbortSignal }) => Promise<ArrayLike<number>[]>;

/** How large chunks become, and what is needed to measure them. */
export interface ChunkOptions {
  /** Upper bound for a chunk's prefix and text together, special tokens included; of a parent's, where there are parents. */
  maxTokens: number;
  /** At most this many tokens are repeated from the chunk before: of whole sentences (`sentence`) or words (`fixed`). */
  overlapTokens: number;
  /** The embedder's own count. */
  countTokens: CountTokens;
  /** `semantic` alone asks for it: sentences are embedded to find where the subject changes. */
  embed?: EmbedTexts;
  /** `parent-child` alone: upper bound of the chunks that are searched. Default: 2/5 of `maxTokens`, at least 48. */
  childTokens?: number;
  signal?: AbortSignal;
}

/**
 * One way to cut a document. Every chunk is an exact slice of `document.text` without white space at its ends, is within
 * `maxTokens` with its prefix, and every non-blank character of a block is in a chunk, or in a heading that the chunks below
 * it have in their path. The same document and options give the same chunks.
 */
export interface Chunker {
  readonly strategy: ChunkStrategy;
  /** One sentence for people who choose a strategy. */
  readonly description: string;
  /** Whether `options.embed` must be given. */
  readonly needsEmbedder: boolean;
  /** Throws `InvalidInputError` for options that leave no room for a sentence, or lack what the strategy needs. */
  chunk(document: Document, options: ChunkOptions): Promise<EmbeddableChunk[]>;
}
