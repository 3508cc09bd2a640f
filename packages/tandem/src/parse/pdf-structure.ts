import type { Block } from '../core/types/document.ts';
import type { DocumentLine, PageLine } from './pdf-layout.ts';
import { tableRows, withSignsJoined } from './pdf-table.ts';
import { isAlone } from './plausible-title.ts';
import { StructuredText } from './structured-text.ts';

interface Draft {
  kind: Block['kind'];
  lines: DocumentLine[];
  level?: number;
}

/**
 * Lines of all pages to text and blocks. `title` is the largest heading of the first page that has one, unless others are equal to it;
 * `runningHead` what stands at the top of most pages, if it has words in common with a heading or with `name`, the file's.
 */
export function writePages(
  pages: PageLine[][],
  outline: Map<string, number>,
  name = '',
): { text: string; blocks: Block[]; title?: string; runningHead?: string } {
  const lines = withoutRunningLines(pages, outline);
  const style = typicalStyle(lines);
  const drafts = joinOverPages(withoutFalseHeadings(draftsOf(lines, style, outline)));
  const words = new Set(lines.flatMap((line) => line.text.toLowerCase().match(/[\p{L}-]+/gu) ?? []));
  const levels = levelsOf(drafts, style);

  const output = new StructuredText();
  /** The table that ended the last page, if it has a head: its lines so far, those of each page. */
  let open: DocumentLine[][] = [];
  for (const draft of drafts) {
    const page = draft.lines[0]!.page;
    const before = open;
    open = [];
    switch (draft.kind) {
      case 'heading': {
        const level = draft.level ?? levels.get(sizeStep(draft.lines[0]!.size)) ?? 3;
        const prose = proseOf(draft.lines, words);
        if (draft.level === undefined && caption.test(prose.text)) {
          output.add('caption', prose.text, { page, lines: placesOf(draft.lines, prose.starts) });
          break;
        }
        const marks = `${'#'.repeat(level)} `;
        const lines = placesOf(draft.lines, prose.starts, marks.length);
        output.add('heading', marks + prose.text, { level, page, lines });
        break;
      }
      case 'table': {
        const goesOn = goesOnOverPage(before, draft.lines);
        const pages = goesOn ? [...before, draft.lines] : [draft.lines];
        const whole = tableRows(pages.flat());
        // The page with the head, and so many that what is in no row of one is in another's.
        if (hasHead(whole)) open = [pages[0]!, ...pages.slice(1).slice(-pagesBefore)];
        const here = goesOn ? whole.filter((row) => row.page === page) : whole;
        // Each page has the head again, printed or not, so that its rows can be understood alone.
        const rows = goesOn && here[0]!.text !== whole[0]!.text ? [whole[0]!, ...here] : here;
        const texts = withHeadMarked(rows, goesOn || hasHead(rows)).map((line) =>
          typeof line === 'string' ? line : rowText(line),
        );
        const starts = startsOf(texts);
        if (texts.length > rows.length) starts.splice(1, 1);
        output.add('table', texts.join('\n'), { page, lines: placesOf(rows, starts) });
        break;
      }
      case 'list': {
        const items = itemsOf(draft.lines).map((item) => ({ item, prose: proseOf(item, words) }));
        const texts = items.map(({ prose }) => itemText(prose.text));
        const starts = startsOf(texts);
        const lines = items.flatMap(({ item, prose }, index) =>
          // A bullet of another shape moves what follows it.
          placesOf(
            item,
            prose.starts,
            starts[index]! + texts[index]!.length - prose.text.length,
            starts[index]!,
          ),
        );
        output.add('list', texts.join('\n'), { page, lines });
        break;
      }
      default: {
        const prose = proseOf(draft.lines, words);
        const kind = draft.lines.length <= 3 && caption.test(prose.text) ? 'caption' : 'paragraph';
        output.add(kind, prose.text, { page, lines: placesOf(draft.lines, prose.starts) });
      }
    }
  }
  const first = drafts.filter(
    (draft) => draft.kind === 'heading' && draft.lines[0]!.page === firstPage(drafts),
  );
  const largest = first.toSorted((a, b) => b.lines[0]!.size - a.lines[0]!.size)[0];
  const headings = drafts.filter(({ kind }) => kind === 'heading');
  const wordsOf = (draft: Draft) => proseOf(draft.lines, words).text;
  const equal = headings.filter(
    (draft) =>
      draft !== largest &&
      draft.level === largest!.level &&
      sizeStep(draft.lines[0]!.size) === sizeStep(largest!.lines[0]!.size) &&
      draft.lines[0]!.font === largest!.lines[0]!.font,
  );
  const title = largest && isAlone(wordsOf(largest), equal.map(wordsOf)) ? wordsOf(largest) : undefined;
  const runningHead = runningHeadOf(pages, [name, ...headings.map(wordsOf)]);
  return {
    text: output.text,
    blocks: output.blocks,
    ...(title ? { title } : {}),
    ...(runningHead ? { runningHead } : {}),
  };
}

