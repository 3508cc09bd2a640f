import { readNumbering } from './office/numbering.ts';
import { type OfficePackage, openPackage } from './office/package.ts';
import { runningLines } from './office/running-text.ts';
import { readStyles, type WordStyle } from './office/word-styles.ts';
import { childOf, childrenOf, descendantsOf, eachElement, isOn, type XmlElement } from './office/xml.ts';
import type { ParsedBody } from './parsed-body.ts';
import { pipeTable, tableWithoutNames } from './pipe-table.ts';
import { isAlone, plausibleTitle } from './plausible-title.ts';
import { StructuredText } from './structured-text.ts';

/**
 * A Word document (WordprocessingML, ECMA-376 part 1, §17) as Markdown: headings by their styles' outline levels, with their
 * numbers; lists; tables with their head; captions; footnotes below the paragraph that refers to them. What tracked changes
 * deleted, hidden text, and tables of contents are left out. What headers and footers say, but for page numbers and the like, is one
 * paragraph below the title. A table in a cell is a table of its own in that place. Pages are known where Word has laid the
 * document out before it saved it.
 */
export function parseDocx(bytes: Uint8Array): ParsedBody {
  const file = openPackage(bytes);
  const links = file.relationships(file.main);
  const part = (type: string) => {
    const target = links.find((link) => link.type === type)?.target;
    return target === undefined ? undefined : file.xml(target);
  };
  const styles = readStyles(part('styles'));
  const blocks = new WordBlocks(styles, readNumbering(part('numbering')), notesOf(part), isPaged(file));
  const body = file.bytes(file.main);
  // Top-level paragraphs and tables one at a time: the tree of a whole book would take ten times its size.
  const sections: XmlElement[] = [];
  if (body)
    eachElement(body, new Set(['p', 'tbl', 'sectPr']), (element) => {
      const section = element.name === 'p' ? childOf(childOf(element, 'pPr'), 'sectPr') : element;
      if (section?.name === 'sectPr') sections.push(section);
      blocks.read(element);
    });
  const isEvenOdd = isOn(childOf(part('settings'), 'evenAndOddHeaders'));
  const running = sections.flatMap((section) =>
    runningParts(section, isEvenOdd).flatMap((id) => {
      const target = links.find((link) => link.id === id)?.target;
      return target === undefined ? [] : runningLines(file.xml(target));
    }),
  );
  const { text, blocks: written, title } = blocks.finish(running);
  const { pageTitle, ...metadata } = file.properties();
  if (blocks.page !== undefined) metadata.pages = String(blocks.page);
  const chosen = title ?? plausibleTitle(pageTitle);
  if (chosen) return { text, blocks: written, metadata, title: chosen };
  // None of several equal headings is the title: then the file's name is.
  const [first, ...others] = written
    .filter(({ kind, level }) => kind === 'heading' && level === 1)
    .map(({ start, end }) => text.slice(start + 2, end));
  return {
    text,
    blocks: written,
    metadata,
    ...(first !== undefined && !isAlone(first, others) && { title: '' }),
  };
}

/** Ids of the headers and footers that a section shows: those of its first page and of even pages only where they are turned on. */
function runningParts(section: XmlElement, isEvenOdd: boolean): string[] {
  const shown = new Set([
    'default',
    ...(isEvenOdd ? ['even'] : []),
    ...(isOn(childOf(section, 'titlePg')) ? ['first'] : []),
  ]);
  return ['headerReference', 'footerReference'].flatMap((name) =>
    childrenOf(section, name).flatMap(({ attributes }) =>
      shown.has(attributes.type ?? 'default') ? [attributes['r:id'] ?? ''] : [],
    ),
  );
}

type Part = (type: string) => XmlElement | undefined;

function notesOf(part: Part): Map<string, XmlElement> {
  const notes = new Map<string, XmlElement>();
  for (const [type, kind] of [
    ['footnotes', 'footnote'],
    ['endnotes', 'endnote'],
  ] as const)
    for (const note of childrenOf(part(type), kind))
      if (note.attributes.type === undefined || note.attributes.type === 'normal')
        notes.set(`${kind} ${note.attributes.id}`, note);
  return notes;
}

