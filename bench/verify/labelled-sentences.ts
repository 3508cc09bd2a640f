/** Sentences that arms wrote, with what two labellers say of each: `README.md` and `labelling.md` beside this say how they came to be. */
import { join } from 'node:path';
import { sentences } from '../../packages/tandem/src/text/sentences.ts';
import { linesOf } from '../data/json-lines.ts';
import type { Row } from './claim-rows.ts';

type Label = 'supported' | 'contradicted' | 'not found';

/** A sentence as a claim; `isSupported` is what both labellers say. */
export interface LabelledRow extends Row {
  project: string;
  first: Label;
  second: Label;
}

interface GivenSentence {
  id: string;
  project: string;
  question: string;
  sentence: string;
  evidence: { title: string; heading: string; text: string }[];
}

/** All of them, in the file's order: evidence as answers are checked against it, title and heading first. Sentences on one question are one group. */
export function readLabelledSentences(): LabelledRow[] {
  const labels = [1, 2].map(
    (labeller) =>
      new Map(
        linesOf<{ id: string; label: Label }>(join(import.meta.dirname, `labels-${labeller}.jsonl`)).map(
          ({ id, label }) => [id, label],
        ),
      ),
  );
  return linesOf<GivenSentence>(join(import.meta.dirname, 'sentences.jsonl')).map(
    ({ id, project, question, sentence, evidence }) => {
      const [first, second] = labels.map((each) => each.get(id));
      if (!first || !second) throw new Error(`${id} is not labelled twice.`);
      return {
        group: `${project} ${question}`,
        project,
        claim: sentence,
        evidence: evidence.flatMap(({ title, heading, text }) => [
          [...new Set([title, heading])].filter((part) => part !== '').join('. '),
          ...sentences(text).map(({ start, end }) => text.slice(start, end)),
        ]),
        isSupported: first === 'supported' && second === 'supported',
        first,
        second,
      };
    },
  );
}

/** Cohen 1960. */
export function kappaOf(rows: readonly Pick<LabelledRow, 'first' | 'second'>[]): number {
  const share = (test: (row: (typeof rows)[number]) => boolean) => rows.filter(test).length / rows.length;
  const labels = [...new Set(rows.flatMap(({ first, second }) => [first, second]))];
  const byChance = labels.reduce(
    (sum, label) => sum + share(({ first }) => first === label) * share(({ second }) => second === label),
    0,
  );
  return (share(({ first, second }) => first === second) - byChance) / (1 - byChance);
}
