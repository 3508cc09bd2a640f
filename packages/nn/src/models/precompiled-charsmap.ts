import { FileFormatError } from '../errors/file-format-error.ts';

/**
 * SentencePiece's normalisation (`nmt_nfkc` and the like) as a tokenizer.json carries it: a table from the UTF-8 bytes of characters to
 * what stands for them, compiled into a double-array trie (google/sentencepiece `src/normalizer.cc`; huggingface/spm_precompiled, which
 * this follows). `@huggingface/tokenizers` puts NFKC and a few rules in its place; these part on joiners (Persian and Hindi have them
 * inside words), on soft hyphens and on rare compatibility characters.
 *
 * @param precompiled `precompiled_charsmap`: base64 of the trie's length in bytes, the trie's units, and the replacements, each ended by 0.
 * @throws FileFormatError where that is damaged.
 */
export function charsmapNormalizer(precompiled: string, path: string): (text: string) => string {
  const bytes = Buffer.from(precompiled, 'base64');
  const trieBytes = bytes.length >= 4 ? bytes.readUInt32LE(0) : 0;
  if (trieBytes === 0 || trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length) {
    throw new FileFormatError({
      path,
      message: `The table of characters in ${path} is damaged.`,
      hint: 'Fetch the model again.',
    });
  }
  const trie = new Uint32Array(trieBytes / 4);
  for (let i = 0; i < trie.length; i++) trie[i] = bytes.readUInt32LE(4 + 4 * i);
  const replacements = bytes.subarray(4 + trieBytes);

  /** What stands for the shortest beginning of `chunk` that the table has; undefined where it has none. */
  const replacementOf = (chunk: string): string | undefined => {
    let node = offsetOf(trie[0]!);
    for (const byte of Buffer.from(chunk, 'utf8')) {
      if (byte === 0) return undefined;
      node ^= byte;
      const unit = trie[node];
      if (unit === undefined || labelOf(unit) !== byte) return undefined;
      node ^= offsetOf(unit);
      if (!hasLeaf(unit)) continue;
      const start = trie[node]! & 0x7fffffff;
      const end = replacements.indexOf(0, start);
      return replacements.toString('utf8', start, end < 0 ? replacements.length : end);
    }
    return undefined;
  };
  const known = new Map<string, string>();
  /** A character as people count them is looked up whole if it is short, and otherwise code point by code point. */
  const normalizeGrapheme = (grapheme: string): string => {
    const whole = Buffer.byteLength(grapheme) < 6 ? replacementOf(grapheme) : undefined;
    return whole ?? [...grapheme].map((character) => replacementOf(character) ?? character).join('');
  };
  // In most tables; one that folds case has others for capitals.
  const keepsAscii = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).every(
    (character) => normalizeGrapheme(character) === character,
  );
  return (text) => {
    if (keepsAscii && /^[\x20-\x7e]*$/.test(text)) return text;
    let result = '';
    for (const { segment } of graphemes.segment(text)) {
      let normalized = known.get(segment);
      if (normalized === undefined) {
        normalized = normalizeGrapheme(segment);
        if (known.size >= 50_000) known.clear();
        known.set(segment, normalized);
      }
      result += normalized;
    }
    return result;
  };
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** The parts of a unit of the trie (darts-clone): the byte that leads to it, whether a value follows, and where its children are. */
const labelOf = (unit: number) => unit & 0x800000ff;
const hasLeaf = (unit: number) => ((unit >>> 8) & 1) === 1;
const offsetOf = (unit: number) => (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
