/** The checks that options and hyperparameters share: for names that do not exist and values out of range. */
import { InvalidHyperparameterError } from '../errors/invalid-hyperparameter-error.ts';

export type SettingKind = 'option' | 'hyperparameter';

/** @throws InvalidHyperparameterError for a name that is not known: otherwise it would be ignored silently. */
export function refuseUnknownNames(given: object, known: readonly string[], kind: SettingKind): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || known.includes(name)) continue;
    throw new InvalidHyperparameterError({
      parameter: name,
      message: `There is no ${kind} ${name}.`,
      hint: `The ${kind}s are ${known.toSorted().join(', ')}.`,
    });
  }
}

/** @throws InvalidHyperparameterError unless the value is valid; the message says what it is and what it must be. */
export function requireValid(
  isValid: boolean,
  {
    kind,
    name,
    value,
    range,
    hint,
  }: { kind: SettingKind; name: string; value: unknown; range: string; hint: string },
): void {
  if (isValid) return;
  // Not JSON for numbers: it would write NaN and Infinity as null.
  const shown = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  const short = shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
  throw new InvalidHyperparameterError({
    parameter: name,
    message: `The ${kind} ${name} is ${short}; it must be ${range}.`,
    hint,
  });
}
