/** What digits with marks between them can be as a number. */
export interface Reading {
  /** As it is written, in the form that `numbersIn` tells. */
  term: string;
  /** Digits, and a point where there are decimals. */
  value: string;
}

/**
 * The readings of digits joined by points, commas or apostrophes: "1,577" is 1577 where commas group and 1.577 where they begin the
 * decimals, so both. None where they are no number: "2.1.1", "1,2,3".
 */
export function readingsOf(body: string): Reading[] {
  const marks: string[] = body.match(/\D/g) ?? [];
  const last = marks.at(-1);
  if (last === undefined) return [{ term: body, value: body }];
  const readings: Reading[] = isGrouped(body) ? [whole(body)] : [];
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

function whole(body: string): Reading {
  const digits = body.replace(/\D/g, '');
  return { term: digits, value: digits };
}

function decimal(head: string, tail: string): Reading {
  const digits = head.replace(/\D/g, '');
  return { term: `${digits}D${tail}`, value: `${digits}.${tail}` };
}
