import { basename } from 'node:path';
import { checkAdapter } from '../../answer/find-adapter.ts';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { Adapter } from '../../core/types/adapter.ts';
import type { Example } from '../../core/types/example.ts';
import { buildDataset, type DatasetParts, teachesRewriting } from '../../dataset/build-dataset.ts';
import { learningOf } from '../../dataset/conversation.ts';
import { feedbackFile } from '../../dataset/feedback.ts';
import { type LocalChatTools, localToolsOf } from '../../models/local-tools.ts';
import type { Parts } from '../../parts/parts.ts';
import { prepareConversations } from '../hosted/prepare-conversations.ts';
import { chosenSide, readPairs } from '../preference-data.ts';
import { refuseUnkeptLimits } from '../refuse-unkept-limits.ts';
import { tokenise } from '../tokenise.ts';
import type { PreparedTokens, PreparedTraining, TrainingContext, TrainingRequest } from '../training-data.ts';
import { countParameters } from '../training-speed.ts';

type Context = TrainingContext<DatasetParts>;

/**
 * The first step: the team's material becomes what the trainer will read, and is remembered in the catalogue as a dataset.
 * @throws InvalidInputError for what the trainer of the settings cannot do, a base that it cannot train, and an example that does not fit.
 */
export async function prepareTraining(request: TrainingRequest, context: Context): Promise<PreparedTraining> {
  const { tune } = context.parts.settings;
  refuseUnkeptLimits(request, tune);
  return tune.trainer === 'hosted'
    ? prepareConversations(request, context)
    : prepareTokens(request, tune.trainer, context);
}

async function prepareTokens(
  request: TrainingRequest,
  trainer: PreparedTokens['trainer'],
  context: Context,
): Promise<PreparedTokens> {
  const { parts } = context;
  const chat = await parts.models.chat();
  const tools = localToolsOf(chat);
  if (!tools) {
    throw new InvalidInputError({
      domain: 'tune',
      where: 'models.chat',
      message: `${chat.provider}:${chat.modelId} is not a model on this machine, so it cannot be trained here.`,
      hint: 'Set models.chat to a local model that can be trained here.',
    });
  }
  const data =
    request.preferences === undefined
      ? await readExamples(request, tools, context)
      : await readPreferences({ ...request, preferences: request.preferences }, tools, context);
  const from = request.from === undefined ? undefined : await findAdapterToTrain(parts, request.from, chat);
  return {
    request,
    trainer,
    base: {
      model: chat.modelId,
      hash: tools.baseHash,
      parameters: await countParameters(tools.path),
      templateHash: tools.templateHash,
      fileName: basename(tools.path),
    },
    ...data,
    ...(from && {
      teachesRewriting: data.teachesRewriting || (from.rewriting?.isTrained ?? true),
      from: { id: from.id, directory: from.directory, hyperparameters: from.lineage.hyperparameters },
    }),
  };
}

type Material = Pick<
  PreparedTokens,
  'dataset' | 'files' | 'learns' | 'teachesRewriting' | 'train' | 'validation' | 'preferences'
>;

/** Of a file that has one example to a line. */
function placesIn(file: string, examples: readonly Example[]): string[] {
  return examples.map((_, index) => `${file}:${index + 1}`);
}

async function readExamples(
  request: TrainingRequest,
  tools: LocalChatTools,
  { parts, signal, onProgress }: Context,
): Promise<Material> {
  const { id, files, places, counts, train, validation } = await buildDataset(parts, {
    ...request,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const { maxLength } = parts.settings.tune;
  return {
    dataset: id,
    files,
    ...learningOf([...train, ...validation]),
    teachesRewriting: teachesRewriting(counts),
    train: tokenise(train, tools, maxLength, places?.train ?? placesIn(files.train, train)),
    validation: tokenise(
      validation,
      tools,
      maxLength,
      places?.validation ?? placesIn(files.validation ?? 'validation', validation),
    ),
  };
}

async function readPreferences(
  { preferences, validationPreferences }: TrainingRequest & { preferences: string },
  tools: LocalChatTools,
  { parts }: Context,
): Promise<Material> {
  const { batchSize, accumulate, maxLength } = parts.settings.tune;
  const path = preferences === 'feedback' ? await feedbackFile(parts, batchSize * accumulate) : preferences;
  const { id, file, train, validation } = await readPairs(parts, path, tools, {
    maxLength,
    ...(validationPreferences !== undefined && { validationPath: validationPreferences }),
  });
  return {
    dataset: id,
    files: { train: file },
    teachesRewriting: false,
    train: chosenSide(train),
    validation: chosenSide(validation),
    preferences: { train, validation },
  };
}

async function findAdapterToTrain(
  { catalog }: Pick<Parts, 'catalog'>,
  id: string,
  chat: Parameters<typeof checkAdapter>[1],
): Promise<Adapter> {
  const adapter = await catalog.adapters.get(id);
  if (!adapter) {
    throw new InvalidInputError({
      domain: 'tune',
      where: 'from',
      message: `There is no adapter ${id} to go on from.`,
      hint: 'Give the id of an adapter that was trained here.',
    });
  }
  checkAdapter(adapter, chat);
  return adapter;
}