/** Word notes where pages ended when it last laid the document out; without such notes no page number is right. */
function isPaged(file: OfficePackage): boolean {
  return file.bytes(file.main)?.includes('lastRenderedPageBreak') ?? false;
}

interface Paragraph {
  text: string;
  /** Where it is: the page of its first character. */
  page: number | undefined;
  style: WordStyle | undefined;
  /** From 1; undefined for what is no heading. */
  level: number | undefined;
  list: { numId: string; depth: number } | undefined;
  /** All of its letters are bold. */
  bold: boolean;
  /** Paragraphs and tables of text boxes anchored in it, and of notes it refers to. */
  floating: XmlElement[];
  notes: { mark: string; note: XmlElement }[];
}

type Draft =
  | { kind: 'heading'; text: string; level: number; page: number | undefined; isTitle: boolean }
  | { kind: 'paragraph' | 'caption' | 'table'; text: string; page: number | undefined; bold?: boolean }
  | { kind: 'list'; lines: string[]; page: number | undefined };

type Numbering = ReturnType<typeof readNumbering>;

class WordBlocks {
  page: number | undefined;
  readonly #styles: Map<string, WordStyle>;
  readonly #numbering: Numbering;
  readonly #notes: Map<string, XmlElement>;
  readonly #drafts: Draft[] = [];
  #noteCount = 0;

  constructor(
    styles: Map<string, WordStyle>,
    numbering: Numbering,
    notes: Map<string, XmlElement>,
    paged: boolean,
  ) {
    this.#styles = styles;
    this.#numbering = numbering;
    this.#notes = notes;
    this.page = paged ? 1 : undefined;
  }

  read(element: XmlElement): void {
    if (element.name === 'p') this.#writeParagraph(this.#paragraphOf(element));
    else if (element.name === 'tbl') this.#writeTable(element);
    else if (element.name === 'sdt')
      for (const inner of childrenOf(childOf(element, 'sdtContent'))) this.read(inner);
    else if (/^(?:ins|moveTo|smartTag|customXml)$/.test(element.name))
      for (const inner of childrenOf(element)) this.read(inner);
  }

