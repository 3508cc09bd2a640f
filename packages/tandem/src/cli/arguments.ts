import { InvalidArgumentError } from 'commander';
import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import { searchModes } from '../core/settings.ts';
import type { SearchMode } from '../retrieve/retriever.ts';

/** For flags that count something. */
export function positiveInteger(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a whole number of 1 or more.');
  return number;
}

export function positiveNumber(value: string): number {
  const number = Number(value);
  if (!(number > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}

/** Of `--mode`. */
export function parseMode(name: string | undefined): SearchMode | undefined {
  const mode = searchModes.find((each) => each === name);
  if (mode !== undefined || name === undefined) return mode;
  throw new InvalidInputError({
    domain: 'cli',
    where: '--mode',
    message: `--mode is "${name}".`,
    hint: 'Use hybrid, dense or lexical.',
  });
}
