import { type EmbeddableChunk, embeddedText } from '../chunk/embedded-text.ts';

/**
 * What full-text search sees. A word of a section's heading says more about what the section answers than one of its text;
 * written three times it counts so (a common replacement for BM25F's field weights). Three was chosen on MedQuAD's train questions, at
 * an early commit, and was not measured on other collections since: most of those at hand have no headings.
 */
export function textForSearch({
  headingPath,
  prefix,
  searchPrefix = prefix,
  text,
}: Pick<EmbeddableChunk, 'headingPath' | 'prefix' | 'searchPrefix' | 'text'>): string {
  const embedded = embeddedText({ prefix: searchPrefix, text });
  const headings = headingPath.slice(1).join(' ');
  return headings === '' ? embedded : `${embedded}\n${headings}\n${headings}`;
}
