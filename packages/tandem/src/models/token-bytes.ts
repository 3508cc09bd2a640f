/** What of a GGUF's tokenizer says which bytes a token stands for. */
export interface TokenizerTable {
  /** `tokenizer.ggml.model`: `gpt2` for byte-level BPE, `llama` for SentencePiece. */
  model: string;
  /** `tokenizer.ggml.tokens`. */
  tokens: readonly string[];
  /** `tokenizer.ggml.token_type`: 1 normal, 3 control, 4 user-defined, 6 byte. */
  types?: readonly number[] | undefined;
}

/**
 * The bytes of each token, also where they are part of a character only: byte-level BPE writes every byte as one character (GPT-2's
 * `bytes_to_unicode`), SentencePiece writes single bytes as `<0xE6>` and a space as `▁`. Nothing for a token that the table has not, or a kind of
 * tokenizer that is neither.
 */
export function tokenBytes({ model, tokens, types }: TokenizerTable, token: number): number[] | undefined {
  const text = tokens[token];
  if (text === undefined) return undefined;
  const type = types?.[token] ?? 1;
  if (type === 3 || type === 4) return [...Buffer.from(text)];
  if (model === 'gpt2') {
    const bytes = [...text].map((character) => byteOf.get(character));
    return bytes.every((byte) => byte !== undefined) ? bytes : undefined;
  }
  if (model !== 'llama') return undefined;
  const byte = /^<0x([0-9A-F]{2})>$/.exec(text);
  if (byte && type === 6) return [Number.parseInt(byte[1]!, 16)];
  return [...Buffer.from(text.replaceAll('▁', ' '))];
}

const byteOf = new Map<string, number>();
for (let byte = 0, moved = 0; byte < 256; byte++) {
  const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  byteOf.set(String.fromCodePoint(printable ? byte : 256 + moved++), byte);
}
