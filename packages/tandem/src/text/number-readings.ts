/** What digits with marks between them can be as a number. */
export interface NumberReading {
  /** As it is written, in the form that `numbersIn` tells. */
  term: string;
  /** Digits, and a point where there are decimals. */
  value: string;
}

/** What a text's points and commas are, as far as its numbers show: each begins decimals, or groups digits, or may do either. */
export interface Marks {
  '.': 'decimal' | 'group' | undefined;
  ',': 'decimal' | 'group' | undefined;
}

/**
 * In 24.5 the point begins decimals, and so no point of that text groups digits and no comma begins decimals. A text with three different
 * numbers like 1,577 and none like 24,5 has commas that group: decimals have three digits by chance only.
 */
export function marksOf(text: string): Marks {
  const marks: Marks = { '.': undefined, ',': undefined };
  const grouped = { '.': new Set<string>(), ',': new Set<string>() };
  for (const [number, whole, mark, rest] of text.matchAll(oneMark)) {
    const at = mark as '.' | ',';
    if (rest!.length !== 3 || whole!.length > 3 || whole!.startsWith('0')) marks[at] = 'decimal';
    else grouped[at].add(number);
  }
  for (const [mark, other] of [
    ['.', ','],
    [',', '.'],
  ] as const) {
    if (marks[mark] !== undefined) continue;
    if (grouped[mark].size >= 3 || (marks[other] === 'decimal' && grouped[mark].size > 0))
      marks[mark] = 'group';
  }
  return marks;
}

const oneMark = /(?<![\d.,])(\d+)([.,])(\d+)(?![.,]?\d)/g;

/**
 * The readings of digits joined by points, commas or apostrophes: "1,577" is 1577 where commas group and 1.577 where they begin the
 * decimals, so both unless the text's other numbers show it. None where they are no number: "2.1.1", "1,2,3".
 */
export function readingsOf(body: string, known: Marks): NumberReading[] {
  const marks: string[] = body.match(/\D/g) ?? [];
  const last = marks.at(-1);
  if (last === undefined) return [{ term: body, value: body }];
  if (marks.length === 1 && isGrouped(body)) {
    const meaning = known[last as '.' | ','];
    if (meaning === 'group') return [whole(body)];
    if (meaning === 'decimal') return [decimal(...(body.split(last) as [string, string]))];
  }
  const readings: NumberReading[] = isGrouped(body) ? [whole(body)] : [];
  if (last !== "'" && last !== '’' && marks.indexOf(last) === marks.length - 1) {
    const at = body.lastIndexOf(last);
    const head = body.slice(0, at);
    if (marks.length === 1 || isGrouped(head)) readings.push(decimal(head, body.slice(at + 1)));
  }
  return readings;
}

/** The terms of dotted numbers: as they are written, and the families that they belong to, "2.1" of 2.1.1. */
export function versionTerms(body: string): string[] {
  const parts = body.split('.');
  const exact = parts.join('D');
  const families =
    parts.length > mostParts ? [] : parts.slice(1).map((_, at) => `${parts.slice(0, at + 2).join('D')}F`);
  return [exact, ...families.reverse(), ...(isGrouped(body) ? [whole(body).term] : [])];
}

/** Of a value, whatever zeros its decimals end with: 13.40 and 13.4 are one amount, though not one version. */
export function termOfValue(value: string): string {
  const [head = '', tail = ''] = value.split('.');
  const decimals = tail.replace(/0+$/, '');
  return decimals === '' ? head : `${head}D${decimals}`;
}

/** Ten to the `power` times a value. */
export function scaled(value: string, power: number): string {
  const [head = '', tail = ''] = value.split('.');
  const digits = `${head}${tail.slice(0, power).padEnd(power, '0')}`.replace(/^0+(?=\d)/, '');
  return tail.length > power ? `${digits}.${tail.slice(power)}` : digits;
}

/** An object identifier has many parts; a version, a clause and an address have few. */
const mostParts = 6;

/** In threes with one mark between them, or as in India: "12,34,567". */
function isGrouped(body: string): boolean {
  return /^[1-9]\d{0,2}(?:([.,'’])\d{3}(?:\1\d{3})*)$|^[1-9]\d?(?:,\d\d)+,\d{3}$/.test(body);
}

function whole(body: string): NumberReading {
  const digits = body.replace(/\D/g, '');
  return { term: digits, value: digits };
}

function decimal(head: string, tail: string): NumberReading {
  const digits = head.replace(/\D/g, '');
  return { term: `${digits}D${tail}`, value: `${digits}.${tail}` };
}
