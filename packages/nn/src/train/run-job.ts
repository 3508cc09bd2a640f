import { requireFit } from '../adapters/adapter-fit.ts';
import { InvalidExampleError } from '../errors/invalid-example-error.ts';
import { type LayeredDecoder, openLayeredDecoder } from '../models/decoder.ts';
import { adapterInputs, decoderBatch } from '../models/decoder-batch.ts';
import { readDecoderConfig } from '../models/decoder-weights.ts';
import { runCrossEncoderTraining } from './cross-encoder-training.ts';
import { runEmbedderTraining } from './embedder-training.ts';
import type { EmbedderResult } from './encoder-job.ts';
import { readExamples } from './examples.ts';
import type { Job, LogitsJob, LogitsResult, LossJob, LossResult } from './job.ts';
import { measureLoss, supervisedObjective } from './objective.ts';
import { runTraining } from './trainer.ts';
import type { TrainingHooks, TrainingResult } from './training-job.ts';
import { trainingSessionOptions } from './training-session.ts';

/** Runs a job in the calling thread. */
export async function runJob(
  { kind, job }: Job,
  hooks: TrainingHooks,
): Promise<TrainingResult | LossResult | LogitsResult | EmbedderResult> {
  if (kind === 'train') return runTraining(job, hooks);
  if (kind === 'loss') return runLoss(job, hooks);
  if (kind === 'embedder') return runEmbedderTraining(job, hooks);
  if (kind === 'cross-encoder') return runCrossEncoderTraining(job, hooks);
  return runLogits(job);
}

async function runLoss(job: LossJob, hooks: TrainingHooks): Promise<LossResult> {
  await using decoder = await decoderFor(job);
  const examples = readExamples(job.examples, decoder.config, 'Example');
  const matrices = job.adapter ? adapterInputs(job.adapter, decoder.config) : {};
  const { loss } = await measureLoss(decoder, supervisedObjective(examples), matrices, {
    tokensPerPass: job.tokensPerPass ?? 1024,
    stopRequested: hooks.stopRequested,
    onItems: (done) =>
      hooks.onProgress?.({
        stage: 'measuring validation loss',
        done,
        total: examples.length,
        unit: 'examples',
      }),
  });
  return { loss, labelledTokens: examples.reduce((total, { labels }) => total + labels.length, 0) };
}

async function runLogits(job: LogitsJob): Promise<LogitsResult> {
  await using decoder = await decoderFor(job);
  const matrices = job.adapter ? adapterInputs(job.adapter, decoder.config) : {};
  const results: Float32Array[] = [];
  for (const [index, tokens] of job.sequences.entries()) {
    // Checked as an example whose every token is a label.
    const [checked] = readExamples(
      [{ tokens, labelSpans: [[0, tokens?.length]] }],
      decoder.config,
      'Sequence',
      index,
    );
    const rows = Int32Array.from(
      job.positions?.[index] ?? Array.from({ length: tokens.length }, (_, row) => row),
    );
    const outside = rows.findIndex((row) => row < 0 || row >= tokens.length);
    if (outside !== -1) {
      throw new InvalidExampleError({
        index,
        message: `Sequence ${index} has ${tokens.length} tokens, and its logits are asked for at position ${rows[outside]}.`,
        hint: 'Positions count from 0.',
      });
    }
    results.push(await decoder.logits({ ...decoderBatch([checked!]), rows }, matrices));
  }
  return results;
}

/**
 * The job's model in float32, its weights as they are stored.
 * @throws UnsupportedModelError where the adapter does not fit it, before the weights are read.
 */
async function decoderFor({
  model,
  adapter,
  lineage,
  threads,
}: LossJob | LogitsJob): Promise<LayeredDecoder> {
  if (adapter) {
    const config = typeof model === 'string' ? await readDecoderConfig(model) : model.config;
    requireFit(adapter, config, typeof model === 'string' ? model : 'the model', lineage);
  }
  return await openLayeredDecoder(model, {
    products: 'float32',
    hold: 'blocks',
    ...(adapter && { lora: adapter }),
    session: trainingSessionOptions(threads),
  });
}
