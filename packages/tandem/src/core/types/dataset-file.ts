import { z } from 'zod';

/** The formats that files of questions and examples may have, as `format` names them. */
export const formatNames = [
  'question-answer',
  'openai-chat',
  'sharegpt',
  'alpaca',
  'promptfoo',
  'openai-evals',
] as const;
/** One of the formats; see `formatNames`. */
export type FormatName = (typeof formatNames)[number];

/** How a file is to be read, where its content does not say so. */
export const readingSchema = z.strictObject({
  /** Default: by its first entry. */
  format: z.enum(formatNames).optional(),
  /** Which columns or members hold question and answer, where they have names of the file's own. */
  columns: z
    .strictObject({ question: z.string().min(1).optional(), answer: z.string().min(1).optional() })
    .optional(),
});
/** How a file is to be read; see `readingSchema`. */
export type Reading = z.infer<typeof readingSchema>;

/** A file of questions or examples: its path, and how it is to be read. */
export const givenFileSchema = readingSchema.extend({ file: z.string().min(1) });
/** A file of questions or examples; see `givenFileSchema`. */
export type GivenFile = z.infer<typeof givenFileSchema>;
