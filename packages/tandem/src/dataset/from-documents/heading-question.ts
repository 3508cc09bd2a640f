import { foldedWords } from '../../text/words.ts';
import type { Section } from './sections.ts';

/**
 * What a heading asks, in the words of the document, so that it is of any language: the heading as it is where it is a question, or names its document; else with
 * the document's title before it, as people type it into a search box.
 */
export function headingQuestion({ title, heading }: Pick<Section, 'title' | 'heading'>): string {
  const inHeading = new Set(foldedWords(heading));
  const isNamed = foldedWords(title).every((word) => inHeading.has(word));
  return isNamed || /[?？؟;]$/.test(heading) ? heading : `${title}: ${heading}`;
}
