import { UnreadableDocumentError } from '../core/errors/unreadable-document-error.ts';
import { type CompoundFile, openCompoundFile } from './office/compound-file.ts';
import { DamagedFile } from './office/damaged.ts';
import type { ParsedBody } from './parsed-body.ts';
import { pipeTable } from './pipe-table.ts';
import { plausibleTitle } from './plausible-title.ts';
import { StructuredText } from './structured-text.ts';

/**
 * A document of Word 97 to 2003 ([MS-DOC]) as Markdown: headings by their built-in styles, lists (with bullets, for the
 * numbers are in tables of their own), tables, footnotes at the end. Deleted and hidden text, tables of contents, running
 * heads and the instructions of fields are left out.
 */
export function parseDoc(bytes: Uint8Array, uri: string): ParsedBody {
  const file = openCompoundFile(bytes);
  const main = file.stream('WordDocument');
  if (!main || main.length < 0x1aa) throw new DamagedFile('it has no text in the place where Word keeps it');
  if (main.readUInt16LE(0) !== 0xa5ec || main.readUInt16LE(2) < 0xc1) {
    throw new UnreadableDocumentError({
      uri,
      reason: 'media type',
      message: `${uri} was written by a Word older than Word 97, which Tandem does not read.`,
      hint: 'Open it in Word or LibreOffice and save it as .docx.',
    });
  }
  const flags = main.readUInt16LE(10);
  if (flags & 0x0100) {
    throw new UnreadableDocumentError({
      uri,
      reason: 'encrypted',
      message: `${uri} is locked with a password.`,
      hint: 'Open it in Word, take the password off, and save it as .docx.',
    });
  }
  const table = file.stream(flags & 0x0200 ? '1Table' : '0Table');
  if (!table) throw new DamagedFile('it lacks the tables that say where its text is');
  const word = new WordFile(main, table);
  const output = new StructuredText();
  const title = writeParagraphs(word.paragraphs(), output);
  const metadata = summaryOf(file);
  const { pageTitle } = metadata;
  delete metadata.pageTitle;
  const chosen = title ?? plausibleTitle(pageTitle);
  return { text: output.text, blocks: output.blocks, metadata, ...(chosen ? { title: chosen } : {}) };
}

interface DocParagraph {
  text: string;
  /** Built-in style number: 1–9 headings, 19–27 contents, 34 caption, 62 title. */
  style: number;
  /** 1 to 9 from the outline; undefined for body text. */
  level: number | undefined;
  listDepth: number | undefined;
  inTable: boolean;
  /** The mark at its end: a paragraph's, a cell's, or a row's. */
  ends: 'paragraph' | 'cell' | 'row';
}

const builtIn = { caption: 34, title: 62, firstContents: 19, lastContents: 27, figures: 35 } as const;

/** Gives the text of the paragraph that is styled as the title. */
function writeParagraphs(paragraphs: Iterable<DocParagraph>, output: StructuredText): string | undefined {
  let title: string | undefined;
  let list: string[] = [];
  let rows: string[][] = [];
  let row: string[] = [];
  let cell: string[] = [];
  const flushList = () => {
    output.add('list', list.join('\n'));
    list = [];
  };
  const flushTable = () => {
    if (cell.length > 0) row.push(cell.join(' '));
    if (row.length > 0) rows.push(row);
    // A box around text is not a table.
    if (rows.every((cells) => cells.length <= 1))
      for (const [only = ''] of rows) output.add('paragraph', only);
    else output.add('table', pipeTable(rows));
    rows = [];
    row = [];
    cell = [];
  };
  for (const paragraph of paragraphs) {
    const { text, style, level, listDepth, inTable, ends } = paragraph;
    if (inTable) {
      flushList();
      if (ends === 'row') {
        if (cell.length > 0) row.push(cell.join(' '));
        rows.push(row);
        row = [];
        cell = [];
        continue;
      }
      if (text !== '') cell.push(text.replace(/\s+/g, ' '));
      if (ends === 'cell') {
        row.push(cell.join(' '));
        cell = [];
      }
      continue;
    }
    if (rows.length > 0 || row.length > 0 || cell.length > 0) flushTable();
    if (
      text === '' ||
      (style >= builtIn.firstContents && style <= builtIn.lastContents) ||
      style === builtIn.figures
    )
      continue;
    const isTitle = style === builtIn.title && title === undefined;
    if (isTitle || level !== undefined) {
      flushList();
      const words = text.replace(/\s+/g, ' ');
      if (isTitle) title = words;
      const rank = isTitle ? 1 : Math.min(6, level! + (title === undefined ? 0 : 1));
      output.add('heading', `${'#'.repeat(rank)} ${words}`, { level: rank });
    } else if (listDepth !== undefined) list.push(`${'  '.repeat(listDepth)}- ${text.replace(/\s+/g, ' ')}`);
    else {
      flushList();
      output.add(style === builtIn.caption ? 'caption' : 'paragraph', text);
    }
  }
  flushList();
  flushTable();
  return title;
}

