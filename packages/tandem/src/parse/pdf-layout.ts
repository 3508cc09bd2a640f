/** A run of text as pdf.js gives it, in points on the page as shown: `x` to the right, `y` (the baseline) down. */
export interface Fragment {
  text: string;
  x: number;
  y: number;
  width: number;
  /** Font size. */
  size: number;
  /** Quarter turns clockwise: 0 for upright text. */
  angle: number;
  font: string;
}

/** One line of a column, or one row of a table, in reading order. */
export interface PageLine {
  /** A row has a cell for each run of text that is set apart from the next; a line of prose has one. */
  cells: string[];
  /** Left and right edges of the cells. */
  lefts: number[];
  rights: number[];
  left: number;
  right: number;
  y: number;
  size: number;
  font: string;
  /** Lines of one column follow each other; a column's lines share its edges. */
  column: number;
  columnLeft: number;
  columnRight: number;
  /** Distance of the baseline from the page's top, from 0 to 1. */
  height: number;
  /** What the line covers on the page as shown, in points: left, top, right, bottom. */
  box: Box;
}

/** The same among the lines of all pages: on which page, from 1, and what all of its cells say. Rows of a table are lines, too. */
export type DocumentLine = PageLine & { page: number; text: string };

/** Left, top, right, bottom, in points from the page's top left corner. */
export type Box = [number, number, number, number];

interface Segment {
  text: string;
  /** The text's runs and the spaces between them, as they follow each other on the page. */
  pieces: string[];
  left: number;
  right: number;
  y: number;
  size: number;
  font: string;
}

type Row = Segment[];

/**
 * Puts a page's fragments in reading order. Fragments on one baseline are a row, cut into segments where more than a
 * word space parts them. Neighbouring rows that leave the same strip of the page free are columns if both sides look like
 * prose, and a table, read row by row, if not.
 *
 * A page written from right to left (Hebrew, Arabic) is laid out in its mirror: its columns, cells and indents then come as
 * those of any other page.
 */
export function layOutPage(fragments: Fragment[], page: { width: number; height: number }): PageLine[] {
  const lines: PageLine[] = [];
  let column = 0;
  for (const angle of [0, 1, 3, 2]) {
    const asRead = fragments
      .filter((fragment) => fragment.angle === angle)
      .map((fragment) => upright(fragment, page));
    const across = angle % 2 === 0 ? page.width : page.height;
    const direction = directionOf(asRead.map(({ text }) => text));
    const turned =
      direction === 'ltr'
        ? asRead
        : asRead.map((fragment) => ({ ...fragment, x: across - fragment.x - fragment.width }));
    const mirrored = (segment: Segment): Segment => ({
      ...segment,
      left: across - segment.right,
      right: across - segment.left,
    });
    for (const band of bandsOf(rowsOf(turned, direction))) {
      const add = (segments: Row, left: number, right: number) =>
        lines.push({
          cells: segments.map((segment) => segment.text),
          lefts: segments.map((segment) => segment.left),
          rights: segments.map((segment) => segment.right),
          left: segments[0]!.left,
          right: segments.at(-1)!.right,
          y: segments[0]!.y,
          size: Math.max(...segments.map((segment) => segment.size)),
          font: segments[0]!.font,
          column,
          columnLeft: left,
          columnRight: right,
          height: segments[0]!.y / (angle % 2 === 0 ? page.height : page.width),
          box: boxOf(direction === 'ltr' ? segments : segments.map(mirrored).reverse(), angle, page),
        });
      for (const rows of band) {
        const left = Math.min(...rows.flat().map((segment) => segment.left));
        const right = Math.max(...rows.flat().map((segment) => segment.right));
        for (const row of rows) add(row, left, right);
        column++;
      }
    }
  }
  return lines;
}

/** Letters reach about four fifths of their size above the baseline and a fifth below. */
function boxOf(segments: Row, angle: number, { width, height }: { width: number; height: number }): Box {
  const left = segments[0]!.left;
  const right = segments.reduce((most, segment) => Math.max(most, segment.right), left);
  const top = segments.reduce(
    (least, { y, size }) => Math.min(least, y - 0.8 * size),
    Number.POSITIVE_INFINITY,
  );
  const bottom = segments.reduce((most, { y, size }) => Math.max(most, y + 0.22 * size), 0);
  // Back from the text's own direction to the page's: the inverse of `upright`.
  switch (angle) {
    case 1:
      return [width - bottom, left, width - top, right];
    case 2:
      return [width - right, height - bottom, width - left, height - top];
    case 3:
      return [top, height - right, bottom, height - left];
    default:
      return [left, top, right, bottom];
  }
}

function upright(fragment: Fragment, { width, height }: { width: number; height: number }): Fragment {
  const { x, y } = fragment;
  switch (fragment.angle) {
    case 1:
      return { ...fragment, x: y, y: width - x };
    case 2:
      return { ...fragment, x: width - x, y: height - y };
    case 3:
      return { ...fragment, x: height - y, y: x };
    default:
      return fragment;
  }
}

