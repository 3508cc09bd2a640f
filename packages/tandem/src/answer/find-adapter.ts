import { join } from 'node:path';
import type { LanguageModelV4 } from '@ai-sdk/provider';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { knownModels } from '../models/registry.ts';
import type { Parts } from '../parts/parts.ts';
import { hostedBase } from './hosted-base.ts';

/**
 * The adapter with this id, or the latest; `file` is its GGUF LoRA, absent where the tuned model stays at a provider.
 * @throws InvalidInputError when it is not there or was trained on another base or template.
 */
export async function findAdapter(
  parts: Pick<Parts, 'catalog' | 'models' | 'settings' | 'dataDirectory'>,
  id?: string,
): Promise<{ adapter: Adapter; file?: string }> {
  const { catalog, models, dataDirectory } = parts;
  const found = id === undefined ? (await catalog.adapters.list())[0] : await catalog.adapters.get(id);
  if (!found) {
    throw new InvalidInputError({
      domain: 'answer',
      where: id ?? 'adapter',
      message: id === undefined ? 'There is no trained adapter yet.' : `There is no adapter ${id} here.`,
      hint: id === undefined ? 'Train one first.' : 'Give the id that the training printed.',
    });
  }
  if (found.hosted) {
    checkHostedAdapter(found, parts);
    return { adapter: found };
  }
  checkAdapter(found, await models.chat());
  return { adapter: found, file: join(dataDirectory, found.directory, 'adapter.gguf') };
}

/** An adapter is served with the weights and the template it was trained with, or not at all. */
export function checkAdapter({ id, lineage }: Adapter, chat: LanguageModelV4): void {
  const tools = localToolsOf(chat);
  const refuse = (message: string, hint: string) =>
    new InvalidInputError({ domain: 'answer', where: id, message, hint });
  if (!tools)
    throw refuse(
      `The adapter ${id} needs the local model it was trained on, and the chat model is ${chat.provider}:${chat.modelId}.`,
      `Set models.chat to ${nameOfBase(lineage.baseModel)}.`,
    );
  if (tools.baseHash !== lineage.baseHash)
    throw refuse(
      `The adapter ${id} was trained on another base (${lineage.baseModel}, ${lineage.baseHash.slice(0, 12)}…) than the chat model ${chat.modelId} (${tools.baseHash.slice(0, 12)}…).`,
      `Set models.chat to ${nameOfBase(lineage.baseModel)}, or train again.`,
    );
  if (tools.templateHash !== lineage.templateHash)
    throw refuse(
      `The adapter ${id} was trained under another chat template (${lineage.templateHash.slice(0, 12)}…) than the one served (${tools.templateHash.slice(0, 12)}…).`,
      'Train again, or go back to the model file it was trained with.',
    );
}

/** What to write in the config: the reference of a model of the registry; a file of one's own may be anywhere. */
const nameOfBase = (baseModel: string) =>
  knownModels.some(({ name }) => name === baseModel) ? `'local:${baseModel}'` : `its base, ${baseModel}`;

/** A provider's tuned model is compared with the model it was made from, at the same address, or not at all. */
function checkHostedAdapter(
  { id, hosted, lineage }: Adapter,
  parts: Pick<Parts, 'models' | 'settings'>,
): void {
  if (hostedBase(parts)?.baseHash === lineage.baseHash) return;
  throw new InvalidInputError({
    domain: 'answer',
    where: id,
    message: `The tuned model ${hosted?.model} was made from ${lineage.baseModel} at the provider ${hosted?.provider}, and the chat model is ${parts.models.names.chat}.`,
    hint: 'Set models.chat to that model and its provider to the address it had, or train again.',
  });
}
