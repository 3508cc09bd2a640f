import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';

export interface DecodedText {
  /** Line ends are `\n`, and there is no byte order mark. */
  text: string;
  encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252' | (string & {});
}

/**
 * Bytes of a text file to text: byte order mark, else what the file declares (`declared`, such as HTML's charset), else
 * UTF-8 if every byte fits, else UTF-16 by its pattern of zero bytes, else Windows-1252 (a superset of Latin-1, which
 * any bytes fit: the caller notes it). Throws `UnreadableDocumentError` for bytes that are no text.
 */
export function decodeText(bytes: Uint8Array, uri: string, declared?: string): DecodedText {
  const encoding = encodingOf(bytes, declared);
  const raw = new TextDecoder(encoding).decode(bytes);
  if (encoding !== 'utf-16le' && encoding !== 'utf-16be' && isBinary(raw)) {
    throw new UnreadableDocumentError({
      uri,
      reason: 'binary',
      message: `${uri} is not text: it contains zero bytes or control characters.`,
      hint: 'Give it the extension of what it is, save it as UTF-8 text, or exclude it from the source.',
    });
  }
  return { text: raw.replace(/\r\n?/g, '\n'), encoding };
}

function encodingOf(bytes: Uint8Array, declared: string | undefined): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (declared !== undefined) {
    try {
      return new TextDecoder(declared).encoding;
    } catch {
      // An unknown name is ignored; the bytes may tell.
    }
  }
  if (isUtf8(bytes)) {
    const guess = utf16Pattern(bytes);
    return guess ?? 'utf-8';
  }
  return utf16Pattern(bytes) ?? 'windows-1252';
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Western text in UTF-16 has a zero in nearly every second byte, and nearly none in the others. */
function utf16Pattern(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const sample = bytes.subarray(0, 4096 - (bytes.length < 4096 ? bytes.length % 2 : 0));
  if (bytes.length % 2 === 1 || sample.length < 4) return undefined;
  const zeros = [0, 0];
  for (let index = 0; index < sample.length; index++) if (sample[index] === 0) zeros[index % 2]!++;
  const half = sample.length / 2;
  if (zeros[1]! > 0.7 * half && zeros[0]! < 0.05 * half) return 'utf-16le';
  if (zeros[0]! > 0.7 * half && zeros[1]! < 0.05 * half) return 'utf-16be';
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
