import { z } from 'zod';
import type { Case, Provenance } from '../core/types/example.ts';
import { writtenText } from '../core/written-text.ts';
import { caseLineSchema } from './cases.ts';

/** One way to ask a question. */
const wordingSchema = z.strictObject({
  question: writtenText,
  /** What the tuned model should search for when asked so. Without it this wording is not used to teach rewriting. */
  searchQuery: writtenText.optional(),
  /**
   * Fields of the expected reply that differ when the answer's passage is not there: what the question alone tells. `null`:
   * without the passage it tells too little, and the wording is asked only with it.
   */
  withoutPassage: z.record(z.string(), z.unknown()).nullable().optional(),
});
export type Wording = z.infer<typeof wordingSchema>;

/** A question to learn from: a case whose answer may be trained on, with other wordings of it. */
export const trainingQuestionSchema = caseLineSchema.extend({
  /** Absent: only what to search for is learnt from it. */
  expected: caseLineSchema.shape.expected.optional(),
  split: z.enum(['train', 'validation']).optional(),
  wordings: z.array(wordingSchema).optional(),
});
/** The same as it stands in a file, its source not looked up yet. */
export type TrainingQuestionLine = z.input<typeof trainingQuestionSchema>;
export type TrainingQuestion = Omit<z.infer<typeof trainingQuestionSchema>, 'source'> &
  Pick<Case, 'source'> & {
    /** Where it came from; what its examples are made of is added to it. */
    provenance?: Provenance;
  };
