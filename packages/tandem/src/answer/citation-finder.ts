import type { Citation } from '../core/types/answer.ts';
import type { Passage } from '../core/types/document.ts';
import { lastSentence, mapCitations } from './citations.ts';

/** After this many characters of a new sentence, the one before it has surely ended ("Dr. S" has not). */
const certainCharacters = 20;

/**
 * Finds citations while a reply is being written: `write` takes its next piece, and gives the citations of sentences that ended since. Those
 * of the last sentence are only known with the whole reply, by `mapCitations`, which gives all of them.
 */
export function createCitationFinder(passages: readonly Passage[]): { write(piece: string): Citation[] } {
  let text = '';
  let told = 0;
  return {
    write(piece) {
      text += piece;
      if (!/\s/.test(piece)) return [];
      const last = lastSentence(text);
      if (last.length < certainCharacters) return [];
      const { citations } = mapCitations(text, passages);
      const ended = citations.filter(({ sentence }) => sentence !== last);
      const fresh = ended.slice(told);
      told = Math.max(told, ended.length);
      return fresh;
    },
  };
}
