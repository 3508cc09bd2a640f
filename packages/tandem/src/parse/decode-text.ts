import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import { encodingCalled } from '../core/reading.ts';
import { guessEncoding } from './guess-encoding.ts';

export interface DecodedText {
  /** Line ends are `\n`, and there is no byte order mark. */
  text: string;
  /** As the Encoding Standard names it, in lower case. */
  encoding: string;
  /** What the text may have wrong because of its encoding, in one sentence; absent where nothing speaks for that. */
  doubt?: string;
}

/**
 * Bytes of a text file to text: by a byte order mark; else as UTF-8 if all of them fit and say something in it, whatever is
 * declared; else by the encoding that the source names (`named`), else by the one that the file declares (`declared`, such
 * as HTML's charset); else by what the bytes look like (see `guessEncoding`). What is not certain is told in `doubt`.
 * Throws `UnreadableDocumentError` for bytes that are no text.
 */
export function decodeText(
  bytes: Uint8Array,
  uri: string,
  { declared, named }: { declared?: string | undefined; named?: string | undefined } = {},
): DecodedText {
  const { encoding, doubt } = encodingOf(bytes, { declared, named });
  const raw = new TextDecoder(encoding).decode(bytes);
  if (isBinary(raw)) {
    throw new UnreadableDocumentError({
      uri,
      reason: 'binary',
      message: `${uri} is not text: it contains zero bytes or control characters.`,
      hint: 'Give it the extension of what it is, save it as UTF-8 text, or exclude it from the source.',
    });
  }
  const text = raw.replace(/\r\n?/g, '\n');
  const found = doubt ?? damageOf(text, encoding);
  return { text, encoding, ...(found !== undefined && { doubt: found }) };
}

/** `metadata` of a document that is not in UTF-8, which everyone expects, or whose encoding is in doubt. */
export function encodingMetadata({ encoding, doubt }: Omit<DecodedText, 'text'>): Record<string, string> {
  return {
    ...(encoding === 'utf-8' ? {} : { encoding }),
    ...(doubt === undefined ? {} : { encodingDoubt: doubt }),
  };
}

function encodingOf(
  bytes: Uint8Array,
  { declared, named }: { declared: string | undefined; named: string | undefined },
): { encoding: string; doubt?: string } {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { encoding: 'utf-16le' };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { encoding: 'utf-16be' };
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return { encoding: 'utf-8' };
  const utf8 = charactersIn(bytes);
  // By chance other encodings' bytes are not UTF-8 twice; a declaration may be left over from before a file was converted.
  const isUtf8 = utf8.broken === 0;
  if (isUtf8 && utf8.longer >= 2 && !bytes.includes(0)) return { encoding: 'utf-8' };
  for (const name of [named, declared]) {
    const encoding = name === undefined ? undefined : encodingCalled(name);
    // A name that nobody knows is passed over.
    if (encoding === undefined) continue;
    // A page in UTF-8 with a few damaged bytes is still that; anything else that does not fit its declaration is guessed.
    if (encoding === 'utf-8' && !isUtf8 && !isMostly(utf8)) continue;
    if (name === named || fits(bytes, encoding)) return { encoding };
  }
  if (isUtf8 || isMostly(utf8)) return { encoding: guessEncoding(bytes, { isUtf8: true }).encoding };
  return guessEncoding(bytes, { isUtf8: false });
}

/** Characters of more than one byte, and places where the bytes are not UTF-8. */
function charactersIn(bytes: Uint8Array): { longer: number; broken: number } {
  const counts = { longer: 0, broken: 0 };
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at]!;
    const length =
      byte < 0x80
        ? 1
        : byte >= 0xc2 && byte < 0xe0
          ? 2
          : byte >= 0xe0 && byte < 0xf0
            ? 3
            : byte >= 0xf0 && byte < 0xf5
              ? 4
              : 0;
    let whole = length > 0;
    for (let next = 1; whole && next < length; next++) whole = (bytes[at + next]! & 0xc0) === 0x80;
    if (!whole) counts.broken++;
    else if (length > 1) counts.longer++;
    at += whole ? length : 1;
  }
  return counts;
}

/** Damaged in a few places. */
function isMostly({ longer, broken }: { longer: number; broken: number }): boolean {
  return longer >= 20 * broken;
}

/** All but a few of its bytes mean something in it. */
function fits(bytes: Uint8Array, encoding: string): boolean {
  const text = new TextDecoder(encoding).decode(bytes);
  return lost(text) <= 0.002 * text.length;
}

const lost = (text: string) => text.match(/\ufffd/g)?.length ?? 0;

/**
 * UTF-8 that was once read as Windows-1252 and saved again: "Ã¼" for "ü", "â€™" for "’". Three of them, for one may be meant.
 */
const readTwice = /Ã[\u0080-\u00bf]|Â[\u00a0-\u00bf]|â€[\u0080-\u00bf™œ“”˜¦¢š]/g;

function damageOf(text: string, encoding: string): string | undefined {
  const characters = lost(text);
  if (characters > 0)
    return `${characters === 1 ? 'one character is' : `${characters} characters are`} lost: not all of its bytes are ${encoding}; save it as UTF-8, or name its encoding with \`encoding\` in the source.`;
  const twice = text.match(readTwice);
  if (twice && twice.length >= 3)
    return `it seems to have been damaged before it was saved ("${twice[0]}" stands for one character): save it again from its original as UTF-8.`;
  return undefined;
}

function isBinary(text: string): boolean {
  if (text.includes('\0')) return true;
  // Form feeds, escapes and the like occur in old text files, but not often.
  let controls = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 32 && (code < 9 || code > 13)) controls++;
  }
  return controls > 0.02 * text.length;
}