const caption =
  /^(?:Table|Figure|Fig\.|Exhibit|Chart|Box)\s+[A-Z]?\d+(?:[.–-]\d+)*(?:[.:)]|\s[–—-]|\s+\p{Lu})/u;

/** `Block.lines`: for each line where its text begins in the block, its page, and its box in whole points. */
function placesOf(lines: DocumentLine[], starts: number[], shift = 0, first = 0): number[] {
  return lines.flatMap(({ page, box: [left, top, right, bottom] }, index) => [
    index === 0 ? first : starts[index]! + shift,
    page,
    Math.floor(left),
    Math.floor(top),
    Math.ceil(right),
    Math.ceil(bottom),
  ]);
}

function startsOf(lines: string[]): number[] {
  let start = 0;
  return lines.map((line) => {
    const here = start;
    start += line.length + 1;
    return here;
  });
}

/** A first row in type that no other has is the table's head, and the row of dashes that says so comes below it. */
function withHeadMarked(rows: DocumentLine[], isHeaded: boolean): (DocumentLine | string)[] {
  const [head, ...body] = rows;
  return head && isHeaded ? [head, `|${' --- |'.repeat(head.cells.length)}`, ...body] : rows;
}

function hasHead(rows: DocumentLine[]): boolean {
  const [head, ...body] = rows;
  return head !== undefined && body.length >= 2 && !body.some((row) => row.font === head.font);
}

/**
 * Pages before its own, the first aside, by which a table's columns and rows on a page are told: with all of them, a table over hundreds of
 * pages would be read hundreds of times.
 */
const pagesBefore = 8;

/** A table with a head that ended a page goes on where the next page begins with cells below its columns. */
function goesOnOverPage(before: DocumentLine[][], lines: DocumentLine[]): boolean {
  const last = before.at(-1)?.at(-1);
  const [first] = lines;
  if (!last || !first || first.page !== last.page + 1 || first.cells.length < 2) return false;
  const head = before[0]?.[0];
  const isBelow = (left: number, right: number) =>
    head!.lefts.filter((at, index) => left < head!.rights[index]! + 3 && right > at - 3).length === 1;
  const [widest] = lines.map(withSignsJoined).toSorted((a, b) => b.cells.length - a.cells.length);
  return (
    widest!.cells.length <= head!.cells.length &&
    widest!.lefts.filter((left, index) => isBelow(left, widest!.rights[index]!)).length >=
      0.75 * widest!.cells.length
  );
}

function firstPage(drafts: Draft[]): number {
  return drafts.find((draft) => draft.kind === 'heading')?.lines[0]?.page ?? 1;
}

