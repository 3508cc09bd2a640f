/** MedQuAD's question types (but "support groups", of which there is one question). */
export const intents = [
  'information',
  'symptoms',
  'treatment',
  'inheritance',
  'frequency',
  'genetic changes',
  'causes',
  'exams and tests',
  'research',
  'outlook',
  'susceptibility',
  'considerations',
  'prevention',
  'stages',
  'complications',
] as const;
export type Intent = (typeof intents)[number];
