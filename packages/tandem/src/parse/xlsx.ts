import { DamagedFile, OversizedFile } from './office/damaged.ts';
import { builtInFormats, numberFormat } from './office/number-format.ts';
import { type OfficePackage, openPackage } from './office/package.ts';
import { childOf, childrenOf, eachElement, textOf, type XmlElement } from './office/xml.ts';
import type { ParsedBody } from './parsed-body.ts';
import { plausibleTitle } from './plausible-title.ts';
import { writeRows } from './rows.ts';
import { StructuredText } from './structured-text.ts';

/**
 * A workbook (SpreadsheetML, ECMA-376 part 1, §18) as Markdown: each visible sheet is a heading and a page, and each run of
 * rows without an empty one between is a table with its first row as head, or a paragraph where there is but one cell. What a
 * merged cell says is repeated in each of its rows.
 * Numbers are written as the sheet shows them: with their percent, currency and decimals. Formulas show the value they had when
 * the workbook was saved; cells whose formula has none are named in `metadata.formulasWithoutValues`. Dates are written as in
 * ISO 8601.
 */
export function parseXlsx(bytes: Uint8Array): ParsedBody {
  const file = openPackage(bytes);
  const workbook = file.xml(file.main);
  const links = file.relationships(file.main);
  const target = (type: string) => links.find((link) => link.type === type)?.target;
  const strings = sharedStrings(file, target('sharedStrings'));
  const since1904 = /^(?:1|true)$/.test(childOf(workbook, 'workbookPr')?.attributes.date1904 ?? '');
  const styles = numberStyles(file, target('styles'), since1904);
  const withoutValues: string[] = [];
  const output = new StructuredText();
  const hidden: string[] = [];
  let pages = 0;
  for (const sheet of childrenOf(childOf(workbook, 'sheets'), 'sheet')) {
    const name = sheet.attributes.name ?? `Sheet ${pages + 1}`;
    const link = links.find(({ id }) => id === sheet.attributes['r:id']);
    pages++;
    if (sheet.attributes.state !== undefined && sheet.attributes.state !== 'visible') {
      hidden.push(name);
      continue;
    }
    // Sheets that are a chart or a macro have no cells.
    if (link?.type !== 'worksheet') continue;
    const content = file.bytes(link.target);
    if (!content) throw new DamagedFile(`its sheet "${name}" is missing`);
    const empty: string[] = [];
    const rows = rowsOf(content, { strings, styles, withoutValues: empty });
    if (empty.length > 0) withoutValues.push(`${name}: ${listCells(empty)}`);
    if (rows.length === 0) continue;
    output.add('heading', `## ${name.replace(/\s+/g, ' ')}`, { level: 2, page: pages });
    for (const region of regionsOf(rows)) writeRows(region, output, { page: pages });
  }
  const { pageTitle, ...metadata } = file.properties();
  metadata.sheets = String(pages);
  if (withoutValues.length > 0) metadata.formulasWithoutValues = withoutValues.join('; ');
  if (hidden.length > 0) metadata.hiddenSheets = hidden.join(', ');
  const title = plausibleTitle(pageTitle);
  return { text: output.text, blocks: output.blocks, metadata, title: title ?? '' };
}

