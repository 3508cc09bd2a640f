/** What a person might ask or type who wants the section below a heading. */

/** A heading with what stands above it. */
export interface HeadedSection {
  heading: string;
  /** The title, or the heading above: what the heading is about where it does not say so. */
  context: string | undefined;
}

/** One query for a section. `random` decides which of the forms; `isWord` says whether the corpus has a word. */
export function queryOfHeading(
  { heading, context }: HeadedSection,
  random: () => number,
  isWord: (word: string) => boolean,
): string {
  const name = heading.trim().replace(/[.:]$/, '');
  const about = context === undefined || sharesWords(name, context) ? undefined : context;
  if (name.endsWith('?')) return random() < 0.6 ? name : name.slice(0, -1).toLowerCase();
  const within = about !== undefined && random() < 0.6 ? about : undefined;
  const asked = random();
  const howTo = imperativeOf(name, isWord);
  if (howTo !== undefined && asked < 0.75) {
    const place = within === undefined ? '' : ` in ${within}`;
    return pick(
      [`How do I ${howTo}${place}?`, `How can I ${howTo}${place}?`, `how to ${howTo}${place}`],
      random,
    );
  }
  const subject = lowerFirst(name);
  if (asked < 0.35) {
    const place = within === undefined ? '' : ` in ${within}`;
    return pick(
      [
        `What is ${subject}${place}?`,
        `What does it say about ${subject}${place}?`,
        `Tell me about ${subject}${place}.`,
        `what are ${subject}${place}`,
        `How does ${subject} work${place}?`,
        `When do I need ${subject}${place}?`,
      ],
      random,
    );
  }
  if (within === undefined) return random() < 0.5 ? name : name.toLowerCase();
  return pick([`${within} ${subject}`, `${subject} ${within}`.toLowerCase(), `${within}: ${name}`], random);
}

/** "Creating a table" as "create a table", "Create a table" as it is; undefined for a heading that names no act. */
function imperativeOf(heading: string, isWord: (word: string) => boolean): string | undefined {
  const [, first = '', rest = ''] = /^(\p{L}+)\s+(.+)$/u.exec(heading) ?? [];
  if (/^how to$/i.test(`${first} ${rest.split(' ')[0]}`))
    return rest.split(' ').slice(1).join(' ') || undefined;
  if (!/^\p{Lu}?\p{Ll}{2,}ing$/u.test(first)) return undefined;
  const stem = first.toLowerCase().slice(0, -3);
  const doubled = /(.)\1$/.test(stem) ? [stem.slice(0, -1)] : [];
  const verb = [`${stem}e`, ...doubled, stem].find((word) => isWord(word));
  return verb === undefined ? undefined : `${verb} ${rest}`;
}

/** Whether two names have most of their words in common: then one says nothing more than the other. */
function sharesWords(name: string, context: string): boolean {
  const wordsOf = (text: string) => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
  const own = wordsOf(name);
  const shared = [...wordsOf(context)].filter((word) => own.has(word)).length;
  return 2 * shared > own.size;
}

/** A heading's capital goes inside a sentence; a name's or an abbreviation's stays. */
function lowerFirst(text: string): string {
  return /^\p{Lu}\p{Ll}+(?:\s|$)/u.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}

function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)]!;
}