  /** @param running lines of headers and footers, as often as sections have them */
  finish(running: readonly string[]): { text: string; blocks: StructuredText['blocks']; title?: string } {
    const output = new StructuredText();
    const drafts = withRunning(withHeadings(this.#drafts), running, this.page === undefined ? undefined : 1);
    // A title of its own is above the first level of headings.
    const title = drafts.find((draft) => draft.kind === 'heading' && draft.isTitle);
    const above = title ? 1 : 0;
    for (const draft of drafts) {
      const page = draft.page === undefined ? {} : { page: draft.page };
      if (draft.kind === 'heading') {
        const level = Math.min(6, draft.isTitle ? 1 : draft.level + above);
        output.add('heading', `${'#'.repeat(level)} ${draft.text}`, { level, ...page });
      } else if (draft.kind === 'list') output.add('list', draft.lines.join('\n'), page);
      else output.add(draft.kind, draft.text, page);
    }
    return {
      text: output.text,
      blocks: output.blocks,
      ...(title && 'text' in title ? { title: title.text } : {}),
    };
  }

  #writeParagraph(paragraph: Paragraph): void {
    const { text, page, style, list, level } = paragraph;
    if (text !== '' && !style?.isContents) {
      const number = list && this.#numbering.next(list.numId, list.depth);
      if (style?.isTitle || level !== undefined) {
        const words = oneLine(number && /\w/.test(number) ? `${number} ${text}` : text);
        this.#drafts.push({
          kind: 'heading',
          text: words,
          level: level ?? 1,
          page,
          isTitle: style?.isTitle ?? false,
        });
      } else if (number !== undefined && list) {
        const line = `${'  '.repeat(list.depth)}${markerOf(number)} ${oneLine(text)}`;
        const last = this.#drafts.at(-1);
        if (last?.kind === 'list') last.lines.push(line);
        else this.#drafts.push({ kind: 'list', lines: [line], page });
      } else
        this.#drafts.push({
          kind: style?.isCaption ? 'caption' : 'paragraph',
          text,
          page,
          bold: paragraph.bold,
        });
    }
    for (const element of paragraph.floating) this.read(element);
    for (const { mark, note } of paragraph.notes) {
      const words = childrenOf(note, 'p').map((inner) => this.#paragraphOf(inner).text);
      this.#drafts.push({ kind: 'paragraph', text: `[^${mark}]: ${oneLine(words.join(' '))}`, page });
    }
  }

  #writeTable(table: XmlElement): void {
    const page = this.page;
    const rows = descendantsOf(table, 'tr').filter((row) => !childOf(childOf(row, 'trPr'), 'del'));
    const cellsOf = (row: XmlElement) => descendantsOf(row, 'tc');
    const width = rows.reduce((most, row) => Math.max(most, cellsOf(row).length), 0);
    const isHeading = (paragraph: XmlElement) => this.#levelOf(paragraph) !== undefined;
    // A box around text, or a page laid out with a table: its content is taken as it is.
    if (
      width <= 1 ||
      rows.some((row) => cellsOf(row).some((cell) => childrenOf(cell, 'p').some(isHeading)))
    ) {
      for (const row of rows)
        for (const cell of cellsOf(row)) for (const inner of childrenOf(cell)) this.read(inner);
      return;
    }
    const notes: Paragraph['notes'] = [];
    const floating: XmlElement[] = [];
    const above = new Map<number, string>();
    const inner = rows.map((row) => cellsOf(row).map((cell) => (holdsTable(cell) ? cell : undefined)));
    const isNested = (index: number) => inner[index]!.some(Boolean);
    const lines = rows.map((row, index) => {
      const line: string[] = [];
      for (const [at, cell] of cellsOf(row).entries()) {
        const properties = childOf(cell, 'tcPr');
        const merged = childOf(properties, 'vMerge');
        const column = line.length;
        const text = inner[index]![at] ? '' : oneLine(this.#cellWords(cell, notes, floating).join(' '));
        // A cell that spans rows says the same in each of them, so that a row can be understood alone.
        const goesOn = merged !== undefined && merged.attributes.val !== 'restart';
        const words = goesOn ? (above.get(column) ?? text) : text;
        above.set(column, merged && words.length <= 80 ? words : '');
        line.push(words);
        const span = Number(childOf(properties, 'gridSpan')?.attributes.val ?? 1);
        for (let extra = 1; extra < Math.min(span, 64); extra++) line.push('');
      }
      return line;
    });
    if (inner.some((_, index) => isNested(index))) this.#writeRowsAround(rows, lines, inner, page);
    else this.#drafts.push({ kind: 'table', text: pipeTable(lines), page });
    for (const element of floating) this.read(element);
    for (const { mark, note } of notes) {
      const words = childrenOf(note, 'p').map((inner) => this.#paragraphOf(inner).text);
      this.#drafts.push({ kind: 'paragraph', text: `[^${mark}]: ${oneLine(words.join(' '))}`, page });
    }
  }

  /**
   * A table with tables in its cells: a row with one is written as what its other cells say, and below it the cell's own
   * paragraphs and tables in their order; the rows between are tables as before.
   */
  #writeRowsAround(
    rows: readonly XmlElement[],
    lines: readonly string[][],
    inner: readonly (XmlElement | undefined)[][],
    page: number | undefined,
  ): void {
    const width = lines.reduce((most, line) => Math.max(most, line.length), 0);
    const isHead = childOf(childOf(rows[0], 'trPr'), 'tblHeader') !== undefined || width > 2;
    const head = isHead && !inner[0]!.some(Boolean) ? lines[0] : undefined;
    let waiting: string[][] = [];
    const flush = () => {
      if (waiting.length > 0) {
        const text = head ? pipeTable([head, ...waiting]) : tableWithoutNames(waiting);
        this.#drafts.push(
          typeof text === 'string'
            ? { kind: 'table', text, page }
            : text.kind === 'table'
              ? { kind: 'table', text: text.text, page }
              : { kind: 'list', lines: text.text.split('\n'), page },
        );
      }
      waiting = [];
    };
    for (const [index, line] of lines.entries()) {
      if (index === 0 && head) continue;
      const cells = inner[index]!.filter((cell) => cell !== undefined);
      if (cells.length === 0) {
        waiting.push(line);
        continue;
      }
      flush();
      const named = line.map((words, column) =>
        words && head?.[column] ? `${head[column]}: ${words}` : words,
      );
      const words = named.filter(Boolean).join('; ');
      if (words !== '') this.#drafts.push({ kind: 'paragraph', text: words, page });
      for (const cell of cells) for (const element of childrenOf(cell)) this.read(element);
    }
    flush();
  }

  /** A cell's paragraphs, with those of boxes inside it; cells of a table that is one row stay apart by a semicolon. */
  #cellWords(cell: XmlElement, notes: Paragraph['notes'], floating: XmlElement[]): string[] {
    return childrenOf(cell).flatMap((element) => {
      if (element.name === 'p') {
        const paragraph = this.#paragraphOf(element);
        notes.push(...paragraph.notes);
        floating.push(...paragraph.floating);
        const number = paragraph.list && this.#numbering.next(paragraph.list.numId, paragraph.list.depth);
        return paragraph.text === ''
          ? []
          : [number ? `${markerOf(number)} ${paragraph.text}` : paragraph.text];
      }
      if (element.name === 'tbl' && columnsOf(element) > 1) {
        const cells = descendantsOf(element, 'tc').map((inner) =>
          this.#cellWords(inner, notes, floating).join(' '),
        );
        return [cells.filter(Boolean).join('; ')];
      }
      return element.name === 'tcPr' ? [] : this.#cellWords(element, notes, floating);
    });
  }

  #levelOf(paragraph: XmlElement): number | undefined {
    const properties = childOf(paragraph, 'pPr');
    const own = childOf(properties, 'outlineLvl')?.attributes.val;
    const style = this.#styles.get(childOf(properties, 'pStyle')?.attributes.val ?? '');
    const level = own === undefined ? style?.level : Number(own) < 9 ? Number(own) + 1 : undefined;
    return style?.isContents ? undefined : level;
  }

  #paragraphOf(element: XmlElement): Paragraph {
    const properties = childOf(element, 'pPr');
    const style = this.#styles.get(
      childOf(properties, 'pStyle')?.attributes.val ?? this.#styles.get('')?.id ?? '',
    );
    const own = childOf(properties, 'numPr');
    const numId = childOf(own, 'numId')?.attributes.val ?? style?.numId;
    const depth = Number(childOf(own, 'ilvl')?.attributes.val ?? style?.depth ?? 0);
    const paragraph: Paragraph = {
      text: '',
      page: undefined,
      style,
      level: this.#levelOf(element),
      list:
        numId !== undefined && numId !== '0' ? { numId, depth: Math.min(Math.max(depth, 0), 8) } : undefined,
      bold: true,
      floating: [],
      notes: [],
    };
    this.#readInline(element, paragraph, false);
    paragraph.page ??= this.page;
    paragraph.text = paragraph.text
      .replace(/[ \t\u00a0]+/g, ' ')
      .replace(/ *\n */g, '\n')
      .trim();
    return paragraph;
  }

  #readInline(parent: XmlElement, into: Paragraph, bold: boolean): void {
    for (const element of childrenOf(parent)) {
      switch (element.name) {
        case 'r': {
          const style = childOf(element, 'rPr');
          if (isOn(childOf(style, 'vanish'))) break;
          this.#readInline(element, into, isOn(childOf(style, 'b')) || into.style?.bold === true);
          break;
        }
        case 't': {
          const words = element.children.filter((node) => typeof node === 'string').join('');
          if (/\S/.test(words)) {
            into.page ??= this.page;
            if (/\p{L}/u.test(words)) into.bold &&= bold;
          }
          into.text += words;
          break;
        }
        case 'tab':
        case 'ptab':
          into.text += ' ';
          break;
        case 'cr':
          into.text += '\n';
          break;
        case 'br':
          into.text += element.attributes.type === undefined ? '\n' : ' ';
          break;
        case 'noBreakHyphen':
          into.text += '-';
          break;
        case 'sym': {
          // Symbol fonts put their characters in the private use area; what they look like is not known.
          const code = Number.parseInt(element.attributes.char ?? '', 16);
          if (code > 32 && (code < 0xe000 || code > 0xf8ff) && code <= 0x10ffff)
            into.text += String.fromCodePoint(code);
          break;
        }
        case 'lastRenderedPageBreak':
          if (this.page !== undefined) this.page++;
          break;
        case 'footnoteReference':
        case 'endnoteReference': {
          const note = this.#notes.get(
            `${element.name.slice(0, -'Reference'.length)} ${element.attributes.id}`,
          );
          if (!note) break;
          const mark = String(++this.#noteCount);
          into.notes.push({ mark, note });
          into.text += `[^${mark}]`;
          break;
        }
        case 'AlternateContent':
          this.#readInline(
            { ...element, children: [childOf(element, 'Choice') ?? childOf(element, 'Fallback') ?? ''] },
            into,
            bold,
          );
          break;
        case 'txbxContent':
          into.floating.push(...childrenOf(element));
          break;
        // What tracked changes took away, marks for reviewers, and the instructions of fields.
        case 'del':
        case 'moveFrom':
        case 'delText':
        case 'instrText':
        case 'delInstrText':
        case 'pPr':
        case 'rPr':
        case 'annotationRef':
          break;
        case 'rt': // Readings above characters would break up the word.
          break;
        default:
          this.#readInline(element, into, bold);
      }
    }
  }
}

