import { z } from 'zod';

const chatMessage = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string().min(1) });
/** One turn of a conversation: who speaks, and the text. */
export type ChatMessage = z.infer<typeof chatMessage>;

/**
 * One training example in OpenAI's chat fine-tuning JSONL form: the last message is the assistant's and is what is
 * learnt. `metadata` is ours and optional; a file written for OpenAI's API is a valid dataset here.
 */
export const exampleSchema = z.object({
  messages: z
    .array(chatMessage)
    .min(2)
    .refine((messages) => messages.at(-1)?.role === 'assistant', "the last message must be the assistant's"),
  metadata: z
    .object({
      id: z.string(),
      /** Which part of the mix it belongs to: "passages", "absent", "closed", "glossary", "rewrite" … */
      kind: z.string(),
      /** Cluster for splits and resampling: examples about one entity share it. */
      group: z.string(),
      documentId: z.string().optional(),
    })
    .partial()
    .optional(),
});
/** One training example; see `exampleSchema`. */
export type Example = z.infer<typeof exampleSchema>;

/**
 * One held-out question. `expected` is the right answer: a text, or the fields of the project's output schema
 * (`answer.output.textField` is the text compared). `group` is what is resampled for intervals; without it a case is its own group.
 */
export const caseSchema = z.object({
  id: z.string().min(1),
  question: z.string().min(1),
  expected: z.union([z.string(), z.record(z.string(), z.unknown())]),
  group: z.string().optional(),
  kind: z.string().optional(),
  /** A good search query for the question, names spelt out: what the tuned model learns to write. */
  searchQuery: z.string().optional(),
  /** Where the answer is: for retrieval and citation metrics. `[start, end)` are offsets into the document's text. */
  source: z.object({ documentId: z.string(), start: z.number().int(), end: z.number().int() }).optional(),
});
/** One held-out question with its right answer; see `caseSchema`. */
export type Case = z.infer<typeof caseSchema>;
