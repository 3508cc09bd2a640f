/** `[start, end)` in UTF-16 units of the text segmented. */
export interface Span {
  start: number;
  end: number;
}

/**
 * Sentences of a text, in order, without the white space around them: together they hold every other character. Blank
 * lines, list items, headings and table rows end a sentence; a single line break does not. `Intl.Segmenter` (Unicode
 * UAX #29) finds the ends, and a guard mends what it cannot know: abbreviations ("Dr.", "Fig. 3", "i.e.", "P.A.D."),
 * initials, numbers of list items, a full stop with no space after it ('("mini-stroke").Although'), and Markdown's marks of
 * emphasis, which close and open as brackets do ("**How far?** Not far.").
 */
export function sentences(text: string, locale = 'en'): Span[] {
  const spans: Span[] = [];
  for (const part of structuralParts(text)) {
    const flat = text.slice(part.start, part.end).replace(/\s/g, ' ');
    let start = 0;
    for (const end of sentenceEnds(flat, locale)) {
      const span = trimmed(text, part.start + start, part.start + end);
      if (span.start < span.end) spans.push(span);
      start = end;
    }
  }
  return spans;
}

/** `[start, end)` without the white space at its ends; empty where there is nothing else. */
export function trimmed(text: string, start: number, end: number): Span {
  while (start < end && whiteSpace.test(text[start]!)) start++;
  while (end > start && whiteSpace.test(text[end - 1]!)) end--;
  return { start, end };
}

const whiteSpace = /\s/;

/** Cuts before list items, headings, table rows and after them, and at blank lines. */
function structuralParts(text: string): Span[] {
  const parts: Span[] = [];
  let start = 0;
  for (const match of text.matchAll(
    /\n[^\S\n]*(?=\n|(?:[-+*•‣▪]|\d{1,3}[.)])[^\S\n]|#{1,6}[^\S\n]|\|)|(?<=^[^\S\n]*(?:#{1,6}[^\S\n]|\|)[^\n]*)\n/gm,
  )) {
    parts.push({ start, end: match.index });
    start = match.index;
  }
  parts.push({ start, end: text.length });
  return parts;
}

const segmenters = new Map<string, Intl.Segmenter>();

function sentenceEnds(text: string, locale: string): number[] {
  let segmenter = segmenters.get(locale);
  if (!segmenter)
    segmenters.set(locale, (segmenter = new Intl.Segmenter(locale, { granularity: 'sentence' })));
  const ends: number[] = [];
  const missing = missingSpaces(text);
  const closed = emphasisClosedAfterStops(text);
  let next = 0;
  let sentenceStart = 0;
  for (const { index, segment } of segmenter.segment(text)) {
    const end = closed.get(index + segment.length) ?? index + segment.length;
    for (; next < missing.length && missing[next]! < end; next++) {
      ends.push(missing[next]!);
      sentenceStart = missing[next]!;
    }
    // The last words decide: a long text without an end need not be looked through at each of its "Dr."s.
    const last = text.slice(Math.max(sentenceStart, end - 200), end);
    if (end < text.length && continues(last, text.slice(end, end + 60))) continue;
    ends.push(end);
    sentenceStart = end;
  }
  return ends;
}

