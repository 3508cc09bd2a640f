import type { DocumentSummary } from '../catalog/catalog.ts';
import type { ChunkFilter } from '../store/chunk-table.ts';
import { isFunctionWord } from '../text/content-words.ts';
import { createSpeller } from '../text/spelling.ts';
import { folded, wordsOf } from '../text/words.ts';
import { isAdmitted } from './admitted.ts';
import { isEvidentlyEnglish, isInflected, isSpacedScript } from './evidently-english.ts';

/** A document whose title or other name is, perhaps misspelt, in a question. */
export interface LinkedName {
  documentId: string;
  title: string;
  /** Of the document's names the one that fits best, as the document writes it. */
  name: string;
  /** How much of the name is in the question, by how distinctive its words are: [0, 1]. */
  cover: number;
  /** How distinctive the words found are (natural logarithms), less where they are misspelt. */
  weight: number;
  /** The name is in the question letter for letter, capitals included. */
  verbatim: boolean;
  /** A word of it is spelt otherwise in the question. */
  isRespelt: boolean;
  /** Words of the question (positions in its `words`) that are the name's. */
  at: number[];
}

export interface NameIndex {
  /** Documents named in the question, best first: of those that the filter admits, at most `limit`. */
  link(question: string, options: { filter?: ChunkFilter; limit?: number }): LinkedName[];
  /**
   * Words that look like names (not everyday words, at least four letters or in capitals) and are in none here, however spelt.
   * Only in questions that are evidently English: everyday words of another language are none that are known.
   */
  unknown(question: string): string[];
}

/** Of a name, this much must be in a text for the text to be about it: a share of `cover`. */
export const leastCover = 0.55;

/** "Traumatic" for "trauma": surely the same root, less surely the same name. */
const derivedSimilarity = 0.72;

/** "Travel expenses" for "travel expense": the same name, a little less surely. */
const samePlural = 0.97;

/** A document that lists a name itself is meant by it a little more than one that is called the same. */
const borrowedShare = 0.95;

/** Of one document's names, and of those that it takes over from others. */
const mostNames = 40;

/** A word in more names than this cannot lead to one by itself; it still counts in a name that another word led to. */
const mostPostings = 400;

/** A word that the embedder has met as a whole says half as much in a name as one that it has not. */
const common = 0.5;

/**
 * The names in a collection, with what is needed to find them in a question. A word that occurs in many names says less: its
 * weight is `ln(1 + documents / documents with it)`.
 *
 * @param isWord whether a lower-case word is one that is written so: it is then hardly taken for another one misspelt.
 * @param isEveryday whether it is a word of texts on any subject: it may be in a question without naming anything.
 * @param inTexts share of the documents whose text has the word, 0 where that is not known: "biopsy" is in one name and in every
 * tenth text, so it tells little.
 */
