/**
 * Claims made of a document's own sentences, with evidence that bears them out and evidence that does not.
 *
 * What could tell right from wrong evidence without reading the claim is taken away: a change (of a number, a name) is made in the claim and the right
 * evidence as often as in the wrong one, and all evidence of a claim has the same sentences around the one that differs.
 */
import { sentences } from '../../packages/tandem/src/text/sentences.ts';
import { termsOf } from '../../packages/tandem/src/text/terms.ts';
import { isStatement } from '../../packages/tandem/src/verify/split-claims.ts';
import type { ChosenPassage } from '../corpus/choose-passages.ts';
import { isPlainSentence } from '../corpus/plain-sentences.ts';
import { createWordSearch } from '../corpus/word-search.ts';
import { type ClaimPair, claimPair, type Wrong } from './claim-pair.ts';
import { editsOf, namesOf, pickEdit } from './edits.ts';
import { pick } from './pick.ts';
import { reword } from './reword.ts';
import { shortenings, withoutCondition } from './shorten.ts';

/** A sentence of a document that can be a claim or evidence. */
interface Sentence {
  text: string;
  terms: ReadonlySet<string>;
  /** Number of its passage in the document. */
  passage: number;
  section: string;
}

/** How a claim was made, and what bears it out. */
interface Claim {
  text: string;
  form: string;
  /** The sentence or the two. */
  core: string[];
  /** What looks as if it bore the claim out, and says it under a condition alone. */
  conditional?: string;
}

/** Claims of one document: one that is a book must not outweigh the others. */
const mostClaims = 12;

/** A sentence that has more of a claim's words than this may bear it out. */
const mostCovered = 0.7;

