import { Tokenizer } from '@huggingface/tokenizers';
import { UnsupportedModelError } from '../errors/unsupported-model-error.ts';
import { charsmapNormalizer } from './precompiled-charsmap.ts';

/**
 * A Unigram or BPE tokenizer from a `tokenizer.json`, by `@huggingface/tokenizers`, compared token by token with the Rust library. Of it
 * two things are done here: SentencePiece's table of characters, which that package replaces by NFKC, and remembering words: where white
 * space separates tokens, a word that was seen before costs one look-up.
 */
export class SubwordTokenizer {
  /** Ids that the model expects before and after a text. */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  /** What stands for characters that the vocabulary does not have; −1 where it has all bytes. */
  readonly unknownId: number;
  readonly #tokenizer: Tokenizer;
  readonly #normalize: (text: string) => string;
  readonly #wordByWord: boolean;
  readonly #known = new Map<string, readonly number[]>();

  /**
   * @param json the file's content
   * @throws UnsupportedModelError for a kind of tokenizer that is not read, FileFormatError for a damaged table.
   */
  constructor(json: object, path: string) {
    const file = json as TokenizerJson;
    const type = file.model?.type ?? '(none)';
    if (type !== 'Unigram' && type !== 'BPE') throw unsupported(path, `a ${type} model`);
    const { charsmap, rest } = takeCharsmap(file.normalizer, path);
    this.#normalize = charsmap === undefined ? (text) => text : charsmapNormalizer(charsmap, path);
    this.#wordByWord = separatesWords(file.pre_tokenizer);
    try {
      this.#tokenizer = new Tokenizer(
        { ...file, normalizer: rest } as ConstructorParameters<typeof Tokenizer>[0],
        {},
      );
    } catch (cause) {
      throw unsupported(path, `something unknown (${(cause as Error).message})`);
    }
    this.unknownId = unknownId(file, this.#tokenizer);
    const plain = this.encode('a').ids;
    const whole = this.#tokenizer.encode('a').ids;
    const at = Array.from({ length: whole.length - plain.length + 1 }, (_, i) => i).find(
      (i) => whole.slice(i, i + plain.length).join() === plain.join(),
    );
    if (at === undefined) throw unsupported(path, 'special tokens inside of a text');
    this.prefix = whole.slice(0, at);
    this.suffix = whole.slice(at + plain.length);
  }

  /** The tokens of a text, without `prefix` and `suffix`. */
  encode(text: string): { ids: number[] } {
    if (!this.#wordByWord) return { ids: this.#encode(text) };
    const ids: number[] = [];
    for (const [word] of text.matchAll(words)) for (const id of this.#idsOf(word)) ids.push(id);
    return { ids };
  }

  /** The number of tokens that `encode` gives. */
  count(text: string): number {
    if (!this.#wordByWord) return this.#encode(text).length;
    let count = 0;
    for (const [word] of text.matchAll(words)) count += this.#idsOf(word).length;
    return count;
  }

  #encode(text: string): number[] {
    return this.#tokenizer.encode(this.#normalize(text), { add_special_tokens: false }).ids;
  }

  #idsOf(word: string): readonly number[] {
    const known = this.#known.get(word);
    if (known) return known;
    const ids = this.#encode(word);
    // Only words repeat, and they are short. The limit keeps a stream of rare words from filling memory.
    if (word.length <= 40) {
      if (this.#known.size >= 100_000) this.#known.clear();
      this.#known.set(word, ids);
    }
    return ids;
  }
}

const inWord = '[^\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
/** White space as Unicode and the Rust library have it; JavaScript's `\s` lacks U+0085. A mark belongs to the space that it stands on. */
const words = new RegExp(`${inWord}+(?:\\s(?=\\p{M})${inWord}*)*`, 'gu');

/** The parts of `tokenizer.json` that are used here. In a damaged file any of them may be missing. */
interface TokenizerJson {
  normalizer?: Part | null;
  pre_tokenizer?: Part | null;
  model?: { type?: string; unk_id?: number | null; unk_token?: string | null };
}

interface Part {
  type?: string;
  precompiled_charsmap?: string | null;
  normalizers?: Part[];
  pretokenizers?: Part[];
}

/** The table of characters, and the normalizers after it. */
function takeCharsmap(
  normalizer: Part | null | undefined,
  path: string,
): { charsmap?: string; rest: Part | null } {
  if (!normalizer) return { rest: null };
  const parts = normalizer.type === 'Sequence' ? (normalizer.normalizers ?? []) : [normalizer];
  const at = parts.findIndex(({ type }) => type === 'Precompiled');
  if (at < 0) return { rest: normalizer };
  if (at > 0) throw unsupported(path, `the normalizer ${parts[0]!.type} before Precompiled`);
  const charsmap = parts[0]!.precompiled_charsmap ?? undefined;
  const rest = parts.length > 1 ? { type: 'Sequence', normalizers: parts.slice(1) } : null;
  return { rest, ...(charsmap !== undefined && { charsmap }) };
}

/** As XLM-RoBERTa's does: no token reaches over white space, and no word's tokens depend on what stands beside it. */
function separatesWords(preTokenizer: Part | null | undefined): boolean {
  return (
    preTokenizer?.type === 'Sequence' &&
    preTokenizer.pretokenizers?.length === 2 &&
    preTokenizer.pretokenizers[0]!.type === 'WhitespaceSplit' &&
    preTokenizer.pretokenizers[1]!.type === 'Metaspace'
  );
}

function unknownId({ model }: TokenizerJson, tokenizer: Tokenizer): number {
  if (typeof model?.unk_id === 'number') return model.unk_id;
  return (typeof model?.unk_token === 'string' && tokenizer.token_to_id(model.unk_token)) || -1;
}

function unsupported(path: string, feature: string): UnsupportedModelError {
  return new UnsupportedModelError({
    feature,
    message: `${path} describes a tokenizer with ${feature}, which is not supported.`,
    hint: 'Use a model with a WordPiece, Unigram or BPE tokenizer, or the model as GGUF.',
  });
}