/** A style's part in the document, what it is based on being taken over. */
interface DocStyle {
  number: number;
  level: number | undefined;
  list: boolean;
}

/** One modification of properties: its code and operand ([MS-DOC] §2.6). */
interface Sprm {
  code: number;
  operand: Buffer;
}

interface Piece {
  /** Characters of the document, `[from, to)`. */
  from: number;
  to: number;
  /** Where they begin in the stream, and how many bytes each has. */
  offset: number;
  width: 1 | 2;
}

const sprmParagraphStyle = 0x4600;
const sprmInTable = 0x2416;
const sprmRowEnd = 0x2417;
const sprmInnerRowEnd = 0x244c;
const sprmInnerCellEnd = 0x244b;
const sprmTableDepth = 0x6649;
const sprmListLevel = 0x260a;
const sprmList = 0x460b;
const sprmOutline = 0x2640;
const sprmDeleted = 0x0800;
const sprmHidden = 0x083c;

class WordFile {
  readonly #main: Buffer;
  readonly #table: Buffer;

  constructor(main: Buffer, table: Buffer) {
    this.#main = main;
    this.#table = table;
  }

  *paragraphs(): Generator<DocParagraph> {
    const main = this.#main;
    const count = (at: number) => Math.max(0, main.readInt32LE(at));
    // The document's own text comes first, then footnotes, running heads, comments, endnotes, text boxes.
    const [body, footnotes, heads, macros, comments, endnotes, boxes] = [
      0x4c, 0x50, 0x54, 0x58, 0x5c, 0x60, 0x64,
    ].map(count) as [number, number, number, number, number, number, number];
    const parts: [number, number][] = [[0, body]];
    if (footnotes > 0) parts.push([body, body + footnotes]);
    const end = body + footnotes + heads + macros + comments;
    if (endnotes > 0) parts.push([end, end + endnotes]);
    if (boxes > 0) parts.push([end + endnotes, end + endnotes + boxes]);
    const pieces = this.#pieces();
    const styles = this.#styles();
    const paragraphProperties = this.#formats(0x102, true);
    const characterProperties = this.#formats(0xfa, false);
    for (const [from, to] of parts)
      yield* this.#part(pieces, from, to, styles, paragraphProperties, characterProperties);
  }

