/** The pairs of the whole corpus, made once and kept in `WORK/pairs.jsonl`. */
import { createReadStream, existsSync, renameSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sha256 } from '../../packages/tandem/src/core/hash.ts';
import { choosePassages, tellingHeadings } from '../corpus/choose-passages.ts';
import { readCorpus } from '../corpus/read-corpus.ts';
import { makePairs, type RerankerPair } from './make-pairs.ts';

/** Pairs to train on and held-out ones, of other documents. */
export interface RerankerPairs {
  train: RerankerPair[];
  validation: RerankerPair[];
}

/** Reads the corpus and makes its pairs, or reads them where they were made before. A query stands in it once. */
export async function readPairs(work: string): Promise<RerankerPairs> {
  const file = join(work, 'pairs.jsonl');
  if (!existsSync(file)) await writePairs(work, file);
  const pairs: RerankerPair[] = [];
  const seen = new Set<string>();
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const pair: RerankerPair = JSON.parse(line);
    const key = pair.query.toLowerCase();
    if (!seen.has(key)) pairs.push(pair);
    seen.add(key);
  }
  // By document: a held-out query's passage was never shown.
  const isHeldOut = ({ package: from, document }: RerankerPair) =>
    Number.parseInt(sha256(`${from} ${document}`).slice(0, 4), 16) < 0.012 * 0x10000;
  return { train: pairs.filter((pair) => !isHeldOut(pair)), validation: pairs.filter(isHeldOut) };
}

async function writePairs(work: string, file: string): Promise<void> {
  const passages = choosePassages(await readCorpus(work));
  const telling = tellingHeadings(passages);
  const words = new Map<string, number>();
  for (const { text } of passages)
    for (const [word] of text.toLowerCase().matchAll(/[a-z]{3,}/g))
      words.set(word, (words.get(word) ?? 0) + 1);
  // A slip of the pen is no word.
  const isWord = (word: string) => (words.get(word) ?? 0) >= 5;
  writeFileSync(`${file}.part`, '');
  for (const own of Map.groupBy(passages, (passage) => passage.package).values()) {
    const pairs = makePairs(own, { isWord, telling });
    await appendFile(`${file}.part`, pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(''));
    console.log(`${own[0]!.package}: ${own.length} passages of prose, ${pairs.length} pairs`);
  }
  renameSync(`${file}.part`, file);
}
