import type { EmbeddingModel, LanguageModel } from 'ai';
import type { ChatMessage } from '../core/types/example.ts';
import type { Pooling } from './embedder-engine.ts';
import type { EmbedderLanguages } from './embedder-languages.ts';
import type { EmbedderPrefixes } from './embedder-prefixes.ts';

/**
 * What Tandem's local models can do beyond the AI SDK's interfaces. Find it with `localToolsOf(model)`: it is undefined
 * for a hosted model, and the feature that wants it says what it cannot do there.
 */
export interface LocalTools {
  /** Tokens the model can see at once: prompt and answer together, or one text for an embedder. */
  readonly contextLength: number;
  /** SHA-256 of the weights file. */
  readonly baseHash: string;
  /** The weights file (GGUF) or the folder of an embedder, absolute. */
  readonly path: string;
  /** Tokens of a plain text, without the special tokens a prompt or an embedding adds around it. */
  countTokens(text: string): number;
}

/** The LoRA adapter a call runs with: a GGUF LoRA file and how strongly it counts (1 as trained, 0 not at all). */
export interface AdapterReference {
  path: string;
  scale?: number;
}

/** `[start, end)`, in tokens. */
export interface TokenSpan {
  start: number;
  end: number;
}

/** What a chat model on this machine can do beside answering: tokens, templates, probabilities, adapters. */
export interface LocalChatTools extends LocalTools {
  /** SHA-256 of the chat template's text and the special tokens it is read with. What an adapter was trained under. */
  readonly templateHash: string;
  readonly vocabularySize: number;
  /** Token that ends a turn and that the model learns to stop with. */
  readonly endOfTurn: number;

  /**
   * The messages as the model sees them, special tokens written out. With the opening of the assistant's turn unless the
   * last message is the assistant's.
   */
  renderPrompt(messages: readonly ChatMessage[]): string;
  /** The tokens of `renderPrompt(messages)`, exactly as served. Special tokens come from the template alone. */
  encodePrompt(messages: readonly ChatMessage[]): number[];
  /**
   * A whole conversation for training: `tokens` up to the last label, and the spans that the model is to learn: each
   * assistant message with the token that ends its turn. For a conversation that ends with the assistant,
   * `tokens.slice(0, lastSpan.start)` is exactly `encodePrompt` of the messages before it.
   */
  encodeChat(messages: readonly ChatMessage[]): { tokens: number[]; spans: TokenSpan[] };
  /** Plain text to tokens: nothing in it is read as a special token. */
  encodeText(text: string): number[];
  /** Tokens to text, special tokens written out. */
  decode(tokens: readonly number[]): string;

  /** How likely the model finds `continuation` as its answer to `messages`, token by token (natural logarithms). */
  scoreContinuation(options: {
    messages: readonly ChatMessage[];
    continuation: string;
    /** Count the end-of-turn token too: the likelihood that the answer is this and no longer. Default false. */
    endOfTurn?: boolean;
    adapter?: AdapterReference;
    abortSignal?: AbortSignal;
  }): Promise<{ logProbability: number; tokens: { text: string; logProbability: number }[] }>;

  /**
   * How the model would choose among `choices` as the way on from `before`, the beginning of its answer: wherever their tokens
   * part, its probabilities for these tokens alone, which is what it draws from under a grammar that allows nothing else. In
   * the order given; they add up to 1. No choice may be the beginning of another: end them (with a quote, say).
   */
  choiceProbabilities(options: {
    messages: readonly ChatMessage[];
    before: string;
    choices: readonly string[];
    adapter?: AdapterReference;
    abortSignal?: AbortSignal;
  }): Promise<number[]>;

  /**
   * Raw logits `[vocabularySize]` after each of `positions` (default: every token). For checks against a trainer: it
   * copies the whole vocabulary for each position, about 10 ms each.
   */
  evaluateLogits(
    tokens: readonly number[],
    options?: { adapter?: AdapterReference; positions?: readonly number[]; abortSignal?: AbortSignal },
  ): Promise<Float32Array[]>;
}

/** What an embedder on this machine can do beside embedding. */
export interface LocalEmbedderTools extends LocalTools {
  readonly dimensions: number;
  /** The longest text of a document, as `countTokens` counts it: the context without special tokens and the document's prefix. */
  readonly maxDocumentTokens: number;
  /** The longest question, likewise. */
  readonly maxQueryTokens: number;
  /** What is put before a text by its role; empty where the model wants nothing. */
  readonly prefixes: EmbedderPrefixes;
  /** Which languages it reads, where its files, the registry or a setting say so. */
  readonly languages?: EmbedderLanguages;
  /** How tokens become a vector, where a setting says otherwise than the model's file. */
  readonly pooling?: Pooling;
  /** Tokens of a text for which the vocabulary has nothing. */
  countUnknown(text: string): number;
}

const marker = Symbol.for('tandem.localTools');

/** Gives a model its tools; for implementations of a local model. */
export function attachLocalTools<Model extends object, Tools extends LocalTools>(
  model: Model,
  tools: Tools,
): Model {
  Object.defineProperty(model, marker, { value: tools, enumerable: false });
  return model;
}

/** The local tools of a model, or undefined where it is hosted (or wrapped by something that hides them). */
export function localToolsOf(model: LanguageModel): LocalChatTools | undefined;
export function localToolsOf(model: EmbeddingModel): LocalEmbedderTools | undefined;
export function localToolsOf(model: LanguageModel | EmbeddingModel): LocalTools | undefined {
  return typeof model === 'object' ? (model as { [marker]?: LocalTools })[marker] : undefined;
}
