import { cp, mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { exportGgufLora, readCheckpoint } from '@tandem/nn';
import type { Catalog } from '../../catalog/catalog.ts';
import { openCatalog } from '../../catalog/sqlite-catalog.ts';
import type { Adapter } from '../../core/types/adapter.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import type { Parts } from '../../parts/parts.ts';
import { createTandem, type Tandem } from '../../runtime/create-tandem.ts';
import { checkpointDirectoryOf } from '../../tune/training-run.ts';
import { tune } from '../../tune/tune.ts';
import type { TuneEstimate } from '../../tune/tune-options.ts';
import { jobErrorOf } from './job-error-of.ts';
import type { FromTraining, TrainingEnd, TrainingSpec } from './training-messages.ts';
import { hyperparametersIn, tuneSettingsFor } from './tune-settings.ts';

/** So long the process of a server that was killed may take to keep its checkpoint and go. */
const waitForOtherMs = 300_000;

/** What a training says, and what stops it. */
interface Surroundings {
  report: (message: FromTraining) => void;
  signal: AbortSignal;
}

/** Trains a job by the library: a Tandem of its own, whose data folder is the job's. What is found unfinished there is continued. */
export async function trainJob(
  spec: TrainingSpec,
  surroundings: Surroundings,
): Promise<Exclude<TrainingEnd, { type: 'died' }>> {
  const { signal } = surroundings;
  try {
    await using catalog = await openCatalog(spec.catalog);
    await using lock = await catalog.lockForWriting('training', { waitMs: waitForOtherMs, signal });
    await lock.release();
    if (spec.from) await takeAdapter(spec.from, { folder: spec.folder, catalog });
    await using tandem = await openTandem(spec, catalog);
    return await train(spec, tandem, surroundings);
  } catch (error) {
    return signal.aborted ? { type: 'stopped' } : { type: 'failed', error: jobErrorOf(error, spec) };
  }
}

function openTandem(spec: TrainingSpec, catalog: Catalog): Promise<Tandem> {
  const { training, validation } = spec;
  const { settings } = tuneSettingsFor(spec.method, spec.seed);
  return createTandem({
    name: spec.jobId,
    chat: spec.reference,
    catalog,
    dataDirectory: spec.folder,
    settings: { tune: settings },
    ...(spec.network && { network: spec.network }),
    ...(spec.method.type === 'supervised' && {
      examples: {
        train: { file: training.path, format: 'openai-chat' },
        ...(validation && { validation: { file: validation.path, format: 'openai-chat' } }),
      },
    }),
  });
}

async function train(
  spec: TrainingSpec,
  tandem: Tandem,
  { report, signal }: Surroundings,
): Promise<Exclude<TrainingEnd, { type: 'died' }>> {
  let training: TuneEstimate['training'];
  let steps = 0;
  let secondsLeft: number | undefined;
  // What is told waits for what was to be told before it, and that for files.
  let telling = Promise.resolve();
  const tell = (make: () => FromTraining | undefined | Promise<FromTraining | undefined>) => {
    telling = telling.then(async () => {
      try {
        const message = await make();
        if (message) report(message);
      } catch (error) {
        // What is trained does not hang on what is told of it.
        console.error(error);
      }
    });
  };
  const { learning_rate_multiplier: multiplier } = hyperparametersIn(spec.method);
  const { adapter, reused } = await tune(tandem, {
    ...tuneSettingsFor(spec.method, spec.seed).options,
    ...(spec.method.type === 'dpo' && {
      preferences: spec.training.path,
      ...(spec.validation && { validationPreferences: spec.validation.path }),
    }),
    ...(spec.from && { from: spec.from.adapterId }),
    ...(spec.memory !== undefined && { memory: spec.memory }),
    ...(spec.checkpointEverySeconds !== undefined && { checkpointEverySeconds: spec.checkpointEverySeconds }),
    signal,
    onEstimate(estimate) {
      training = estimate.training;
      steps = estimate.steps;
      if (!training) return;
      const { fingerprint, hyperparameters } = training;
      const { epochs, batchSize } = hyperparameters;
      tell(() => ({
        type: 'planned',
        examples: estimate.examples,
        steps: estimate.steps,
        settled: { epochs, batchSize, learningRateMultiplier: multiplier === 'auto' ? 1 : multiplier },
      }));
      tell(() => foundUnfinished(tandem, fingerprint));
    },
    // Told before the event of the same step.
    onProgress(progress) {
      secondsLeft = progress.secondsLeft;
    },
    onEvent(kind, data) {
      const [step, loss] = [Number(data.step), Number(data.loss)];
      if (kind === 'step')
        tell(told({ type: 'step', step, steps, loss, ...(secondsLeft !== undefined && { secondsLeft }) }));
      if (kind === 'validation') tell(told({ type: 'validation', step, loss }));
      if (kind === 'epoch' && training) {
        const { fingerprint } = training;
        tell(() => exportCheckpoint(tandem, { fingerprint, step }));
      }
    },
  });
  if (reused) tell(() => finishedUnheard(tandem, adapter));
  await telling;
  const { lineage, metrics } = adapter;
  return {
    type: 'succeeded',
    weights: {
      adapterId: adapter.id,
      file: join(adapter.directory, 'adapter.gguf'),
      baseHash: lineage.baseHash,
      templateHash: lineage.templateHash,
    },
    step: metrics.steps,
    tokens: metrics.tokens,
  };
}

const told = (message: FromTraining) => () => message;

/** What the checkpoint says that the training begins with; undefined where there is none. */
async function foundUnfinished(
  parts: Pick<Parts, 'dataDirectory'>,
  fingerprint: string,
): Promise<Extract<FromTraining, { type: 'continued' }> | undefined> {
  const found = await readCheckpoint(checkpointDirectoryOf(parts, fingerprint)).catch(() => undefined);
  if (!found || found.step === 0) return undefined;
  const { step, losses, validation } = found;
  return { type: 'continued', step, losses, validation };
}

/** The steps of a training that had ended already, when there was nobody to hear of it. */
async function finishedUnheard(
  { catalog }: Pick<Parts, 'catalog'>,
  { lineage, metrics }: Adapter,
): Promise<Extract<FromTraining, { type: 'continued' }>> {
  const measured = async (kind: string) =>
    (await catalog.runs.events(lineage.runId, { kind })).map(
      ({ data }) => data as { step: number; loss: number },
    );
  const losses: number[] = [];
  for (const { step, loss } of await measured('step')) losses[step - 1] = loss;
  return { type: 'continued', step: metrics.steps, losses, validation: await measured('validation') };
}

/**
 * Writes the model of a step's checkpoint as llama.cpp reads it. Undefined where a later checkpoint has taken its place already, or the training
 * has ended: both only where steps take no longer than reading a file.
 */
async function exportCheckpoint(
  parts: Pick<Parts, 'dataDirectory' | 'models'>,
  { fingerprint, step }: { fingerprint: string; step: number },
): Promise<Extract<FromTraining, { type: 'checkpoint' }> | undefined> {
  const directory = checkpointDirectoryOf(parts, fingerprint);
  const read = await readCheckpoint(directory, { weights: 'latest' }).catch(() => undefined);
  if (read?.step !== step) return undefined;
  const { adapter } = read;
  const { path, baseHash, templateHash } = localToolsOf(await parts.models.chat())!;
  const folder = join(parts.dataDirectory, 'checkpoints', `step-${step}`);
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'adapter.gguf');
  await exportGgufLora(adapter, file, {
    base: path,
    lineage: { baseSha256: baseHash, templateSha256: templateHash },
  });
  return { type: 'checkpoint', step, file: relative(parts.dataDirectory, file) };
}

/** Copies another job's adapter into this one's folder and catalogue, as if it had been trained here. */
async function takeAdapter(
  from: NonNullable<TrainingSpec['from']>,
  { folder, catalog }: { folder: string; catalog: Catalog },
): Promise<void> {
  if (await catalog.adapters.get(from.adapterId)) return;
  await using other = await openCatalog(from.catalog);
  const adapter = await other.adapters.get(from.adapterId);
  if (!adapter) throw new Error(`The adapter ${from.adapterId} to go on from is not there any more.`);
  await cp(join(from.folder, adapter.directory), join(folder, adapter.directory), { recursive: true });
  await catalog.adapters.put(adapter);
}