/** The longest words that stand at the top of three in five pages, the same on each; a company's or a warning's have no subject. */
function runningHeadOf(pages: readonly PageLine[][], subjects: readonly string[]): string | undefined {
  if (pages.length < 2) return undefined;
  const seen = new Map<string, number>();
  for (const page of pages) {
    const heads = page.filter(({ height }) => height < margin).flatMap(({ cells }) => cells);
    for (const head of new Set(heads)) seen.set(head, (seen.get(head) ?? 0) + 1);
  }
  const long = (text: string) => text.toLowerCase().match(/\p{L}{5,}/gu) ?? [];
  const known = new Set(subjects.flatMap(long));
  return [...seen]
    .filter(
      ([head, count]) =>
        count >= 0.6 * pages.length && /\p{L}{2,}.*\s.*\p{L}{2,}/u.test(head) && head.length <= 120,
    )
    .map(([head]) => head)
    .filter((head) => long(head).some((word) => known.has(word)))
    .toSorted((a, b) => b.length - a.length)[0];
}

const pageNumber =
  /^(?:page|seite|p\.?)?\s*[-–—|]?\s*(?:\d{1,4}|[ivxl]{1,6})\s*(?:[-–—|]|(?:of|\/|von)\s*\d{1,4})?$/i;
/** The share of a page's height, at the top and at the bottom, where running headers and footers are. */
const margin = 0.12;
/** The least size of a heading, as a multiple of the body's, that is known by its size alone. */
const headingSize = 1.15;

/**
 * Drops page numbers, and lines that are in the same margin of two pages in five or more with only their numbers changed.
 * A heading may count up at the top of pages, too ("Chapter 1", "Chapter 2"): a line in a heading's type, or in the outline,
 * goes only if it says the same again, numbers and all.
 */
function withoutRunningLines(pages: PageLine[][], outline: Map<string, number>): DocumentLine[] {
  const numbered = pages.map((page, index): DocumentLine[] =>
    page.map((line) => ({ ...line, page: index + 1, text: line.cells.join(' ') })),
  );
  const { size } = typicalStyle(numbered.flat());
  const inMargin = (line: DocumentLine) => line.height < margin || line.height > 1 - margin;
  const isLikeHeading = (line: DocumentLine) =>
    line.height < margin &&
    line.cells.length === 1 &&
    (line.size >= headingSize * size || (line.size >= 0.95 * size && outline.has(outlineKey(line.text))));
  // A row of figures is a table's: it is a running line only where it says the same.
  const evened = ({ text }: DocumentLine) =>
    /\p{L}/u.test(text) ? text.toLowerCase().replace(/\d+|\b[ivxl]+\b/g, '#') : text;
  const key = (line: DocumentLine) => `${line.height < 0.5 ? 'top' : 'bottom'} ${evened(line)}`;
  const wording = (line: DocumentLine) => `as written ${isLikeHeading(line)} ${line.text.toLowerCase()}`;
  const seen = new Map<string, Set<number>>();
  for (const page of numbered) {
    for (const line of page.filter(inMargin))
      for (const name of [key(line), wording(line)])
        seen.set(name, (seen.get(name) ?? new Set()).add(line.page));
  }
  const filled = numbered.filter((page) => page.length > 0).length;
  const often = Math.max(2, 0.4 * filled);
  const isRunning = (line: DocumentLine) => {
    if ((seen.get(key(line))?.size ?? 0) < often) return false;
    if (!isLikeHeading(line)) return true;
    const same = seen.get(wording(line))!;
    // A chapter's running head changes with the chapter, and is back on the next page or, on facing pages, the next but one.
    return same.size >= often || [-2, -1, 1, 2].some((apart) => same.has(line.page + apart));
  };
  return numbered.flatMap((page) => {
    const kept = page.filter((line) => !inMargin(line) || !(pageNumber.test(line.text) || isRunning(line)));
    // A page of nothing else (a form's empty sheets) keeps its text: it is all there is to cite.
    return kept.length > 0 ? kept : page.filter((line) => !pageNumber.test(line.text));
  });
}

interface Style {
  size: number;
  font: string;
  /** Baseline to baseline. */
  pitch: number;
}

