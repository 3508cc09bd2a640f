import { FileFormatError } from '../errors/file-format-error.ts';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { readJsonFile } from '../formats/json-file.ts';

/** The tokens of a text. */
export interface WordPieceEncoding {
  /** Without special tokens, except those written out in the text itself ("[SEP]"). */
  ids: number[];
  /** For each token, the UTF-16 offsets `[start, end)` of its text. */
  offsets: [number, number][];
}

/**
 * BERT's tokenizer, from a `tokenizer.json`: BertNormalizer, BertPreTokenizer and WordPiece as huggingface/tokenizers
 * runs them (`tokenizers/src/normalizers/bert.rs`, `models/wordpiece/mod.rs`), compared with it token by token.
 *
 * It exists because a chunker needs two things that `@huggingface/tokenizers` lacks: the place of each token in the
 * text, and speed (here a word that was seen before costs one look-up). That package also misses CJK characters beyond
 * U+FFFF.
 */
export class WordPieceTokenizer {
  /** Ids that the model expects before and after a text: [CLS] and [SEP]. */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  /** What stands for a word that no pieces make up. */
  readonly unknownId: number;
  readonly #settings: Settings;
  readonly #known = new Map<string, Piece>();

  private constructor(settings: Settings) {
    this.#settings = settings;
    this.prefix = settings.prefix;
    this.suffix = settings.suffix;
    this.unknownId = settings.unknownId;
  }

  /**
   * @param path a `tokenizer.json`
   * @throws FileFormatError when the file is missing or damaged; UnsupportedModelError for other kinds of tokenizer.
   */
  static async load(path: string): Promise<WordPieceTokenizer> {
    return WordPieceTokenizer.read(await readJsonFile(path), path);
  }

  /**
   * @param json what a `tokenizer.json` says
   * @param path where it is, for errors
   * @throws FileFormatError when it is damaged; UnsupportedModelError for other kinds of tokenizer.
   */
  static read(json: unknown, path: string): WordPieceTokenizer {
    return new WordPieceTokenizer(readSettings(json, path));
  }

