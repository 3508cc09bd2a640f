import { InvalidInputError } from '../core/errors/invalid-input-error.ts';
import type { FromEnvironment, HeaderValue } from '../core/source-config.ts';

/** A variable's value. @throws InvalidInputError naming the variable, never its value, when it is not set */
export function fromEnvironment({ env }: FromEnvironment, where: string, environment = process.env): string {
  const value = environment[env];
  if (value !== undefined && value !== '') return value;
  throw new InvalidInputError({
    domain: 'sources',
    where,
    message: `\`${where}\` takes its value from the environment variable ${env}, which is not set.`,
    hint: `Set it before the command: export ${env}=…`,
  });
}

export function headerValues(
  headers: Record<string, HeaderValue>,
  where: string,
  environment = process.env,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string'
        ? value
        : value.prefix + fromEnvironment(value, `${where}.headers.${name}`, environment),
    ]),
  );
}