/** What most of the document's characters are set in. */
function typicalStyle(lines: DocumentLine[]): Style {
  const size = mostFrequent(lines, (line) => sizeStep(line.size));
  const body = lines.filter((line) => sizeStep(line.size) === size);
  const font = mostFrequent(body, (line) => line.font);
  const pitches = body.flatMap((line, index) => {
    const before = body[index - 1];
    const pitch =
      before && before.page === line.page && before.column === line.column ? line.y - before.y : 0;
    return pitch > 0.8 * line.size && pitch < 3 * line.size
      ? [{ text: 'x', pitch: Math.round(pitch * 4) / 4 }]
      : [];
  });
  return {
    size: size ?? 10,
    font: font ?? '',
    pitch: mostFrequent(pitches, (sample) => sample.pitch) ?? 1.2 * (size ?? 10),
  };
}

function mostFrequent<Item extends { text: string }, Value>(
  items: Item[],
  of: (item: Item) => Value,
): Value | undefined {
  const counts = new Map<Value, number>();
  for (const item of items) counts.set(of(item), (counts.get(of(item)) ?? 0) + item.text.length);
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0];
}

function sizeStep(size: number): number {
  return Math.round(size * 2) / 2;
}

const marker =
  /^(?:[•●○◦▪■▸‣·⁃–\uf0b7\uf0a7]|[-*](?=\s)|o(?=\s[A-Z])|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)](?=\s))\s*(?=\S)/;
const loneMarker = /^(?:[•●○◦▪■▸‣·⁃–\uf0b7\uf0a7*-]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)])$/;

function draftsOf(lines: DocumentLine[], style: Style, outline: Map<string, number>): Draft[] {
  const drafts: Draft[] = [];
  for (const [index, raw] of lines.entries()) {
    // A marker set apart from its item is not a cell.
    const isItem = raw.cells.length === 2 && loneMarker.test(raw.cells[0]!);
    const line: DocumentLine = isItem ? { ...raw, cells: [raw.text] } : raw;
    const last = drafts.at(-1);
    const before = last?.lines.at(-1);
    const close = before !== undefined && follows(before, line, style);
    if (line.cells.length > 1) {
      if (
        last?.kind === 'table' &&
        before!.page === line.page &&
        line.y - before!.y < 3 * style.pitch &&
        !beginsTable(last.lines, line)
      )
        last.lines.push(line);
      else drafts.push({ kind: 'table', lines: [line] });
      continue;
    }
    if (last?.kind === 'table' && continuesTable(last, line, style)) continue;
    const heading = headingLevel(line, before, lines[index + 1], style, outline);
    if (heading !== undefined) {
      if (last?.kind === 'heading' && continuesHeading(last, line, heading.level)) last.lines.push(line);
      else
        drafts.push({
          kind: 'heading',
          lines: [line],
          ...(heading.level === undefined ? {} : { level: heading.level }),
        });
    } else if (marker.test(line.text) && !isNumberedSentence(line, last)) {
      if (last?.kind === 'list' && before!.page === line.page) last.lines.push(line);
      else drafts.push({ kind: 'list', lines: [line] });
    } else if (last?.kind === 'list' && close && line.left > last.lines[0]!.left + 2) last.lines.push(line);
    else if (last?.kind === 'paragraph' && close && !beginsParagraph(before!, line)) last.lines.push(line);
    else drafts.push({ kind: 'paragraph', lines: [line] });
  }
  return drafts;
}

/** Another table below one: in the type of the first one's head, or in other columns, further down than its rows are apart. */
function beginsTable(table: DocumentLine[], line: DocumentLine): boolean {
  const [head] = table;
  const last = table.at(-1)!;
  if (table.length < 2) return false;
  const gap = line.y - last.y;
  const usual = usualGap(table);
  const isHead =
    line.font === head!.font &&
    line.font !== last.font &&
    !line.cells.some((cell) => /^[\d.,%()$€£ -]+$/.test(cell));
  const isAligned = line.lefts
    .slice(1)
    .some((left) => table.some(({ lefts }) => lefts.some((at) => Math.abs(at - left) < 3)));
  return gap > (isHead ? 1.25 : isAligned ? Number.POSITIVE_INFINITY : 1.8) * usual;
}

