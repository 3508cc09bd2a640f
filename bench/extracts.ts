/**
 * Whether extracts quote what answers, on other people's questions.
 *
 *     npm run bench -- extracts [--data DIR] [--work DIR]
 *
 * For clapnq's answerable questions the token F1 of the extract with the answer; for every eighth of XQuAD's Spanish ones whether the answer's
 * own words are in the extract, and in its first sentence. Indexes stay in --work.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ask } from '../packages/tandem/src/answer/ask.ts';
import { linesOf } from './data/json-lines.ts';
import { collectionsIn, type Question } from './retrieve-general/collections.ts';
import { openIndexed } from './retrieve-general/measure.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: join(import.meta.dirname, '..', '..', 'shared', 'data', 'general') },
    work: { type: 'string', default: join(tmpdir(), 'tandem-sufficiency') },
  },
});

console.log(
  '| collection | n | refused | F1 | in the extract | in the first sentence | words |\n|---|---|---|---|---|---|---|',
);
for (const { name, every } of [
  { name: 'clapnq', every: 1 },
  { name: 'xquad/es', every: 8 },
]) {
  const collection = collectionsIn(flags.data).find((each) => each.name === name);
  if (!collection) throw new Error(`There is no collection ${name} in ${flags.data}.`);
  await using tandem = await openIndexed(collection, flags.work);
  const answers = answersOf(name);
  const questions = collection.load().filter((_, at) => at % every === 0);
  const sum = { refused: 0, f1: 0, said: 0, first: 0, words: 0 };
  for (const { id, question } of questions) {
    const { citations, abstained } = await ask(tandem, question, { extract: true });
    const expected = answers.get(id)!.toLowerCase();
    const sentences = citations.map(({ sentence }) => sentence.toLowerCase());
    const text = sentences.join(' ');
    sum.refused += Number(abstained);
    sum.f1 += f1(wordsIn(text), wordsIn(expected));
    sum.said += Number(text.includes(expected));
    sum.first += Number(sentences[0]?.includes(expected) ?? false);
    sum.words += wordsIn(text).length;
  }
  const mean = (total: number) => (total / questions.length).toFixed(3);
  console.log(
    `| ${name} | ${questions.length} | ${sum.refused} | ${mean(sum.f1)} | ${mean(sum.said)} | ${mean(sum.first)} | ${(sum.words / questions.length).toFixed(1)} |`,
  );
}

function answersOf(name: string): Map<Question['id'], string> {
  return new Map(
    linesOf(join(flags.data, name, 'questions.jsonl')).map(({ id, answer }) => [id, String(answer)]),
  );
}

function wordsIn(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}

function f1(found: readonly string[], expected: readonly string[]): number {
  const left = new Map<string, number>();
  for (const word of expected) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of found) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    common++;
    left.set(word, count - 1);
  }
  return common === 0 ? 0 : (2 * common) / (found.length + expected.length);
}
