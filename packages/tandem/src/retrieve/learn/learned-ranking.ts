import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { Ranking } from '../fuse/ranking.ts';
import type { AskedSection } from './asked-sections.ts';

/** What `tandem tune --ranking` learnt from a project's questions. */
export interface LearnedRanking {
  ranking: Ranking;
  /** Absent where the answers stand below no headings. */
  asked?: readonly AskedSection[];
  /** Of the embedder that `asked` was made with, and that the index must be made with. */
  embedderHash: string;
}

const fileName = 'ranking.json';

const schema = z.object({
  version: z.literal(1),
  embedderHash: z.string(),
  ranking: z.object({
    meaning: z.number(),
    separation: z.number(),
    phrases: z.number(),
    names: z.number(),
    codes: z.number(),
    headings: z.number(),
    sections: z.number(),
    reranked: z.number(),
    turns: z.number(),
  }) satisfies z.ZodType<Ranking>,
  asked: z
    .object({
      dimensions: z.number().int().positive(),
      headings: z.array(z.string()),
      /** Float32, little endian, base64. */
      vectors: z.string(),
    })
    .optional(),
});

/** Writes `ranking.json` into a folder that is there. */
export async function writeLearnedRanking(
  directory: string,
  { ranking, asked, embedderHash }: LearnedRanking,
): Promise<void> {
  const dimensions = asked?.[0]?.vector.length;
  const content: z.input<typeof schema> = {
    version: 1,
    embedderHash,
    ranking,
    ...(asked &&
      dimensions !== undefined && {
        asked: {
          dimensions,
          headings: asked.map(({ heading }) => heading),
          vectors: Buffer.concat(
            asked.map(({ vector }) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)),
          ).toString('base64'),
        },
      }),
  };
  await writeFile(join(directory, fileName), `${JSON.stringify(content)}\n`);
}

/**
 * @throws InvalidInputError where the folder has no ranking, or one that cannot be read.
 */
export async function readLearnedRanking(directory: string): Promise<LearnedRanking> {
  const file = join(directory, fileName);
  const refuse = (why: string, cause?: unknown) =>
    new InvalidInputError({
      domain: 'retrieve',
      where: 'retrieve.ranking',
      message: `${file} ${why}.`,
      hint: 'Train a ranking (tuneRanking), and set retrieve.ranking to the folder that it names.',
      cause,
    });
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw refuse('cannot be read', error);
  }
  let content: z.output<typeof schema>;
  try {
    content = schema.parse(JSON.parse(text));
  } catch (error) {
    throw refuse('is no ranking of this version', error);
  }
  const { ranking, embedderHash, asked } = content;
  if (!asked) return { ranking, embedderHash };
  const bytes = Buffer.from(asked.vectors, 'base64');
  if (bytes.byteLength !== 4 * asked.dimensions * asked.headings.length) throw refuse('is damaged');
  const all = new Float32Array(new Uint8Array(bytes).buffer);
  return {
    ranking,
    embedderHash,
    asked: asked.headings.map((heading, at) => ({
      heading,
      vector: all.subarray(at * asked.dimensions, (at + 1) * asked.dimensions),
    })),
  };
}
