import { existsSync } from 'node:fs';
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';

/** @throws InvalidHyperparameterError where the folder for the result exists already: before hours of work, not after. */
export function refuseExistingFolder(outputDirectory: string): void {
  if (!existsSync(outputDirectory)) return;
  throw new InvalidHyperparameterError({
    parameter: 'outputDirectory',
    message: `${outputDirectory} exists already.`,
    hint: 'Name a folder that does not exist yet; the trained model is written there.',
  });
}
