import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { ApiError } from '../http/api-error.ts';
import type { FilePurpose } from '../schemas/files.ts';

/** What a file of each purpose must hold; others may hold anything, and are refused where they are used for something that they cannot be. */
const checks: Partial<Record<FilePurpose, (path: string) => Promise<string | undefined>>> = {
  'fine-tune': (path) => faultOfLines(path, faultOfExample),
  batch: (path) => faultOfLines(path, faultOfBatchLine),
  evals: (path) => faultOfLines(path, () => undefined),
  vision: faultOfImage,
};

/**
 * Looks whether a file can be what it is said to be for, before it is kept.
 * @throws ApiError 400 that names the line at fault
 */
export async function checkContent(path: string, purpose: FilePurpose): Promise<void> {
  const fault = await checks[purpose]?.(path);
  if (fault !== undefined)
    throw new ApiError(400, `The file cannot be of the purpose "${purpose}": ${fault}.`, {
      param: 'file',
      code: 'invalid_file_format',
    });
}

/** The longest line of JSONL that is read. */
const mostLineCharacters = 16 * 2 ** 20;

async function faultOfLines(
  path: string,
  faultOf: (line: Record<string, unknown>) => string | undefined,
): Promise<string | undefined> {
  const input = createReadStream(path, 'utf8');
  // A line is held whole: what never ends one is refused before it fills the memory.
  let sinceLineEnd = 0;
  let tooLong = false;
  input.on('data', (piece) => {
    const end = String(piece).lastIndexOf('\n');
    sinceLineEnd = end < 0 ? sinceLineEnd + piece.length : piece.length - end;
    if (sinceLineEnd > mostLineCharacters) {
      tooLong = true;
      input.destroy();
    }
  });
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  let any = false;
  try {
    for await (const line of lines) {
      number++;
      if (line.trim() === '') continue;
      any = true;
      let entry: unknown;
      try {
        entry = JSON.parse(number === 1 ? line.replace(/^\uFEFF/, '') : line);
      } catch {
        return `line ${number} is no JSON, and it must be JSONL, one object a line`;
      }
      if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
        return `line ${number} is no JSON object`;
      const fault = faultOf(entry as Record<string, unknown>);
      if (fault !== undefined) return `line ${number} ${fault}`;
    }
  } finally {
    lines.close();
    input.destroy();
  }
  if (tooLong) return `line ${number + 1} is longer than ${mostLineCharacters} characters`;
  return any ? undefined : 'it has no line';
}

/** Chat examples, or pairs of a preferred and another reply. Whether they can be trained on is looked at when a job is made. */
function faultOfExample({
  messages,
  input,
  preferred_output,
  non_preferred_output,
}: Record<string, unknown>) {
  if (Array.isArray(messages)) return messages.length > 0 ? undefined : 'has no messages';
  if (typeof input === 'object' && input !== null)
    return Array.isArray(preferred_output) && Array.isArray(non_preferred_output)
      ? undefined
      : 'has an "input", and not both "preferred_output" and "non_preferred_output"';
  return 'has no list "messages"';
}

function faultOfBatchLine({ custom_id, method, url, body }: Record<string, unknown>) {
  const missing = Object.entries({ custom_id, method, url, body }).find(([, value]) => value === undefined);
  return missing && `has no "${missing[0]}"`;
}

/** How each kind of image begins, as Latin 1. */
const imageBeginnings = [/^\x89PNG\r\n/, /^\xFF\xD8\xFF/, /^GIF8[79]a/, /^RIFF....WEBP/s];

async function faultOfImage(path: string): Promise<string | undefined> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    const beginning = buffer.toString('latin1', 0, bytesRead);
    return imageBeginnings.some((form) => form.test(beginning))
      ? undefined
      : 'it is no PNG, JPEG, GIF or WebP image';
  } finally {
    await handle.close();
  }
}
