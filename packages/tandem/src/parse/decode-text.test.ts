import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { decodeText } from './decode-text.ts';
import { parseDocument } from './parse-document.ts';

const fixture = (name: string) => new URL(`./fixtures/${name}`, import.meta.url);
/** Notices of a bath house and an office, written for this test; the bytes are Python's. */
const texts: { language: string; text: string; encodings: Record<string, string> }[] = JSON.parse(
  readFileSync(fixture('encoded-texts.json'), 'utf8'),
);
const cases = texts.flatMap(({ language, text, encodings }) =>
  Object.entries(encodings).map(([encoding, base64]) => ({
    language,
    encoding,
    text,
    bytes: new Uint8Array(Buffer.from(base64, 'base64')),
  })),
);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'));

describe('encodings that nothing declares', () => {
  test.each(cases)('$language in $encoding', ({ text, bytes }) => {
    expect(decodeText(bytes, 'a.txt').text).toBe(text);
  });

  test('what is read as another encoding than UTF-8 says so in its metadata', async () => {
    const bytes = new Uint8Array(readFileSync(fixture('strangers/onsen-sjis.txt')));
    const document = await parseDocument({ uri: 'onsen.txt', bytes });
    expect(document.text).toContain('露天風呂は午後十一時に閉まります。');
    expect(document.metadata).toEqual({ encoding: 'shift_jis' });
  });

  test.each(['ru', 'ja', 'zh', 'ko', 'ar', 'el', 'en'])('%s in UTF-16 without a mark', (wanted) => {
    const { text } = texts.find(({ language }) => language === wanted)!;
    const little = Buffer.from(`${text}\n`, 'utf16le');
    expect(decodeText(new Uint8Array(little), 'a.txt')).toEqual({ text: `${text}\n`, encoding: 'utf-16le' });
    expect(decodeText(new Uint8Array(Buffer.from(little).swap16()), 'a.txt').text).toBe(`${text}\n`);
  });

  test('a long text in ASCII is judged by the lines that have more in them', () => {
    const { bytes, text } = cases.find(({ encoding }) => encoding === 'windows-1251')!;
    const ascii = 'Nothing but ASCII is on this line.\n'.repeat(10_000);
    const whole = new Uint8Array(Buffer.concat([Buffer.from(ascii), bytes]));
    expect(decodeText(whole, 'a.txt').text).toBe(ascii + text);
  });

  test('a few accents and quotation marks in an English text are no reason for doubt, too short a text is', () => {
    const english = `The caf\xe9 opens at six. \x93Towels\x94 are at the desk. ${'It closes at nine in the evening. '.repeat(4)}`;
    expect(decodeText(latin1(english), 'a.txt')).toEqual({
      text: english.replace('\x93', '“').replace('\x94', '”'),
      encoding: 'windows-1252',
    });
    const { doubt } = decodeText(latin1('\xd6ffnungszeit: t\xe4glich'), 'a.txt');
    expect(doubt).toMatch(/^its encoding is not certain: it was read as .*`encoding` in the source/);
  });
});

describe('encodings that are named', () => {
  const sjis = cases.find(({ encoding }) => encoding === 'shift_jis')!;
  const short = latin1('\xc1\xe0\xf8'); // "Баш" in Windows-1251 is too little for any guess.

  test('a source names the encoding of its files, but for those in UTF-8 or with a mark', () => {
    expect(decodeText(short, 'a.txt', { named: 'windows-1251' }).text).toBe('Баш');
    expect(decodeText(short, 'a.txt', { named: 'windows-1251', declared: 'iso-8859-1' }).text).toBe('Баш');
    expect(decodeText(bytesOf('Баня'), 'a.txt', { named: 'windows-1251' }).text).toBe('Баня');
    expect(decodeText(bytesOf('\ufeffé'), 'a.txt', { named: 'windows-1251' }).text).toBe('é');
  });

  test('what HTML declares counts, unless its bytes say otherwise', async () => {
    const page = (charset: string, body: Uint8Array) =>
      new Uint8Array(
        Buffer.concat([bytesOf(`<!doctype html><meta charset="${charset}"><p>`), body, bytesOf('</p>')]),
      );
    const parse = async (bytes: Uint8Array) => (await parseDocument({ uri: 'a.html', bytes })).text;
    expect(await parse(page('windows-1251', short))).toBe('Баш');
    expect(await parse(page('shift_jis', sjis.bytes))).toBe(sjis.text.replaceAll('\n', ' '));
    // Converted, and the declaration forgotten; or the other way round.
    expect(await parse(page('iso-8859-1', bytesOf('Größe über')))).toBe('Größe über');
    expect(await parse(page('utf-8', sjis.bytes))).toBe(sjis.text.replaceAll('\n', ' '));
    const xhtml = Buffer.concat([
      bytesOf('<?xml version="1.0" encoding="windows-1251"?><html><body><p>'),
      short,
      bytesOf('</p></body></html>'),
    ]);
    expect(await parse(new Uint8Array(xhtml))).toBe('Баш');
  });

  test('tables and JSON are decoded as text is', async () => {
    const csv = Buffer.concat([bytesOf('key,words\n1,'), sjis.bytes.subarray(0, 40), bytesOf('\n')]);
    const document = await parseDocument({ uri: 'a.csv', bytes: new Uint8Array(csv) });
    expect(document.text).toContain(sjis.text.slice(0, 20));
    expect(document.metadata.encoding).toBe('shift_jis');
    const json = new Uint8Array(Buffer.concat([bytesOf('{"name":"'), short, bytesOf('"}')]));
    const reading = { encoding: 'windows-1251' };
    expect((await parseDocument({ uri: 'a.json', bytes: json, reading })).text).toContain('Баш');
  });
});

describe('text that has lost something is not taken in silence', () => {
  test('a few damaged bytes in UTF-8 do not make it another encoding', () => {
    const text = 'Größe, Wärme, Höhe, Tür, Straße. '.repeat(10);
    const bytes = new Uint8Array(
      Buffer.concat([Buffer.from(text), Buffer.from([0xe4, 0x20]), Buffer.from(text)]),
    );
    const { encoding, doubt, text: read } = decodeText(bytes, 'a.txt');
    expect({ encoding, read }).toEqual({ encoding: 'utf-8', read: `${text}\ufffd ${text}` });
    expect(doubt).toMatch(/^one character is lost: not all of its bytes are utf-8/);
  });

  test('UTF-8 that was read as Windows-1252 and saved again', () => {
    const { doubt } = decodeText(bytesOf('GrÃ¶ÃŸe und WÃ¤rme, itâ€™s Ã¼ber'), 'a.txt');
    expect(doubt).toContain('"Ã¶" stands for one character');
    expect(decodeText(bytesOf('Â, Ã and Œuvre: letters with marks'), 'a.txt').doubt).toBeUndefined();
  });
});
