import { InvalidInputError } from '../core/errors/invalid-input-error.ts';

/** Of a connection string: what `%40` and the like stand for. @throws InvalidInputError, without the text: it may be a password */
export function decodedPart(text: string, where: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw new InvalidInputError({
      domain: 'sources',
      where: `${where}.url`,
      message: `\`${where}.url\` has a % in its user, password or database that does not encode a character.`,
      hint: "Write % as %25 there, or give the password by itself: password: { env: 'DATABASE_PASSWORD' }.",
    });
  }
}

export function passwordInConfig(where: string): InvalidInputError {
  return new InvalidInputError({
    domain: 'sources',
    where: `${where}.url`,
    message: `\`${where}.url\` has a password in it: secrets do not belong in a config file.`,
    hint: "Take it out and name an environment variable: password: { env: 'DATABASE_PASSWORD' }.",
  });
}
