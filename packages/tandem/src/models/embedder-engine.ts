import type { EmbedderLanguages } from './embedder-languages.ts';
import type { EmbedderPrefixes } from './embedder-prefixes.ts';

/** What computes vectors, and what it knows of its model: a sentence-transformers folder or a GGUF file, loaded. */
export interface EmbedderEngine {
  /** Numbers in a vector. */
  dimensions: number;
  /** The longest text in tokens, special tokens included. */
  contextLength: number;
  /** Tokens that the model wants around every text. */
  specialTokens: number;
  /** SHA-256 of the weights file. */
  baseHash: string;
  /** The folder or the GGUF file, absolute. */
  path: string;
  /** As the model's own files or the table of known models say. */
  prefixes: EmbedderPrefixes;
  /** As the model's own files say; undefined where they are silent. */
  languages: EmbedderLanguages | undefined;
  /** Where it differs from what the file says, so that the vectors are other ones. */
  pooling?: Pooling;
  /** Tokens of a text, without special tokens. */
  countTokens(text: string): number;
  /** Of these, those that stand for something that the vocabulary does not have. */
  countUnknown(text: string): number;
  /** Vectors of unit length where the model asks for it, in order; none of the texts is longer than the context. */
  embed(texts: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array[]>;
  /** Frees the model. */
  close(): Promise<void>;
}

/** How the vectors of a text's tokens become the vector of the text: their mean, that of the first, or that of the last. */
export type Pooling = 'mean' | 'cls' | 'last';
