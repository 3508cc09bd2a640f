import type { LocalEmbedderTools } from './local-tools.ts';

/** How a tokenizer gets on with a text. */
export interface Reading {
  /** Tokens for a word: 1 to 2 in a language that its vocabulary was made for, 4 and more where it spells letter by letter. */
  piecesPerWord: number;
  /** Share of the tokens that stand for something that the vocabulary does not have. */
  unknownShare: number;
}

/** Words as Unicode finds them, also where a script has no spaces. Undefined for a text without words. */
export function measureReading(
  tools: Pick<LocalEmbedderTools, 'countTokens' | 'countUnknown'>,
  text: string,
): Reading | undefined {
  let words = 0;
  let tokens = 0;
  let unknown = 0;
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    // Numbers and names in other letters say nothing about the language.
    if (!isWordLike || /\d/.test(segment)) continue;
    words++;
    tokens += tools.countTokens(segment);
    unknown += tools.countUnknown(segment);
  }
  if (words === 0 || tokens === 0) return undefined;
  return { piecesPerWord: tokens / words, unknownShare: unknown / tokens };
}

/**
 * Whether a tokenizer can read a language at all: a model has learnt little of words that it sees as single letters or as unknown. That it
 * can is no proof that the model was trained on the language.
 */
export function canRead({ piecesPerWord, unknownShare }: Reading): boolean {
  return piecesPerWord < mostPieces && unknownShare < mostUnknown;
}

/** Chosen between what MiniLM's vocabulary, which was made for English, makes of French and German, and of Finnish, Hindi, Arabic and Russian. */
const mostPieces = 2.8;
/** Likewise: of text in Latin letters hardly anything is unknown to it, of Japanese, Thai and Chinese a large part. */
const mostUnknown = 0.1;

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
