import type { ChunkFilter } from '../store/chunk-table.ts';
import { contentWords, isFunctionWord } from '../text/content-words.ts';
import { folded, wordsOf } from '../text/words.ts';
import { leastCover, type NameIndex } from './names.ts';

/**
 * The questions that a question is made of, where each can be asked alone: "How many days of leave and who is Schindler?" Every one
 * begins as a question, has content words that no other part has, and refers to nothing before it. A story around a question is one
 * question, and so are two halves about one thing ("what is gout and how is it treated").
 *
 * @returns at least two, as they are written; none where the question is one.
 */
export function questionsIn(question: string, names: NameIndex, filter: ChunkFilter = {}): string[] {
  const pieces = question
    .replace(politely, '')
    .split(boundary)
    .map(trimmed)
    .filter((piece) => piece !== '');
  const parts: string[] = [];
  for (const piece of pieces) {
    // "People who smoke and who drink": the second continues the first.
    const [first = ''] = piece.toLowerCase().split(/\s/);
    if (parts.some((part) => part.toLowerCase().split(/\s+/).indexOf(first, 1) > 0)) return [];
    if (!begins.test(piece)) return [];
    parts.push(piece);
  }
  if (parts.length < 2 || parts.length > mostParts) return [];
  if (parts.slice(1).some((part) => pointsBack.test(part))) return [];
  if (!haveOwnWords(parts) || parts.some(isFragment)) return [];
  const named = parts.map((part) =>
    names.link(part, { filter, limit: 1 }).some(({ cover }) => cover >= leastCover),
  );
  // Where each is about something that documents are called, they take turns as they are; where one is, another is about that too,
  // unless it says whom or what it is about: "what does the insurance cover and who is Schindler".
  const ownName = (part: string) => /\s["“(]?\p{Lu}[\p{L}\p{N}-]/u.test(part);
  if (named.some(Boolean) && (named.every(Boolean) || parts.some((part, at) => !named[at] && !ownName(part))))
    return [];
  // "What is the price, and what is the size": of something that is not said.
  const isBare = (part: string, at: number) => !named[at] && !ownName(part) && contentOf(part).length < 2;
  return parts.every(isBare) ? [] : parts;
}

/**
 * What a question lists without asking anything: "Kestrel project, dividend and the Porto office". Whether these are several things
 * or one (symptoms of an illness) is for the documents to say.
 *
 * @returns at least two; none where it is no list.
 */
export function listIn(question: string): string[] {
  const items = question
    .replace(/[?!.\s]+$/, '')
    .split(/\s*[,;]\s*(?:(?:and|or)\s+)?|\s+(?:and|or|plus)\s+/i)
    .map((item) => item.replace(/^(?:the|a|an|our)\s+/i, '').trim());
  const isItem = (item: string) => {
    const words = wordsOf(item);
    return words.length > 0 && words.length <= 3 && words.every(({ text }) => !isFunctionWord(folded(text)));
  };
  return items.length > 1 && items.length <= mostParts && items.every(isItem) && haveOwnWords(items)
    ? items
    : [];
}

/** More would be a list of everything, and each costs a search. */
const mostParts = 4;

function haveOwnWords(parts: readonly string[]): boolean {
  const words = parts.map(contentOf);
  const all = words.flatMap((own) => [...new Set(own)]);
  return new Set(all).size === all.length && words.every((own) => own.some((word) => !saysNothing.has(word)));
}

/** "And at what price", "and how many": of what the rest says. */
function isFragment(part: string): boolean {
  return (
    !/\b(?:is|are|was|were|do|does|did|can|could|will|would|should|must|may|has|have)\b|['’]s\b/i.test(
      part,
    ) && contentOf(part).length < 2
  );
}

/** "Many" of "how many" says nothing of what is asked for. */
const contentOf = (part: string) => contentWords(part.replace(/\bhow\s+\p{L}+/iu, ''));

/** Words that ask for nothing in particular. */
const saysNothing: ReadonlySet<string> = new Set(
  'info information about mean means meaning explain describe description definition define overview exactly basically actually really kind sort thing something somebody someone anybody anyone understand simple word words term terms idea hello hi hey dear good thanks thank want like get got called named bit little learn read'.split(
    ' ',
  ),
);

const trimmed = (piece: string) => piece.replace(/^[\s,]+|[\s,.?!;]+$/g, '');

const politely =
  /^\s*(?:(?:hi|hello)[,.!]?\s+)?(?:please\s+)?(?:(?:can|could) you )?(?:please )?tell me[,:]?\s+/i;

/** How a question begins that is one of several; "when the pump is noisy" and "what you eat" are none. */
const opening = String.raw`(?:(?:until|since|from|by|at|to|for|in|on|with)\s+)?(?:(?:what|who|where|when|why|how)(?:'s|’s)?\s+(?:is|are|was|were|do|does|did|can|could|will|should|must)|what(?:'s|’s)|who(?:'s|’s)|how\s+(?:many|much|long|often|far|old|high|tall|big|soon|late|early)|what\s+(?!i\b|you\b|he\b|she\b|it\b|we\b|they\b|people\b)\p{L}+|who\s+\p{L}+s|which\s+\p{L}+|(?:is|are)\s+there|(?:do|can|may|must|should)\s+(?:we|i))\b`;
const begins = new RegExp(`^${opening}`, 'iu');
const boundary = new RegExp(
  String.raw`[?!;\n]+\s*(?:(?:and|also|or)\s+)?|[,.]?\s+(?:and|also|plus)\s+(?:also\s+)?(?=${opening})|,\s*(?=${opening})|\.\s+(?=${opening})`,
  'iu',
);

const pointsBack =
  /\b(?:it|its|they|them|their|theirs|this|that|these|those|he|she|him|her|his|hers|one|ones|same|such|then|both|so|else|other|others|another|instead)\b/i;