/** Where a stop is → behind the marks that close emphasis after it, and the space after them; a `*` that nothing opened is a footnote's. */
function emphasisClosedAfterStops(text: string): Map<number, number> {
  const ends = new Map<number, number>();
  const open = new Map<string, number>();
  for (const match of text.matchAll(/\*+|_+/g)) {
    const [mark] = match;
    const count = open.get(mark) ?? 0;
    const after = match.index + mark.length;
    if (count > 0 && /\S/.test(text[match.index - 1]!)) {
      open.set(mark, count - 1);
      const rest = /^["'”’»)\]*_]*(?:\s+|$)/.exec(text.slice(after, after + 60));
      if (rest) ends.set(match.index, after + rest[0].length);
    } else if (/\S/.test(text[after] ?? ' ')) open.set(mark, count + 1);
  }
  return ends;
}

/**
 * Where a full stop is between two words without a space: "stroke).Although", "day.The". The word before must be in
 * lower case or closed by a bracket or quote, the one after capitalised and complete, or else a common first word must follow an abbreviation; so `Console.WriteLine`,
 * `example.Org` in an address, and `Node.js` stay whole.
 */
function missingSpaces(text: string): number[] {
  const pattern =
    /(?<=(?:^|[\s("'“‘[-])\p{Ll}[\p{Ll}'’-]+|[\p{L}\p{N}]["'”’]?[)\]]|\p{Ll}["”])[.!?]["'”’)\]]*(?=\p{Lu}(?:\p{Ll}*|\p{Lu}+)(?:[\s,;:–-]|['’]s\s|$))|(?<=\p{Lu}{2})\.(?=(?:A|An|As|At|For|He|If|In|It|She|The|These|They|This|We|When|You)\s)/gu;
  return [...text.matchAll(pattern)].map((match) => match.index + match[0].length);
}

/** Never the end of a sentence. */
const titles = words(
  'Dr Mr Mrs Ms Mx Prof Rev Gen Col Capt Lt Sgt Sen Rep Gov Hon St Mt Messrs Mmes vs cf viz approx ca incl esp e.g i.e eg ie resp',
);
/** Not the end before a number: "Fig. 3", "No. 12", "pp. 4–6", "Jan. 5". */
const beforeNumbers = words(
  'Fig Figs Eq Eqs No Nos Nr Vol Vols p pp para Sec Sect Ch Chap Art Ref Refs Tab Table Ver v Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Tel Ext Pt Suppl',
);
/** Both: the word after decides. */
const eitherWay = words(
  'etc al Inc Ltd Co Corp Dept Univ Assoc Bros Jr Sr Ave Blvd Rd Ph.D M.D Esq ed eds trans',
);
/** Words that begin sentences and seldom names: after "U.S." or "etc." they make a break likely. */
const starters = words(
  'A After All Also Although An And Another Are As At Because Before Both But By Can Children Do Doctors Does During Each Even Every For From Has Have He Her His How However I If In Is It Its Many May More Most My No Not Of On Once One Other Others Our Over Patients People She Since So Some Such Symptoms That The Their Then There Therefore These They This Those Though Thus To Treatment Under Until Unlike Use Was We What When Where Whether Which While Who Why With Women Men You Your',
);

function words(list: string): Set<string> {
  return new Set(list.split(' '));
}

/** Whether the segmenter's break between `sentence` (the text before) and `rest` (the next words) is wrong. */
function continues(sentence: string, rest: string): boolean {
  const body = sentence.trimEnd().replace(/(?<=\S)[*_]+$/, '');
  const next = /^[\s"'“‘([*_]*([\p{L}\p{N}][\p{L}\p{N}'’-]*)/u.exec(rest)?.[1];
  // Closing brackets and dots belong to what they close.
  if (/^\s*[)\]}”’.…,;:]/u.test(rest)) return true;
  if (/^\s*(?:\(?\p{Nd}{1,3}[.)]|\p{L}[.)])$/u.test(body)) return true; // "1." or "a)" of a list.
  if (!body.endsWith('.')) return next !== undefined && /[!?]["”)\]]*$/.test(body) && /^\p{Ll}/u.test(next);
  const last = /([\p{L}\p{N}](?:[\p{L}\p{N}.'’-]*[\p{L}\p{N}])?)\.$/u.exec(body)?.[1];
  if (last === undefined || next === undefined) return false;
  if (titles.has(last) || titles.has(last.toLowerCase())) return true;
  if (beforeNumbers.has(last)) return /^\p{N}|^[IVX]+$/u.test(next) || /^\p{Ll}/u.test(next);
  const starts = starters.has(next);
  if (eitherWay.has(last)) return !starts && /^\p{Ll}|^\p{N}/u.test(next);
  // "P.A.D.", "U.S.", "a.m.": letters with dots between.
  if (/^\p{L}(?:\.\p{L}){1,}$/u.test(last)) return !starts;
  // A single capital is an initial after a name or another initial ("J. R. Smith"), a label after a common noun ("vitamin A.").
  if (/^\p{Lu}$/u.test(last)) {
    const before = body.slice(0, -2).trimEnd();
    const previous = /(\S+)$/.exec(before)?.[1];
    if (previous === undefined) return true;
    if (/^\s*\p{Lu}\.\s/u.test(rest)) return true;
    if (starts) return false;
    return /^["'“(]*\p{Lu}/u.test(previous) && /^\p{Lu}/u.test(next);
  }
  return /^\p{Ll}/u.test(next) && /\.\p{L}+$/u.test(last);
}
