import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf } from '../data/json-lines.ts';

const file = join(import.meta.dirname, '..', 'data', 'lint-reading.jsonl');

/** Prints how many of the findings that were read are right. @returns whether a share is below the floor */
export function countReading(floor: number): boolean {
  if (!existsSync(file)) {
    console.log('\nNo findings were read yet.');
    return true;
  }
  const read = linesOf<{ check: string; isRight: boolean }>(file);
  const right = (of: readonly { isRight: boolean }[]) => of.filter(({ isRight }) => isRight).length;
  console.log('\nReal findings, read one by one by a language model (data/lint-reading.jsonl):\n');
  console.log('| check | read | right | precision |');
  console.log('|---|---|---|---|');
  for (const [check, own] of Map.groupBy(read, (each) => each.check))
    console.log(`| ${check} | ${own.length} | ${right(own)} | ${(right(own) / own.length).toFixed(3)} |`);
  const precision = right(read) / read.length;
  console.log(`| all | ${read.length} | ${right(read)} | ${precision.toFixed(3)} |`);
  return precision < floor;
}
