/** Claims with what people say of them, from three sets of other people. */
import { join } from 'node:path';
import { sentences } from '../../packages/tandem/src/text/sentences.ts';
import { linesOf } from '../data/json-lines.ts';

/** A claim, evidence, and whether people found that the evidence supports it. */
export interface Row {
  /** Rows of one group are not independent. */
  group: string;
  claim: string;
  evidence: string[];
  isSupported: boolean;
  /** Sets of sentences that support, where people marked them. */
  supporting?: number[][];
}

const cut = (text: string) => sentences(text).map(({ start, end }) => text.slice(start, end));

/** Documents and claims made to need several sentences: for training. */
export function readCg2c(folder: string): Row[] {
  return linesOf<{ text_a: string; text_b: string[]; orig_label: number }>(
    join(folder, 'cg2c-doc.train.jsonl'),
  ).map(({ text_a, text_b, orig_label }) => ({
    group: text_a.slice(0, 80),
    claim: text_b[0]!,
    evidence: cut(text_a),
    isSupported: orig_label === 1,
  }));
}

/** Half of Factcheck-GPT: claims of language models, a person's stance on retrieved evidence. */
export function readFactcheck(folder: string): Row[] {
  return linesOf<{ claim: string; evidence: string; stance: string }>(
    join(folder, 'factcheck-gpt.dev.jsonl'),
  ).map(({ claim, evidence, stance }) => ({
    group: claim,
    claim,
    evidence: cut(evidence),
    isSupported: stance === 'completely-support',
  }));
}

/** WiCE dev: claims of Wikipedia, the cited page's sentences. Partly supported is not supported. */
export function readWice(folder: string): Row[] {
  return linesOf<{
    id: string;
    claim: string;
    evidence: string[];
    label: string;
    supporting: number[][];
  }>(join(folder, 'wice.dev.jsonl')).map(({ id, claim, evidence, label, supporting }) => ({
    group: id,
    claim,
    evidence,
    isSupported: label === 'supported',
    supporting,
  }));
}

/** Share of the supported. */
export function shareOf(rows: readonly Pick<Row, 'isSupported'>[]): number {
  return rows.filter(({ isSupported }) => isSupported).length / rows.length;
}

export function logOdds(share: number): number {
  return Math.log(share / (1 - share));
}

/** One of five, the same for the same group. */
export function foldOf({ group }: Pick<Row, 'group'>): number {
  let hash = 0;
  for (const character of group) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
  return hash % 5;
}