  /** The tokens of a text, without `prefix` and `suffix`, and their places. */
  encode(text: string): WordPieceEncoding {
    const ids: number[] = [];
    const offsets: [number, number][] = [];
    this.#walk(text, (piece, at) => {
      for (let i = 0; i < piece.ids.length; i++) {
        ids.push(piece.ids[i]!);
        offsets.push([at + piece.spans[2 * i]!, at + piece.spans[2 * i + 1]!]);
      }
    });
    return { ids, offsets };
  }

  /** The number of tokens that `encode` gives. */
  count(text: string): number {
    let count = 0;
    this.#walk(text, (piece) => {
      count += piece.ids.length;
    });
    return count;
  }

  #walk(text: string, visit: (piece: Piece, at: number) => void): void {
    const { addedTokens, addedTokenPattern } = this.#settings;
    let from = 0;
    if (addedTokenPattern) {
      for (const match of text.matchAll(addedTokenPattern)) {
        this.#walkPlain(text.slice(from, match.index), from, visit);
        const end = match.index + match[0].length;
        visit({ ids: [addedTokens.get(match[0])!], spans: [0, match[0].length] }, match.index);
        from = end;
      }
    }
    this.#walkPlain(from === 0 ? text : text.slice(from), from, visit);
  }

  #walkPlain(text: string, from: number, visit: (piece: Piece, at: number) => void): void {
    for (const match of text.matchAll(roughPieces)) {
      const raw = match[0];
      let piece = this.#known.get(raw);
      if (!piece) {
        piece = this.#tokenize(raw);
        // Only words repeat, and they are short. The limit keeps a stream of rare words from filling memory.
        if (raw.length <= 40) {
          if (this.#known.size >= 100_000) this.#known.clear();
          this.#known.set(raw, piece);
        }
      }
      visit(piece, from + match.index);
    }
  }

  /** Normalises text without white space, cuts it at punctuation and CJK characters, and looks the words up. */
  #tokenize(raw: string): Piece {
    const piece: Piece = { ids: [], spans: [] };
    let word: Character[] = [];
    const flush = () => {
      if (word.length > 0) this.#tokenizeWord(word, piece);
      word = [];
    };
    let at = 0;
    for (const source of raw) {
      const end = at + source.length;
      const alone = this.#settings.splitCjk && isCjk(source.codePointAt(0)!);
      if (alone) flush();
      for (const text of this.#normalize(source)) {
        const character = { text, start: at, end };
        if (whiteSpace.test(text)) {
          flush();
        } else if (punctuation.test(text)) {
          flush();
          word.push(character);
          flush();
        } else {
          word.push(character);
        }
      }
      if (alone) flush();
      at = end;
    }
    flush();
    return piece;
  }

  /**
   * Normalises one character at a time, so that its place is known without extra work. This gives the same as
   * normalising the whole text, except for the order of a handful of combining marks that are not accents.
   */
  #normalize(source: string): string {
    const { cleanText, stripAccents, lowercase } = this.#settings;
    const code = source.codePointAt(0)!;
    if (code >= 0x21 && code < 0x7f) return lowercase ? source.toLowerCase() : source;
    if (cleanText && (code === 0xfffd || control.test(source))) return '';
    let text = source;
    if (stripAccents) text = text.normalize('NFD').replace(nonSpacingMarks, '');
    return lowercase ? text.toLowerCase() : text;
  }

  /**
   * Takes the longest pieces of the vocabulary from the left. Where no piece fits, the whole word becomes the unknown
   * token.
   */
  #tokenizeWord(word: Character[], piece: Piece): void {
    const { vocabulary, unknownId, continuation, maxWordCharacters } = this.#settings;
    const { ids, spans } = piece;
    const before = ids.length;
    let start = word.length > maxWordCharacters ? -1 : 0;
    while (start >= 0 && start < word.length) {
      let end = word.length;
      let text =
        (start > 0 ? continuation : '') +
        word
          .slice(start)
          .map((character) => character.text)
          .join('');
      let id = vocabulary.get(text);
      while (id === undefined && end > start + 1) {
        end--;
        text = text.slice(0, -word[end]!.text.length);
        id = vocabulary.get(text);
      }
      if (id === undefined) {
        start = -1;
      } else {
        ids.push(id);
        spans.push(word[start]!.start, word[end - 1]!.end);
        start = end;
      }
    }
    if (start < 0) {
      ids.length = before;
      spans.length = 2 * before;
      ids.push(unknownId);
      spans.push(word[0]!.start, word.at(-1)!.end);
    }
  }
}

/** The tokens of a piece of text, and for each its start and end within the piece. */
interface Piece {
  ids: number[];
  spans: number[];
}

/** A character after normalisation, and the place of the character that it came from. */
interface Character {
  text: string;
  start: number;
  end: number;
}

interface Settings {
  vocabulary: Map<string, number>;
  unknownId: number;
  continuation: string;
  maxWordCharacters: number;
  cleanText: boolean;
  splitCjk: boolean;
  stripAccents: boolean;
  lowercase: boolean;
  addedTokens: Map<string, number>;
  addedTokenPattern: RegExp | undefined;
  prefix: number[];
  suffix: number[];
}

