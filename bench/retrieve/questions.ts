/** MedQuAD's questions, as `bench/retrieve.ts` and its neighbours read them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf } from '../data/json-lines.ts';

export interface MedquadQuestion {
  qid: string;
  doc: string;
  focus: string;
  qtype: string;
  question: string;
  answer: string;
}

export function questionsOf(data: string, file: string): MedquadQuestion[] {
  return linesOf(join(data, file));
}

/** Document → group: documents about one thing share it. */
export function groupsOf(data: string): Record<string, string> {
  return JSON.parse(readFileSync(join(data, 'groups.json'), 'utf8'));
}

/** The same pseudo-random order on every machine: by a hash of the question's id and document. */
export function scattered<T extends { qid: string; doc: string }>(items: readonly T[]): T[] {
  const rank = ({ qid, doc }: T) =>
    [...(qid + doc)].reduce((hash, letter) => Math.imul(hash ^ letter.codePointAt(0)!, 16777619), 7) >>> 0;
  return items
    .map((item) => ({ item, rank: rank(item) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
