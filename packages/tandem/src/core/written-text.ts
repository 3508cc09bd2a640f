import { z } from 'zod';

/** Text with something to read in it: more than white space and characters that are not seen. */
export const writtenText = z.string().refine((text) => !isBlank(text), 'it is blank');

/** Whether there is nothing to read in a text. */
export function isBlank(text: string): boolean {
  return /^[\s\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}]*$/u.test(text);
}