/** The pairs of one document's passages. */
export function corpusPairs(passages: readonly ChosenPassage[], random: () => number): ClaimPair[] {
  const seen = new Set<string>();
  const all = passages
    .flatMap((passage, at) => sentencesOf(passage, at))
    .filter(({ text }) => !seen.has(text) && seen.add(text));
  if (all.length < 2) return [];
  const search = createWordSearch(all.map(({ text }) => text));
  const names = namesOf(all.map(({ text }) => text).join(' '));
  const chosen = [...Map.groupBy(all, ({ passage }) => passage).values()]
    .map((own) => {
      // Few have a number, and numbers are what claims get wrong.
      const valued = own.filter(({ text }) => /\d/.test(text));
      return pick(valued.length > 0 && random() < 0.4 ? valued : own, random)!;
    })
    .map((sentence) => ({ sentence, order: random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, mostClaims);
  return chosen.flatMap(({ sentence }) => {
    const pair = pairOf(sentence, { all, search, names, random });
    const { kind, package: from, document } = passages[0]!;
    return pair ? (claimPair(pair, { form: pair.form, kind, package: from, document }) ?? []) : [];
  });
}

function sentencesOf({ text, title, headings }: ChosenPassage, passage: number): Sentence[] {
  return sentences(text)
    .map(({ start, end }) => text.slice(start, end).replace(/\s+/g, ' '))
    .filter(
      (own) =>
        own.length >= 40 &&
        own.length <= 240 &&
        own.endsWith('.') &&
        isPlainSentence(own) &&
        // Links, and sentences that only point elsewhere, state nothing.
        !/\]\(|https?:/.test(own) &&
        !/^(?:See|Refer|Please|For (?:more|a full|details|further)|Note that this (?:section|page))\b/.test(
          own,
        ) &&
        isStatement(own) &&
        own.split(' ').length >= 7,
    )
    .map((own) => ({
      text: own,
      terms: new Set(termsOf(own)),
      passage,
      section: [title, ...headings].join('\n'),
    }));
}

function pairOf(
  sentence: Sentence,
  {
    all,
    search,
    names,
    random,
  }: {
    all: readonly Sentence[];
    search: (query: string) => Float64Array;
    names: readonly string[];
    random: () => number;
  },
): { claim: string; positive: string; wrong: Wrong[]; form: string } | undefined {
  const at = all.indexOf(sentence);
  const inPassage = (other: Sentence | undefined) =>
    other?.passage === sentence.passage ? other : undefined;
  const [before, after] = [inPassage(all[at - 1]), inPassage(all[at + 1])];
  const claim = claimOf(sentence, after, random);
  const claimTerms = new Set(termsOf(claim.text));
  const saysLittleOfIt = (other: Sentence) => covered(claimTerms, other.terms) < mostCovered;
  const scores = search(claim.text);
  const elsewhere = all
    .map((other, place) => ({ other, score: scores[place]! }))
    .filter(({ other }) => other.section !== sentence.section && saysLittleOfIt(other))
    .sort((a, b) => b.score - a.score)
    .slice(0, 4)
    .map(({ other }) => other);
  const [near, far] = [pick(elsewhere.slice(0, 2), random), pick(elsewhere, random)];

  const frame = frameOf({ before, after: claim.core.length > 1 ? undefined : after, far, random });
  const around = [...frame.before, ...frame.after].filter(saysLittleOfIt);
  const shown = (core: readonly string[]) =>
    [
      ...frame.before.filter((each) => around.includes(each)).map(({ text }) => text),
      ...core,
      ...frame.after.filter((each) => around.includes(each)).map(({ text }) => text),
    ].join(' ');

  const edit = pickEdit(
    editsOf(claim.text, names, random).filter((each) => changes(each.apply, claim.core)),
    random,
  );
  // As often the document's own words are the wrong evidence, and claim and right evidence were changed.
  const isTurned = edit !== undefined && random() < 0.5;
  const change = (text: string) => (isTurned ? edit.apply(text) : text);
  const core = claim.core.map(change);
  const wrong: Wrong[] = [];
  if (edit) {
    const other = isTurned ? claim.core : claim.core.map((text) => edit.apply(text));
    wrong.push({ text: shown(other), why: edit.form });
  }
  if (claim.conditional !== undefined)
    wrong.push({ text: shown([change(claim.conditional)]), why: 'only under a condition' });
  const less = lessThan(claim, core, { other: elsewhere.find((each) => !around.includes(each)), random });
  if (less) wrong.push({ text: shown(less.core), why: less.why });
  const neighbours = [before, claim.core.length > 1 ? undefined : after].filter((each) => each !== undefined);
  if (near && (wrong.length < 2 || random() < 0.6))
    wrong.push({ text: shown([near.text]), why: 'another section' });
  else if (neighbours.length > 0 && neighbours.every(saysLittleOfIt))
    wrong.push({ text: neighbours.map(({ text }) => text).join(' '), why: 'neighbouring sentences' });
  return { claim: change(claim.text), positive: shown(core), wrong, form: claim.form };
}

/** Of the sentence, or of it and the one after it. */
function claimOf({ text }: Sentence, after: Sentence | undefined, random: () => number): Claim {
  const turn = random();
  const plain = text.replace(/[`]|\*\*/g, '');
  if (turn < 0.18 && after && text.length + after.text.length <= 320) {
    const second = after.text.replace(/[`]|\*\*/g, '');
    const link = pick([', and ', '; ', ', while '], random)!;
    const joined = `${plain.replace(/\.$/, '')}${link}${/^\p{Lu}\p{Ll}*\b(?<=The|An?|It|This|These|Its|Each|All|They|If|When|In)/u.test(second) ? second.charAt(0).toLowerCase() + second.slice(1) : second}`;
    return { text: reword(joined, random), form: 'two sentences', core: [text, after.text] };
  }
  const shorter = pick(shortenings(plain), random);
  if (turn < 0.65 && shorter) return { text: reword(shorter, random), form: 'shortened', core: [text] };
  const condition = turn < 0.75 ? withoutCondition(plain) : undefined;
  // The claim holds without the condition: what bears it out is a sentence that has none.
  if (condition)
    return {
      text: reword(condition, random),
      form: 'without condition',
      core: [condition],
      conditional: text,
    };
  const other = reword(plain, random);
  return turn > 0.9 || other === plain
    ? { text: plain, form: 'as written', core: [text] }
    : { text: other, form: 'reworded', core: [text] };
}

/** Evidence that has a part of the claim and lacks another. */
function lessThan(
  { form, text }: Claim,
  core: readonly string[],
  { other, random }: { other: Sentence | undefined; random: () => number },
): { core: string[]; why: string } | undefined {
  const [first = '', second] = core;
  if (second !== undefined) {
    const kept = random() < 0.5 ? first : second;
    const rest = other === undefined ? [] : [other.text];
    return { core: kept === first ? [first, ...rest] : [...rest, second], why: 'one of two sentences' };
  }
  if (form === 'shortened' || form === 'without condition') return undefined;
  const shorter = pick(
    // What the claim itself lacks is nothing that its evidence could lose.
    shortenings(first).filter((each) => each.length < 0.85 * text.length),
    random,
  );
  return shorter === undefined ? undefined : { core: [shorter], why: 'a part is missing' };
}

/** What stands around the sentences that bear a claim out: nothing, neighbours, or sentences of other sections too, up to four in all. */
function frameOf({
  before,
  after,
  far,
  random,
}: {
  before: Sentence | undefined;
  after: Sentence | undefined;
  far: Sentence | undefined;
  random: () => number;
}): { before: Sentence[]; after: Sentence[] } {
  const turn = random();
  const some = (...each: (Sentence | undefined)[]) => each.filter((one) => one !== undefined);
  if (turn < 0.25) return { before: [], after: [] };
  if (turn < 0.42) return { before: some(before), after: [] };
  if (turn < 0.59) return { before: [], after: some(after) };
  if (turn < 0.67) return { before: some(far), after: [] };
  if (turn < 0.75) return { before: [], after: some(far) };
  return turn < 0.87
    ? { before: some(far, before), after: some(after) }
    : { before: some(before), after: some(after, far) };
}

/** Whether a change would change any of these texts. */
const changes = (apply: (text: string) => string, texts: readonly string[]) =>
  texts.some((text) => apply(text) !== text);

/** Share of the claim's terms that a sentence has. */
function covered(claim: ReadonlySet<string>, terms: ReadonlySet<string>): number {
  let shared = 0;
  for (const term of claim) if (terms.has(term)) shared++;
  return shared / Math.max(1, claim.size);
}
