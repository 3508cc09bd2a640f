import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { EmbedderPair, EmbedderResult, trainEmbedder } from '@tandem/nn';
import { hashJson } from '../core/hash.ts';
import { newId } from '../core/id.ts';
import type { ProgressListener } from '../core/progress.ts';
import type { LocalEmbedderTools } from '../models/local-tools.ts';
import type { Project } from './project.ts';
import { checkpointDirectoryOf, recordTraining } from './training-run.ts';

type EncoderProgress = Parameters<NonNullable<Parameters<typeof trainEmbedder>[0]['onProgress']>>[0];

/** What a training is given to write to, and to be gone on with after it was killed. */
export interface EncoderRunJob {
  outputDirectory: string;
  checkpointDirectory: string;
  resume: true;
  onProgress: (progress: EncoderProgress) => void;
}

/**
 * Trains an embedder or a reranker as a tracked run: its events, what it was made from by hash, its metrics, and its folder under
 * `.tandem/`. A run of the same model, pairs and settings that was interrupted, even by `kill -9`, is gone on with.
 */
export async function recordEncoderTraining<Result extends EmbedderResult>(
  project: Project,
  options: {
    kind: 'embedder' | 'reranker';
    base: LocalEmbedderTools;
    train: readonly EmbedderPair[];
    validation: readonly EmbedderPair[];
    /** All else that decides the result. */
    settings: Record<string, unknown>;
    /** Begin anew where a training was interrupted. */
    fresh?: boolean | undefined;
    signal?: AbortSignal | undefined;
    onProgress?: ProgressListener | undefined;
    run: (job: EncoderRunJob) => Promise<Result>;
    /** Beside the training's own. */
    metrics?: (result: Result) => Record<string, number | undefined>;
  },
): Promise<Result & { id: string; runId: string }> {
  const { kind, base, train, validation, settings, signal, onProgress } = options;
  const inputs = {
    base: base.baseHash,
    train: hashJson(train),
    validation: hashJson(validation),
  };
  const fingerprint = hashJson({ kind, ...inputs, settings });
  const checkpointDirectory = checkpointDirectoryOf(project, fingerprint);

  await using _lock = await project.catalog.lockForWriting('training', signal && { signal });
  if (options.fresh) await rm(checkpointDirectory, { recursive: true, force: true });
  // Before the run is recorded: by this folder an interrupted one is known.
  await mkdir(checkpointDirectory, { recursive: true });
  const id = newId(kind);
  const folder = join(project.dataDirectory, `${kind}s`);
  await mkdir(folder, { recursive: true });
  return await recordTraining(project, {
    fingerprint,
    checkpointDirectory,
    config: { kind, ...settings },
    inputs,
    signal,
    async train({ run, onEvent }) {
      const trained = await options.run({
        outputDirectory: join(folder, id),
        checkpointDirectory,
        resume: true,
        onProgress: (progress) => {
          onProgress?.(progress);
          const { done, loss, learningRate = 0, gradientNorm = 0, validationLoss, recallAt1 } = progress;
          if (loss !== undefined) onEvent('step', { step: done, loss, learningRate, gradientNorm });
          if (validationLoss !== undefined) {
            onEvent('validation', {
              step: done,
              loss: validationLoss,
              ...(recallAt1 !== undefined && { recallAt1 }),
            });
          }
        },
      });
      const { metrics } = trained;
      const best = metrics.validation.find(({ step }) => step === metrics.bestStep);
      return {
        artefacts: [relative(project.dataDirectory, trained.directory)],
        metrics: {
          steps: metrics.steps,
          tokens: metrics.tokens,
          seconds: metrics.seconds,
          pairsPerSecond: metrics.pairsPerSecond,
          peakMemoryBytes: metrics.peakMemoryBytes,
          trainLoss: metrics.losses.at(-1),
          validationLossBefore: metrics.validation[0]?.loss,
          validationLossAfter: best?.loss,
          recallAt1Before: metrics.validation[0]?.recallAt1,
          recallAt1After: best?.recallAt1,
          ...options.metrics?.(trained),
        },
        result: { ...trained, id, runId: run.id },
      };
    },
  });
}
