/**
 * What speaks for a passage. Each is in [0, 1] (`meaning` may fall below 0), on a scale that does not depend on what else was found; but
 * `words` is a share of the best passage's, and `codes` counts less the more of the passages compared have a code. `fuse/ranking.ts` says what each is worth; the files beside this one say how each is measured.
 */
export interface Signals {
  /** Cosine of the passage to the question: `search/candidates.ts`. */
  meaning: number;
  /** BM25 of the question's words, as a share of the best passage's: `search/candidates.ts`. */
  words: number;
  /** Share of the question's neighbouring words that stand side by side in the passage too: `phrases.ts`. */
  phrases: number;
  /** How much of a name of the passage's document is in the question, less for a name that many documents have: `names.ts`. */
  names: number;
  /** Share of what the question names by digits ("GK-19", 2.1, 3 July 2025) that the passage has: `codes.ts`. */
  codes: number;
  /** Cosine of the headings above the passage to the question: `search/candidates.ts`. */
  headings: number;
  /**
   * How often questions like this one were answered below a heading like the passage's; only in a project that learnt it:
   * `learn/asked-sections.ts`.
   */
  sections: number;
}

export const signalNames = [
  'meaning',
  'words',
  'phrases',
  'names',
  'codes',
  'headings',
  'sections',
] as const satisfies (keyof Signals)[];

export const noSignals: Readonly<Signals> = {
  meaning: 0,
  words: 0,
  phrases: 0,
  names: 0,
  codes: 0,
  headings: 0,
  sections: 0,
};
