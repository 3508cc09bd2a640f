import type { EmbedderPair } from '@tandem/nn';
import { embeddedText } from '../../chunk/embedded-text.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { ProgressListener } from '../../core/progress.ts';
import { glossaryEntries, trainingQuestions } from '../../dataset/build-dataset.ts';
import type { GivenGlossary } from '../../dataset/material.ts';
import type { TrainingQuestion } from '../../dataset/training-question.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import type { Parts } from '../../parts/parts.ts';
import { glossaryPairs, type TrainedEmbedder, trainProjectEmbedder } from './embedder-trainer.ts';
import {
  type EncoderParts,
  type EncoderSettings,
  recordEncoderTraining,
  settleEncoderSettings,
} from './encoder-run.ts';
import { refuseGguf } from './refuse-gguf.ts';

/** What an embedder is trained on and for how long, where it is not to be what the settings say. */
export interface TuneEmbedderOptions {
  /** Replaces the parts' own: a CSV file or the entries. */
  glossary?: GivenGlossary;
  /** Replaces the settings'. */
  epochs?: number;
  /** Drop an interrupted training instead of continuing it, which is what happens by default. */
  fresh?: boolean;
  signal?: AbortSignal;
  onProgress?: ProgressListener;
}

/** A trained embedder, and how it was trained. */
export interface TunedEmbedder extends TrainedEmbedder {
  id: string;
  /** The run in the catalogue. */
  runId: string;
  /** Training pairs from questions, and those of them with a hard negative. */
  pairs: number;
  withNegatives: number;
  /** What it was trained with, settled. */
  settings: EncoderSettings;
}

/**
 * Fine-tunes the embedder on the training questions: each wording belongs to the passage that answers it, beside a
 * hard negative from the index, and each abbreviation of the glossary to its long form. The result stands in
 * `embedders/ID` in the data folder; nothing uses it before the settings name it and the documents are ingested again.
 *
 * @example
 * // takes minutes
 * const { directory } = await tuneEmbedder(tandem, { epochs: 2 });
 */
export async function tuneEmbedder(
  parts: EncoderParts,
  options: TuneEmbedderOptions = {},
): Promise<TunedEmbedder> {
  return parts.whileOpen((signal) => trainEmbedder(parts, { ...options, signal }), options.signal);
}

async function trainEmbedder(parts: EncoderParts, options: TuneEmbedderOptions): Promise<TunedEmbedder> {
  const { signal, onProgress } = options;
  const embedder = await parts.models.embedder();
  const tools = localToolsOf(embedder);
  if (!tools) {
    throw new InvalidInputError({
      domain: 'tune',
      where: 'models.embedder',
      message: `${embedder.provider}:${embedder.modelId} is not a model on this machine, so it cannot be trained here.`,
      hint: 'Set models.embedder to a local model.',
    });
  }
  refuseGguf(tools);
  const questions = await trainingQuestions(parts);
  const glossary = await glossaryEntries(parts, options.glossary);
  const of = (split: string) => questions.filter((question) => question.source && question.split === split);
  const train = await minePairs(parts, of('train'), options);
  const validation = await minePairs(parts, of('validation'), options);
  if (train.length + glossary.length === 0) {
    throw new InvalidInputError({
      domain: 'tune',
      where: 'dataset',
      message: `${parts.name} has no question whose passage is indexed, and no glossary.`,
      hint: 'Set dataset.questions (with sources) or dataset.glossary, and ingest the documents.',
    });
  }

  const { embedder: configured, seed } = parts.settings.tune;
  const { epochs = configured.epochs } = options;
  const settings = await settleEncoderSettings('embedder', { ...configured, epochs }, seed);
  const trained = await recordEncoderTraining(parts, {
    kind: 'embedder',
    base: tools,
    train,
    validation,
    baseModel: embedder.modelId,
    settings: { ...settings, glossary },
    fresh: options.fresh,
    signal,
    onProgress,
    run: (job) =>
      trainProjectEmbedder({
        job,
        base: tools.path,
        train,
        validation,
        glossary,
        settings,
        ...(signal && { signal }),
      }),
    card: ({ glossary: recalls }) => ({
      pairs: [...train, ...glossaryPairs(glossary)],
      hyperparameters: { ...settings },
      ...(recalls && {
        comparisons: {
          'glossary recall@1, worded as in training': recalls.trained,
          'glossary recall@1, worded as never trained on': recalls.untrained,
        },
      }),
      usage: 'With Tandem: `models: { embedder: "local:./DIRECTORY" }`, then `tandem ingest`.',
    }),
    metrics: ({ glossary: recalls }) => ({
      glossaryRecallBefore: recalls?.trained.before,
      glossaryRecallAfter: recalls?.trained.after,
      glossaryRecallUntrainedBefore: recalls?.untrained.before,
      glossaryRecallUntrainedAfter: recalls?.untrained.after,
    }),
  });
  const withNegatives = train.filter(({ negatives }) => negatives?.length).length;
  return { ...trained, settings, pairs: train.length, withNegatives };
}

