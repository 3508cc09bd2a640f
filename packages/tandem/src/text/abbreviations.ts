/** An abbreviation and what its document says it stands for. */
export interface AbbreviationPair {
  short: string;
  long: string;
  /** Where the short form is in the text. */
  offset: number;
}

/**
 * Abbreviations that a text defines as "long form (SF)" or "SF (long form)": the algorithm of Schwartz & Hearst,
 * "A simple algorithm for identifying abbreviation definitions in biomedical text", PSB 2003. It matches the short form's
 * characters from right to left in the words before the parenthesis; the first must begin a word.
 */
export function findAbbreviations(text: string): AbbreviationPair[] {
  const pairs: AbbreviationPair[] = [];
  for (const match of text.matchAll(/\(([^()\n]{2,120})\)/g)) {
    // "(ABL; also called …)" and "(ABL, or …)" define ABL.
    const inside = match[1]!.split(/[;,]| or /)[0]!.trim();
    const before = text.slice(Math.max(0, match.index - 300), match.index).replace(/\s+/g, ' ');
    // A definition does not reach back over the end of a sentence or another parenthesis.
    const clause = before
      .split(/[.!?:;]\s|[()]/)
      .at(-1)!
      .trim();
    if (isShortForm(inside)) {
      const words = clause.split(' ');
      const most = Math.min(inside.length + 5, inside.length * 2);
      const long = longForm(inside, words.slice(-most).join(' '));
      if (long !== undefined)
        pairs.push({ short: inside, long, offset: match.index + 1 + match[1]!.indexOf(inside) });
    } else {
      const short = clause
        .split(' ')
        .at(-1)!
        .replace(/^["'“‘]|["'”’]$/g, '');
      if (!isShortForm(short) || !/^\p{Lu}/u.test(short)) continue;
      const most = Math.min(short.length + 5, short.length * 2);
      const long = longForm(short, inside);
      if (long === inside && inside.split(' ').length <= most) {
        pairs.push({ short, long, offset: text.lastIndexOf(short, match.index) });
      }
    }
  }
  return pairs;
}

/** The same for spellings that differ in case, marks, spaces or the plural of the last word. */
export function comparableLongForm(longForm: string): string {
  return longForm
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/s$/, '');
}

/** Two to ten characters, at most two words, starting alphanumeric, with a letter; not a plain lower-case word. */
function isShortForm(candidate: string): boolean {
  return (
    /^[\p{L}\p{N}][^\s]*(?: \S+)?$/u.test(candidate) &&
    candidate.length >= 2 &&
    candidate.length <= 10 &&
    /\p{Lu}/u.test(candidate.slice(candidate.search(/\p{L}/u), 10)) &&
    /\p{Lu}.*[\p{Lu}\p{N}]|\p{Ll}\p{Lu}/u.test(candidate)
  );
}

/**
 * What `text` ends with that the short form stands for: its shortest end that holds the short form's characters in order
 * (Schwartz & Hearst, figure 1). Where half of them are inside words there, the words that they begin come first ("extended
 * regular expressions (ERE)", of which the last word alone has an E, an R and an E).
 */
function longForm(short: string, text: string): string | undefined {
  const shortest = shortestEnd(short, text);
  const letters = lettersOf(short);
  if (shortest === undefined || mostBegun(letters, shortest) * 2 <= letters.length) {
    const words = text.split(' ').slice(-letters.length);
    const initials = words.map((word) => word[0]?.toLowerCase()).join('');
    if (initials === letters && words.every((word) => word.length > 1)) {
      const begun = words.join(' ');
      if (isPlausible(short, begun)) return begun;
    }
  }
  return shortest !== undefined && isPlausible(short, shortest) ? shortest : undefined;
}

function shortestEnd(short: string, text: string): string | undefined {
  const characters = short.toLowerCase();
  const haystack = text.toLowerCase();
  let position = haystack.length - 1;
  for (let index = characters.length - 1; index >= 0; index--) {
    const character = characters[index]!;
    if (!/[\p{L}\p{N}]/u.test(character)) continue;
    while (
      position >= 0 &&
      (haystack[position] !== character || (index === 0 && !beginsWord(haystack, position)))
    ) {
      position--;
    }
    if (position < 0) return undefined;
    position--;
  }
  return text.slice(haystack.lastIndexOf(' ', position) + 1);
}

/** Whether a word begins at `position`; with an X also where it is "ex" ("Extensible Markup Language (XML)"). */
function beginsWord(text: string, position: number): boolean {
  const isPart = (at: number) => at >= 0 && /[\p{L}\p{N}]/u.test(text[at]!);
  return (
    !isPart(position - 1) || (text[position] === 'x' && text[position - 1] === 'e' && !isPart(position - 2))
  );
}

/**
 * The paper's last two checks (longer than the short form, and not the short form among its words), and that it reads like a
 * name: no path, address, option or quotation, and at least half of the letters begin its words, more of them where it has a
 * comma. With fewer it is one to three words, long for so short a form ("phenylketonuria (PKU)").
 */
function isPlausible(short: string, candidate: string): boolean {
  const long = candidate.replace(/^["'“‘]+|["'”’]+$/g, '');
  if (long.length <= short.length) return false;
  if (
    long
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .includes(short.toLowerCase())
  )
    return false;
  if (unlikeNames.some((pattern) => pattern.test(long))) return false;
  const letters = lettersOf(short);
  const begun = mostBegun(letters, long);
  const words = long.split(' ').filter((word) => !joiningWords.has(word.toLowerCase())).length;
  if (/,(?!\p{N})/u.test(long) && begun * 5 < letters.length * 3) return false;
  if (begun === letters.length) return true;
  if (words === 1) return long.length > short.length * 3 || long.length >= letters.length * 2 + 5;
  if (begun * 2 >= letters.length) return words <= letters.length + 2;
  return words <= 3 && long.length >= short.length * 4;
}

const unlikeNames = [
  /[~="“”<>{}|[\]@$]/u,
  // An apostrophe belongs to its word; a stroke is written once, between two words: "Alzheimer's", "tremor/ataxia".
  /(?<![\p{L}\p{N}])'|(?<!\p{L})[/‘]|\/(?!\p{L})|\/.*\//u,
  // The end of a sentence without a space behind it; an address.
  /\p{Ll}\.\p{Lu}\p{Ll}|^\S*\p{L}\.\p{L}{2}\S*$/u,
  /^(?:--|[^\p{L}\p{N}-])/u,
];

const joiningWords = new Set([
  'a',
  'an',
  'and',
  'by',
  'for',
  'from',
  'in',
  'of',
  'on',
  'or',
  'the',
  'to',
  'with',
]);

/** Without the s of a plural: of "BCPs" bcp. */
function lettersOf(short: string): string {
  return short
    .replace(/(?<=\p{Lu})s$/u, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/**
 * How many of the letters, in order, begin a word of the long form or follow one that does ("linear accelerator (LINAC)");
 * capitals and digits begin words wherever they are ("mitochondrial DNA (mtDNA)").
 */
function mostBegun(letters: string, long: string): number {
  // The most among the letters so far, for each number of letters.
  const most = new Array<number>(letters.length + 1).fill(0);
  for (const [word] of long.matchAll(/[\p{Lu}\p{Lt}\p{N}]?[\p{Ll}\p{Lo}\p{M}]+|[\p{Lu}\p{Lt}\p{N}]/gu)) {
    const lower = word.toLowerCase();
    for (let from = letters.length - 1; from >= 0; from--) {
      for (
        let run = 1;
        letters[from + run - 1] !== undefined && letters[from + run - 1] === lower[run - 1];
        run++
      )
        most[from + run] = Math.max(most[from + run]!, most[from]! + run);
    }
    for (let at = 1; at < most.length; at++) most[at] = Math.max(most[at]!, most[at - 1]!);
  }
  return most.at(-1)!;
}
