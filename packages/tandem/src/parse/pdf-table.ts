import type { Box, DocumentLine } from './pdf-layout.ts';

/**
 * Lines of a page that are a table to its rows, each with a cell for every column: what stands under a head is in that head's column,
 * empty cells stay empty, and lines that go on in a cell belong to its row. Lines whose cells share no columns, as in a form, are given
 * back as they are.
 */
export function tableRows(printed: readonly DocumentLine[]): DocumentLine[] {
  const lines = printed.map(withSignsJoined);
  const columns = columnsOf(lines);
  const placed = lines.map((line) => placedCells(line, columns));
  const filled = placed.reduce((sum, { cells }) => sum + cells.filter(Boolean).length, 0);
  const isRegular = columns.length > 1 && filled >= leastFilled * columns.length * rowCount(lines);
  if (!isRegular || placed.some(({ isCrowded }) => isCrowded)) return withoutGaps(printed);
  const groups = groupsOf(lines, placed);
  return groups.map((group) => {
    const cells = columns.map((_, column) =>
      group
        .map((index) => placed[index]!.cells[column]!)
        .filter(Boolean)
        .join(' '),
    );
    const first = lines[group[0]!]!;
    // What reaches over the last columns leaves none of them empty.
    if (
      group.length === 1 &&
      placed[group[0]!]!.reach >= columns.length &&
      first.cells.length < columns.length
    )
      cells.length = cells.findLastIndex(Boolean) + 1;
    const rest = group.slice(1).map((index) => lines[index]!);
    return {
      ...first,
      cells,
      lefts: columns.map(({ left }) => left),
      rights: columns.map(({ right }) => right),
      text: cells.filter(Boolean).join(' '),
      y: lines[group.at(-1)!]!.y,
      box: rest.reduce((box, line) => joinedBox(box, line.box), first.box),
    };
  });
}

/** A currency's sign is set at the left of a column and its amount at the right, `%` and `)` behind it: they are one cell. */
export function withSignsJoined(line: DocumentLine): DocumentLine {
  const [cells, lefts, rights]: [string[], number[], number[]] = [[], [], []];
  /** A sign that waits for its amount, and where it stands. */
  let sign = '';
  let signLeft: number | undefined;
  for (const [index, printed] of line.cells.entries()) {
    const isLast = index === line.cells.length - 1;
    const behind = isLast ? undefined : /^(?:(.*)\s)?([$€£¥])$/u.exec(printed);
    const words = behind ? (behind[1] ?? '') : printed;
    if (words !== '') {
      const isAmount = sign !== '' && /\d|^[-–—]+$/.test(words);
      if (/^[%)]+$/.test(words) && cells.length > 0) {
        cells[cells.length - 1] += words;
        rights[rights.length - 1] = line.rights[index]!;
      } else {
        cells.push(sign === '' ? words : `${sign} ${words}`);
        lefts.push(isAmount && signLeft !== undefined ? signLeft : line.lefts[index]!);
        rights.push(line.rights[index]!);
      }
      sign = '';
      signLeft = undefined;
    }
    if (behind) {
      sign = behind[2]!;
      signLeft = behind[1] === undefined ? line.lefts[index] : undefined;
    }
  }
  return cells.length === line.cells.length && cells.every((cell, index) => cell === line.cells[index])
    ? line
    : { ...line, cells, lefts, rights };
}

/** Rows of forms fill fewer of the columns that all of them together have. */
const leastFilled = 0.5;

const rowCount = (lines: readonly DocumentLine[]) => lines.filter(({ cells }) => cells.length > 1).length;

interface Column {
  left: number;
  right: number;
}

const overlaps = (column: Column, left: number, right: number) => left < column.right && right > column.left;

/**
 * Columns, from the rows with most cells on: a cell that is above or below one column makes it wider, one beside all of them is a
 * column of its own, one across several (a head over them, a caption) is none.
 */
function columnsOf(lines: readonly DocumentLine[]): Column[] {
  const columns: Column[] = [];
  for (const { lefts, rights, cells } of lines.toSorted((a, b) => b.cells.length - a.cells.length)) {
    for (const [index] of cells.entries()) {
      const [left, right] = [lefts[index]!, rights[index]!];
      const over = columns.filter((column) => overlaps(column, left, right));
      // A line of one cell is no column's beginning: it may be a note, or a head between columns.
      if (over.length === 0 && (cells.length > 1 || columns.length === 0)) columns.push({ left, right });
      if (over.length !== 1) continue;
      over[0]!.left = Math.min(over[0]!.left, left);
      over[0]!.right = Math.max(over[0]!.right, right);
    }
  }
  columns.sort((a, b) => a.left - b.left);
  return joinedHeads(withoutSplit(columns, lines), lines);
}

