/** All pairs of claims and evidence: of the corpus and of CG2C, made once and kept in `WORK`. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../packages/nn/src/graph/seeded-random.ts';
import { sha256 } from '../../packages/tandem/src/core/hash.ts';
import { choosePassages } from '../corpus/choose-passages.ts';
import { readCorpus } from '../corpus/read-corpus.ts';
import { cg2cPairs } from './cg2c-pairs.ts';
import { type ClaimPair, keyOf } from './claim-pair.ts';
import { corpusPairs } from './corpus-pairs.ts';

/** Pairs to train on and held-out ones, of other documents. */
export interface ClaimPairs {
  train: ClaimPair[];
  validation: ClaimPair[];
}

/** Of each package: none outweighs the others. */
const mostOfPackage = 150;

/** @param share of the documents that pairs are made of: a pilot makes and reads no others */
export async function readClaimPairs(work: string, share: number): Promise<ClaimPairs> {
  const file = join(work, `claim-pairs-${share}.jsonl`);
  if (!existsSync(file)) {
    const pairs = await makeClaimPairs(work, share);
    writeFileSync(`${file}.part`, pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(''));
    renameSync(`${file}.part`, file);
  }
  const pairs: ClaimPair[] = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  const isHeldOut = ({ package: from, document }: ClaimPair) =>
    chanceOf(`held out ${from} ${document}`) < 0.02;
  return { train: pairs.filter((pair) => !isHeldOut(pair)), validation: pairs.filter(isHeldOut) };
}

async function makeClaimPairs(work: string, share: number): Promise<ClaimPair[]> {
  const isTaken = (document: string) => share >= 1 || chanceOf(document) < share;
  const corpus = (await readCorpus(work)).filter((own) => isTaken(`${own.package} ${own.document}`));
  const documents = Map.groupBy(choosePassages(corpus), (own) => `${own.package} ${own.document}`);
  const made = [...documents].flatMap(([name, passages]) => corpusPairs(passages, randomOf(name)));
  const kept = [...Map.groupBy(made, (pair) => pair.package).values()].flatMap((own) =>
    own
      .map((pair) => ({ pair, order: sha256(`${pair.document} ${pair.query}`) }))
      .sort((a, b) => (a.order < b.order ? -1 : 1))
      .slice(0, mostOfPackage)
      .map(({ pair }) => pair),
  );
  const seen = new Set<string>();
  return [...cg2cPairs((claim) => isTaken(`CG2C ${claim}`), randomOf), ...kept].filter(
    ({ query, package: from }) => {
      // A claim of CG2C is read in several forms; one of the corpus that stands in many documents is read once.
      const key = keyOf(query);
      if (from === 'CG2C') return true;
      const isNew = !seen.has(key);
      seen.add(key);
      return isNew;
    },
  );
}

const randomOf = (name: string) => seededRandom(Number.parseInt(sha256(name).slice(0, 8), 16));

/** From 0 to 1, the same for the same text. */
const chanceOf = (text: string) => Number.parseInt(sha256(text).slice(0, 8), 16) / 2 ** 32;
