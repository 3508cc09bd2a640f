import { hostedBase } from '../../answer/hosted-base.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import { buildDataset, type DatasetParts, teachesRewriting } from '../../dataset/build-dataset.ts';
import { learningOf } from '../../dataset/conversation.ts';
import type { PreparedConversations, TrainingContext, TrainingRequest } from '../training-data.ts';

/**
 * The examples as they are: the provider tokenises them.
 * @throws InvalidInputError where `models.chat` is not a provider's model, and for a limit of time, which a provider cannot keep.
 */
export async function prepareConversations(
  request: TrainingRequest,
  { parts, signal, onProgress }: TrainingContext<DatasetParts>,
): Promise<PreparedConversations> {
  const base = hostedBase(parts);
  if (!base) {
    throw new InvalidInputError({
      domain: 'tune',
      where: 'tune.trainer',
      message: `tune.trainer is hosted, and models.chat is ${parts.models.names.chat}: a provider can only tune a model of its own.`,
      hint: 'Set models.chat to a model of a provider of the type openai-compatible, or tune.trainer to local or worker.',
    });
  }
  if ((request.maxMinutes ?? parts.settings.tune.maxMinutes) !== undefined) {
    const where = request.maxMinutes === undefined ? 'tune.maxMinutes' : 'maxMinutes';
    throw new InvalidInputError({
      domain: 'tune',
      where,
      message: 'How long a hosted training takes is for its provider to decide.',
      hint: `Leave ${where} out; tune.hosted.epochs makes it shorter.`,
    });
  }
  const { id, files, counts, train, validation } = await buildDataset(parts, {
    ...request,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  return {
    request,
    trainer: 'hosted',
    dataset: id,
    files,
    ...learningOf([...train, ...validation]),
    teachesRewriting: teachesRewriting(counts),
    base: { model: base.model, hash: base.baseHash, templateHash: base.templateHash },
    train,
    validation,
  };
}
