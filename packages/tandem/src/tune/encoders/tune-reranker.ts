import { type EmbedderResult, trainCrossEncoder } from '@tandem/nn';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../../core/progress.ts';
import { trainingQuestions } from '../../dataset/build-dataset.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import { referenceOf } from '../../parts/reference-of.ts';
import {
  type EncoderParts,
  type EncoderSettings,
  recordEncoderTraining,
  settleEncoderSettings,
} from './encoder-run.ts';
import { refuseGguf } from './refuse-gguf.ts';
import { minePairs } from './tune-embedder.ts';

/** How a reranker is trained, where it is not to be what the settings say. */
export interface TuneRerankerOptions {
  /** Replaces the settings'. */
  epochs?: number;
  /** Drop an interrupted training instead of continuing it, which is what happens by default. */
  fresh?: boolean;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** A trained cross-encoder, and how it was trained. */
export interface TunedReranker extends EmbedderResult {
  id: string;
  /** The run in the catalogue. */
  runId: string;
  /** Pairs of question and passage, and those of them with hard negatives. */
  pairs: number;
  withNegatives: number;
  /** What it was trained with, settled. */
  settings: EncoderSettings;
  /** For `retrieve.reranker`. */
  reference: string;
}

/** Wrong passages that a question is shown beside its right one: the best that the project's own index has for it. */
const hardNegatives = 4;

/**
 * Trains a cross-encoder on the training questions, beginning with the embedder's weights: each wording with the passage that
 * answers it, beside the wrong ones that retrieval finds best. The result stands in `rerankers/ID` in the data folder; nothing uses it before
 * `retrieve.reranker` names it. The index stays as it is.
 *
 * @example
 * // takes minutes
 * const { reference } = await tuneReranker(tandem); // for the setting retrieve.reranker
 */
export async function tuneReranker(
  parts: EncoderParts,
  options: TuneRerankerOptions = {},
): Promise<TunedReranker> {
  return parts.whileOpen((signal) => trainReranker(parts, { ...options, signal }), options.signal);
}

async function trainReranker(parts: EncoderParts, options: TuneRerankerOptions): Promise<TunedReranker> {
  const { signal, onProgress } = options;
  const embedder = await parts.models.embedder();
  const tools = localToolsOf(embedder);
  if (!tools) {
    throw new InvalidInputError({
      domain: 'tune',
      where: 'models.embedder',
      message: `A reranker begins with the embedder's weights, and ${embedder.provider}:${embedder.modelId} is not a model on this machine.`,
      hint: 'Set models.embedder to a local model.',
    });
  }
  refuseGguf(tools);
  const questions = await trainingQuestions(parts);
  const of = (split: string) => questions.filter((question) => question.source && question.split === split);
  const mining = {
    negatives: hardNegatives,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };
  const train = await minePairs(parts, of('train'), mining);
  const validation = await minePairs(parts, of('validation'), mining);
  if (train.length === 0) {
    throw new InvalidInputError({
      domain: 'tune',
      where: 'dataset',
      message: `${parts.name} has no training question whose passage is indexed.`,
      hint: 'Set dataset.questions (with sources), and ingest the documents.',
    });
  }

  const { reranker: configured, seed } = parts.settings.tune;
  const { epochs = configured.epochs } = options;
  const settings = await settleEncoderSettings('reranker', { ...configured, epochs }, seed);
  const hyperparameters = { ...settings, negatives: hardNegatives };
  const trained = await recordEncoderTraining(parts, {
    kind: 'reranker',
    base: tools,
    train,
    validation,
    baseModel: embedder.modelId,
    settings: hyperparameters,
    fresh: options.fresh,
    signal,
    onProgress,
    card: () => ({
      pairs: train,
      hyperparameters,
      usage: 'With Tandem: `retrieve: { reranker: "local:./DIRECTORY" }`.',
    }),
    run: (job) =>
      trainCrossEncoder({
        ...job,
        directory: tools.path,
        pairs: train,
        validation,
        hyperparameters,
        ...(signal && { signal }),
      }),
  });
  const withNegatives = train.filter(({ negatives }) => negatives?.length).length;
  const reference = `local:${referenceOf(parts, trained.directory)}`;
  return { ...trained, settings, pairs: train.length, withNegatives, reference };
}
