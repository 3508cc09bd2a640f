import type { LanguageModelV4 } from '@ai-sdk/provider';
import type { Config } from '../core/config.ts';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { Adapter } from '../core/types/adapter.ts';
import { localToolsOf } from '../models/local-tools.ts';
import { hostedBase } from './hosted-base.ts';

/** An adapter is served with the weights and the template it was trained with, or not at all. */
export async function checkAdapter(adapter: Adapter, chat: LanguageModelV4): Promise<void> {
  const tools = localToolsOf(chat);
  const refuse = (message: string, hint: string): never => {
    throw new InvalidInputError({ domain: 'project', where: adapter.id, message, hint });
  };
  if (!tools)
    return refuse(
      `The adapter ${adapter.id} needs the local model it was trained on, and the project is set to ${chat.provider}:${chat.modelId}.`,
      'Set models.chat to the local base model.',
    );
  if (tools.baseHash !== adapter.lineage.baseHash) {
    refuse(
      `The adapter ${adapter.id} was trained on another base (${adapter.lineage.baseModel}, ${adapter.lineage.baseHash.slice(0, 12)}…) than the configured ${chat.modelId} (${tools.baseHash.slice(0, 12)}…).`,
      'Set models.chat to that base, or train again with `tandem tune`.',
    );
  }
  if (tools.templateHash !== adapter.lineage.templateHash) {
    refuse(
      `The adapter ${adapter.id} was trained under another chat template (${adapter.lineage.templateHash.slice(0, 12)}…) than the one served (${tools.templateHash.slice(0, 12)}…).`,
      'Train again with `tandem tune`, or go back to the model file it was trained with.',
    );
  }
}

/** A provider's tuned model is compared with the model it was made from, at the same address, or not at all. */
export function checkHostedAdapter(adapter: Adapter, config: Config): void {
  const base = hostedBase(config);
  if (base?.baseHash === adapter.lineage.baseHash) return;
  throw new InvalidInputError({
    domain: 'project',
    where: adapter.id,
    message: `The tuned model ${adapter.hosted?.model} was made from ${adapter.lineage.baseModel} at the provider ${adapter.hosted?.provider}, and the project is set to ${config.models.chat}.`,
    hint: `Set models.chat to that model and its provider to the address it had, or train again with \`tandem tune\`.`,
  });
}
