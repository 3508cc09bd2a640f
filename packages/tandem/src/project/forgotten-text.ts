import { sha256 } from '../core/hash.ts';

/** What stands where something was removed. */
export const removedMark = '[removed: a document was forgotten]';

export interface ForgottenDocument {
  id: string;
  uri: string;
  title: string;
  text: string;
}

/**
 * Finds a document's words in what was made of it. A run of six words that it has and no other document of the project does
 * is its text; what many documents say (boilerplate) is nobody's.
 */
export class ForgottenText {
  readonly #document: ForgottenDocument;
  readonly #size: number;
  readonly #windows: Set<string>;
  /** Stands for the document's id: tells that it was one and the same, not which. */
  readonly alias: string;

  constructor(document: ForgottenDocument) {
    this.#document = document;
    this.alias = `forgotten:${sha256(document.id).slice(0, 12)}`;
    const words = wordsOf(document.text).map(({ word }) => word);
    this.#size = Math.max(1, Math.min(windowWords, words.length));
    this.#windows = new Set(windowsOf(words, this.#size));
  }

  /** Another document of the project: what it says as well is not the forgotten one's. */
  exclude(text: string): void {
    if (this.#windows.size === 0) return;
    const words = wordsOf(text).map(({ word }) => word);
    for (const window of windowsOf(words, this.#size)) this.#windows.delete(window);
  }

  /** Does the text hold any of its words? */
  isIn(text: string): boolean {
    return this.#spans(text).length > 0;
  }

  /** The text with every such run of words taken out. */
  without(text: string): string {
    let result = '';
    let from = 0;
    for (const { start, end } of this.#spans(text)) {
      result += text.slice(from, start) + removedMark;
      from = end;
    }
    return from === 0 ? text : result + text.slice(from);
  }

  /** `id`, an id of one of its chunks, or its uri. */
  isName(text: string): boolean {
    return text === this.#document.id || text === this.#document.uri || this.#isChunk(text);
  }

  #isChunk(text: string): boolean {
    const { id } = this.#document;
    return text.startsWith(`${id}#`) && /^\d+$/.test(text.slice(id.length + 1));
  }

  /**
   * A JSON value without it: an object that is about the document (its `documentId`) keeps its numbers only, its names become
   * the alias, its words elsewhere are taken out. The same value, not a copy, where nothing was found.
   */
  redacted<T>(value: T): T {
    return this.#redacted(value, '') as T;
  }

  /** A name is one only where names stand: a document may be called "rag", and so is an arm. */
  #redacted(value: unknown, key: string): unknown {
    if (typeof value === 'string')
      return this.#isChunk(value) || (nameKeys.has(key) && this.isName(value))
        ? this.alias
        : this.without(value);
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#redacted(item, key));
      return items.some((item, i) => item !== value[i]) ? items : value;
    }
    if (typeof value !== 'object' || value === null) return value;
    if ('documentId' in value && value.documentId === this.#document.id) return this.emptied(value);
    let changed = false;
    const entries = Object.entries(value).map(([name, member]) => {
      const newName = this.#isChunk(name) ? this.alias : name;
      const newMember = this.#redacted(member, name);
      changed ||= newName !== name || newMember !== member;
      return [newName, newMember];
    });
    return changed ? Object.fromEntries(entries) : value;
  }

  /** Every text in it is the mark, every name the alias; numbers and true or false stay. */
  emptied(value: unknown): unknown {
    if (typeof value === 'string') return this.isName(value) ? this.alias : removedMark;
    if (Array.isArray(value))
      return value.every((item) => typeof item === 'string') ? [] : value.map((item) => this.emptied(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.emptied(member)]));
  }

  /**
   * Pieces of its text, as bytes, to look for in files of any kind. None of them occurs in another document (see `exclude`).
   */
  probes(): Buffer[] {
    const probes: Buffer[] = [];
    for (const line of this.#document.text.split('\n')) {
      const words = wordsOf(line);
      for (let i = 0; i + this.#size <= words.length; i += this.#size) {
        const own = words.slice(i, i + this.#size);
        if (!this.#windows.has(own.map(({ word }) => word).join(' '))) continue;
        const piece = line.slice(own[0]!.start, own.at(-1)!.end);
        // A few letters are found anywhere.
        if (piece.length >= 16) probes.push(Buffer.from(piece));
      }
    }
    const step = Math.ceil(probes.length / mostProbes);
    return probes.filter((_, i) => i % step === 0);
  }

  #spans(text: string): { start: number; end: number }[] {
    const words = wordsOf(text);
    const spans: { start: number; end: number }[] = [];
    for (let i = 0; i + this.#size <= words.length; i++) {
      let window = words[i]!.word;
      for (let j = 1; j < this.#size; j++) window += ` ${words[i + j]!.word}`;
      if (!this.#windows.has(window)) continue;
      const end = words[i + this.#size - 1]!.end;
      const last = spans.at(-1);
      if (last && words[i]!.start <= last.end) last.end = end;
      else spans.push({ start: words[i]!.start, end });
    }
    return spans;
  }
}

const nameKeys = new Set([
  'id',
  'ids',
  'documentId',
  'documentIds',
  'document',
  'documents',
  'doc',
  'uri',
  'uris',
  'source',
]);

/** Long enough that two texts seldom have one by accident, short enough for a quoted sentence. */
const windowWords = 6;
const mostProbes = 256;

function wordsOf(text: string): { word: string; start: number; end: number }[] {
  return [...text.matchAll(/[\p{L}\p{N}]+/gu)].map(({ 0: word, index }) => ({
    word: word.toLowerCase(),
    start: index,
    end: index + word.length,
  }));
}

function* windowsOf(words: readonly string[], size: number): Generator<string> {
  for (let i = 0; i + size <= words.length; i++) yield words.slice(i, i + size).join(' ');
}
