import { InvalidInputError } from '../../core/errors/invalid-input-error.ts';
import type { FileRecord } from './record.ts';

/**
 * The entries of a JSON array, each parsed for itself, so that one that is broken is named by its line and the others are read.
 * @param text that begins with `[`, but for white space
 */
export function* jsonArrayRecords(path: string, text: string): Generator<FileRecord> {
  let line = 1;
  let counted = 0;
  /** Line of an offset; offsets are asked for in order. */
  const lineOf = (offset: number) => {
    for (let at = text.indexOf('\n', counted); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
      line += 1;
      counted = at + 1;
    }
    return line;
  };
  for (const { start, end, isEnded } of elements(text)) {
    const where = `${path}:${lineOf(start)}`;
    try {
      yield { where, value: JSON.parse(text.slice(start, end)) };
    } catch (cause) {
      yield {
        where,
        fault: new InvalidInputError({
          domain: 'dataset',
          where,
          cause,
          message: `The entry that begins at ${where} is not valid JSON${isEnded ? '' : ', and the file ends there'} (${(cause as Error).message}).`,
          hint: isEnded ? 'Fix or remove that entry.' : 'The file may have been cut off: write it again.',
        }),
      };
    }
  }
}

/** Where each element of the outermost array stands; the last one ends with the text where nothing closes the array. */
function* elements(text: string): Generator<{ start: number; end: number; isEnded: boolean }> {
  let depth = 0;
  let start = -1;
  let isInString = false;
  for (let at = text.indexOf('['); at < text.length; at++) {
    const character = text[at]!;
    if (isInString) {
      if (character === '\\') at += 1;
      else if (character === '"') isInString = false;
      continue;
    }
    const isEnd = (character === ',' && depth === 1) || (character === ']' && depth === 1);
    if (isEnd) {
      if (start >= 0) yield { start, end: at, isEnded: true };
      start = -1;
      if (character === ']') return;
      continue;
    }
    if (start < 0 && depth === 1 && !/\s/.test(character)) start = at;
    if (character === '"') isInString = true;
    else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
  }
  if (start >= 0) yield { start, end: text.length, isEnded: false };
}
