import { createRequire } from 'node:module';
import type { detectAll as DetectAll } from 'jschardet';
import { latin1 } from './latin1.ts';

/**
 * The encoding of text without a byte order mark, by its bytes: UTF-16 by its zero bytes, ISO-2022-JP by its escapes, else
 * what jschardet finds. That is a port of chardet 7, chosen over npm's chardet 2.2 because it was right on more texts in many languages
 * and encodings, above all on short ones.
 *
 * `doubt` says so where another encoding is as likely and gives another text, or where there was little to go by.
 *
 * @param options.isUtf8 nothing speaks against UTF-8; then only UTF-16 and ISO-2022-JP are looked for
 */
export function guessEncoding(
  bytes: Uint8Array,
  { isUtf8 }: { isUtf8: boolean },
): { encoding: string; doubt?: string } {
  const utf16 = utf16Order(bytes);
  if (utf16 !== undefined) return { encoding: utf16 };
  if (isUtf8) {
    const head = latin1(bytes.subarray(0, enough));
    return { encoding: japaneseEscapes.some((code) => head.includes(code)) ? 'iso-2022-jp' : 'utf-8' };
  }
  const sample = linesBeyondAscii(bytes);
  const found = detector()(sample, { detectEncodings: [...names.keys()], minimumThreshold: 0 }).flatMap(
    ({ encoding, confidence }) => {
      const name = names.get(encoding?.toLowerCase() ?? '');
      return name === undefined
        ? []
        : [{ encoding: name, confidence, text: new TextDecoder(name).decode(sample) }];
    },
  );
  // Controls of the C1 range are there in no text: it is the Windows code page with quotation marks in their place.
  const readable = found.filter(({ text }) => !/[\u0080-\u009f\ufffd]/.test(text) && !mixesScripts(text));
  const [best, ...others] = readable.length > 0 ? readable : found;
  if (best === undefined)
    return { encoding: 'windows-1252', doubt: doubtOf('windows-1252', 'nothing speaks for any encoding') };
  const rival = others.find(
    ({ confidence, text }) => confidence >= 0.97 * best.confidence && text !== best.text,
  );
  if (rival)
    return { encoding: best.encoding, doubt: doubtOf(best.encoding, `${rival.encoding} is as likely`) };
  if (best.confidence < leastConfidence && !isSprinkled(best))
    return { encoding: best.encoding, doubt: doubtOf(best.encoding, 'there is little to go by') };
  return { encoding: best.encoding };
}

/** Words that begin in one script and end in another: accented letters that were read as Greek or Cyrillic ones. */
function mixesScripts(text: string): boolean {
  const words = (text.match(/\p{L}+/gu) ?? []).filter((word) => /\P{ASCII}/u.test(word));
  const mixed = words.filter(
    (word) =>
      /[a-z]/i.test(word) &&
      /[\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Thai}]/u.test(word),
  );
  return mixed.length > 0.3 * words.length;
}

/** Below it texts of a dozen characters were taken for another language's; longer ones never came below it. */
const leastConfidence = 0.16;

function doubtOf(encoding: string, why: string): string {
  return `its encoding is not certain: it was read as ${encoding}, and ${why}. Look at its text; if it is wrong, name the right one with \`encoding\` in the source, or save the file as UTF-8.`;
}

/** A text in ASCII with a few quotation marks, signs and letters with accents, as Western texts have: too few to be sure of a language. */
function isSprinkled({ encoding, text }: { encoding: string; text: string }): boolean {
  if (encoding !== 'windows-1252') return false;
  const words = text.match(/\p{L}+/gu) ?? [];
  const accented = words.filter((word) => /\P{ASCII}/u.test(word));
  return (
    accented.length <= 0.1 * words.length &&
    accented.every((word) => (word.match(/\P{ASCII}/gu)?.length ?? 0) < 3)
  );
}

/** What jschardet calls the encodings that the platform decodes, and what the Encoding Standard calls them. */
const names = new Map<string, string>([
  ['shift_jis', 'shift_jis'],
  ['cp932', 'shift_jis'],
  ['euc-jp', 'euc-jp'],
  ['gb18030', 'gb18030'],
  ['gb2312', 'gb18030'],
  ['gbk', 'gb18030'],
  ['big5', 'big5'],
  ['big5hkscs', 'big5'],
  ['euc-kr', 'euc-kr'],
  ['cp949', 'euc-kr'],
  ['johab', 'euc-kr'],
  ['koi8-r', 'koi8-r'],
  ['koi8-u', 'koi8-u'],
  ['ibm866', 'ibm866'],
  ['cp874', 'windows-874'],
  ['tis-620', 'windows-874'],
  ['cp1258', 'windows-1258'],
  ['windows-1258', 'windows-1258'],
  ...[1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257].map((page): [string, string] => [
    `windows-${page}`,
    `windows-${page}`,
  ]),
  // The first and the ninth part are subsets of Windows' pages, under which the Encoding Standard reads them.
  ['iso-8859-1', 'windows-1252'],
  ['iso-8859-9', 'windows-1254'],
  ...[2, 5, 6, 7, 8, 13, 15].map((part): [string, string] => [`iso-8859-${part}`, `iso-8859-${part}`]),
  ['iso8859-15', 'iso-8859-15'],
]);

let loaded: typeof DetectAll | undefined;

/** Its tables of letters take a tenth of a second to load, and few files need them. */
function detector(): typeof DetectAll {
  loaded ??= (createRequire(import.meta.url)('jschardet') as { detectAll: typeof DetectAll }).detectAll;
  return loaded;
}

/** ISO-2022-JP turns to kanji and kana with them (RFC 1468, and JIS X 0201's half-width kana). */
const japaneseEscapes = ['$@', '$B', '(I', '(J'].map((code) => `\u001b${code}`);

/** So many bytes tell an encoding. */
const enough = 65_536;

/** Lines that have more than ASCII in them, whole; a line's end is the same byte in all encodings that are left. */
function linesBeyondAscii(bytes: Uint8Array): Uint8Array {
  const lines: Uint8Array[] = [];
  let length = 0;
  for (let start = 0; start < bytes.length && length < enough; ) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    const line = bytes.subarray(start, end);
    if (line.some((byte) => byte > 127 || byte === 27)) {
      lines.push(line);
      length += line.length;
    }
    start = end;
  }
  return Buffer.concat(lines);
}

/**
 * Text in UTF-16 has zeros: in every second byte of Western letters, and in the line ends and spaces of any script, which tell the
 * order of the bytes. Nearly all of it is then letters, digits, marks and spaces; other files with zeros are no text.
 */
function utf16Order(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const sample = bytes.subarray(0, enough);
  if (bytes.length % 2 === 1 || bytes.length < 4 || !sample.includes(0)) return undefined;
  const ascii = (['utf-16le', 'utf-16be'] as const).map((order) => {
    const text = new TextDecoder(order).decode(sample);
    return { order, text, count: text.match(/[\n\r\t\x20-\x7e]/g)?.length ?? 0 };
  });
  const { order, text } = ascii[0]!.count >= ascii[1]!.count ? ascii[0]! : ascii[1]!;
  const readable = text.match(/[\n\r\t\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/gu)?.length ?? 0;
  return readable > 0.95 * [...text].length ? order : undefined;
}
