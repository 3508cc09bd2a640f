import { hostedBase } from '../../answer/hosted-base.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { Parts } from '../../parts/parts.ts';
import type { ConversationJob, HostedModel, Trainer } from '../trainer.ts';
import type { HostedPlan } from '../training-data.ts';
import type { Connection } from './fine-tuning-api.ts';
import { hostedTrainer } from './hosted-trainer.ts';

/**
 * The trainer at the provider that the plan was made for, and how that is reached.
 * @throws InvalidInputError where `models.chat` names another model, or its provider has another address.
 */
export function hostedTrainerFor(
  { lineage, hosted }: Pick<HostedPlan, 'lineage' | 'hosted'>,
  parts: Pick<Parts, 'models' | 'settings'>,
): { trainer: Trainer<ConversationJob, HostedModel>; connection: Connection } {
  const base = hostedBase(parts);
  if (base?.baseHash === lineage.baseHash)
    return { trainer: hostedTrainer(base.connection, hosted), connection: base.connection };
  throw new InvalidInputError({
    domain: 'tune',
    where: 'models.chat',
    message: `The training was planned for ${lineage.baseModel} at its provider's address, and the chat model is ${parts.models.names.chat}.`,
    hint: 'Set models.chat to that model and its provider to the address it had, or plan the training again.',
  });
}
