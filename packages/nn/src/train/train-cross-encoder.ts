import type { CrossEncoderJob, EmbedderResult, EncoderProgress } from './encoder-job.ts';
import { runInThread } from './run-in-thread.ts';

/**
 * Trains a cross-encoder in a worker thread from the pairs that train an embedder, with binary cross-entropy over each query's
 * right text and its wrong ones, and writes a folder that `CrossEncoder.load` and sentence-transformers load. It begins with an
 * embedder's weights and a new head, or goes on with a cross-encoder.
 *
 * Recall@1 is the share of the validation queries whose right text scores above its own wrong ones. Determinism, checkpoints, abort and
 * errors are those of `trainEmbedder`.
 */
export function trainCrossEncoder(
  options: CrossEncoderJob & { signal?: AbortSignal; onProgress?: (progress: EncoderProgress) => void },
): Promise<EmbedderResult> {
  const { signal, onProgress, ...job } = options;
  return runInThread({ kind: 'cross-encoder', job }, { signal, onProgress });
}
