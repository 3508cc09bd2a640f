import { readFile } from 'node:fs/promises';
import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';

/**
 * A file's text, without a byte order mark.
 * @throws InvalidInputError for a file that cannot be read, and one that is not in UTF-8, naming the line
 */
export async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new InvalidInputError({
      domain: 'dataset',
      where: path,
      cause,
      message:
        cause.code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read (${cause.code}).`,
      hint: 'Check the path: those of a config start at its folder, others at the working directory.',
    });
  });
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    const where = `${path}:${firstBadLine(bytes)}`;
    throw new InvalidInputError({
      domain: 'dataset',
      where,
      cause,
      message: `${where} is not text in UTF-8.`,
      hint: 'Save the file as UTF-8 and try again.',
    });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** In UTF-8 the byte of LF is never a part of another character, so that each line can be decoded for itself. */
function firstBadLine(bytes: Buffer): number {
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from);
    try {
      utf8.decode(bytes.subarray(from, end < 0 ? bytes.length : end));
    } catch {
      return line;
    }
    if (end < 0) break;
    from = end + 1;
  }
  return line;
}
