import { z } from 'zod';
import { TandemError } from '../core/errors/tandem-error.ts';
import type { ProgressListener } from '../core/progress.ts';
import { writtenText } from '../core/written-text.ts';
import { readJsonl } from '../dataset/jsonl.ts';
import { turnSchema } from './conversation-turns.ts';

const batchLine = z.object({
  id: z.union([z.string(), z.number()]),
  question: writtenText,
  turns: z.array(turnSchema).optional(),
});

/**
 * One JSON line to stdout for each line of the file, in its order. The file is checked whole before the first question is
 * asked. A question that cannot be answered (too long, say) gets `{id, error}` and the others are still asked; the exit code is then 1.
 */
export async function runBatch(
  path: string,
  options: { signal: AbortSignal; onProgress: ProgressListener; stage: string },
  answer: (line: z.infer<typeof batchLine>) => Promise<object>,
): Promise<void> {
  const lines = await readJsonl(path, batchLine);
  const tell = (done: number) =>
    options.onProgress({ stage: options.stage, done, total: lines.length, unit: 'questions' });
  tell(0);
  for (const [index, line] of lines.entries()) {
    options.signal.throwIfAborted();
    try {
      console.log(JSON.stringify(await answer(line)));
    } catch (error) {
      if (!TandemError.isInstance(error) || error.category !== 'user') throw error;
      console.log(JSON.stringify({ id: line.id, error: error.message }));
      process.exitCode = 1;
    }
    tell(index + 1);
  }
}
