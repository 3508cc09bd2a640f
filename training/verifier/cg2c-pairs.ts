/**
 * CG2C's claims (MIT, derenlei/FactCG): each with a document that bears it out, several sentences of it together, and one in which a sentence was changed so
 * that it does not. Read as the verifier will read them: the best one or two sentences, and the best four.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../packages/tandem/src/core/hash.ts';
import { sentences } from '../../packages/tandem/src/text/sentences.ts';
import { chooseEvidence } from '../../packages/tandem/src/verify/choose-evidence.ts';
import { overlapSignals } from '../../packages/tandem/src/verify/overlap-signals.ts';
import { type ClaimPair, claimPair, keyOf, type Wrong } from './claim-pair.ts';
import { editsOf, namesOf, pickEdit } from './edits.ts';

/** As a row of the file has it; `orig_label` is 1 where the document bears the claim out. */
interface Cg2cRow {
  text_a: string;
  text_b: [claim: string];
  orig_label: 0 | 1;
}

/** The file beside the repository; its README says licence and source. */
export const cg2cFile = join(import.meta.dirname, '../../../shared/data/general/claims/cg2c-doc.train.jsonl');

/** Chosen sentences that have less of a claim than the whole document, by so much, may not bear it out. */
const mostLost = 0.05;

/** The pairs of the claims that are taken, in the file's order. */
export function cg2cPairs(
  isTaken: (claim: string) => boolean,
  randomOf: (claim: string) => () => number,
): ClaimPair[] {
  const rows: Cg2cRow[] = readFileSync(cg2cFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  const sourceOf = connectedSources(rows);
  return [...Map.groupBy(rows, ({ text_b: [claim] }) => claim)].flatMap(([claim, own]) => {
    if (!isTaken(claim)) return [];
    const supporting = own.filter(({ orig_label }) => orig_label === 1).map(({ text_a }) => cut(text_a));
    const changed = own.filter(({ orig_label }) => orig_label === 0).map(({ text_a }) => cut(text_a));
    return supporting.flatMap((document) =>
      readings(claim, document, changed, randomOf(claim)).flatMap(({ form, positive, wrong }) => {
        const of = {
          form: `CG2C, ${form}`,
          kind: 'news',
          package: 'CG2C',
          document: sourceOf(own[0]!.text_a),
        };
        return claimPair({ claim, positive, wrong }, of) ?? [];
      }),
    );
  });
}

/** A claim's evidence in up to two forms; none in which right and wrong documents read alike. */
function readings(
  claim: string,
  document: readonly string[],
  changed: readonly string[][],
  random: () => number,
): { form: string; positive: string; wrong: Wrong[] }[] {
  const signals = overlapSignals(claim, document);
  const others = namesOf(document.join(' '));
  const wrongOf = (read: (document: readonly string[]) => string) =>
    changed.map((other): Wrong => ({ text: read(other), why: 'a changed sentence' }));
  const formed: { form: string; positive: string; wrong: Wrong[] }[] = [];
  const add = (form: string, read: (document: readonly string[]) => string) => {
    const positive = read(document);
    const wrong = wrongOf(read);
    // The sentence that was changed was not chosen: what is left says nothing of the claim's truth.
    if (wrong.some(({ text }) => keyOf(text) === keyOf(positive))) return;
    const edit = pickEdit(
      editsOf(claim, others, random).filter((each) => each.apply(positive) !== positive),
      random,
    );
    if (edit) wrong.push({ text: edit.apply(positive), why: edit.form });
    formed.push({ form, positive, wrong });
  };
  const whole = coveredBy(claim, [document.join(' ')]);
  const chosen = (each: readonly string[]) => {
    const [two = '', four = two] = chooseEvidence(each, overlapSignals(claim, each));
    return { two, four };
  };
  const { two, four } = chosen(document);
  if (coveredBy(claim, [four]) >= whole - mostLost) {
    add('four sentences', (each) => chosen(each).four);
    const rest = document.filter((_, at) => !signals.sentences.includes(at));
    if (rest.length > 0)
      formed[0]?.wrong.push({ text: chosen(rest).four, why: 'the best sentences are missing' });
  }
  if (two !== four && coveredBy(claim, [two]) >= whole - mostLost)
    add('two sentences', (each) => chosen(each).two);
  return formed;
}

const coveredBy = (claim: string, texts: readonly string[]) => overlapSignals(claim, texts).covered;

function cut(text: string): string[] {
  return sentences(text).map(({ start, end }) => text.slice(start, end).replace(/\s+/g, ' '));
}

/** Documents that share a long sentence are one source: none of it is shown where another is held out. */
function connectedSources(rows: readonly Cg2cRow[]): (text: string) => string {
  const parent = new Map<string, string>();
  const rootOf = (key: string): string => {
    let at = key;
    while (parent.get(at)! !== at) at = parent.get(at)!;
    return at;
  };
  for (const { text_a } of rows) {
    const keys = [text_a, ...cut(text_a).filter((sentence) => sentence.length > 50)];
    for (const key of keys) if (!parent.has(key)) parent.set(key, key);
    for (const key of keys) parent.set(rootOf(key), rootOf(text_a));
  }
  return (text) => sha256(rootOf(text)).slice(0, 16);
}
