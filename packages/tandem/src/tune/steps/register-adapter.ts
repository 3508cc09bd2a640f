import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../../core/id.ts';
import type { Adapter, Rewriting } from '../../core/types/adapter.ts';
import { commitOf } from '../../parts/checkout.ts';
import type { Parts } from '../../parts/parts.ts';
import { writeAdapterCard } from '../adapter-card.ts';
import type {
  TrainedModel,
  TrainingContext,
  TrainingPlan,
  TrainingResult,
  Verification,
} from '../training-data.ts';

/**
 * The last step: the adapter gets an id and a folder with its card under `adapters/`, and the catalogue knows it. Of a provider's model the
 * folder holds a record of where it is.
 * @param data `runId` is that of the run in the catalogue that trained it
 */
export async function registerAdapter(
  data: {
    plan: TrainingPlan;
    trained: TrainingResult;
    verification: Verification;
    rewriting: Rewriting;
    runId: string;
    /** Labels of the restricted documents that it inherits. */
    access?: readonly string[];
  },
  { parts }: TrainingContext<Pick<Parts, 'name' | 'catalog' | 'directory' | 'dataDirectory'>>,
): Promise<Adapter> {
  const { plan, trained, verification } = data;
  const adapter = recordOf(data, parts);
  const directory = join(parts.dataDirectory, adapter.directory);
  if ('model' in trained) {
    await mkdir(directory, { recursive: true });
    await writeHostedRecord(directory, adapter, trained);
  } else {
    await mkdir(join(parts.dataDirectory, 'adapters'), { recursive: true });
    await rename(join(parts.dataDirectory, trained.directory), directory);
    await writeAdapterCard(directory, {
      project: parts.name,
      adapter,
      ...('parity' in verification && { parity: verification.parity }),
      validationExamples: plan.job.validation.length,
      ...(plan.trainer !== 'hosted' && { baseFile: plan.job.baseFileName }),
    });
  }
  await parts.catalog.adapters.put(adapter);
  return adapter;
}

function recordOf(
  {
    plan,
    trained,
    rewriting,
    runId,
    access = [],
  }: {
    plan: TrainingPlan;
    trained: TrainingResult;
    rewriting: Rewriting;
    runId: string;
    access?: readonly string[];
  },
  { directory }: Pick<Parts, 'directory'>,
): Adapter {
  const { lineage, job } = plan;
  const { steps, tokens, trainLoss, validationLossBefore, validationLossAfter } = trained;
  const id = newId('adapter');
  return {
    id,
    createdAt: new Date().toISOString(),
    directory: join('adapters', id),
    ...('model' in trained && {
      hosted: { provider: trained.provider.name, model: trained.model, jobId: trained.jobId },
    }),
    lineage: {
      ...lineage,
      hyperparameters: {
        ...lineage.hyperparameters,
        ...('divergence' in trained && trained.divergence && { divergedAtStep: trained.divergence.step }),
      },
      runId,
      ...commitOf(directory),
    },
    ...(access.length > 0 && { access: [...access] }),
    rewriting,
    metrics: {
      examples: job.train.length,
      steps,
      tokens,
      ...(trainLoss !== undefined && { trainLoss }),
      ...(validationLossBefore !== undefined && { validationLossBefore }),
      ...(validationLossAfter !== undefined && { validationLossAfter }),
      seconds: trained.seconds,
      tokensPerSecond: trained.tokensPerSecond,
      peakMemoryBytes: trained.peakMemoryBytes,
    },
  };
}

async function writeHostedRecord(
  directory: string,
  { hosted, lineage, metrics }: Adapter,
  { provider }: TrainedModel,
): Promise<void> {
  const record = { ...hosted, baseURL: provider.baseURL, lineage, metrics };
  await writeFile(join(directory, 'hosted.json'), `${JSON.stringify(record, null, 2)}\n`);
}
