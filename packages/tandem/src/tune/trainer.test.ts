import { expect, test } from 'vitest';
import { settingsSchema } from '../core/settings.ts';
import { hyperparametersOf } from './trainer.ts';

test('trainers are given what they know: a new setting of tune is one of these, or is left out by its name', () => {
  const tune = {
    learningRate: 1e-4,
    epochs: 1,
    patience: 1,
    maxMinutes: 5,
    memory: '2GB',
    inheritAccess: true,
    trainer: 'worker',
  };
  expect(Object.keys(hyperparametersOf(settingsSchema.parse({ tune }).tune)).sort()).toEqual([
    'accumulate',
    'alpha',
    'batchSize',
    'beta',
    'dropout',
    'epochs',
    'frozenPrecision',
    'learningRate',
    'maxGradientNorm',
    'maxLength',
    'maxMinutes',
    'memory',
    'patience',
    'rank',
    'schedule',
    'seed',
    'targetModules',
    'warmupFraction',
    'weightDecay',
  ]);
});
