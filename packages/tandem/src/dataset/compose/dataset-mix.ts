/** How many examples of each kind; what cannot be made (no passage holds the answer) is left out and counted. */
export interface DatasetMix {
  /** The right passage among distractors. */
  passages: number;
  /** Only distractors: the right output says that it is not in the sources. */
  absent: number;
  /** No passages at all, as the tuned arm is asked. */
  closed: number;
  /** Question → search query. */
  rewrite: number;
  /** Glossary: short form → long form. Each pair in each of its forms, this many times over (0.5: in half of them). */
  glossary: number;
}

export const defaultMix: DatasetMix = { passages: 480, absent: 120, closed: 160, rewrite: 700, glossary: 2 };

/** A sixteenth of the training mix, and at most one example of a kind for each question: a training measures it several times. */
export function validationMix(mix: DatasetMix, questions: number): DatasetMix {
  const share = (count: number) => Math.min(Math.ceil(count / 16), questions);
  return {
    passages: share(mix.passages),
    absent: share(mix.absent),
    closed: share(mix.closed),
    rewrite: share(mix.rewrite),
    glossary: 0,
  };
}
