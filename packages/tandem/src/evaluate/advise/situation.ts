import { z } from 'zod';

/** What is known before there is data. What is left out is open, and the advice says what it would change. */
export const situationSchema = z.strictObject({
  /** How often the facts change that answers rest on. */
  changes: z.enum(['daily', 'weekly', 'monthly', 'rarely']).optional(),
  /** Whether an answer must name where it is from. */
  attribution: z.boolean().optional(),
  /** Words of all documents. */
  words: z.number().int().min(0).optional(),
  /** `free` text, `structured` (JSON, a house style), or one of a fixed set of `choices`. */
  form: z.enum(['free', 'structured', 'choices']).optional(),
  /** Seconds that an answer may take at most. */
  seconds: z.number().positive().optional(),
  /** Whether people use words, abbreviations or codes that are in no dictionary. */
  jargon: z.boolean().optional(),
  /** Questions with right answers, or texts with right labels, that there are or could be had. */
  examples: z.number().int().min(0).optional(),
  /** Whether documents and questions may not leave the building. */
  stays: z.boolean().optional(),
});
/** What is known of a project before there is data; each member as `situationSchema` says. */
export type Situation = z.infer<typeof situationSchema>;

/** One question for each member, as a person is asked it. */
export const situationQuestions: readonly { name: keyof Situation; ask: string; reply: string }[] = [
  {
    name: 'changes',
    ask: 'How often do the facts change that answers rest on?',
    reply: 'daily, weekly, monthly or rarely',
  },
  { name: 'attribution', ask: 'Must an answer name the document that it is from?', reply: 'yes or no' },
  {
    name: 'words',
    ask: 'How many words have all documents together? (A page has about 400.)',
    reply: 'a number',
  },
  {
    name: 'form',
    ask: 'What is an answer: free text, structured (JSON, a house style), or one of fixed choices?',
    reply: 'free, structured or choices',
  },
  { name: 'seconds', ask: 'How many seconds may an answer take at most?', reply: 'a number' },
  {
    name: 'jargon',
    ask: 'Do people use words, abbreviations or codes that are in no dictionary?',
    reply: 'yes or no',
  },
  {
    name: 'examples',
    ask: 'How many questions with right answers are there, or could be had?',
    reply: 'a number',
  },
  { name: 'stays', ask: 'Must documents and questions stay in the building?', reply: 'yes or no' },
];
