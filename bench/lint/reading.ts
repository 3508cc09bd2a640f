import { join } from 'node:path';
import { linesOf } from '../data/json-lines.ts';

const file = join(import.meta.dirname, '..', 'data', 'lint-reading.jsonl');

/** Prints how many of the findings that were read are right. */
export function countReading(): void {
  const read = linesOf<{ check: string; isRight: boolean }>(file);
  const right = (of: readonly { isRight: boolean }[]) => of.filter(({ isRight }) => isRight).length;
  console.log('\nReal findings, read one by one by a language model (data/lint-reading.jsonl):\n');
  console.log('| check | read | right | precision |');
  console.log('|---|---|---|---|');
  for (const [check, own] of Map.groupBy(read, (each) => each.check))
    console.log(`| ${check} | ${own.length} | ${right(own)} | ${(right(own) / own.length).toFixed(3)} |`);
  console.log(`| all | ${read.length} | ${right(read)} | ${(right(read) / read.length).toFixed(3)} |`);
}
