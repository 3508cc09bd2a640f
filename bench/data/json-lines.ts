import { readFileSync } from 'node:fs';

/** The lines of a text that are not blank. They end at LF alone: U+2028 may be in a string. */
export function jsonLines<T = unknown>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line));
}

// biome-ignore lint/suspicious/noExplicitAny: as the collections publish them
export const linesOf = <T = any>(file: string): T[] => jsonLines(readFileSync(file, 'utf8'));
