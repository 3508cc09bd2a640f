import { z } from 'zod';

/** What a local embedder's files leave open, or say wrongly. All of it is optional. */
export const embedderOptionsSchema = z.strictObject({
  /** What is put before a question and before a document's text, in place of what the model's files or the table of known models say. */
  prefixes: z.strictObject({ query: z.string().optional(), document: z.string().optional() }).optional(),
  /** Of a GGUF file, in place of what it says: the mean of all tokens, the first one (`cls`), or the `last`. */
  pooling: z.enum(['mean', 'cls', 'last']).optional(),
  /** The languages that it reads, as ISO 639-1 codes, or `many`: for the warning where documents are in another one. */
  languages: z
    .union([
      z.literal('many'),
      z
        .array(z.string().regex(/^[a-z]{2,3}$/))
        .min(1)
        .readonly(),
    ])
    .optional(),
});
/** What a local embedder's files leave open, or say wrongly. */
export type EmbedderOptions = z.infer<typeof embedderOptionsSchema>;
