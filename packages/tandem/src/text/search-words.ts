import { withAbbreviationsMarked } from './abbreviation-marks.ts';
import { withPairs } from './unspaced-scripts.ts';

/**
 * What a full-text index is given in place of a text, and asked in place of a query: abbreviations distinguished from function words, and scripts
 * that put no spaces between words cut so that a word inside a sentence can be found.
 */
export function textForWords(text: string, functionWords?: ReadonlySet<string>): string {
  return withPairs(withAbbreviationsMarked(text, functionWords));
}