function rowsOf(fragments: Fragment[], direction: Direction): Row[] {
  const inked = fragments.filter(
    (fragment) => fragment.text !== '' && fragment.size > 0 && Number.isFinite(fragment.x + fragment.y),
  );
  // Stable: fragments of one baseline stay in the order they were written, which matters where they touch.
  const sorted = inked.toSorted((a, b) => a.y - b.y);
  const rows: Fragment[][] = [];
  for (const fragment of sorted) {
    const row = rows.at(-1);
    const reference = row?.[0];
    // A superscript is higher than its line, but not by half its size.
    if (reference && fragment.y - reference.y < 0.4 * Math.max(reference.size, fragment.size))
      row!.push(fragment);
    else rows.push([fragment]);
  }
  const left = Math.min(...inked.map(({ x }) => x));
  const right = Math.max(...inked.map(({ x, width }) => x + width));
  return rows.map((row) => segmentsOf(row, { direction, left, right })).filter((row) => row.length > 0);
}

function segmentsOf(fragments: Fragment[], page: PageEdges): Row {
  const segments: Row = [];
  let size = 0;
  let space = false;
  for (const fragment of fragments.toSorted((a, b) => a.x - b.x)) {
    if (!/\S/.test(fragment.text)) {
      space = true;
      continue;
    }
    const last = segments.at(-1);
    const gap = last ? fragment.x - last.right : 0;
    size = Math.max(fragment.size, last?.size ?? 0);
    if (!last || gap > 1.3 * size) {
      segments.push({
        text: fragment.text,
        pieces: [fragment.text],
        left: fragment.x,
        right: fragment.x + fragment.width,
        y: fragment.y,
        size: fragment.size,
        font: fragment.font,
      });
    } else if (isPrintedTwice(last, fragment, gap)) {
      continue;
    } else {
      const parted = space || gap > 0.18 * size;
      const between = parted && !/\s$/.test(last.text) && !/^\s/.test(fragment.text) ? ' ' : '';
      last.text += between + fragment.text;
      last.pieces.push(between, fragment.text);
      last.right = Math.max(last.right, fragment.x + fragment.width);
      last.size = Math.max(last.size, fragment.size);
    }
    space = false;
  }
  for (const segment of segments)
    segment.text = withoutLigatures(inReadingOrder(segment, page).replace(/\s+/g, ' ').trim());
  return segments;
}

type Direction = 'ltr' | 'rtl';
/** Letters of Hebrew, Arabic, Syriac, Thaana, N'Ko and their presentation forms. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/gu;
const leftToRight = /(?![\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])\p{L}/gu;

/** Of most of its letters. */
function directionOf(texts: readonly string[]): Direction {
  return lettersIn(texts, rightToLeft) > lettersIn(texts, leftToRight) ? 'rtl' : 'ltr';
}

const lettersIn = (texts: readonly string[], kind: RegExp) =>
  texts.reduce((sum, text) => sum + (text.match(kind)?.length ?? 0), 0);

/** Where the page's text begins and ends, as it is laid out. */
interface PageEdges {
  direction: Direction;
  left: number;
  right: number;
}

/**
 * Of most of its letters, unless there are nearly as many of the other kind, as where a short line holds a long name: then a line
 * begins at the edge that it touches.
 */
function lineDirection({ pieces, left, right, size }: Segment, page: PageEdges): Direction {
  const [hebrew, latin] = [lettersIn(pieces, rightToLeft), lettersIn(pieces, leftToRight)];
  const atStart = left - page.left < 2 * size;
  const atEnd = page.right - right < 2 * size;
  if (atStart === atEnd || Math.max(hebrew, latin) > 4 * Math.min(hebrew, latin))
    return hebrew > latin ? 'rtl' : 'ltr';
  return atStart ? page.direction : page.direction === 'ltr' ? 'rtl' : 'ltr';
}

/**
 * Pieces that are side by side on the page, in the order in which they are read. pdf.js gives each piece by itself in that order; what
 * it does not know is that a line of Hebrew runs to the left, and a Latin name or a number in it to the right. Marks and
 * spaces between two pieces of one direction are part of both, others of the line.
 */