  *#part(
    pieces: Piece[],
    from: number,
    to: number,
    styles: DocStyle[],
    paragraphProperties: Formats,
    characterProperties: Formats,
  ): Generator<DocParagraph> {
    let text = '';
    // Fields nest: what is between their beginning and separator is an instruction.
    const fields: boolean[] = [];
    for (const piece of pieces) {
      const first = Math.max(from, piece.from);
      const last = Math.min(to, piece.to);
      if (first >= last) continue;
      const start = piece.offset + (first - piece.from) * piece.width;
      const stop = start + (last - first) * piece.width;
      if (stop > this.#main.length) throw new DamagedFile('its text ends before its length');
      const characters =
        piece.width === 2
          ? this.#main.toString('utf16le', start, stop)
          : windows1252.decode(this.#main.subarray(start, stop));
      for (let index = 0; index < characters.length; index++) {
        const character = characters[index]!;
        const offset = start + index * piece.width;
        if (character === '\x13') fields.push(true);
        else if (character === '\x14') {
          if (fields.length > 0) fields[fields.length - 1] = false;
        } else if (character === '\x15') fields.pop();
        else if (character === '\r' || character === '\x07' || character === '\f') {
          const paragraph = paragraphOf(text, character, paragraphProperties.at(offset), styles);
          text = '';
          yield paragraph;
        } else if (!fields.includes(true) && !isGone(characterProperties.at(offset)))
          text += shownAs[character] ?? character;
      }
    }
    if (text.trim() !== '') yield paragraphOf(text, '\r', undefined, styles);
  }

  /** The table that says where each run of the text is ([MS-DOC] §2.9.38). */
  #pieces(): Piece[] {
    const [start, length] = this.#place(0x1a2);
    const stop = start + length;
    let at = start;
    while (at + 3 <= stop && this.#table[at] === 1) at += 3 + this.#table.readUInt16LE(at + 1);
    if (at + 5 > stop || this.#table[at] !== 2) throw new DamagedFile('its table of text pieces is missing');
    const size = this.#table.readUInt32LE(at + 1);
    at += 5;
    const count = Math.floor((size - 4) / 12);
    if (count < 0 || at + size > this.#table.length)
      throw new DamagedFile('its table of text pieces is cut short');
    return Array.from({ length: count }, (_, index) => {
      const place = this.#table.readUInt32LE(at + (count + 1) * 4 + index * 8 + 2);
      const narrow = (place & 0x40000000) !== 0;
      const offset = place & 0x3fffffff;
      return {
        from: this.#table.readUInt32LE(at + index * 4),
        to: this.#table.readUInt32LE(at + index * 4 + 4),
        offset: narrow ? offset >> 1 : offset,
        width: narrow ? 1 : 2,
      } as Piece;
    });
  }

  #place(at: number): [number, number] {
    const start = this.#main.readUInt32LE(at);
    const length = this.#main.readUInt32LE(at + 4);
    if (start + length > this.#table.length) throw new DamagedFile('its tables lie outside of it');
    return [start, length];
  }

  /** Properties by place in the text's stream, from 512-byte pages that a table lists ([MS-DOC] §2.8.5–2.9.117). */
  #formats(at: number, ofParagraphs: boolean): Formats {
    const [start, length] = this.#place(at);
    const count = Math.max(0, Math.floor((length - 4) / 8));
    const formats = new Formats();
    for (let index = 0; index < count; index++) {
      const page = (this.#table.readUInt32LE(start + (count + 1) * 4 + index * 4) & 0x3fffff) * 512;
      if (page + 512 > this.#main.length) throw new DamagedFile('a page of its formats lies outside of it');
      const sheet = this.#main.subarray(page, page + 512);
      const runs = sheet[511]!;
      const width = ofParagraphs ? 13 : 1;
      if ((runs + 1) * 4 + runs * width > 511) throw new DamagedFile('a page of its formats is damaged');
      for (let run = 0; run < runs; run++) {
        const place = sheet[(runs + 1) * 4 + run * width]! * 2;
        const from = sheet.readUInt32LE(run * 4);
        if (place === 0) formats.add(from, undefined, []);
        else if (ofParagraphs) {
          const short = sheet[place]!;
          const from2 = short === 0 ? place + 2 : place + 1;
          const size = short === 0 ? sheet[place + 1]! * 2 : short * 2 - 1;
          if (from2 + size > 511 || size < 2) formats.add(from, undefined, []);
          else formats.add(from, sheet.readUInt16LE(from2), sprmsOf(sheet.subarray(from2 + 2, from2 + size)));
        } else
          formats.add(
            from,
            undefined,
            sprmsOf(sheet.subarray(place + 1, Math.min(511, place + 1 + sheet[place]!))),
          );
      }
    }
    return formats;
  }

  /** The style sheet ([MS-DOC] §2.9.271): a style's number says what it is, whatever the language of its name. */
  #styles(): DocStyle[] {
    const [start, length] = this.#place(0xa2);
    const sheet = this.#table.subarray(start, start + length);
    if (sheet.length < 6) return [];
    const header = sheet.readUInt16LE(0);
    const count = Math.min(sheet.readUInt16LE(2), 4095);
    const baseSize = sheet.readUInt16LE(4);
    const raw: { number: number; base: number; sprms: Sprm[] }[] = [];
    for (let at = 2 + header, index = 0; index < count && at + 2 <= sheet.length; index++) {
      const size = sheet.readUInt16LE(at);
      const style = sheet.subarray(at + 2, at + 2 + size);
      at += 2 + size;
      if (style.length < 10) {
        raw.push({ number: 0xfff, base: 0xfff, sprms: [] });
        continue;
      }
      const isParagraph = (style.readUInt16LE(2) & 0xf) === 1;
      let place = baseSize;
      if (place + 2 <= style.length) place += 2 + (style.readUInt16LE(place) + 1) * 2;
      let sprms: Sprm[] = [];
      // After the name: the paragraph properties, with the style's own index before them.
      if (isParagraph && place + 2 <= style.length) {
        const properties = style.readUInt16LE(place);
        sprms = sprmsOf(style.subarray(place + 4, place + 2 + properties));
      }
      raw.push({ number: style.readUInt16LE(0) & 0xfff, base: style.readUInt16LE(2) >> 4, sprms });
    }
    const resolve = (index: number, above: number): DocStyle => {
      const style = raw[index];
      if (!style || above > 12) return { number: 0xfff, level: undefined, list: false };
      const base = style.base === 0xfff ? undefined : resolve(style.base, above + 1);
      const outline = style.sprms.find(({ code }) => code === sprmOutline)?.operand[0];
      const list = style.sprms.find(({ code }) => code === sprmList)?.operand.readUInt16LE(0);
      const named = style.number >= 1 && style.number <= 9 ? style.number : undefined;
      return {
        number:
          style.number === 0xffe || style.number === 0xfff ? (base?.number ?? style.number) : style.number,
        level: outline !== undefined ? (outline < 9 ? outline + 1 : undefined) : (named ?? base?.level),
        list: list !== undefined ? list !== 0 : (base?.list ?? false),
      };
    };
    return raw.map((_, index) => resolve(index, 0));
  }
}

class Formats {
  readonly #starts: number[] = [];
  readonly #formats: { style: number | undefined; sprms: Sprm[] }[] = [];
  #last = 0;

  add(start: number, style: number | undefined, sprms: Sprm[]): void {
    this.#starts.push(start);
    this.#formats.push({ style, sprms });
  }

  /** Those of the run that holds the byte at `offset`. Asked for in rising order, mostly. */
  at(offset: number): { style: number | undefined; sprms: Sprm[] } | undefined {
    const starts = this.#starts;
    let at = this.#last;
    if (starts[at] === undefined || starts[at]! > offset) {
      // Pieces need not be in the stream in the order of the text.
      let low = 0;
      let high = starts.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (starts[middle]! <= offset) low = middle + 1;
        else high = middle;
      }
      at = Math.max(0, low - 1);
    }
    while (at + 1 < starts.length && starts[at + 1]! <= offset) at++;
    this.#last = at;
    return this.#formats[at];
  }
}

function sprmsOf(bytes: Buffer): Sprm[] {
  const sprms: Sprm[] = [];
  for (let at = 0; at + 3 <= bytes.length; ) {
    const code = bytes.readUInt16LE(at);
    at += 2;
    let size = [1, 1, 2, 4, 2, 2, 0, 3][code >> 13]!;
    if (code >> 13 === 6) {
      if (code === 0xd608) size = at + 2 <= bytes.length ? bytes.readUInt16LE(at) + 1 : bytes.length;
      else if (code === 0xc615 && bytes[at] === 255) size = bytes.length;
      else size = bytes[at]! + 1;
    }
    if (at + size > bytes.length) break;
    sprms.push({ code, operand: bytes.subarray(at, at + size) });
    at += size;
  }
  return sprms;
}

function paragraphOf(
  text: string,
  mark: string,
  format: { style: number | undefined; sprms: Sprm[] } | undefined,
  styles: DocStyle[],
): DocParagraph {
  const last = (code: number) => format?.sprms.findLast((sprm) => sprm.code === code)?.operand;
  const index = last(sprmParagraphStyle)?.readUInt16LE(0) ?? format?.style ?? 0;
  const style = styles[index] ?? { number: 0, level: undefined, list: false };
  const outline = last(sprmOutline)?.[0];
  const list = last(sprmList)?.readUInt16LE(0);
  const depth = last(sprmTableDepth)?.readUInt32LE(0) ?? 0;
  const inTable = depth > 0 || (last(sprmInTable)?.[0] ?? 0) !== 0;
  const isRowEnd = (last(sprmRowEnd)?.[0] ?? 0) !== 0 || (last(sprmInnerRowEnd)?.[0] ?? 0) !== 0;
  const isCellEnd = mark === '\x07' || (last(sprmInnerCellEnd)?.[0] ?? 0) !== 0;
  return {
    text: text
      .replace(/[ \t\u00a0]+/g, ' ')
      .replace(/ *\n */g, '\n')
      .trim(),
    style: style.number,
    level: outline !== undefined ? (outline < 9 ? outline + 1 : undefined) : style.level,
    listDepth: (list === undefined ? style.list : list !== 0)
      ? Math.min(last(sprmListLevel)?.[0] ?? 0, 8)
      : undefined,
    inTable,
    // A table in a cell is read as a part of that cell.
    ends: inTable && depth <= 1 ? (isRowEnd ? 'row' : isCellEnd ? 'cell' : 'paragraph') : 'paragraph',
  };
}

function isGone(format: { sprms: Sprm[] } | undefined): boolean {
  return (
    format?.sprms.some(
      ({ code, operand }) => (code === sprmDeleted || code === sprmHidden) && operand[0] === 1,
    ) ?? false
  );
}

const windows1252 = new TextDecoder('windows-1252');

/** Characters that stand for something else; those of pictures, drawings, notes and comments for nothing. */
const shownAs: Record<string, string> = {
  '\x00': '',
  '\x01': '',
  '\x02': '',
  '\x03': '',
  '\x04': '',
  '\x05': '',
  '\x08': '',
  '\t': ' ',
  '\v': '\n',
  '\x0e': '\n',
  '\x1e': '-',
  '\x1f': '',
};

/** Title and author from the summary's property set ([MS-OLEPS]); without it, nothing. */
function summaryOf(file: CompoundFile): Record<string, string> {
  const metadata: Record<string, string> = {};
  try {
    const summary = file.stream('\x05SummaryInformation');
    if (!summary) return metadata;
    const start = summary.readUInt32LE(44);
    const count = Math.min(summary.readUInt32LE(start + 4), 100);
    const values = new Map<number, number>();
    for (let index = 0; index < count; index++)
      values.set(
        summary.readUInt32LE(start + 8 + index * 8),
        start + summary.readUInt32LE(start + 12 + index * 8),
      );
    const page = values.get(1);
    const encoding =
      page !== undefined && summary.readUInt16LE(page + 4) === 65001 ? 'utf-8' : 'windows-1252';
    for (const [name, id] of [
      ['pageTitle', 2],
      ['subject', 3],
      ['author', 4],
    ] as const) {
      const at = values.get(id);
      if (at === undefined || summary.readUInt32LE(at) !== 30) continue;
      const length = summary.readUInt32LE(at + 4);
      if (length > 1000 || at + 8 + length > summary.length) continue;
      const text = new TextDecoder(encoding).decode(summary.subarray(at + 8, at + 8 + length));
      const clean = text.replaceAll('\0', '').trim();
      if (clean !== '') metadata[name] = clean;
    }
  } catch {
    // A summary is optional: a document without it is still read.
  }
  return metadata;
}
