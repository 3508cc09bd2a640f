import { join } from 'node:path';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { type LocalChatTools, localToolsOf } from '../models/local-tools.ts';
import type { Parts } from '../parts/parts.ts';
import type { TrainingJob } from './trainer.ts';
import type { WeightsPlan } from './training-data.ts';
import { checkpointDirectoryOf } from './training-run.ts';

/**
 * What the trainer is given: the plan's job with the places of this machine, which are the base's weights file and the data folder.
 * @throws InvalidInputError where the chat model is not the plan's base.
 */
export async function placeJob(
  plan: Omit<WeightsPlan, 'estimate'>,
  parts: Pick<Parts, 'models' | 'dataDirectory'>,
): Promise<TrainingJob> {
  const { baseFileName: _, initialAdapter, ...job } = plan.job;
  const { path, baseHash, templateHash } = await baseToolsOf(plan, parts);
  return {
    ...job,
    baseFile: path,
    lineage: { baseSha256: baseHash, templateSha256: templateHash },
    ...(initialAdapter !== undefined && { initialAdapter: join(parts.dataDirectory, initialAdapter) }),
    checkpointDirectory: checkpointDirectoryOf(parts, plan.fingerprint),
  };
}

/**
 * The chat model, where it is the one that the plan was made for.
 * @throws InvalidInputError where it is not.
 */
export async function baseToolsOf(
  { lineage }: Pick<WeightsPlan, 'lineage'>,
  { models }: Pick<Parts, 'models'>,
): Promise<LocalChatTools> {
  const chat = await models.chat();
  const tools = localToolsOf(chat);
  if (tools?.baseHash === lineage.baseHash && tools.templateHash === lineage.templateHash) return tools;
  throw new InvalidInputError({
    domain: 'tune',
    where: 'models.chat',
    message: `The training was planned for the base ${lineage.baseModel} (${lineage.baseHash.slice(0, 12)}…) and its chat template, and the chat model is ${chat.modelId}${tools ? ` (${tools.baseHash.slice(0, 12)}…)` : ''}.`,
    hint: 'Set models.chat to that base, or plan the training again.',
  });
}
