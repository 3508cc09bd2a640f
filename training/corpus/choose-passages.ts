/** Which passages of the corpus are prose that somebody may ask for, and their headings as people would read them. */
import type { CorpusPassage } from './read-passages.ts';

/** A passage to train on. */
export interface ChosenPassage extends CorpusPassage {
  /** Without numbers and marks of the page that it was on; the title's own repetition left out. */
  title: string;
  headings: string[];
}

/** A heading above more documents than this names no subject: "Introduction", "See also". */
const mostDocuments = 4;

/** Passages that are prose and no copies of each other, in the corpus's order. */
export function choosePassages(corpus: readonly CorpusPassage[]): ChosenPassage[] {
  const packages = Map.groupBy(corpus, (passage) => passage.package);
  const seen = new Set<string>();
  return [...packages.values()].flatMap((passages) => {
    const suffix = sharedSuffix(passages);
    return passages
      .filter(({ text }) => {
        const key = text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ');
        if (!isProse(text) || seen.has(key)) return false;
        seen.add(key);
        return true;
      })
      .map((passage) => {
        const title = plainHeading(
          passage.title.endsWith(suffix) ? passage.title.slice(0, -suffix.length) : passage.title,
        );
        const headings = passage.headings.map(plainHeading).filter(Boolean);
        if (headings[0]?.toLowerCase() === title.toLowerCase()) headings.shift();
        return { ...passage, title, headings };
      });
  });
}

/** The headings that stand in no more than a few documents, in lower case. */
export function tellingHeadings(passages: readonly ChosenPassage[]): Set<string> {
  const documents = new Map<string, Set<string>>();
  for (const { title, headings, document } of passages)
    for (const heading of [title, ...headings]) {
      const key = heading.toLowerCase();
      documents.set(key, (documents.get(key) ?? new Set()).add(document));
    }
  return new Set([...documents].filter(([, own]) => own.size <= mostDocuments).map(([key]) => key));
}

/** At least 20 words in sentences, and mostly words: no table, no program, no list of links. */
function isProse(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const tabular = lines.filter((line) => /^\s*\|/.test(line)).length;
  const withoutCode = text.replace(/```[\s\S]*?(?:```|$)/g, '');
  const words = withoutCode.match(/[\p{L}][\p{L}'’-]*/gu) ?? [];
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  return (
    words.length >= 20 &&
    2 * tabular < lines.length &&
    withoutCode.length >= 0.6 * text.length &&
    letters >= 0.65 * withoutCode.replace(/\s/g, '').length &&
    /[.!?:](?:\s|$)/.test(withoutCode)
  );
}

/** What most titles of a package end with: " — Flask Documentation". */
function sharedSuffix(passages: readonly CorpusPassage[]): string {
  const titles = [...new Map(passages.map(({ document, title }) => [document, title])).values()];
  const endings = titles.map((title) => /\s+[—–|-]+\s+[^—–|]+$/.exec(title)?.[0] ?? '');
  const counts = new Map<string, number>();
  for (const ending of endings) counts.set(ending, (counts.get(ending) ?? 0) + 1);
  const [best = '', count = 0] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [];
  return 2 * count > titles.length && best !== '' ? best : '\u0000';
}

/** Without its number, its mark of a link to itself, and marks of Markdown. */
function plainHeading(heading: string): string {
  return heading
    .replace(/[¶#§]+\s*$/u, '')
    .replace(/[`*]/g, '')
    .replace(/^(?:(?:Chapter|Appendix|Part|Section)\s+)?[A-Z]?[\dIVX]+(?:\.\d+)*[.)]?\s+/, '')
    .replace(/\s+/g, ' ')
    .trim();
}
