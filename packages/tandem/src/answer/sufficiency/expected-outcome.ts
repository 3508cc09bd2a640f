/**
 * What is to be expected of a question whose passages may answer it, before anything is written. Whether they do is sufficiency's to say, and `conflict` is told by the sentences
 * themselves.
 */
export const expectedOutcomes = ['answer', 'partial', 'clarify'] as const;
export type ExpectedOutcome = (typeof expectedOutcomes)[number];
