import { hashJson } from '../../core/hash.ts';
import type { Parts } from '../../parts/parts.ts';
import { hyperparametersOf } from '../trainer.ts';
import type { HostedPlan, PreparedConversations, TrainingContext } from '../training-data.ts';
import { checkpointDirectoryOf } from '../training-run.ts';
import { decisiveSettings } from './hosted-trainer.ts';
import { hostedTrainerFor } from './hosted-trainer-for.ts';

/** What the provider is asked for. The provider itself settles what the settings leave open, and only it could say how long it takes. */
export async function planHosted(
  { base, dataset, learns, teachesRewriting, train, validation }: PreparedConversations,
  { parts }: TrainingContext<Pick<Parts, 'settings' | 'models' | 'dataDirectory'>>,
): Promise<HostedPlan> {
  const { hosted } = parts.settings.tune;
  const hyperparameters = hyperparametersOf(parts.settings.tune);
  const { seed } = hyperparameters;
  const { epochs, batchSize, learningRateMultiplier } = hosted;
  const planned: Omit<HostedPlan, 'estimate'> = {
    fingerprint: hashJson({
      trainer: 'hosted',
      dataset,
      settings: decisiveSettings(hosted),
      seed,
      base: base.hash,
      ...(learns && { learns }),
    }),
    trainer: 'hosted',
    teachesRewriting,
    hosted,
    lineage: {
      trainer: 'hosted',
      baseHash: base.hash,
      templateHash: base.templateHash,
      datasetHash: dataset,
      baseModel: base.model,
      hyperparameters: {
        seed,
        ...(epochs !== undefined && { epochs }),
        ...(batchSize !== undefined && { batchSize }),
        ...(learningRateMultiplier !== undefined && { learningRateMultiplier }),
      },
    },
    config: { hyperparameters, hosted },
    job: { baseModel: base.model, train, validation, hyperparameters },
  };
  const { trainer } = hostedTrainerFor(planned, parts);
  const checkpointDirectory = checkpointDirectoryOf(parts, planned.fingerprint);
  const { basis = '', ...sizes } = await trainer.estimate({ ...planned.job, checkpointDirectory });
  return { ...planned, estimate: { examples: train.length, ...sizes, minutes: undefined, basis } };
}
