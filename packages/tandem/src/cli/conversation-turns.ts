import { z } from 'zod';
import type { Turn } from '../retrieve/conversation.ts';

/**
 * What was said before a question, as `--conversation` reads a line of it and a line of `--batch` has it. Files of other people's conversations call the words
 * `text` and the assistant `agent`: both are understood.
 */
export const turnSchema = z
  .object({
    role: z.enum(['user', 'assistant', 'agent']),
    content: z.string().optional(),
    text: z.string().optional(),
  })
  .refine(({ content, text }) => content !== undefined || text !== undefined, {
    path: ['content'],
    message: 'must be text',
  })
  .transform(
    ({ role, content, text }): Turn => ({
      role: role === 'user' ? 'user' : 'assistant',
      content: content ?? text ?? '',
    }),
  );
