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
 * Finds a document's words in what was made of it. A run of six words that only this document has is its text; what other documents say
 * too (boilerplate) is not. Where a script writes no spaces between words, a run is as
 * many characters as six words have: twelve of Chinese or Japanese, twenty-four of Thai, Lao, Khmer or Burmese.
 */
export class ForgottenText {
  readonly #document: ForgottenDocument;
  /** How much a run weighs: less than six words in a document that has fewer. */
  readonly #weight: number;
  readonly #windows: Set<string>;
  /** Stands for the document's id: tells that it was one and the same, not which. */
  readonly alias: string;

  constructor(document: ForgottenDocument) {
    this.#document = document;
    this.alias = `forgotten:${sha256(document.id).slice(0, 12)}`;
    const words = wordsOf(document.text);
    const total = words.reduce((sum, { weight }) => sum + weight, 0);
    this.#weight = Math.max(1, Math.min(windowWords * wordWeight, total));
    this.#windows = new Set(Array.from(this.#windowsOf(words), ({ window }) => window));
  }

  /** Another document: what it says too does not count as the forgotten one's text. */
  exclude(text: string): void {
    if (this.#windows.size === 0) return;
    for (const { window } of this.#windowsOf(wordsOf(text))) this.#windows.delete(window);
  }

  /** Whether the text has any of its words. */
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

  /** A name counts only under a key for names: a document may be called "rag", as an arm is. */
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
    // Line by line: how a line ends is written in many ways.
    for (const line of this.#document.text.split('\n')) {
      let from = 0;
      for (const { window, start, end } of this.#windowsOf(wordsOf(line))) {
        if (start < from || !this.#windows.has(window)) continue;
        from = end;
        const piece = Buffer.from(line.slice(start, end));
        // A few letters are found anywhere.
        if (piece.length >= 16) probes.push(piece);
      }
    }
    const step = Math.ceil(probes.length / mostProbes);
    return probes.filter((_, i) => i % step === 0);
  }

  #spans(text: string): { start: number; end: number }[] {
    const spans: { start: number; end: number }[] = [];
    for (const { window, start, end } of this.#windowsOf(wordsOf(text))) {
      if (!this.#windows.has(window)) continue;
      const last = spans.at(-1);
      if (last && start <= last.end) last.end = Math.max(last.end, end);
      else spans.push({ start, end });
    }
    return spans;
  }

  /** All runs of a text, each the shortest from its first word on that has the weight. */
  *#windowsOf(words: readonly Word[]): Generator<{ window: string; start: number; end: number }> {
    for (const [i, { start }] of words.entries()) {
      let weight = 0;
      let window = '';
      for (let j = i; j < words.length; j++) {
        const next = words[j]!;
        window += j === i ? next.word : ` ${next.word}`;
        weight += next.weight;
        if (weight < this.#weight) continue;
        yield { window, start, end: next.end };
        break;
      }
      // From here on the text is too short.
      if (weight < this.#weight) return;
    }
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

interface Word {
  word: string;
  start: number;
  end: number;
  /** In twelfths of a word. */
  weight: number;
}

const wordWeight = 12;

// `scx`, so that signs of both kana count as them; the look-ahead keeps these scripts' punctuation out.
const ideograph = String.raw`(?=\p{L})[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Bopomofo}]`;
const syllablePart = String.raw`(?=\p{L})[\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]`;
const anyWord = new RegExp(
  String.raw`(?<ideograph>${ideograph}\p{M}*)|(?<syllablePart>${syllablePart}\p{M}*)|(?:(?!${ideograph}|${syllablePart})[\p{L}\p{N}\p{M}])+`,
  'gu',
);

/**
 * Words, and single characters where nothing stands between words: a dictionary would cut a quotation elsewhere than the whole
 * sentence.
 */
function wordsOf(text: string): Word[] {
  return [...text.matchAll(anyWord)].map(({ 0: word, index, groups }) => ({
    word: word.toLowerCase(),
    start: index,
    end: index + word.length,
    weight: groups!.ideograph ? wordWeight / 2 : groups!.syllablePart ? wordWeight / 4 : wordWeight,
  }));
}
