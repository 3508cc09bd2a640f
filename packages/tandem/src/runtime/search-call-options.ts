import { z } from 'zod';

/** What a call may say about its search, through the peers' own ways of passing options on. */
export const searchCallOptions = z.strictObject({
  /** Passages that come back, or go into the prompt. Default: the settings'. */
  k: z.int().min(1).optional(),
  /** Access labels that the asker holds; absent: every document. */
  access: z.array(z.string()).optional(),
  /** Only these documents. */
  documentIds: z.array(z.string()).optional(),
  /** Only documents that have, for each of these keys, this value or one of these values. */
  metadata: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
});
export type SearchCallOptions = z.output<typeof searchCallOptions>;
