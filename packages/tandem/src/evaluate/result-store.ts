import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { DiskFullError } from '../core/errors/disk-full-error.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Answer } from '../core/types/answer.ts';

/** Why a question has no answer. */
export interface FailureRecord {
  /** One clear sentence. */
  message: string;
  hint?: string;
  code: string;
}

/** Where finished answers wait for the rest, so that a comparison that was cut off continues from them. */
export interface ResultStore {
  get(key: string): StoredAnswer | undefined;
  /** Resolves once the row is on the disk. */
  put(key: string, row: StoredAnswer): Promise<void>;
}

/** One answer of one arm to one case, or why there is none. */
export interface StoredAnswer {
  arm: string;
  caseId: string;
  pass: 'answers' | 'latency';
  answer?: Answer;
  failure?: FailureRecord;
}

/** The shape is checked only as far as telling a row from something else: rows are written by this file alone. */
const rowSchema = z.object({
  key: z.string(),
  row: z.object({
    arm: z.string(),
    caseId: z.string(),
    pass: z.enum(['answers', 'latency']),
    answer: z.custom<StoredAnswer['answer']>().optional(),
    failure: z.object({ message: z.string(), hint: z.string().optional(), code: z.string() }).optional(),
  }),
});

/**
 * Finished answers in an append-only JSONL file, one `{key, row}` a line, each on the disk (fsync) before `put` resolves. A
 * last line that was cut off by a crash is dropped; a broken line before it is an `InvalidInputError`. Only one process
 * may have it open: the caller holds the catalogue's lock.
 */
export async function openResultStore(path: string): Promise<ResultStore & AsyncDisposable> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a+');
  const rows = new Map<string, StoredAnswer>();
  try {
    const content = await file.readFile();
    const complete = content.lastIndexOf(0x0a) + 1;
    if (complete < content.length) await file.truncate(complete);
    const lines = content.subarray(0, complete).toString('utf8').split('\n').slice(0, -1);
    lines.forEach((line, index) => {
      const { key, row } = parseRow(line, `${path}:${index + 1}`);
      rows.set(key, row);
    });
  } catch (error) {
    await file.close();
    throw error;
  }

  // One write after another, so that lines never mix however many answers finish at once.
  let last: Promise<void> = Promise.resolve();
  return {
    get: (key) => rows.get(key),
    put(key, row) {
      last = last.then(async () => {
        try {
          await file.appendFile(`${JSON.stringify({ key, row })}\n`);
          await file.datasync();
        } catch (cause) {
          if ((cause as NodeJS.ErrnoException).code === 'ENOSPC')
            throw new DiskFullError({ path, domain: 'evaluate', cause });
          throw cause;
        }
        rows.set(key, row);
      });
      return last;
    },
    async [Symbol.asyncDispose]() {
      await last.catch(() => {});
      await file.close();
    },
  };
}

/** Keeps answers in memory only. */
export function memoryResultStore(): ResultStore {
  const rows = new Map<string, StoredAnswer>();
  return {
    get: (key) => rows.get(key),
    async put(key, row) {
      rows.set(key, row);
    },
  };
}

function parseRow(line: string, where: string): z.infer<typeof rowSchema> {
  try {
    return rowSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new InvalidInputError({
      message: `${where} is not a stored answer.`,
      hint: 'Delete that line, or the whole file to answer every case again.',
      where,
      domain: 'evaluate',
      cause,
    });
  }
}
