import { z } from 'zod';
import { writtenText } from '../written-text.ts';

const message = z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: writtenText });
const reply = z
  .array(z.strictObject({ role: z.literal('assistant'), content: writtenText }))
  .length(1, 'one message of the assistant');

/**
 * Two replies to one conversation of which a person preferred one, in OpenAI's JSONL form for preference fine-tuning: thumbs up
 * and down on two answers to a question become one line. Members that it does not know (tools, names) are refused by name.
 */
export const preferenceSchema = z.strictObject({
  input: z.strictObject({
    messages: z
      .array(message)
      .min(1)
      .refine((messages) => messages.at(-1)?.role === 'user', "the last message must be the user's"),
  }),
  preferred_output: reply,
  non_preferred_output: reply,
});
export type Preference = z.infer<typeof preferenceSchema>;