export function nameIndexOf(
  documents: readonly DocumentSummary[],
  isWord?: (word: string) => boolean,
  isEveryday: (word: string) => boolean = isWord ?? (() => false),
  inTexts: (word: string) => number = () => 0,
): NameIndex {
  const isKnown = isWord ?? (() => false);
  // "KID syndrome" is not about kids: a word that a name writes in capitals, and others do not, is only meant in capitals.
  const formOf = (text: string, inCapitals = /^\p{Lu}[\p{Lu}\p{N}]+$/u.test(text)) => {
    const word = folded(text);
    return inCapitals && isKnown(word) ? word.toUpperCase() : word;
  };
  const names: { document: number; text: string; words: string[]; own: boolean }[] = [];
  const documentsWith = new Map<string, number>();
  const namesWith = new Map<string, number[]>();
  // Names recur: each is cut into words once.
  const parsed = new Map<string, string[]>();
  const partsOf = (name: string) => {
    let parts = parsed.get(name);
    if (!parts) parsed.set(name, (parts = wordsOf(name).map(({ text }) => text)));
    return parts;
  };
  const shared = sharedNames(documents, (name) => partsOf(name).map(folded).join(' '));
  for (const [index, { title, aliases }] of documents.entries()) {
    const seen = new Set<string>();
    const own = new Set<string>();
    const owned = [title, title.replace(/\s*\([^()]*\)/g, ''), ...aliases.slice(0, mostNames)];
    for (const [at, text] of [...owned, ...(shared.get(index) ?? [])].entries()) {
      const loud = text === text.toUpperCase() && /\s/.test(text);
      const words = [...new Set(partsOf(text).map((word) => (loud ? folded(word) : formOf(word))))].filter(
        (word, _, all) => all.length < 3 || !isFunctionWord(word),
      );
      const key = words.join(' ');
      if (words.length === 0 || words.length > 16 || seen.has(key)) continue;
      seen.add(key);
      for (const word of words) {
        if (at < owned.length) own.add(word);
        const list = namesWith.get(word);
        if (list) list.push(names.length);
        else namesWith.set(word, [names.length]);
      }
      names.push({ document: index, text, words, own: at < owned.length });
    }
    for (const word of own) documentsWith.set(word, (documentsWith.get(word) ?? 0) + 1);
  }
  parsed.clear();
  const speller = createSpeller(namesWith.keys());
  // How much a word tells is not only how few names have it: "ultrasound" is in one name, and in many a story. A word that the
  // embedder has met as a whole counts half of one that it has not; a number says which of several, and names nothing.
  // Of thousands of words a question needs a few dozen.
  const weights = new Map<string, number>();
  const weightOf = (word: string) => {
    let weight = weights.get(word);
    if (weight === undefined) {
      const share = Math.max((documentsWith.get(word) ?? 1) / documents.length, inTexts(word));
      weight = /^\p{N}+$/u.test(word) ? 1 : Math.log(1 + 1 / share) * (isKnown(word) ? common : 1);
      weights.set(word, weight);
    }
    return weight;
  };

  return {
    unknown(question) {
      const shouting = question === question.toUpperCase();
      const words = wordsOf(question);
      const strange = words.filter(({ text, start }) => {
        const word = folded(text);
        const abbreviated = /^\p{Lu}[\p{Lu}\p{N}]+$/u.test(text) && !shouting;
        if (isFunctionWord(word) || /^\p{N}+$/u.test(word) || (word.length < 4 && !abbreviated)) return false;
        // Without a vocabulary only capitals show a name.
        const everyday = isWord
          ? isWord(word) || isWord(singular(word)) || isInflected(text)
          : start === words[0]!.start || !/^\p{Lu}/u.test(text);
        return abbreviated || !everyday;
      });
      const english = isEvidentlyEnglish(
        words.map(({ text }) => folded(text)),
        strange.map(({ text }) => folded(text)),
      );
      if (!english) return [];
      const unknown = strange.filter(
        ({ text }) =>
          isSpacedScript(text) &&
          ![folded(text), singular(folded(text)), formOf(text)].some(
            (form) => speller.has(form) || speller.near(form).length > 0,
          ),
      );
      return [...new Set(unknown.map(({ text }) => text))];
    },
    link(question, { filter = {}, limit = 8 }) {
      const words = wordsOf(question);
      // As they are and joined with the next: "net zero" for "NetZero" is spelt otherwise, and means the same.
      const written = new Set(
        words.flatMap(({ text }, at) =>
          [folded(text), folded(text) + folded(words[at + 1]?.text ?? '')].map(singular),
        ),
      );
      // For each word of a name: how surely, and where, it is in the question.
      const found = new Map<string, { similarity: number; at: number[] }>();
      const note = (word: string, similarity: number, at: number[]) => {
        const before = found.get(word);
        if (!before || before.similarity < similarity) found.set(word, { similarity, at: [...at] });
        else if (before.similarity === similarity) before.at.push(...at);
      };
      const shouting = question === question.toUpperCase();
      for (const [index, { text }] of words.entries()) {
        const word = folded(text);
        const abbreviated = /^\p{Lu}[\p{Lu}\p{N}]+$/u.test(text) && !shouting;
        if (isFunctionWord(word) && !abbreviated) continue;
        // "Restless leg" is "restless legs" too, though some document's name has "leg".
        const numbers =
          abbreviated || word.length < 3
            ? []
            : [singular(word), `${word}s`].filter((form) => form !== word && speller.has(form));
        if (abbreviated && speller.has(formOf(text, true))) note(formOf(text, true), 1, [index]);
        else if (speller.has(word) || numbers.length > 0) {
          if (speller.has(word)) note(word, 1, [index]);
          for (const form of numbers) note(form, samePlural, [index]);
        } else if (word.length >= (isKnown(word) ? 5 : 4) && !isEveryday(word)) {
          // "Brest" is a word, and may be "breast" misspelt; less surely so than what is no word.
          const share = isKnown(word) ? 0.88 : 1;
          const stem = singular(word);
          const nearest = [...speller.near(word), ...(stem === word ? [] : speller.near(stem))].sort(
            (a, b) => b.similarity - a.similarity,
          );
          for (const near of nearest.slice(0, 6))
            if (share === 1 || near.similarity >= 0.8) note(near.word, near.similarity * share, [index]);
        }
        for (const form of abbreviated || isEveryday(word) ? [] : speller.derived(word))
          note(form, derivedSimilarity, [index]);
        // "neuro fibromatosis"
        const next = words[index + 1];
        if (next) {
          const joined = word + folded(next.text);
          if (joined.length >= 7 && speller.has(joined)) note(joined, samePlural, [index, index + 1]);
        }
      }
      const candidates = new Set<number>();
      for (const word of found.keys()) {
        const list = namesWith.get(word)!;
        if (list.length <= mostPostings && !/^\p{N}+$/u.test(word))
          for (const name of list) candidates.add(name);
      }
      if (candidates.size === 0)
        for (const word of found.keys())
          for (const name of namesWith.get(word)!) if (names[name]!.words.length === 1) candidates.add(name);

      const best = new Map<number, LinkedName & { score: number }>();
      for (const index of candidates) {
        const { document, text, words: parts, own } = names[index]!;
        const summary = documents[document]!;
        if (!isAdmitted(summary, filter)) continue;
        let weight = 0;
        let rarest = 0;
        let anchors: readonly number[] = [];
        let isRespelt = false;
        const matches: (readonly number[])[] = [];
        for (const part of parts) {
          const match = found.get(part);
          if (!match) continue;
          matches.push(match.at);
          if (!written.has(singular(part.toLowerCase()))) isRespelt = true;
          // A near-miss of a word is worth less than the word: squared, .8 counts as .64.
          weight += weightOf(part) * match.similarity ** 2;
          if (weightOf(part) * match.similarity > rarest) {
            rarest = weightOf(part) * match.similarity;
            anchors = match.at;
          }
        }
        // A name is in one place: words scattered over a story are not one. Around each place of its rarest word the others'
        // nearest.
        let compact = 0;
        let places: number[] = [];
        for (const anchor of anchors.slice(0, 8)) {
          const around = matches.map((at) =>
            at.reduce((best, each) => (Math.abs(each - anchor) < Math.abs(best - anchor) ? each : best)),
          );
          const distinct = [...new Set(around)].sort((a, b) => a - b);
          const share = distinct.length / (distinct.at(-1)! - distinct[0]! + 1);
          if (share > compact) [compact, places] = [share, distinct];
        }
        weight *= Math.sqrt(compact);
        // A "Good syndrome" is not meant by every "good": everyday words name something only where all of the name is there.
        if (
          parts.some((part) => !found.has(part)) &&
          parts.every((part) => !found.has(part) || isEveryday(part))
        )
          weight /= 2;
        if (!own) weight *= borrowedShare;
        const cover = weight / parts.reduce((sum, part) => sum + weightOf(part), 0);
        const score = weight * cover;
        const before = best.get(document);
        if (before && before.score >= score) continue;
        const verbatim = own && occursIn(question, text);
        best.set(document, {
          documentId: summary.id,
          title: summary.title,
          name: text,
          cover,
          weight,
          verbatim: verbatim || (before?.verbatim ?? false),
          isRespelt,
          at: places,
          score,
        });
      }
      return [...best.values()]
        .sort((a, b) => b.score - a.score || Number(b.verbatim) - Number(a.verbatim))
        .slice(0, limit)
        .map(({ score: _score, ...linked }) => linked);
    },
  };
}

