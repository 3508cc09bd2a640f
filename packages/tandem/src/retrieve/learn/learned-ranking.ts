import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { sha256 } from '../../core/hash.ts';
import type { Ranking } from '../fuse/ranking.ts';
import type { AskedSection } from './asked-sections.ts';

/** What `tuneRanking` learnt from a project's questions. */
export interface LearnedRanking {
  ranking: Ranking;
  /** SHA-256 of the ids of all documents that its questions are about. */
  documents: readonly string[];
  /** Absent where the answers stand below no headings. */
  asked?: readonly AskedSection[];
  /** Of the embedder that `asked` was made with, and that the index must be made with. */
  embedderHash: string;
  /** The reranker that `ranking.reranked` was chosen with; absent where there was none. */
  reranker?: string;
}

/** In the folder of a learnt ranking. */
export const rankingFile = 'ranking.json';

const schema = z.object({
  version: z.literal(1),
  embedderHash: z.string(),
  reranker: z.string().optional(),
  documents: z.array(z.string()),
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
      /** Places in `documents` above, one for each heading. */
      documents: z.array(z.number().int().min(0)),
      /** Float32, little endian, base64. */
      vectors: z.string(),
    })
    .optional(),
});

/** Writes `ranking.json` into a folder that is there: whole, or it stays as it was. */
export async function writeLearnedRanking(
  directory: string,
  { ranking, asked, documents, embedderHash, reranker }: LearnedRanking,
): Promise<void> {
  const dimensions = asked?.[0]?.vector.length;
  const places = new Map(documents.map((document, at) => [document, at]));
  const content: z.input<typeof schema> = {
    version: 1,
    embedderHash,
    ...(reranker !== undefined && { reranker }),
    ranking,
    documents: [...documents],
    ...(asked &&
      dimensions !== undefined && {
        asked: {
          dimensions,
          headings: asked.map(({ heading }) => heading),
          documents: asked.map(({ document }) => places.get(document)!),
          vectors: Buffer.concat(
            asked.map(({ vector }) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)),
          ).toString('base64'),
        },
      }),
  };
  const file = join(directory, rankingFile);
  await writeFile(`${file}.partial`, `${JSON.stringify(content)}\n`, { flush: true });
  await rename(`${file}.partial`, file);
}

/** SHA-256 of what was learnt. @throws InvalidInputError where the folder has no ranking. */
export async function hashLearnedRanking(directory: string): Promise<string> {
  return sha256(await textOf(join(directory, rankingFile)));
}

/**
 * @throws InvalidInputError where the folder has no ranking, or one that cannot be read.
 */
export async function readLearnedRanking(directory: string): Promise<LearnedRanking> {
  const file = join(directory, rankingFile);
  const refuse = (why: string, cause?: unknown) => cannotBeUsed(`${file} ${why}.`, cause);
  const text = await textOf(file);
  let content: z.output<typeof schema>;
  try {
    content = schema.parse(JSON.parse(text));
  } catch (error) {
    throw refuse('is no ranking of this version', error);
  }
  const { version: _version, asked, reranker, ...rest } = content;
  const learned = { ...rest, ...(reranker !== undefined && { reranker }) };
  if (!asked) return learned;
  const bytes = Buffer.from(asked.vectors, 'base64');
  if (
    bytes.byteLength !== 4 * asked.dimensions * asked.headings.length ||
    asked.documents.length !== asked.headings.length ||
    asked.documents.some((place) => place >= rest.documents.length)
  )
    throw refuse('is damaged');
  const all = new Float32Array(new Uint8Array(bytes).buffer);
  return {
    ...learned,
    asked: asked.headings.map((heading, at) => ({
      heading,
      document: rest.documents[asked.documents[at]!]!,
      vector: all.subarray(at * asked.dimensions, (at + 1) * asked.dimensions),
    })),
  };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw cannotBeUsed(`${file} cannot be read.`, error);
  }
}

function cannotBeUsed(message: string, cause: unknown): InvalidInputError {
  return new InvalidInputError({
    domain: 'retrieve',
    where: 'retrieve.ranking',
    message,
    hint: 'Learn a ranking (tuneRanking) and set retrieve.ranking to the folder that it names, or leave the setting out.',
    cause,
  });
}
