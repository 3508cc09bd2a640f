import { readFile } from 'node:fs/promises';
import { FileFormatError } from '../errors/file-format-error.ts';

/** The parsed content of a JSON file. @throws FileFormatError when the file is missing, unreadable or not JSON. */
export async function readJsonFile(path: string): Promise<unknown> {
  const json = await readJsonFileIfPresent(path);
  if (json !== undefined) return json;
  throw new FileFormatError({
    path,
    message: `There is no file ${path}.`,
    hint: "The model's folder is not complete; fetch the model again.",
  });
}

/** As {@link readJsonFile}, but undefined when there is no such file. */
export async function readJsonFileIfPresent(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return undefined;
    throw new FileFormatError({
      path,
      message: `${path} could not be read (${code ?? cause}).`,
      hint: 'Check that it is a file and that you may read it.',
      cause,
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileFormatError({
      path,
      message: `${path} is not JSON: ${(cause as Error).message}.`,
      hint: 'It may be cut short; fetch it again.',
      cause,
    });
  }
}
