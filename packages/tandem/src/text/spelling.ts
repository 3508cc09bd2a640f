import { editDistance } from './edit-distance.ts';
import { soundOf } from './sound.ts';

/**
 * Words that are close to a given one, by how they are written and by how they sound: "nefrotic" finds "nephrotic", "diebetes"
 * finds "diabetes". For a few tens of thousands of words; a look-up takes a fraction of a millisecond.
 */
export interface Speller {
  has(word: string): boolean;
  /** Best first; `similarity` in (0, 1], 1 for the word itself. */
  near(word: string): { word: string; similarity: number }[];
  /** Other words that begin as this one does for most of their length: "trauma" and "traumatic", "diabetic" and "diabetes". */
  derived(word: string): string[];
}

/** Letters that are equal at the start of words of one root: at least so many, and this share of the longer word. */
const root = { letters: 5, share: 0.6 };

/** Shared bigrams are counted first, and only so many of the best words are compared letter by letter. */
const compared = 40;

export function createSpeller(words: Iterable<string>): Speller {
  const list = [...new Set(words)];
  const known = new Set(list);
  const keys = list.map(soundOf);
  const byBigram = new Map<string, number[]>();
  const sizes = new Uint16Array(list.length);
  for (const [index, key] of keys.entries()) {
    if (list[index]!.length < 4) continue;
    const bigrams = bigramsOf(key);
    sizes[index] = bigrams.size;
    for (const bigram of bigrams) {
      const postings = byBigram.get(bigram);
      if (postings) postings.push(index);
      else byBigram.set(bigram, [index]);
    }
  }

  const byRoot = Map.groupBy(
    list.filter((word) => word.length >= root.letters),
    (word) => word.slice(0, root.letters),
  );

  // A word of a story is asked for more than once, and so are people's favourite misspellings.
  const remembered = new Map<string, { word: string; similarity: number }[]>();

  return {
    has: (word) => known.has(word),
    derived(word) {
      return (byRoot.get(word.slice(0, root.letters)) ?? []).filter((other) => {
        if (other === word) return false;
        let same = root.letters;
        while (same < other.length && other[same] === word[same]) same++;
        return same >= root.share * Math.max(word.length, other.length);
      });
    },
    near(word) {
      if (known.has(word)) return [{ word, similarity: 1 }];
      if (word.length < 4 || word.length > 40) return [];
      let found = remembered.get(word);
      if (!found) {
        found = nearest(word);
        if (remembered.size >= 5000) remembered.clear();
        remembered.set(word, found);
      }
      return found;
    },
  };

  function nearest(word: string): { word: string; similarity: number }[] {
    const key = soundOf(word);
    const bigrams = bigramsOf(key);
    const shared = new Map<number, number>();
    for (const bigram of bigrams)
      for (const index of byBigram.get(bigram) ?? []) shared.set(index, (shared.get(index) ?? 0) + 1);
    const best = [...shared]
      .map(([index, count]) => ({ index, dice: (2 * count) / (bigrams.size + sizes[index]!) }))
      .filter(({ dice }) => dice >= 0.4)
      .sort((a, b) => b.dice - a.dice)
      .slice(0, compared);
    const near: { word: string; similarity: number }[] = [];
    for (const { index } of best) {
      const other = list[index]!;
      const written = 1 - editDistance(word, other) / Math.max(word.length, other.length);
      // As it sounds counts a little less than as it is written.
      const heard = 0.97 - editDistance(key, keys[index]!) / Math.max(key.length, keys[index]!.length);
      const similarity = Math.max(written, heard);
      // Of up to five letters one may be wrong, of more about every third or fourth.
      if (similarity >= (word.length < 6 ? 0.75 : 0.7)) near.push({ word: other, similarity });
    }
    return near.sort((a, b) => b.similarity - a.similarity);
  }
}

function bigramsOf(word: string): Set<string> {
  const padded = ` ${word} `;
  const bigrams = new Set<string>();
  for (let at = 0; at + 2 <= padded.length; at++) bigrams.add(padded.slice(at, at + 2));
  return bigrams;
}
