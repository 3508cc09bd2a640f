import { join } from 'node:path';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { hashJson } from '../../core/hash.ts';
import { memorySizeSchema } from '../../core/settings.ts';
import { originalOf } from '../../models/registry.ts';
import type { Parts } from '../../parts/parts.ts';
import { estimateTraining } from '../estimate-training.ts';
import { planHosted } from '../hosted/plan-hosted.ts';
import { placeJob } from '../place-job.ts';
import { settle } from '../settle.ts';
import { hyperparametersOf } from '../trainer.ts';
import { trainerFor } from '../trainer-for.ts';
import type {
  PreparedTokens,
  PreparedTraining,
  TrainingContext,
  TrainingPlan,
  WeightsPlan,
} from '../training-data.ts';

type Context = TrainingContext<
  Pick<Parts, 'settings' | 'catalog' | 'models' | 'directory' | 'dataDirectory'>
>;

/**
 * The second step: settles what the settings leave open, names the training by what decides its result, and says what it will take.
 * @throws InvalidInputError for a size of memory that is none, and a base that cannot be trained.
 */
export async function planTraining(prepared: PreparedTraining, context: Context): Promise<TrainingPlan> {
  return prepared.trainer === 'hosted' ? planHosted(prepared, context) : planWeights(prepared, context);
}

async function planWeights(prepared: PreparedTokens, { parts }: Context): Promise<WeightsPlan> {
  const { trainer, base, dataset, learns, from, train, validation, preferences, teachesRewriting } = prepared;
  const { worker } = parts.settings.tune;
  const method = preferences ? 'dpo' : 'sft';
  const settled = settle(wantedHyperparameters(prepared, parts), train, validation, method);
  const { learningRateMultiplier = 1 } = prepared.request;
  const hyperparameters = { ...settled, learningRate: settled.learningRate * learningRateMultiplier };
  // The same data, settings and base are the same training: what is found unfinished under its name is continued.
  const fingerprint = hashJson({
    dataset,
    hyperparameters,
    base: base.hash,
    template: base.templateHash,
    ...(trainer === 'worker' && { worker }),
    ...(learns && { learns }),
    ...(preferences && { method }),
    ...(from && { from: from.id }),
  });
  const baseModel = originalOf(base.model);
  const planned: Omit<WeightsPlan, 'estimate'> = {
    fingerprint,
    teachesRewriting,
    trainer,
    ...(trainer === 'worker' && { worker }),
    lineage: {
      trainer,
      baseHash: base.hash,
      templateHash: base.templateHash,
      datasetHash: dataset,
      baseModel: base.model,
      baseParameters: base.parameters,
      hyperparameters: definedOf({
        method,
        ...hyperparameters,
        ...(!preferences && { beta: undefined }),
        from: from?.id,
      }),
    },
    config: definedOf(hyperparameters),
    job: {
      baseFileName: base.fileName,
      ...(baseModel !== undefined && { baseModel }),
      train,
      validation,
      ...(preferences && { preferences }),
      ...(from && { initialAdapter: join(from.directory, 'peft') }),
      hyperparameters,
    },
  };
  const job = await placeJob(planned, parts);
  const estimate = await estimateTraining(parts, trainerFor(planned, parts), { ...planned, job });
  return { ...planned, estimate: { ...estimate, training: { fingerprint, hyperparameters } } };
}

/** The settings', with what was asked for instead; an adapter that is trained further keeps its form. */
function wantedHyperparameters(
  { request, from }: PreparedTokens,
  { settings }: Pick<Parts, 'settings'>,
): ReturnType<typeof hyperparametersOf> {
  const configured = hyperparametersOf(settings.tune);
  const { rank, alpha, targetModules } = (from?.hyperparameters ?? configured) as typeof configured;
  return {
    ...configured,
    rank,
    alpha,
    targetModules,
    ...(request.maxMinutes !== undefined && { maxMinutes: request.maxMinutes }),
    ...(request.memory !== undefined && { memory: checkMemorySize(request.memory) }),
  };
}

function checkMemorySize(given: string): string {
  if (memorySizeSchema.safeParse(given).success) return given;
  throw new InvalidInputError({
    domain: 'tune',
    where: 'memory',
    message: `"${given}" is not a size of memory.`,
    hint: 'Write it like 1.5GB or 800MB.',
  });
}

function definedOf<Value>(members: Record<string, Value | undefined>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(members).filter((entry): entry is [string, Value] => entry[1] !== undefined),
  );
}