// White space is Unicode's White_Space without the control characters (VT, FF, NEL), which are removed and do not
// separate words. ASCII punctuation is always a token of its own: cutting there at once makes the pieces repeat more
// often.
const roughPieces =
  /[!-/:-@[-`{-~]|[^\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000!-/:-@[-`{-~]+/gu;
const whiteSpace = /^[\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/;
const punctuation = /^[\p{P}$+<=>^`|~]$/u;
const control = /^[\p{Cc}\p{Cf}\p{Co}\p{Cs}]$/u;
const nonSpacingMarks = /\p{Mn}/gu;

function isCjk(code: number): boolean {
  return (
    (code >= 0x4e00 && code <= 0x9fff) ||
    (code >= 0x3400 && code <= 0x4dbf) ||
    (code >= 0x20000 && code <= 0x2a6df) ||
    (code >= 0x2a700 && code <= 0x2b73f) ||
    (code >= 0x2b740 && code <= 0x2b81f) ||
    (code >= 0x2b920 && code <= 0x2ceaf) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0x2f800 && code <= 0x2fa1f)
  );
}

/** The parts of `tokenizer.json` that are used here. In a damaged file any of them may be missing. */
interface TokenizerJson {
  normalizer?: {
    type?: string;
    clean_text?: boolean;
    handle_chinese_chars?: boolean;
    strip_accents?: boolean | null;
    lowercase?: boolean;
  };
  pre_tokenizer?: { type?: string };
  model?: {
    type?: string;
    vocab?: Record<string, number>;
    unk_token?: string;
    continuing_subword_prefix?: string;
    max_input_chars_per_word?: number;
  };
  post_processor?: {
    type?: string;
    single?: { SpecialToken?: { id: string }; Sequence?: unknown }[];
    special_tokens?: Record<string, { ids: number[] }>;
    cls?: [string, number];
    sep?: [string, number];
  };
  added_tokens?: {
    id: number;
    content: string;
    lstrip?: boolean;
    rstrip?: boolean;
    single_word?: boolean;
    normalized?: boolean;
    special?: boolean;
  }[];
}

function readSettings(json: unknown, path: string): Settings {
  const file = (typeof json === 'object' && json !== null ? json : {}) as TokenizerJson;
  const { normalizer, pre_tokenizer: preTokenizer, model, post_processor: postProcessor } = file;
  const unsupported = (feature: string) =>
    new UnsupportedModelError({
      feature,
      message: `${path} describes a tokenizer with ${feature}, which is not supported.`,
      hint: 'Use a BERT model with a WordPiece tokenizer, such as all-MiniLM-L6-v2.',
    });
  if (model?.type !== undefined && model.type !== 'WordPiece') throw unsupported(`a ${model.type} model`);
  if (!model?.vocab || typeof model.unk_token !== 'string' || !(model.unk_token in model.vocab)) {
    throw new FileFormatError({
      path,
      message: `${path} has no WordPiece vocabulary with an unknown token.`,
      hint: 'Fetch the model again.',
    });
  }
  if (normalizer?.type !== 'BertNormalizer')
    throw unsupported(`the normalizer ${normalizer?.type ?? '(none)'}`);
  if (preTokenizer?.type !== 'BertPreTokenizer') {
    throw unsupported(`the pre-tokenizer ${preTokenizer?.type ?? '(none)'}`);
  }
  const added = file.added_tokens ?? [];
  const odd = added.find((token) => token.lstrip || token.rstrip || token.single_word || token.normalized);
  if (odd) throw unsupported(`the added token "${odd.content}", which is not matched literally`);

  const vocabulary = new Map(Object.entries(model.vocab));
  for (const { content, id } of added) vocabulary.set(content, id);
  const lowercase = normalizer.lowercase ?? true;
  const { prefix, suffix } = readTemplate(postProcessor, unsupported);
  return {
    vocabulary,
    unknownId: model.vocab[model.unk_token]!,
    continuation: model.continuing_subword_prefix ?? '##',
    maxWordCharacters: model.max_input_chars_per_word ?? 100,
    cleanText: normalizer.clean_text ?? true,
    splitCjk: normalizer.handle_chinese_chars ?? true,
    stripAccents: normalizer.strip_accents ?? lowercase,
    lowercase,
    addedTokens: new Map(added.map(({ content, id }) => [content, id])),
    addedTokenPattern:
      added.length > 0
        ? new RegExp(
            added
              .map(({ content }) => content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
              .sort((a, b) => b.length - a.length)
              .join('|'),
            'g',
          )
        : undefined,
    prefix,
    suffix,
  };
}

function readTemplate(
  processor: TokenizerJson['post_processor'],
  unsupported: (feature: string) => Error,
): { prefix: number[]; suffix: number[] } {
  if (processor?.type === 'BertProcessing' && processor.cls && processor.sep) {
    return { prefix: [processor.cls[1]], suffix: [processor.sep[1]] };
  }
  if (processor?.type !== 'TemplateProcessing' || !processor.single) {
    throw unsupported(`the post-processor ${processor?.type ?? '(none)'}`);
  }
  const place = processor.single.findIndex((item) => item.Sequence);
  const idsOf = (items: NonNullable<typeof processor.single>) =>
    items.flatMap((item) => processor.special_tokens?.[item.SpecialToken?.id ?? '']?.ids ?? []);
  return {
    prefix: idsOf(processor.single.slice(0, place)),
    suffix: idsOf(processor.single.slice(place + 1)),
  };
}
