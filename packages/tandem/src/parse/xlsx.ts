import type { Reading } from '../core/reading.ts';
import { DamagedFile, OversizedFile } from './office/damaged.ts';
import { builtInFormats, numberFormat } from './office/number-format.ts';
import { type OfficePackage, openPackage } from './office/package.ts';
import { timeFormat } from './office/time-format.ts';
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
 * ISO 8601, spans of time with their unit.
 *
 * What is hidden (sheets, rows, columns, by hand, in a closed group or by a filter) is left out and named in `metadata.hiddenSheets` and
 * `metadata.hiddenCells`; with `hiddenCells: 'read'` it is read and marked.
 */
export function parseXlsx(bytes: Uint8Array, { hiddenCells = 'omit' }: Reading = {}): ParsedBody {
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
  const hiddenParts: string[] = [];
  const keepsHidden = hiddenCells === 'read';
  let pages = 0;
  for (const sheet of childrenOf(childOf(workbook, 'sheets'), 'sheet')) {
    const name = sheet.attributes.name ?? `Sheet ${pages + 1}`;
    const link = links.find(({ id }) => id === sheet.attributes['r:id']);
    pages++;
    const isHidden = sheet.attributes.state !== undefined && sheet.attributes.state !== 'visible';
    if (isHidden) hidden.push(name);
    if (isHidden && !keepsHidden) continue;
    // Sheets that are a chart or a macro have no cells.
    if (link?.type !== 'worksheet') continue;
    const content = file.bytes(link.target);
    if (!content) throw new DamagedFile(`its sheet "${name}" is missing`);
    const empty: string[] = [];
    const { rows, hiddenNames } = rowsOf(content, { strings, styles, withoutValues: empty, keepsHidden });
    if (hiddenNames !== '') hiddenParts.push(`${name}: ${hiddenNames}`);
    if (empty.length > 0) withoutValues.push(`${name}: ${listCells(empty)}`);
    if (rows.length === 0) continue;
    const mark = isHidden ? ' (hidden sheet)' : '';
    output.add('heading', `## ${name.replace(/\s+/g, ' ')}${mark}`, { level: 2, page: pages });
    for (const region of regionsOf(rows)) writeRows(region, output, { page: pages });
  }
  const { pageTitle, ...metadata } = file.properties();
  metadata.sheets = String(pages);
  if (withoutValues.length > 0) metadata.formulasWithoutValues = withoutValues.join('; ');
  if (hidden.length > 0) metadata.hiddenSheets = hidden.join(', ');
  if (hiddenParts.length > 0) metadata.hiddenCells = hiddenParts.join('; ');
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
  keepsHidden: boolean;
}

interface Row {
  number: number;
  cells: string[];
}

/** The rows with text in them, numbered as if those that are left out were not there, and the names of what is hidden. */
function rowsOf(content: Buffer, context: CellContext): { rows: Row[]; hiddenNames: string } {
  const rows: Row[] = [];
  const merged: Merged[] = [];
  const hidden = { rows: new Set<number>(), columns: [] as [first: number, last: number][] };
  eachElement(content, new Set(['col', 'row', 'mergeCell']), (element) => {
    if (element.name === 'col') {
      const { min, max } = element.attributes;
      if (isHidden(element, 'width')) hidden.columns.push([Number(min) - 1, Number(max ?? min) - 1]);
      return;
    }
    if (element.name === 'mergeCell') {
      const range = mergedOf(element.attributes.ref);
      if (range) merged.push(range);
      return;
    }
    const number = Number(element.attributes.r ?? (rows.at(-1)?.number ?? 0) + 1);
    if (isHidden(element, 'ht')) hidden.rows.add(number);
    const cells: string[] = [];
    const without: string[] = [];
    const inRow = { ...context, withoutValues: without };
    for (const cell of childrenOf(element, 'c')) {
      const column = columnOf(cell.attributes.r) ?? cells.length;
      if (column >= mostColumns) throw new DamagedFile(`a cell is in column ${column + 1}`);
      const before = without.length;
      const text = cellText(cell, inRow);
      // Nobody needs to compute what is left out.
      if (!context.keepsHidden && (hidden.rows.has(number) || isWithin(column, hidden.columns)))
        without.length = before;
      if (text === '') continue;
      while (cells.length < column) cells.push('');
      cells[column] = text;
    }
    context.withoutValues.push(...without);
    if (cells.length > 0) rows.push({ number, cells });
  });
  if (merged.length > 0) repeatMerged(rows, merged);
  if (hidden.rows.size === 0 && hidden.columns.length === 0) return { rows, hiddenNames: '' };
  const filled = rows.reduce((most, { cells }) => Math.max(most, cells.length), 0);
  const columns = Array.from({ length: filled }, (_, column) => column).filter((column) =>
    isWithin(column, hidden.columns),
  );
  const numbers = rows.map(({ number }) => number).filter((number) => hidden.rows.has(number));
  const hiddenNames = [
    ...(numbers.length > 0 ? [`row${numbers.length > 1 ? 's' : ''} ${listCells(numbers.map(String))}`] : []),
    ...(columns.length > 0
      ? [`column${columns.length > 1 ? 's' : ''} ${listCells(columns.map(nameOfColumn))}`]
      : []),
  ].join(', ');
  if (context.keepsHidden) markHidden(rows, hidden.rows, columns);
  return {
    rows: context.keepsHidden ? rows : withoutHidden(rows, hidden.rows, new Set(columns), merged),
    hiddenNames,
  };
}

