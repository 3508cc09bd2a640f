/** Which packages the corpus is made of: `manifest.json`, checked. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const packageSchema = z.strictObject({
  /** What sort of documentation it is: figures are told by kind. */
  kind: z.string(),
  from: z.enum(['debian', 'npm']),
  name: z.string(),
  version: z.string(),
  /** Of the package's file as the registry serves it. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Of the documentation that is taken: SPDX identifier, or `public domain`. */
  licence: z.string(),
  /** Where the package itself says so. */
  licenceFile: z.string(),
  /** Globs of the files that are read. */
  take: z.array(z.string()),
  /** Parts of paths that are left out of these: lists of an API, generated files, copies. */
  leave: z.array(z.string()).default([]),
});
export type CorpusPackage = z.output<typeof packageSchema>;

export function readManifest(): CorpusPackage[] {
  return z
    .array(packageSchema)
    .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'manifest.json'), 'utf8')));
}