/**
 * Two documents of which one has the other's title for a name are about one thing, and what one of them is also called the other is
 * too: institutes write about the same illness, and only one lists "IPF". Titles alone, since a lesser name may be a wider term;
 * one step only, so that names do not wander.
 *
 * @returns position of a document → names that others bring
 */
function sharedNames(
  documents: readonly DocumentSummary[],
  comparable: (name: string) => string,
): Map<number, string[]> {
  const keys = new Map<string, string>();
  const keyOf = (name: string) => {
    let key = keys.get(name);
    if (key === undefined) keys.set(name, (key = comparable(name)));
    return key;
  };
  const byName = new Map<string, number[]>();
  const byTitle = new Map<string, number[]>();
  const add = (to: Map<string, number[]>, name: string, index: number) => {
    const key = keyOf(name);
    // Short ones are abbreviations, which stand for many things.
    if (key.length < 6) return;
    const list = to.get(key);
    if (!list) to.set(key, [index]);
    else if (list.at(-1) !== index) list.push(index);
  };
  for (const [index, { title, aliases }] of documents.entries()) {
    add(byTitle, title, index);
    for (const name of [title, ...aliases.slice(0, mostNames)]) add(byName, name, index);
  }
  // A document that has several others' titles among its names is about what they have in common: "type 2" is not called what the
  // whole family is called.
  const isWider = documents.map(({ title, aliases }) => {
    const titles = [title, ...aliases.slice(0, mostNames)].map(keyOf).filter((key) => byTitle.has(key));
    return new Set(titles).size > mostTitles;
  });
  const shared = new Map<number, string[]>();
  for (const [index, { title, aliases }] of documents.entries()) {
    const called = [title, ...aliases.slice(0, mostNames)];
    const same = new Set([
      ...(byTitle.get(keyOf(title)) ?? []),
      ...(byName.get(keyOf(title)) ?? []).filter((other) => !isWider[other]),
      ...(isWider[index] ? [] : called.flatMap((name) => byTitle.get(keyOf(name)) ?? [])),
    ]);
    same.delete(index);
    if (same.size === 0 || same.size > mostSame) continue;
    const own = new Set(called);
    const names = [...same]
      .flatMap((other) => [documents[other]!.title, ...documents[other]!.aliases])
      .filter((name) => !own.has(name));
    if (names.length > 0) shared.set(index, [...new Set(names)].slice(0, mostNames));
  }
  return shared;
}

/** Titles, its own among them, that the names of a document about one thing hold at most. */
const mostTitles = 2;

/** More documents than these that share a name share a word for a kind of thing. */
const mostSame = 8;

function singular(word: string): string {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

function occursIn(question: string, name: string): boolean {
  const at = question.indexOf(name);
  if (at < 0) return false;
  const around = (question[at - 1] ?? ' ') + (question[at + name.length] ?? ' ');
  return !/[\p{L}\p{N}]/u.test(around);
}
