/** What speaks for a passage: all that ranking looks at, each about in [0, 1]. */
export interface Evidence {
  /** Cosine to the whole question. */
  dense: number;
  /** Cosine to the name with what is asked; that of `dense` where no name was recognised. */
  focused: number;
  /** Best cosine to a clause that asks, names left out. */
  asked: number;
  /** Best cosine of such a clause to the headings above the passage, the title left out. */
  heading: number;
  /** How much such a clause is like what other documents say below the same heading. */
  section: number;
  /** Its section is of a kind that is asked for, by what its heading says: how surely. */
  kind: number;
  /** BM25 of the whole question and of the condensed one, as shares of the best found. */
  lexical: number;
  condensed: number;
  /** 60 / (60 + rank) in the searches by meaning and by words, 0 where not found: what reciprocal rank fusion adds up. */
  denseRank: number;
  lexicalRank: number;
  /**
   * How well the document is named in the question, as a share of the best-named one; how much of its name is there. Both less
   * where no document has much of its name there.
   */
  named: number;
  cover: number;
  /** Its name is in the question letter for letter. */
  verbatim: number;
  /**
   * Best `dense` of any passage of the document that was looked at; and that times `named`: a name may only be a word of the story.
   */
  document: number;
  meant: number;
  /**
   * First passage of its section, as surely as that section's kind is asked for: a question about anything else may want any passage of
   * it.
   */
  first: number;
  /** In the section that the document begins with, where nothing but "What is it?" is asked. */
  lead: number;
  /** Share of the question's codes ("GK-19") that are in the passage as they are written, and in few others. */
  exact: number;
  /** It only lists what its document is called: nothing is answered by that. */
  listing: number;
}

export type Weights = Record<keyof Evidence, number>;

/** The evidence of a passage of which nothing is known yet. */
export const noEvidence: Readonly<Evidence> = {
  dense: 0,
  focused: 0,
  asked: 0,
  heading: 0,
  section: 0,
  kind: 0,
  lexical: 0,
  condensed: 0,
  denseRank: 0,
  lexicalRank: 0,
  named: 0,
  cover: 0,
  verbatim: 0,
  document: 0,
  meant: 0,
  first: 0,
  lead: 0,
  exact: 0,
  listing: 0,
};

/** Reciprocal rank fusion: what search does when every other stage is switched off. */
export const rankWeights: Weights = { ...noEvidence, denseRank: 1, lexicalRank: 1 };

export function scoreOf(evidence: Evidence, weights: Weights): number {
  let score = 0;
  for (const name of evidenceNames) score += weights[name] * evidence[name];
  return score;
}

export const evidenceNames = Object.keys(noEvidence) as (keyof Evidence)[];