function inReadingOrder(segment: Segment, page: PageEdges): string {
  const { pieces } = segment;
  const has = (pattern: RegExp, text: string) => text.search(pattern) >= 0;
  if (!pieces.some((piece) => has(rightToLeft, piece)))
    return (page.direction === 'ltr' ? pieces : pieces.toReversed()).join('');
  const direction = lineDirection(segment, page);
  const across = direction === 'ltr' ? 'rtl' : 'ltr';
  const ordered = page.direction === direction ? [...pieces] : pieces.toReversed();
  const kinds = ordered.map((piece) =>
    has(rightToLeft, piece) ? 'rtl' : has(leftToRight, piece) || /\p{N}/u.test(piece) ? 'ltr' : undefined,
  );
  let result = '';
  for (let at = 0; at < ordered.length; ) {
    if (kinds[at] !== across) {
      result += kinds[at] === undefined && direction === 'rtl' ? mirroredMarks(ordered[at]!) : ordered[at]!;
      at++;
      continue;
    }
    let end = at;
    for (let next = at; next < ordered.length && kinds[next] !== direction; next++)
      if (kinds[next] === across) end = next;
    result += ordered
      .slice(at, end + 1)
      .reverse()
      .map((piece, index) =>
        kinds[end - index] === undefined && across === 'rtl' ? mirroredMarks(piece) : piece,
      )
      .join('');
    at = end + 1;
  }
  return result;
}

const mirrors: Record<string, string> = {
  '(': ')',
  ')': '(',
  '[': ']',
  ']': '[',
  '{': '}',
  '}': '{',
  '<': '>',
  '>': '<',
  '«': '»',
  '»': '«',
};

/** Brackets are drawn as they look; in text that goes to the left the one that looks closing opens. */
function mirroredMarks(text: string): string {
  return text.replace(/[()[\]{}<>«»]/g, (mark) => mirrors[mark]!);
}

/** People search for "ﬁ" as two letters, and for Arabic's positional forms as one letter. */
function withoutLigatures(text: string): string {
  return text.replace(/[\ufb00-\ufdff\ufe70-\ufefc]+/g, (forms) => forms.normalize('NFKC'));
}

/** Bold type is sometimes made by printing the same text again, a hair to the right. */
function isPrintedTwice(last: Segment, fragment: Fragment, gap: number): boolean {
  return gap < -0.8 * fragment.width && fragment.width > 0 && last.text.endsWith(fragment.text);
}

/** Rows in reading order, each inner list being one column (or all of a stretch without columns). */
function bandsOf(rows: Row[]): Row[][][] {
  const bands: Row[][][] = [];
  let plain: Row[] = [];
  for (let index = 0; index < rows.length; ) {
    const columns = columnsFrom(rows, index);
    if (!columns) {
      plain.push(rows[index]!);
      index++;
      continue;
    }
    if (plain.length > 0) bands.push([plain]);
    plain = [];
    bands.push([columns.left, ...rightColumns(columns.right)]);
    index = columns.end;
  }
  if (plain.length > 0) bands.push([plain]);
  return bands;
}

/** The right side may have columns of its own. */
function rightColumns(rows: Row[]): Row[][] {
  return bandsOf(rows).flat();
}

/**
 * The longest run of rows from `first` on that leave one strip free, if it is a page set in columns: at least five rows
 * with text on each side, both sides with lines as long as prose has.
 */
function columnsFrom(rows: Row[], first: number): { left: Row[]; right: Row[]; end: number } | undefined {
  const start = rows[first]!;
  for (let cut = 0; cut + 1 < start.length || cut === 0; cut++) {
    let from = start[cut]!.right;
    let to = start[cut + 1]?.left ?? Number.POSITIVE_INFINITY;
    if (start.length === 1) {
      // A run may begin with a line on one side only; the strip is then beside it.
      const next = rows.slice(first + 1, first + 4).find((row) => row.length >= 2);
      if (!next) return undefined;
      from = next[0]!.right;
      to = next[1]!.left;
      if (start[0]!.left < to && start[0]!.right > from) {
        if (start[0]!.left < from && start[0]!.right > from) from = Math.max(from, start[0]!.right);
        if (from >= to) return undefined;
      }
    }
    const left: Row[] = [];
    const right: Row[] = [];
    let both = 0;
    let end = first;
    for (; end < rows.length; end++) {
      const row = rows[end]!;
      const before = row.filter((segment) => segment.left < (from + to) / 2 && segment.right <= to);
      const after = row.filter((segment) => !before.includes(segment));
      const newFrom = Math.max(from, ...before.map((segment) => segment.right));
      const newTo = Math.min(to, ...after.map((segment) => segment.left));
      if (newTo - newFrom < 0.6 * row[0]!.size) break;
      from = newFrom;
      to = newTo;
      if (before.length > 0) left.push(before);
      if (after.length > 0) right.push(after);
      if (before.length > 0 && after.length > 0) both++;
    }
    if (both >= 5 && isProse(left) && isProse(right)) return { left, right, end };
  }
  return undefined;
}

/** Lines long in words, most of them unbroken and most of them as wide as the column. */
function isProse(rows: Row[]): boolean {
  const whole = rows.filter((row) => row.length === 1);
  if (whole.length < 0.7 * rows.length) return false;
  const edge =
    Math.max(...rows.map((row) => row.at(-1)!.right)) - Math.min(...rows.map((row) => row[0]!.left));
  const long = whole.filter(
    ([segment]) => segment!.text.length >= 22 && segment!.right - segment!.left > 0.6 * edge,
  );
  return long.length >= 0.5 * rows.length;
}
