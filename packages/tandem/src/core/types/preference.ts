import { z } from 'zod';

const message = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string().min(1) });
const reply = z
  .array(z.object({ role: z.literal('assistant'), content: z.string().min(1) }))
  .length(1, 'one message of the assistant');

/**
 * Two replies to one conversation of which a person preferred one, in OpenAI's JSONL form for preference fine-tuning: thumbs up
 * and down on two answers to a question become one line.
 */
export const preferenceSchema = z.object({
  input: z.object({
    messages: z
      .array(message)
      .min(1)
      .refine((messages) => messages.at(-1)?.role === 'user', "the last message must be the user's"),
  }),
  preferred_output: reply,
  non_preferred_output: reply,
});
export type Preference = z.infer<typeof preferenceSchema>;