/** Two columns that no row has cells in side by side, and that some cell lies over, are one: a text below a head at its middle. */
function withoutSplit(columns: Column[], lines: readonly DocumentLine[]): Column[] {
  const joined: Column[] = [];
  for (const column of columns) {
    const last = joined.at(-1);
    const cellsIn = ({ lefts, rights }: DocumentLine, one: Column) =>
      lefts.flatMap((left, index) => (overlaps(one, left, rights[index]!) ? [index] : []));
    const isApart = (line: DocumentLine) => {
      const [before, after] = [cellsIn(line, last!), cellsIn(line, column)];
      return before.length > 0 && after.length > 0 && before.at(-1) !== after[0];
    };
    const isOver = (line: DocumentLine) => cellsIn(line, last!).at(-1) === (cellsIn(line, column)[0] ?? -1);
    if (last && !lines.some(isApart) && lines.some(isOver)) last.right = Math.max(last.right, column.right);
    else joined.push(column);
  }
  return joined;
}

/** A short head at the left of its column, over values at its right edge, makes two columns of one. */
function joinedHeads(columns: Column[], lines: readonly DocumentLine[]): Column[] {
  const [head, ...body] = lines;
  if (!head || body.length === 0) return columns;
  const isIn = (column: Column, line: DocumentLine) =>
    line.lefts.some((left, index) => overlaps(column, left, line.rights[index]!));
  const joined: Column[] = [];
  for (const column of columns) {
    const last = joined.at(-1);
    const isHeadAlone = (one: Column) => isIn(one, head) && !body.some((line) => isIn(one, line));
    const isBodyAlone = (one: Column) => !isIn(one, head) && body.some((line) => isIn(one, line));
    if (
      last &&
      ((isHeadAlone(last) && isBodyAlone(column)) || (isBodyAlone(last) && isHeadAlone(column))) &&
      last !== joined[0]
    )
      last.right = column.right;
    else joined.push(column);
  }
  return joined;
}

/** `isCrowded`: two cells of the line would be in one column. `reach`: how many columns there are up to its right edge, if it is over several. */
function placedCells(
  { cells, lefts, rights }: DocumentLine,
  columns: readonly Column[],
): { cells: string[]; isCrowded: boolean; reach: number } {
  const placed = columns.map(() => '');
  let isCrowded = false;
  let reach = 0;
  for (const [index, words] of cells.entries()) {
    const [left, right] = [lefts[index]!, rights[index]!];
    const over = columns.flatMap((column, at) => (overlaps(column, left, right) ? [at] : []));
    const at = over[0] ?? nearest(columns, left, right);
    if (placed[at] !== '') isCrowded = true;
    reach = over.length > 1 ? over.at(-1)! + 1 : 0;
    placed[at] = `${placed[at]} ${words}`.trim();
  }
  return { cells: placed, isCrowded, reach };
}

function nearest(columns: readonly Column[], left: number, right: number): number {
  const middle = (left + right) / 2;
  const distances = columns.map((column) => Math.max(column.left - middle, middle - column.right));
  return distances.indexOf(Math.min(...distances));
}

type Placed = { cells: string[] };

