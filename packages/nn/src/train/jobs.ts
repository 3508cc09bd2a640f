/** The work a llama thread can do, as plain data in and out. */
import { openSession } from '../graph/index.ts';
import { adapterInputs, decoderInputs, decoderLogitsGraph, decoderLossGraph } from '../models/decoder.ts';
import { type DecoderModel, loadDecoder } from '../models/decoder-weights.ts';
import { readExamples, type TrainingExample } from './examples.ts';
import type { LoraAdapter } from './lora-adapter.ts';
import {
  meanLoss,
  runTraining,
  type TrainingHooks,
  type TrainingJob,
  type TrainingResult,
  trainingSession,
} from './trainer.ts';

export interface LossJob {
  model: string | DecoderModel;
  examples: readonly TrainingExample[];
  adapter?: LoraAdapter | undefined;
  /** Default 2. */
  threads?: number;
  /** As in training. Default 1024. */
  tokensPerPass?: number;
}

export interface LossResult {
  /** Mean cross-entropy over the labelled tokens, in nats. */
  loss: number;
  labelledTokens: number;
}

export interface LogitsJob {
  model: string | DecoderModel;
  /** Token ids of each sequence. */
  sequences: readonly ArrayLike<number>[];
  /** For each sequence the positions wanted. Default: all. */
  positions?: readonly ArrayLike<number>[];
  adapter?: LoraAdapter | undefined;
  /** Default 2. */
  threads?: number;
}

/** For each sequence the logits at the positions asked for: [positions, vocabulary], row-major. */
export type LogitsResult = Float32Array[];

export type Job =
  | { kind: 'train'; job: TrainingJob }
  | { kind: 'loss'; job: LossJob }
  | { kind: 'logits'; job: LogitsJob };

export async function runJob(
  { kind, job }: Job,
  hooks: TrainingHooks,
): Promise<TrainingResult | LossResult | LogitsResult> {
  if (kind === 'train') return runTraining(job, hooks);
  if (kind === 'loss') return runLoss(job, hooks);
  return runLogits(job);
}

async function runLoss(job: LossJob, hooks: TrainingHooks): Promise<LossResult> {
  const model = typeof job.model === 'string' ? await loadDecoder(job.model) : job.model;
  const examples = readExamples(job.examples, model.config, 'Example');
  await using session = await openSession(decoderLossGraph(model, job.adapter), trainingSession(job.threads));
  const loss = await meanLoss(session, examples, job.adapter, model.config, job.tokensPerPass ?? 1024, {
    stopRequested: hooks.stopRequested,
    onExamples: (done) =>
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
  const model = typeof job.model === 'string' ? await loadDecoder(job.model) : job.model;
  const weights = job.adapter ? adapterInputs(job.adapter, model.config) : {};
  await using session = await openSession(
    decoderLogitsGraph(model, job.adapter),
    trainingSession(job.threads),
  );
  const results: Float32Array[] = [];
  for (const [index, tokens] of job.sequences.entries()) {
    // Checked as an example whose every token is a label.
    const [checked] = readExamples([{ tokens, labelSpans: [[0, tokens.length]] }], model.config, 'Sequence');
    const rows = Int32Array.from(
      job.positions?.[index] ?? Array.from({ length: tokens.length }, (_, row) => row),
    );
    const inputs = { ...decoderInputs([checked!]), rows: { data: rows, shape: [rows.length] } };
    const { logits } = await session.run({ ...weights, ...inputs });
    results.push(logits!.data as Float32Array);
  }
  return results;
}
