import type { Block } from '../core/types/document.ts';
import { findAbbreviations } from '../text/abbreviations.ts';
import { withoutInlineMarks } from './markdown.ts';

const alsoCalledLine =
  /^[ \t]*(?:[-*+][ \t]+)?[*_]{0,2}(?:also (?:called|known as|named)|other names?|alternative names?|synonyms?|a\.?k\.?a\.?)[*_]{0,2}[ \t]*:[*_]{0,2}[ \t]*(\S[^\n]*)$/gim;

/**
 * Other names of what a document is about: `given` ones first (front matter), those of its "Also called: A; B" lines,
 * the abbreviation in its title, and abbreviations of the title or of those names that the first paragraphs define.
 * A line without semicolons is one name, for names have commas in them ("Deafness, autosomal recessive 4").
 */
export function aliasesOf(title: string, text: string, blocks: Block[], given: string[]): string[] {
  const names = [...given];
  for (const match of text.matchAll(alsoCalledLine)) {
    // A full stop ends the line, unless it is an abbreviation's own ("P.A.D.").
    names.push(
      ...withoutInlineMarks(match[1]!.slice(0, 5000))
        .replace(/(?<!\.\p{L}{1,2})\.\s*$/u, '')
        .split(';'),
    );
  }
  const inTitle = findAbbreviations(title).map((pair) => pair.short);
  const known = new Set([title, title.replace(/\s*\([^()]*\)\s*$/, ''), ...names].map(comparable));
  const opening = blocks.filter((block) => block.kind === 'paragraph').slice(0, 3);
  const defined = opening
    .flatMap((block) => findAbbreviations(text.slice(block.start, block.end)))
    .filter((pair) => known.has(comparable(pair.long)))
    .map((pair) => pair.short);

  const seen = new Set([comparable(title)]);
  return [...names, ...inTitle, ...defined]
    .map((name) => name.trim())
    .filter((name) => {
      const key = comparable(name);
      if (key === '' || seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}

/** Whether a sentence or line only lists other names. */
export function isAlsoCalledLine(line: string): boolean {
  return line.search(alsoCalledLine) === 0 && !line.trim().includes('\n');
}

function comparable(name: string): string {
  return name
    .toLowerCase()
    .replace(/^(?:the|an?) /, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
