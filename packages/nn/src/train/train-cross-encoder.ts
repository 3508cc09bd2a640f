import type { CrossEncoderJob, EmbedderResult, EncoderProgress } from './encoder-job.ts';
import { runInThread } from './run-in-thread.ts';

/**
 * Trains a cross-encoder in a worker thread, from the same pairs as an embedder, and writes a folder that
 * `CrossEncoder.load` and sentence-transformers load. The loss is binary cross-entropy over each query's right text and
 * its wrong ones. `directory` holds an embedder, whose weights then get a new head, or a cross-encoder, which is
 * trained further.
 *
 * Recall@1 is the share of the validation queries whose right text scores above all of its wrong ones. Determinism,
 * checkpoints, aborting and errors are as in `trainEmbedder`.
 */
export function trainCrossEncoder(
  options: CrossEncoderJob & { signal?: AbortSignal; onProgress?: (progress: EncoderProgress) => void },
): Promise<EmbedderResult> {
  const { signal, onProgress, ...job } = options;
  return runInThread({ kind: 'cross-encoder', job }, { signal, onProgress });
}