const columnsOf = (table: XmlElement) =>
  descendantsOf(table, 'tr').reduce((most, row) => Math.max(most, descendantsOf(row, 'tc').length), 0);

/** A table of rows and columns: one of a single row or column is a box around text. */
function holdsTable(cell: XmlElement): boolean {
  return descendantsOf(cell, 'tbl').some(
    (table) =>
      (descendantsOf(table, 'tr').length > 1 && columnsOf(table) > 1) ||
      descendantsOf(table, 'tc').some(holdsTable),
  );
}

/** With what headers and footers say, once: below the heading that the document begins with, or above all. */
function withRunning(drafts: Draft[], running: readonly string[], page: number | undefined): Draft[] {
  const keyOf = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
  const said = new Set(drafts.flatMap((draft) => ('text' in draft ? [keyOf(draft.text)] : [])));
  const lines = running.filter((line) => {
    const key = keyOf(line);
    if (key === '' || said.has(key)) return false;
    said.add(key);
    return true;
  });
  if (lines.length === 0) return drafts;
  const at = drafts[0]?.kind === 'heading' ? 1 : 0;
  return drafts.toSpliced(at, 0, { kind: 'paragraph', text: lines.join('\n'), page });
}

/** Where no paragraph has a heading's style, short lines all in bold are what the writer made headings of. */
function withHeadings(drafts: Draft[]): Draft[] {
  if (drafts.some((draft) => draft.kind === 'heading' && !draft.isTitle)) return drafts;
  return drafts.map((draft, index): Draft => {
    const next = drafts[index + 1];
    const isHeading =
      draft.kind === 'paragraph' &&
      draft.bold &&
      next !== undefined &&
      !(next.kind === 'paragraph' && next.bold) &&
      draft.text.length <= 90 &&
      !/[.;,\n]$|\n/.test(draft.text) &&
      /\p{L}{2}/u.test(draft.text);
    return isHeading
      ? { kind: 'heading', text: draft.text, level: 2, page: draft.page, isTitle: false }
      : draft;
  });
}

/** Numbers already are list markers of Markdown; letters are written after its bullet. */
function markerOf(number: string): string {
  if (number === '') return '-';
  return /^\d{1,9}[.)]$/.test(number) ? number : /\w/.test(number) ? `- ${number}` : '-';
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
