import { readJsonFile } from '../formats/json-file.ts';
import { SubwordTokenizer } from './subword.ts';
import { WordPieceTokenizer } from './wordpiece.ts';

/** What an encoder needs of its tokenizer. */
export interface TextTokenizer {
  /** Ids that the model expects before and after a text. */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
  /** What stands for what the vocabulary does not have; −1 where there is no such thing. */
  readonly unknownId: number;
  /** The tokens of a text, without `prefix` and `suffix`; of WordPiece with the UTF-16 offsets of each. */
  encode(text: string): TextEncoding;
  /** The number of tokens that `encode` gives. */
  count(text: string): number;
}

/** The tokens of a text; WordPiece gives the UTF-16 offsets `[start, end)` of each too. */
export interface TextEncoding {
  ids: number[];
  offsets?: [number, number][];
}

/**
 * The tokenizer of a `tokenizer.json`: WordPiece, Unigram or BPE.
 * @throws FileFormatError when the file is missing or damaged; UnsupportedModelError for other kinds of tokenizer.
 */
export async function loadTokenizer(path: string): Promise<TextTokenizer> {
  const json = (await readJsonFile(path)) as { model?: { type?: string } } | null;
  const type = json?.model?.type;
  return type === 'Unigram' || type === 'BPE'
    ? new SubwordTokenizer(json!, path)
    : WordPieceTokenizer.read(json, path);
}
