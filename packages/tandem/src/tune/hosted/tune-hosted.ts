import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { hostedBase } from '../../answer/hosted-base.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { hashJson } from '../../core/hash.ts';
import { newId } from '../../core/id.ts';
import type { Adapter } from '../../core/types/adapter.ts';
import { buildDataset } from '../../dataset/build-dataset.ts';
import { commitOf } from '../../parts/checkout.ts';
import type { Parts } from '../../parts/parts.ts';
import { type ConversationJob, hyperparametersOf } from '../trainer.ts';
import { findFinishedRun, recordTraining } from '../training-run.ts';
import type { TunedAdapter, TuneEstimate, TuneOptions } from '../tune-options.ts';
import { hostedTrainer, jobUnderWay } from './hosted-trainer.ts';

/**
 * Fine-tunes the provider's model that `models.chat` names on the project's dataset. Its weights stay there; the adapter that is
 * registered is a name, and the tuned and hybrid arms ask the provider for it.
 */
export async function tuneHosted(
  parts: Parts,
  options: TuneOptions,
): Promise<TunedAdapter | { estimate: TuneEstimate }> {
  const { catalog, settings: configured, dataDirectory } = parts;
  const { signal, onProgress } = options;
  const base = hostedBase(parts);
  if (!base) {
    throw new InvalidInputError({
      domain: 'tune',
      where: 'tune.trainer',
      message: `tune.trainer is hosted, and models.chat is ${parts.models.names.chat}: a provider can only tune a model of its own.`,
      hint: 'Set models.chat to a model of a provider of the type openai-compatible, or tune.trainer to local or worker.',
    });
  }
  if ((options.maxMinutes ?? configured.tune.maxMinutes) !== undefined) {
    const where = options.maxMinutes === undefined ? 'tune.maxMinutes' : 'maxMinutes';
    throw new InvalidInputError({
      domain: 'tune',
      where,
      message: 'How long a hosted training takes is for its provider to decide.',
      hint: `Leave ${where} out; tune.hosted.epochs makes it shorter.`,
    });
  }
  const data = await buildDataset(parts, options);
  const { hosted: settings } = configured.tune;
  const hyperparameters = hyperparametersOf(configured.tune);
  const { pollSeconds: _poll, keepFiles: _keep, pricePerMillionTokens: _price, ...decisive } = settings;
  const fingerprint = hashJson({
    trainer: 'hosted',
    dataset: data.id,
    settings: decisive,
    seed: hyperparameters.seed,
    base: base.baseHash,
  });
  const checkpointDirectory = join(dataDirectory, 'training', fingerprint.slice(0, 16));
  const job: ConversationJob = {
    baseModel: base.model,
    train: data.train,
    validation: data.validation,
    hyperparameters,
    checkpointDirectory,
  };
  const trainer = hostedTrainer(base.connection, settings);

  if (!options.fresh && !options.estimateOnly) {
    const finished = await findFinishedRun(catalog, fingerprint);
    if (finished) return { adapter: finished.adapter, reused: true };
  }
  const { basis = '', ...sizes } = await trainer.estimate(job);
  const estimate: TuneEstimate = { examples: data.train.length, ...sizes, minutes: undefined, basis };
  options.onEstimate?.(estimate);
  if (options.estimateOnly) return { estimate };

  await using _lock = await catalog.lockForWriting('training', signal && { signal });
  if (options.fresh) {
    await trainer.cancel?.(job);
    await rm(checkpointDirectory, { recursive: true, force: true });
  }
  const inputs = { dataset: data.id, base: base.baseHash, template: base.templateHash };
  return await recordTraining(parts, {
    fingerprint,
    checkpointDirectory,
    config: { hyperparameters, hosted: settings },
    inputs,
    signal,
    async train({ run, onEvent, keep }) {
      const trained = await trainer.train(job, {
        outputDirectory: checkpointDirectory,
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
        onEvent(kind, values) {
          onEvent(kind, values);
          if (kind === 'job') keep({ job: String(values.job) });
        },
      });
      const { model, jobId, ...metrics } = trained;
      const id = newId('adapter');
      const directory = join(dataDirectory, 'adapters', id);
      await mkdir(directory, { recursive: true });
      const adapter: Adapter = {
        id,
        createdAt: new Date().toISOString(),
        directory: relative(dataDirectory, directory),
        hosted: { provider: base.connection.name, model, jobId },
        lineage: {
          trainer: 'hosted',
          baseHash: base.baseHash,
          templateHash: base.templateHash,
          datasetHash: data.id,
          baseModel: base.model,
          hyperparameters: {
            seed: hyperparameters.seed,
            ...(settings.epochs !== undefined && { epochs: settings.epochs }),
            ...(settings.batchSize !== undefined && { batchSize: settings.batchSize }),
            ...(settings.learningRateMultiplier !== undefined && {
              learningRateMultiplier: settings.learningRateMultiplier,
            }),
          },
          runId: run.id,
          ...commitOf(parts.directory),
        },
        metrics: { examples: data.train.length, ...metrics },
      };
      await writeFile(
        join(directory, 'hosted.json'),
        `${JSON.stringify({ ...adapter.hosted, baseURL: base.connection.baseURL, lineage: adapter.lineage, metrics: adapter.metrics }, null, 2)}\n`,
      );
      return { adapter, metrics: adapter.metrics, result: { adapter, reused: false } };
    },
  });
}

/**
 * Ends the fine-tuning jobs that this project has under way at providers, and takes the uploaded examples back. Returns their ids.
 */
export async function cancelHosted(parts: Parts): Promise<string[]> {
  const { settings: configured, models, dataDirectory } = parts;
  const root = join(dataDirectory, 'training');
  if (!existsSync(root)) return [];
  const cancelled: string[] = [];
  for (const name of await readdir(root)) {
    const checkpointDirectory = join(root, name);
    const known = await jobUnderWay(checkpointDirectory);
    if (!known) continue;
    const reached = models.connection(`${known.provider}:${known.model}`);
    if (!reached) continue;
    await hostedTrainer(reached.connection, configured.tune.hosted).cancel?.({ checkpointDirectory });
    await rm(checkpointDirectory, { recursive: true, force: true });
    cancelled.push(known.jobId ?? known.trainingFile ?? name);
  }
  return cancelled;
}
