import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { TrainingDivergedError } from '@tandem/nn';
import type { Parts } from '../../parts/parts.ts';
import { divergedError, rescueStateBefore } from '../diverged.ts';
import { hostedTrainerFor } from '../hosted/hosted-trainer-for.ts';
import { placeJob } from '../place-job.ts';
import type { TrainedAdapter } from '../trainer.ts';
import { trainerFor } from '../trainer-for.ts';
import type {
  HostedPlan,
  TrainedFiles,
  TrainedModel,
  TrainingContext,
  TrainingPlan,
  TrainingResult,
  WeightsPlan,
} from '../training-data.ts';
import { checkpointDirectoryOf } from '../training-run.ts';

type Context = TrainingContext<Pick<Parts, 'settings' | 'models' | 'directory' | 'dataDirectory'>>;

/** With who hears of each step's loss, of validations and checkpoints: what a run in the catalogue keeps. */
interface RunContext extends Context {
  onEvent?: (kind: string, data: Record<string, number | string>) => void;
  checkpointEverySeconds?: number;
}

/**
 * The third step: the plan's trainer trains. What is found unfinished under the plan's fingerprint is continued. A training that diverged
 * after something was learnt gives the best state before it, with its `divergence`.
 * @throws TrainingDivergedError where nothing was learnt before, InvalidInputError where the chat model is not the plan's base, and the
 *   signal's reason when it aborts.
 */
export async function runTraining(plan: TrainingPlan, context: RunContext): Promise<TrainingResult> {
  return plan.trainer === 'hosted' ? trainAtProvider(plan, context) : trainWeights(plan, context);
}

/** Ends what a provider is still training by this plan. Returns false where nothing was. */
export async function cancelElsewhere(plan: TrainingPlan, { parts }: Context): Promise<boolean> {
  if (plan.trainer !== 'hosted') return false;
  const checkpointDirectory = checkpointDirectoryOf(parts, plan.fingerprint);
  const { trainer } = hostedTrainerFor(plan, parts);
  return (await trainer.cancel?.({ checkpointDirectory })) ?? false;
}

async function trainWeights(plan: WeightsPlan, { parts, ...options }: RunContext): Promise<TrainedFiles> {
  const job = await placeJob(plan, parts);
  const outputDirectory = join(job.checkpointDirectory, 'adapter');
  await mkdir(outputDirectory, { recursive: true });
  const filesOf = ({ files, ...outcome }: TrainedAdapter): TrainedFiles => ({
    ...outcome,
    directory: relative(parts.dataDirectory, outputDirectory),
    files: { peft: relative(outputDirectory, files.peft), gguf: relative(outputDirectory, files.gguf) },
  });
  try {
    return filesOf(await trainerFor(plan, parts).train(job, { ...options, outputDirectory }));
  } catch (error) {
    if (!TrainingDivergedError.isInstance(error)) throw error;
    // What it had learnt before becomes an adapter like any other: checked, registered, and there to be trained further.
    const rescued =
      plan.trainer === 'local' ? await rescueStateBefore(error, job, outputDirectory) : undefined;
    const { learningRate } = plan.job.hyperparameters;
    if (!rescued) throw divergedError(error, { setting: 'tune.learningRate', learningRate, cause: error });
    const { message, step, examples } = error;
    return { ...filesOf(rescued), divergence: { message, step, examples: [...examples] } };
  }
}

async function trainAtProvider(plan: HostedPlan, { parts, ...options }: RunContext): Promise<TrainedModel> {
  const { trainer, connection } = hostedTrainerFor(plan, parts);
  const checkpointDirectory = checkpointDirectoryOf(parts, plan.fingerprint);
  const job = { ...plan.job, checkpointDirectory };
  const trained = await trainer.train(job, { ...options, outputDirectory: checkpointDirectory });
  return { ...trained, provider: { name: connection.name, baseURL: connection.baseURL } };
}