/** By hand, by a closed group or a filter, or made so narrow that nothing is seen (§18.3.1.13, §18.3.1.73). */
function isHidden({ attributes }: XmlElement, measure: 'width' | 'ht'): boolean {
  return /^(?:1|true)$/.test(attributes.hidden ?? '') || Number(attributes[measure] ?? 1) === 0;
}

function isWithin(column: number, ranges: readonly [number, number][]): boolean {
  return ranges.some(([first, last]) => column >= first && column <= last);
}

function withoutHidden(
  rows: readonly Row[],
  hiddenRows: ReadonlySet<number>,
  hiddenColumns: ReadonlySet<number>,
  merged: readonly Merged[],
): Row[] {
  const numbers = [...hiddenRows].sort((a, b) => a - b);
  let passed = 0;
  return rows.flatMap(({ number, cells }) => {
    while (passed < numbers.length && numbers[passed]! <= number) passed++;
    if (hiddenRows.has(number)) return [];
    // A merged cell that begins in a hidden column shows in the columns that are left of it.
    for (const { column, lastColumn, firstRow, lastRow } of merged) {
      if (number < firstRow || number > lastRow || !hiddenColumns.has(column)) continue;
      let shown = column;
      while (shown <= lastColumn && hiddenColumns.has(shown)) shown++;
      if (shown > lastColumn || (cells[column] ?? '') === '') continue;
      while (cells.length < shown) cells.push('');
      cells[shown] = cells[column]!;
    }
    const kept = cells.filter((_, column) => !hiddenColumns.has(column));
    // What is hidden between two rows leaves no gap between them.
    return kept.some((cell) => cell !== '') ? [{ number: number - passed, cells: kept }] : [];
  });
}

/** A hidden row says so behind its first words, a hidden column behind the first that it has. */
function markHidden(
  rows: readonly Row[],
  hiddenRows: ReadonlySet<number>,
  hiddenColumns: readonly number[],
): void {
  for (const column of hiddenColumns) {
    const first = rows.find(({ cells }) => (cells[column] ?? '') !== '');
    if (first) first.cells[column] += ' (hidden column)';
  }
  for (const { number, cells } of rows)
    if (hiddenRows.has(number)) cells[cells.findIndex((cell) => cell !== '')] += ' (hidden row)';
}

/** 27 → "AB". */
function nameOfColumn(column: number): string {
  const letter = String.fromCharCode(65 + (column % 26));
  return column < 26 ? letter : nameOfColumn(Math.floor(column / 26) - 1) + letter;
}

/** A merged cell; what it says is in its first row and column (§18.3.1.55). */
interface Merged {
  column: number;
  lastColumn: number;
  firstRow: number;
  lastRow: number;
}

function mergedOf(range: string | undefined): Merged | undefined {
  const [, first, firstRow, last, lastRow] =
    /^([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})$/.exec(range ?? '') ?? [];
  const column = columnOf(first);
  if (column === undefined || column >= mostColumns || Number(lastRow) < Number(firstRow)) return undefined;
  return { column, lastColumn: columnOf(last)!, firstRow: Number(firstRow), lastRow: Number(lastRow) };
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
      if (lastRow > number && words !== '' && words.length <= mostRepeated)
        spanning.set(column, { words, lastRow });
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

/** Codes of the times that every workbook knows (§18.8.30). */
const builtInTimes: Readonly<Record<number, string>> = {
  18: 'h:mm AM/PM',
  19: 'h:mm:ss AM/PM',
  20: 'h:mm',
  21: 'h:mm:ss',
  45: 'mm:ss',
  46: '[h]:mm:ss',
  47: 'mm:ss.0',
};

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
    if (isDate) {
      const asTime = timeFormat(code ?? builtInTimes[id] ?? 'yyyy');
      return (value) => asTime?.(value) ?? dateText(value, since1904);
    }
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
