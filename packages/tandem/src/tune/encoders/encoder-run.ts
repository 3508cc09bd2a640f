import { mkdir } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import {
  type EmbedderPair,
  type EmbedderResult,
  type EncoderCard,
  exportEncoderCard,
  graph,
  TrainingDivergedError,
  type trainEmbedder,
} from '@tandem/nn';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { hashJson } from '../../core/hash.ts';
import { newId } from '../../core/id.ts';
import type { ProgressListener } from '../../core/progress.ts';
import type { EncoderTuneConfig } from '../../core/settings.ts';
import type { LocalEmbedderTools } from '../../models/local-tools.ts';
import { originalOf } from '../../models/registry.ts';
import { checkoutOf } from '../../parts/checkout.ts';
import type { Parts } from '../../parts/parts.ts';
import { divergedError } from '../diverged.ts';
import { checkpointDirectoryOf, recordTraining } from '../training-run.ts';

type EncoderProgress = Parameters<NonNullable<Parameters<typeof trainEmbedder>[0]['onProgress']>>[0];

/** The parts that an embedder or a reranker is trained with. */
export type EncoderParts = Pick<
  Parts,
  | 'name'
  | 'settings'
  | 'catalog'
  | 'models'
  | 'material'
  | 'directory'
  | 'dataDirectory'
  | 'retriever'
  | 'whileOpen'
>;

/** Where a training writes its result, and where it keeps what it needs to continue after it was killed. */
export interface EncoderRunJob {
  outputDirectory: string;
  checkpointDirectory: string;
  resume: true;
  onProgress: (progress: EncoderProgress) => void;
}

/** What an encoder is trained with, all of it settled. */
export interface EncoderSettings {
  method: 'full' | 'lora';
  products: 'float32' | 'int8';
  rank?: number;
  alpha?: number;
  epochs: number;
  patience: number;
  learningRate: number;
  batchSize: number;
  seed: number;
}

/**
 * The settings with those filled in that they leave open. Products in eight bits are as good in what they lead to and a third
 * faster (docs/training.md), where the CPU computes them exactly.
 * @throws InvalidInputError where `int8` is asked for on a CPU that has no exact products of integers.
 */
export async function settleEncoderSettings(
  kind: 'embedder' | 'reranker',
  config: EncoderTuneConfig,
  seed: number,
): Promise<EncoderSettings> {
  const { method, rank, alpha, epochs, patience } = config;
  const integers = method === 'full' && config.products !== 'float32' && (await graph.hasIntegerProducts());
  if (config.products === 'int8' && !integers) {
    throw new InvalidInputError({
      domain: 'tune',
      where: `tune.${kind}.products`,
      message: `tune.${kind}.products is int8, and this CPU has no exact products of eight-bit integers.`,
      hint: 'Set it to auto or float32.',
    });
  }
  return {
    method,
    products: integers ? 'int8' : 'float32',
    ...(method === 'lora' && { rank, alpha }),
    epochs,
    patience,
    learningRate: config.learningRate ?? (method === 'lora' ? 1e-3 : 5e-5),
    batchSize: config.batchSize ?? (kind === 'embedder' ? 64 : 16),
    seed,
  };
}

/**
 * Trains an embedder or a reranker as a tracked run: its events, what it was made from by hash, its metrics, and its folder in the data
 * folder. A run of the same model, pairs and settings that was interrupted, even by `kill -9`, is continued.
 */
export async function recordEncoderTraining<Result extends EmbedderResult>(
  parts: Pick<Parts, 'name' | 'catalog' | 'models' | 'directory' | 'dataDirectory'>,
  options: {
    kind: 'embedder' | 'reranker';
    base: LocalEmbedderTools;
    train: readonly EmbedderPair[];
    validation: readonly EmbedderPair[];
    /** The base's name in the settings. */
    baseModel: string;
    /** All else that decides the result. */
    settings: EncoderSettings & Record<string, unknown>;
    /** Begin again where a training was interrupted. */
    fresh?: boolean | undefined;
    signal?: AbortSignal | undefined;
    onProgress?: ProgressListener | undefined;
    run: (job: EncoderRunJob) => Promise<Result>;
    /** For the model card, of all pairs that were trained on; what they are made of is hashed. */
    card: (result: Result) => {
      pairs: readonly EmbedderPair[];
      hyperparameters: Record<string, unknown>;
      comparisons?: EncoderCard['comparisons'];
      usage: string;
    };
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
  const id = newId(kind);
  const folder = join(parts.dataDirectory, `${kind}s`);
  await mkdir(folder, { recursive: true });
  return await recordTraining(parts, {
    fingerprint,
    // The base by its reference, so that with and without can be compared when the embedder has taken its place.
    config: { kind, base: parts.models.names.embedder, ...settings },
    inputs,
    signal,
    ...(options.fresh && { fresh: true }),
    async train({ run, onEvent }) {
      const trained = await options
        .run({
          outputDirectory: join(folder, id),
          checkpointDirectory: checkpointDirectoryOf(parts, fingerprint),
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
        })
        .catch((error: unknown) => {
          if (!TrainingDivergedError.isInstance(error)) throw error;
          const { learningRate } = settings;
          throw divergedError(error, { setting: `tune.${kind}.learningRate`, learningRate, cause: error });
        });
      const { metrics } = trained;
      const { pairs, hyperparameters, comparisons, usage } = options.card(trained);
      await exportEncoderCard(trained.directory, {
        title: `${parts.name}: ${id}`,
        task: kind === 'embedder' ? 'sentence-similarity' : 'text-ranking',
        base: {
          name: originalOf(options.baseModel) ?? nameOf(options.baseModel),
          sha256: base.baseHash,
        },
        data: { pairs: pairs.length, sha256: hashJson(pairs), validationPairs: validation.length },
        hyperparameters,
        metrics,
        ...(comparisons && { comparisons }),
        lineage: {
          created: new Date().toISOString(),
          run: run.id,
          commit: checkoutOf(parts.directory).commit,
        },
        usage,
      });
      const best = metrics.validation.find(({ step }) => step === metrics.bestStep);
      return {
        artefacts: [relative(parts.dataDirectory, trained.directory)],
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

/** A Hub repository as it is; of a folder of the user's own only what it is called. */
const nameOf = (model: string) => (/^[\w-][\w.-]*\/[\w.-]+$/.test(model) ? model : basename(model));