/** The first ten, and how many more there are. */
function listCells(cells: readonly string[]): string {
  const more = cells.length - 10;
  return cells.slice(0, 10).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Excel's own bounds (ECMA-376 leaves them to the program). */
const mostColumns = 16_384;

interface CellContext {
  strings: string[];
  styles: ((value: number) => string | undefined)[];
  /** Takes the names of cells whose formula has no value. */
  withoutValues: string[];
}

interface Row {
  number: number;
  cells: string[];
}

function rowsOf(content: Buffer, context: CellContext): Row[] {
  const rows: Row[] = [];
  const merged: Merged[] = [];
  eachElement(content, new Set(['row', 'mergeCell']), (element) => {
    if (element.name === 'mergeCell') {
      const range = mergedOf(element.attributes.ref);
      if (range) merged.push(range);
      return;
    }
    const number = Number(element.attributes.r ?? (rows.at(-1)?.number ?? 0) + 1);
    const cells: string[] = [];
    for (const cell of childrenOf(element, 'c')) {
      const column = columnOf(cell.attributes.r) ?? cells.length;
      if (column >= mostColumns) throw new DamagedFile(`a cell is in column ${column + 1}`);
      const text = cellText(cell, context);
      if (text === '') continue;
      while (cells.length < column) cells.push('');
      cells[column] = text;
    }
    if (cells.length > 0) rows.push({ number, cells });
  });
  if (merged.length > 0) repeatMerged(rows, merged);
  return rows;
}

/** A merged cell that spans rows; what it says is in its first row and column (§18.3.1.55). */
interface Merged {
  column: number;
  firstRow: number;
  lastRow: number;
}

function mergedOf(range: string | undefined): Merged | undefined {
  const [, first, firstRow, lastRow] = /^([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})$/.exec(range ?? '') ?? [];
  const column = columnOf(first);
  if (column === undefined || column >= mostColumns || Number(lastRow) <= Number(firstRow)) return undefined;
  return { column, firstRow: Number(firstRow), lastRow: Number(lastRow) };
}

/** Longer cells are not said again in the rows that they span. */
const mostRepeated = 80;
/** Characters that merged cells may add to a sheet. */
const mostAdded = 10_000_000;

/** A cell that spans rows says the same in each row that has other text, so that a row can be understood alone. */
function repeatMerged(rows: Row[], merged: readonly Merged[]): void {
  const beginning = Map.groupBy(merged, ({ firstRow }) => firstRow);
  const spanning = new Map<number, { words: string; lastRow: number }>();
  let added = 0;
  for (const { number, cells } of rows) {
    for (const [column, { words, lastRow }] of spanning) {
      if (lastRow < number) spanning.delete(column);
      else if ((cells[column] ?? '') === '') {
        added += words.length;
        if (added > mostAdded)
          throw new OversizedFile(`the merged cells of a sheet repeat more than ${mostAdded} characters`);
        while (cells.length < column) cells.push('');
        cells[column] = words;
      }
    }
    for (const { column, lastRow } of beginning.get(number) ?? []) {
      const words = cells[column] ?? '';
      if (words !== '' && words.length <= mostRepeated) spanning.set(column, { words, lastRow });
    }
  }
}

/** "AB12" → 27. */
function columnOf(reference: string | undefined): number | undefined {
  const letters = /^[A-Z]{1,4}/.exec(reference ?? '')?.[0];
  if (letters === undefined) return undefined;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

function cellText(cell: XmlElement, { strings, styles, withoutValues }: CellContext): string {
  const value = textOf(childOf(cell, 'v'));
  // Programs that write workbooks without computing leave the value away; one that is an empty text has its own type.
  if (value === '' && childOf(cell, 'f') && !(cell.attributes.t === 'str' && childOf(cell, 'v')))
    withoutValues.push(cell.attributes.r ?? '?');
  switch (cell.attributes.t) {
    case 's':
      return strings[Number(value)]?.trim() ?? '';
    case 'inlineStr':
      return richText(childOf(cell, 'is')).trim();
    case 'str':
    case 'd':
      return value.trim();
    case 'b':
      return value === '' ? '' : value === '1' || value === 'true' ? 'TRUE' : 'FALSE';
    case 'e':
      return value;
    default: {
      if (value === '') return '';
      const number = Number(value);
      if (!Number.isFinite(number)) return value.trim();
      // Excel computes in 15 digits and shows no more.
      return styles[Number(cell.attributes.s ?? -1)]?.(number) ?? String(Number(number.toPrecision(15)));
    }
  }
}

/** Serial day numbers, the fraction being the time of day; day 60 of the 1900 system is a day that never was. */
function dateText(serial: number, since1904: boolean): string {
  const days = since1904 ? serial + 1462 : serial < 60 ? serial + 1 : serial;
  const time = Math.round((days - 25_569) * 86_400) * 1000;
  if (Math.abs(time) > 8.64e15) return String(serial);
  const text = new Date(time).toISOString();
  if (serial >= 0 && serial < 1) return text.slice(11, 19).replace(/:00$/, '');
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.slice(0, 16).replace('T', ' ');
}

function sharedStrings(file: OfficePackage, part: string | undefined): string[] {
  const strings: string[] = [];
  const content = part === undefined ? undefined : file.bytes(part);
  if (content) eachElement(content, new Set(['si']), (item) => strings.push(richText(item)));
  return strings;
}

/** A string's runs, without the readings above characters. */
function richText(item: XmlElement | undefined): string {
  return childrenOf(item)
    .map((part) => (part.name === 't' ? textOf(part) : part.name === 'r' ? textOf(childOf(part, 't')) : ''))
    .join('');
}

/** How each cell style shows a number (§18.8.30); undefined where as it is stored. */
function numberStyles(
  file: OfficePackage,
  part: string | undefined,
  since1904: boolean,
): CellContext['styles'] {
  const root = part === undefined ? undefined : file.xml(part);
  const codes = new Map(
    childrenOf(childOf(root, 'numFmts'), 'numFmt').map(({ attributes }) => [
      attributes.numFmtId,
      attributes.formatCode,
    ]),
  );
  return childrenOf(childOf(root, 'cellXfs'), 'xf').map(({ attributes: { numFmtId } }) => {
    const id = Number(numFmtId ?? 0);
    const code = codes.get(numFmtId);
    const isDate =
      code === undefined
        ? (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47)
        : /[dmyhs]/i.test(code.replace(/"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|general/gi, ''));
    if (isDate) return (value) => dateText(value, since1904);
    return numberFormat(code ?? builtInFormats[id] ?? 'General');
  });
}

/** Rows parted where one or more are empty, without the columns to the left that none of them uses. */
function regionsOf(rows: Row[]): string[][][] {
  const regions: string[][][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { number, cells } of rows) {
    if (number > last + 1 || regions.length === 0) regions.push([]);
    regions.at(-1)!.push(cells);
    last = number;
  }
  return regions.map((region) => {
    const first = region.reduce(
      (least, cells) =>
        Math.min(
          least,
          cells.findIndex((cell) => cell !== ''),
        ),
      mostColumns,
    );
    return region.map((cells) => cells.slice(first));
  });
}