/**
 * Each wording with the passage that covers most of its source. Hard negatives are the best-found passages that are not within
 * the source, and only from documents of these same questions: those of cases are never trained on, not even as wrong.
 */
export async function minePairs(
  parts: Pick<Parts, 'retriever'>,
  questions: readonly TrainingQuestion[],
  {
    signal,
    onProgress,
    negatives = 1,
  }: Pick<TuneEmbedderOptions, 'signal' | 'onProgress'> & { negatives?: number },
): Promise<EmbedderPair[]> {
  if (questions.length === 0) return [];
  const retriever = await parts.retriever();
  const documentIds = [...new Set(questions.map(({ source }) => source!.documentId))];
  const pairs = new Map<string, EmbedderPair>();
  const positives = new Map<string, Set<string>>();
  let done = 0;
  for (const { question, searchQuery, wordings, source } of questions) {
    signal?.throwIfAborted();
    onProgress?.({ stage: 'mining passages', done: done++, total: questions.length, unit: 'questions' });
    const within = ({ documentId, start, end }: { documentId: string; start: number; end: number }) =>
      documentId === source!.documentId ? Math.min(end, source!.end) - Math.max(start, source!.start) : 0;
    const query = searchQuery ?? question;
    const search = { k: 20, ...(signal && { signal }) };
    const own = await retriever.retrieve(query, { ...search, documentIds: [source!.documentId] });
    const right = own.passages
      .filter((passage) => within(passage) > 0)
      .sort((a, b) => within(b) - within(a))[0];
    if (!right) continue;
    const positive = asEmbedded(right);
    const found = await retriever.retrieve(query, { ...search, documentIds });
    const wrong = found.passages.filter((passage) => within(passage) <= 0).slice(0, negatives);
    for (const asked of new Set([question, ...(wordings ?? []).map((wording) => wording.question)])) {
      pairs.set(JSON.stringify([asked, positive]), {
        query: asked,
        positive,
        ...(wrong.length > 0 && { negatives: wrong.map(asEmbedded) }),
      });
      const key = sameWords(asked);
      positives.set(key, (positives.get(key) ?? new Set()).add(sameWords(positive)));
    }
  }
  // The same words may be asked of several sources; what answers one of them is no negative for another.
  return [...pairs.values()].map(({ negatives = [], ...pair }) => {
    const right = positives.get(sameWords(pair.query))!;
    const wrong = negatives.filter((text) => !right.has(sameWords(text)));
    return wrong.length > 0 ? { ...pair, negatives: wrong } : pair;
  });
}

/** What the index embeds for it. */
const asEmbedded = ({ prefix = '', text }: { prefix?: string | undefined; text: string }) =>
  embeddedText({ prefix, text });

/** The trainer, too, takes texts that differ in case and white space only for one. */
const sameWords = (text: string) => text.trim().replace(/\s+/g, ' ').toLowerCase();
