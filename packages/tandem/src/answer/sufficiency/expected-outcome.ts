/** What is to be expected of a question and its passages, before anything is written. `conflict` is told by the sentences themselves. */
export const expectedOutcomes = ['answer', 'partial', 'clarify', 'not in the sources'] as const;
export type ExpectedOutcome = (typeof expectedOutcomes)[number];