/**
 * A line of one cell below a table that starts where one of its columns does, or stands close under one: the rest of a cell, or, in the
 * first column, a row with nothing in its other cells. It is taken into the table if so.
 */
function continuesTable(table: Draft, line: DocumentLine, style: Style): boolean {
  const before = table.lines.at(-1)!;
  const rows = table.lines.filter(({ cells }) => cells.length > 1).slice(-recentRows);
  const row = rows.at(-1) ?? before;
  const gap = line.y - before.y;
  if (before.page !== line.page || before.column !== line.column || gap < 0 || gap > 2 * style.pitch)
    return false;
  // The last row may have nothing in the column that this goes on in.
  const isUnder = rows.some(({ lefts }) => lefts.slice(1).some((left) => Math.abs(left - line.left) < 3));
  const isUnderOne =
    gap < 1.35 * line.size &&
    rows.some(({ lefts, rights }) => {
      const over = lefts.filter((left, index) => line.left < rights[index]! && line.right > left);
      return over.length === 1 && over[0] !== lefts[0];
    });
  const isRow =
    Math.abs(row.lefts[0]! - line.left) < 3 &&
    line.font === row.font &&
    Math.abs(line.size - row.size) <= 0.5 &&
    line.right <= (row.lefts[1] ?? Number.NEGATIVE_INFINITY) &&
    // A sentence further down than rows are apart is text below the table.
    !(/[.!?]$/.test(line.text) && gap > 1.25 * usualGap(table.lines));
  if (!(isUnder || isUnderOne || isRow)) return false;
  table.lines.push(line);
  return true;
}

const recentRows = 8;

/** Between two lines of a table, in the middle. */
function usualGap(lines: DocumentLine[]): number {
  const gaps = lines.slice(1).map(({ y }, index) => y - lines[index]!.y);
  return gaps.toSorted((a, b) => a - b)[gaps.length >> 1] ?? Number.POSITIVE_INFINITY;
}

/**
 * Type that is set in whole paragraphs anywhere is not a heading's: a form may be set small and its report large. What
 * the outline or a number says is kept.
 */
function withoutFalseHeadings(drafts: Draft[]): Draft[] {
  const styleOf = ({ size, font }: DocumentLine) => `${sizeStep(size)} ${font}`;
  const isLong = ({ lines }: Draft) =>
    lines.length > 3 ||
    (lines.length > 1 && /[.;,]$/.test(lines.at(-1)!.text)) ||
    lines.reduce((sum, line) => sum + line.text.length, 0) > 200;
  const guessed = drafts.filter((draft) => draft.kind === 'heading' && draft.level === undefined);
  const prose = new Map<string, { long: number; all: number }>();
  for (const draft of guessed) {
    const key = styleOf(draft.lines[0]!);
    const characters = draft.lines.reduce((sum, line) => sum + line.text.length, 0);
    const { long, all } = prose.get(key) ?? { long: 0, all: 0 };
    prose.set(key, { long: long + (isLong(draft) ? characters : 0), all: all + characters });
  }
  return drafts.map((draft) => {
    if (draft.kind !== 'heading' || draft.level !== undefined) return draft;
    const { long, all } = prose.get(styleOf(draft.lines[0]!))!;
    return isLong(draft) || long > 0.6 * all ? { kind: 'paragraph', lines: draft.lines } : draft;
  });
}

/** A long heading continues in a line of the same type, below a line that reaches the column's edge or just about. */
function continuesHeading(heading: Draft, line: DocumentLine, level: number | undefined): boolean {
  const before = heading.lines.at(-1)!;
  const width = line.columnRight - line.columnLeft;
  return (
    before.page === line.page &&
    before.column === line.column &&
    before.font === line.font &&
    sizeStep(before.size) === sizeStep(line.size) &&
    line.y - before.y < 2.3 * line.size &&
    heading.level === level &&
    !/^\d/.test(line.text) &&
    (before.right > line.columnRight - 0.3 * width || isCentred(before, line))
  );
}