/** Indices of the lines of each row. */
function groupsOf(lines: readonly DocumentLine[], placed: readonly Placed[]): number[][] {
  const tight = tightGap(lines, placed);
  const groups: number[][] = [];
  for (const [index, line] of lines.entries()) {
    const last = groups.at(-1);
    const before = lines[index - 1];
    if (last && before && isSameRow(line, before, index)) last.push(index);
    else groups.push([index]);
  }
  return groups;

  function isSameRow(line: DocumentLine, before: DocumentLine, index: number): boolean {
    const gap = line.y - before.y;
    if (line.page !== before.page || line.column !== before.column || gap < 0) return false;
    // Lines of text are never so near: some cells of the row stand half a line lower than others.
    if (gap < 0.85 * line.size) return true;
    const own = placed[index]!.cells;
    const last = groups.at(-1)!;
    const above = own.map(
      (_, column) => last.map((at) => placed[at]!.cells[column]!).findLast(Boolean) ?? '',
    );
    const isFree = (column: number) => own[column] === '' || above[column] === '';
    if (line.font !== lines[last[0]!]!.font && isHeadLike(last)) return false;
    // Name: and Title: below By: are rows of a form.
    if (own.some((cell, column) => cell.endsWith(':') && above[column]!.endsWith(':'))) return false;
    if (tight !== undefined) return gap <= tight && canGoOn(own, above);
    if (own[0] !== '' || gap > 1.6 * line.size) {
      // In even lines a first cell goes on only where it cannot be another row's beginning.
      return (
        own[0] !== '' &&
        gap <= 1.35 * line.size &&
        above[0] !== '' &&
        /^\p{Ll}/u.test(own[0]!) &&
        !/[.;:]$/.test(above[0]!) &&
        own.every(
          (cell, column) => column === 0 || cell === '' || (above[column] !== '' && /^\p{Ll}/u.test(cell)),
        )
      );
    }
    return (
      own.every((cell, column) => isFree(column) || !isNumber(cell)) &&
      own.some((cell, column) => cell !== '' && above[column] !== '')
    );
  }

  function isHeadLike(rows: readonly number[]): boolean {
    return rows[0] === 0;
  }
}

/**
 * The distance of lines within a cell, where it is clearly smaller than that of rows; undefined where all lines are as far apart, or where
 * lines that stand close together are rows all the same: several of them fill all cells, or have numbers in one column.
 */
function tightGap(lines: readonly DocumentLine[], placed: readonly Placed[]): number | undefined {
  const gaps = lines.slice(1).map((line, index) => {
    const before = lines[index]!;
    return line.page === before.page && line.column === before.column ? line.y - before.y : undefined;
  });
  const size = lines[0]?.size ?? 10;
  const known = gaps
    .filter((gap): gap is number => gap !== undefined && gap >= 0.85 * size)
    .toSorted((a, b) => a - b);
  const [least] = known;
  if (least === undefined || least > 1.5 * size) return undefined;
  const tight = 1.08 * least;
  const next = known.find((gap) => gap > tight);
  if (next === undefined || next < 1.2 * least) return undefined;
  // Since the last wide gap; a row whose name stands at its foot begins with less.
  let hasName = placed[0]!.cells[0] !== '';
  for (const [index, gap] of gaps.entries()) {
    const [above, own] = [placed[index]!.cells, placed[index + 1]!.cells];
    // The head may be set closer than the rows below it.
    const isBelowHead = index === 0 && lines[0]!.font !== lines[1]!.font;
    const isClose = gap !== undefined && gap <= tight && !isBelowHead;
    if (isClose && gap >= 0.85 * size && (!canGoOn(own, above) || (hasName && beginsRow(own))))
      return undefined;
    hasName = own[0] !== '' || (isClose && hasName);
  }
  return tight;
}

/** As many cells as a row has, and not all of them in the middle of a sentence. */
function beginsRow(cells: readonly string[]): boolean {
  const filled = cells.filter(Boolean);
  const goesOn = filled.filter((cell) => /^\p{Ll}/u.test(cell)).length;
  return filled.length >= 3 && filled.length >= 0.75 * cells.length && goesOn < 0.5 * filled.length;
}

/** No column has numbers in both: a number does not go on in the next line. */
function canGoOn(own: readonly string[], above: readonly string[]): boolean {
  return own.every((cell, column) => cell === '' || !(isNumber(cell) && isNumber(above[column] ?? '')));
}

function isNumber(cell: string): boolean {
  return /\d/.test(cell) && !/\p{L}/u.test(cell);
}

/** The rows as they are, but for lines of one cell below a row, which go on in the cell that they are under. */
function withoutGaps(lines: readonly DocumentLine[]): DocumentLine[] {
  const rows: DocumentLine[] = [];
  for (const line of lines) {
    const row = rows.at(-1);
    const under =
      row && line.cells.length === 1 ? row.lefts.findIndex((left) => Math.abs(left - line.left) < 3) : -1;
    if (!row || under <= 0 || row.page !== line.page || row.column !== line.column) {
      rows.push(line);
      continue;
    }
    const cells = row.lefts.map((_, index) => row.cells[index] ?? '');
    cells[under] = `${cells[under]} ${line.text}`.trim();
    rows[rows.length - 1] = {
      ...row,
      cells,
      text: cells.join(' '),
      y: line.y,
      box: joinedBox(row.box, line.box),
    };
  }
  return rows;
}

function joinedBox(a: Box, b: Box): Box {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}
