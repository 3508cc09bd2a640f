import { withoutMarkers } from '../../answer/citations.ts';

/**
 * Words for comparing answers, normalised as SQuAD's evaluation script does it (Rajpurkar et al. 2016): lower case, no
 * punctuation, no English articles; markers are removed first.
 */
export function comparableWords(text: string): string[] {
  return withoutMarkers(text)
    .toLowerCase()
    .replace(/[\p{P}$+<=>^`|~]/gu, '')
    .replace(/\b(?:a|an|the)\b/gu, ' ')
    .split(/\s+/u)
    .filter((word) => word !== '');
}