function isCentred(before: DocumentLine, line: DocumentLine): boolean {
  const middle = (edges: { left: number; right: number }) => (edges.left + edges.right) / 2;
  return (
    Math.abs(middle(before) - middle(line)) < line.size && Math.abs(before.left - line.left) > 2 * line.size
  );
}

/** "12. In the year …" as a line inside a paragraph. */
function isNumberedSentence(line: DocumentLine, last: Draft | undefined): boolean {
  return (
    /^\d{2,3}\.\s/.test(line.text) && last?.kind === 'paragraph' && !/[.:;!?]$/.test(last.lines.at(-1)!.text)
  );
}

function follows(before: DocumentLine, line: DocumentLine, style: Style): boolean {
  const pitch = Math.max(style.pitch, 1.25 * Math.min(line.size, before.size));
  return (
    before.page === line.page &&
    before.column === line.column &&
    line.y - before.y < 1.4 * pitch &&
    line.y >= before.y &&
    Math.abs(line.size - before.size) < 0.15 * Math.max(line.size, before.size) + 0.5
  );
}

/** An indented first line, or one after a line that ends a sentence well before the column's edge. */
function beginsParagraph(before: DocumentLine, line: DocumentLine): boolean {
  const width = line.columnRight - line.columnLeft;
  const beforeIsFull = before.right > line.columnRight - 0.12 * width;
  if (beforeIsFull && line.left > before.left + line.size && /^\P{Ll}/u.test(line.text)) return true;
  return (
    before.right < line.columnRight - 0.3 * width &&
    /[.!?:]["”)]?$/.test(before.text) &&
    /^[\p{Lu}\p{N}"“(]/u.test(line.text)
  );
}

/**
 * Whether a line is a heading, and its level where something gives it: in the outline, by its number ("2.1 Design"), by larger
 * type, or by type of its own on a short line with space above.
 */
function headingLevel(
  line: DocumentLine,
  before: DocumentLine | undefined,
  after: DocumentLine | undefined,
  style: Style,
  outline: Map<string, number>,
): { level?: number } | undefined {
  const { text } = line;
  if (text.length > 160 || !/\p{L}{2}/u.test(text) || /^[•●○◦▪■▸‣·⁃]/.test(text)) return undefined;
  const listed = outline.get(outlineKey(text));
  if (listed !== undefined && line.size >= 0.95 * style.size) return { level: listed };
  // A table of contents leads to headings and has none.
  if (/\.{4}|…{2}|(?:\. ){3}/.test(text)) return undefined;
  if (line.size >= headingSize * style.size && text.length <= 120) return {};
  if (/[.;,]$/.test(text) || text.length > (text.endsWith(':') ? 60 : 90)) return undefined;
  const spaceAbove =
    !before ||
    before.page !== line.page ||
    before.column !== line.column ||
    line.y - before.y > 1.25 * style.pitch;
  if (!spaceAbove || line.size < 0.95 * style.size) return undefined;
  const full = line.right > line.columnRight - 0.12 * (line.columnRight - line.columnLeft);
  if (full && after && follows(line, after, style)) return undefined;
  const ownFont = line.font !== style.font && after !== undefined && after.font !== line.font;
  const capitals = /^[^\p{Ll}]{6,}$/u.test(text) && /\p{Lu}{4}/u.test(text) && !text.endsWith(':');
  const number = /^(\d{1,2}(?:\.\d{1,2}){0,4})\.?\s+\p{Lu}/u.exec(text)?.[1];
  if (number !== undefined && (ownFont || capitals))
    return { level: Math.min(2 + number.split('.').length - 1, 6) };
  return ownFont || capitals ? {} : undefined;
}

/** A heading as the outline lists it: white space, marks and case evened out. */
export function outlineKey(title: string): string {
  return title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}

/** Heading sizes from the largest on: levels 1, 2, 3; all of the body's size are one below the smallest of those. */
function levelsOf(drafts: Draft[], style: Style): Map<number, number> {
  const sizes = drafts
    .filter((draft) => draft.kind === 'heading')
    .map((draft) => sizeStep(draft.lines[0]!.size));
  const distinct = [...new Set(sizes)].toSorted((a, b) => b - a);
  const larger = distinct.filter((size) => size >= headingSize * style.size);
  return new Map(
    distinct.map((size) => [
      size,
      larger.includes(size)
        ? Math.min(1 + larger.indexOf(size), 4)
        : Math.min(1 + Math.max(larger.length, 1), 5),
    ]),
  );
}

/**
 * A paragraph or list item that a page's or column's end has cut continues where the next paragraph begins in the middle of
 * a sentence: in lower case, or after a line that filled its column.
 */
function joinOverPages(drafts: Draft[]): Draft[] {
  const joined: Draft[] = [];
  for (const draft of drafts) {
    const last = joined.at(-1);
    const before = last?.lines.at(-1);
    if (
      before &&
      draft.kind === 'paragraph' &&
      last!.kind !== 'heading' &&
      last!.kind !== 'table' &&
      isCut(before, draft.lines[0]!)
    ) {
      last!.lines.push(...draft.lines);
    } else joined.push(draft);
  }
  return joined;
}

function isCut(before: DocumentLine, line: DocumentLine): boolean {
  const apart = before.page !== line.page || before.column !== line.column;
  if (!apart || line.page > before.page + 1 || sizeStep(before.size) !== sizeStep(line.size)) return false;
  if (/[.!?:;]["”)]?$/.test(before.text)) return false;
  const full = before.right > before.columnRight - 0.12 * (before.columnRight - before.columnLeft);
  return /^\p{Ll}/u.test(line.text) || (full && before.font === line.font && before.text.length > 30);
}

function rowText(line: DocumentLine): string {
  return `| ${line.cells.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`;
}

function itemsOf(lines: DocumentLine[]): DocumentLine[][] {
  const items: DocumentLine[][] = [];
  for (const line of lines) {
    if (marker.test(line.text) || items.length === 0) items.push([line]);
    else items.at(-1)!.push(line);
  }
  return items;
}

/** Bullets of any shape become `-`; numbers and letters stay. */
function itemText(text: string): string {
  const found = marker.exec(text)?.[0].trim();
  if (found === undefined) return `- ${text}`;
  const words = text.slice(marker.exec(text)![0].length);
  return /^\d+[.)]$/.test(found)
    ? `${found} ${words}`
    : /\w[.)]$/.test(found)
      ? `- ${found} ${words}`
      : `- ${words}`;
}

/**
 * Lines to running text. A hyphen at a line's end goes if the document has the joined word elsewhere, stays if it has the
 * hyphenated one, and in doubt goes when the next line begins in lower case.
 */
function proseOf(lines: DocumentLine[], words: Set<string>): { text: string; starts: number[] } {
  let text = '';
  const starts: number[] = [];
  for (const line of lines) {
    const next = line.text
      .replace(/\u00ad/g, '-')
      .replace(/\s+/g, ' ')
      .trim();
    const start = /(\p{L}+)[-\u2010]$/u.exec(text.slice(-60))?.[1];
    const end = /^(\p{L}+)/u.exec(next)?.[1];
    let between = ' ';
    if (text === '') between = '';
    else if (start === undefined || end === undefined) between = /[-\u2010/\u2013]$/.test(text) ? '' : ' ';
    else {
      between = '';
      const isHyphenated = words.has(`${start}-${end}`.toLowerCase());
      const isOne = words.has(`${start}${end}`.toLowerCase()) || /^\p{Ll}/u.test(end);
      if (!isHyphenated && isOne) text = text.slice(0, -1);
    }
    starts.push(text.length + between.length);
    text += between + next;
  }
  return { text, starts };
}
