/**
 * What became of a question. `answer`. `partial`: something of what was asked is not in the sources (`unanswered` says what, where it is known). `clarify`: it may be
 * about any of several things (`choices`). `conflict`: two sources that are near to the question contradict each other (`conflicting`). `not in the sources`: it was
 * refused.
 */
export const outcomes = ['answer', 'partial', 'clarify', 'conflict', 'not in the sources'] as const;
/** One of `outcomes`. */
export type Outcome = (typeof outcomes)[number];
