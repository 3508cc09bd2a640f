import type { ChunkFilter } from '../store/chunk-table.ts';
import { identifiersIn } from '../text/numbers.ts';
import { comparableName, type Word, wordsOf } from '../text/words.ts';
import { type LinkedName, leastCover, type NameIndex } from './names.ts';
import { longFormsOf, type Meaning, spellOut } from './spell-out.ts';

/** How a question is searched. */
export interface QueryPlan {
  /** The question as it was put. */
  text: string;
  /** What is searched: the question, with what its abbreviations stand for and names that it misspells in brackets. */
  full: string;
  /** What is asked, without the names of what it is asked of. */
  unnamed: string;
  /** The questions or things that it was searched as, each alone; absent where it is one. */
  parts?: string[];
  /** What it names by digits (codes, versions, dates) and that is no part of a document's name, with the term it is found by. */
  exact: { text: string; term: string }[];
  /** Documents named in the question, best first. */
  linked: LinkedName[];
  /**
   * What the question is about, surest first: of several names for one stretch of words the best. Two or more: it is several
   * questions.
   */
  subjects: Subject[];
}

/** One thing that a question is about. */
export interface Subject {
  /** As a document writes it. */
  name: string;
  /** The question's own word for it. */
  asked: string;
  documentIds: string[];
  /** How sure, beside the surest: (0, 1]. */
  share: number;
  /** It is in a list with another one: "hypertension and diabetes". Surely both are meant. */
  isListed: boolean;
}

/**
 * Reads a question, without a language model: which documents it names, misspelt or not, what its abbreviations stand for, and which
 * codes it has.
 */
export function planQuery(
  question: string,
  { names, meanings, filter = {} }: { names: NameIndex; meanings: readonly Meaning[]; filter?: ChunkFilter },
): QueryPlan {
  const words = wordsOf(question);
  const linked = withSpeltOut(names.link(question, { filter, limit: mostLinked }), words, {
    names,
    meanings,
    filter,
  });
  const subjects = subjectsOf(linked, (one, other) => areListed(question, words, one, other));
  const named = new Set(subjects.flatMap(({ at }) => [...at].map((index) => words[index]!.start)));
  const respelt = subjects.map(({ links }) => links[0]!).filter(({ isRespelt }) => isRespelt);
  const longForms = [...longFormsOf(meanings), ...respelt.map(({ name }) => name)];
  return {
    text: question,
    full: spellOut(question, longForms),
    unnamed: withoutWords(
      question,
      words.filter(({ start }) => named.has(start)),
    ),
    exact: identifiersIn(question)
      .filter(
        ({ kind, start, end }) =>
          kind !== 'date' &&
          !words.some((word) => named.has(word.start) && word.start >= start && word.end <= end),
      )
      .map(({ text, term }) => ({ text, term })),
    linked,
    subjects: subjects.map(({ links, share, at, isListed }) => ({
      name: links[0]!.name,
      asked: question.slice(words[Math.min(...at)]!.start, words[Math.max(...at)]!.end),
      documentIds: links.map(({ documentId }) => documentId),
      share,
      isListed,
    })),
  };
}

/**
 * With the documents that are called what an abbreviation stands for: "the BCP" names the business continuity plan, and a document
 * of that title, though only another one says so. Where a name links to the document by itself, that one counts; an abbreviation
 * that may stand for several things names none of them.
 */
function withSpeltOut(
  linked: readonly LinkedName[],
  words: readonly Word[],
  { names, meanings, filter }: { names: NameIndex; meanings: readonly Meaning[]; filter: ChunkFilter },
): LinkedName[] {
  const known = new Set(
    linked.filter(({ cover }) => cover >= leastCover).map(({ documentId }) => documentId),
  );
  const spelt = meanings.flatMap(({ longForm, start, end }) => {
    if (meanings.some((other) => other.start === start && other.longForm !== longForm)) return [];
    const at = words.flatMap((word, index) => (word.start >= start && word.end <= end ? [index] : []));
    const called = comparableName(longForm);
    return names
      .link(longForm, { filter, limit: mostLinked })
      .filter(({ documentId, name }) => comparableName(name) === called && !known.has(documentId))
      .map((link) => ({ ...link, verbatim: false, at }));
  });
  if (spelt.length === 0) return [...linked];
  const also = new Set(spelt.map(({ documentId }) => documentId));
  return [...linked.filter(({ documentId }) => !also.has(documentId)), ...spelt]
    .sort((a, b) => strengthOf(b) - strengthOf(a))
    .slice(0, mostLinked);
}

/** Documents that a question may name. */
const mostLinked = 24;

const strengthOf = ({ weight, cover }: LinkedName) => weight * cover;

/** More would be a list of everything, and each costs a search. */
const mostSubjects = 4;

interface NamedThing {
  links: LinkedName[];
  /** Positions in the question's words. */
  at: Set<number>;
  share: number;
  isListed: boolean;
}

/**
 * Names that share a word of the question are about one thing, names that share none about several. What is far less sure than the
 * surest is a word of the story; but "gout, asthma or diabetes" asks for each of the three, however common its name, so what is
 * listed beside a thing is as sure as that.
 */
function subjectsOf(
  linked: readonly LinkedName[],
  listed: (one: Iterable<number>, other: Iterable<number>) => boolean,
): NamedThing[] {
  const things: NamedThing[] = [];
  const best = Math.max(0, ...linked.filter(({ cover }) => cover >= leastCover).map(strengthOf));
  for (const link of linked) {
    const own = things.find(({ at }) => link.at.some((place) => at.has(place)));
    if (own) own.links.push(link);
    else if (link.cover >= leastCover)
      things.push({ links: [link], at: new Set(link.at), share: strengthOf(link) / best, isListed: false });
  }
  const subjects = things.filter(({ share }) => share >= leastShare).slice(0, mostSubjects);
  const others = things.filter((thing) => !subjects.includes(thing) && thing.links[0]!.cover >= peerCover);
  const peerOf = (thing: NamedThing) => subjects.find(({ at }) => listed(at, thing.at));
  while (subjects.length < mostSubjects) {
    const thing = others.find(peerOf);
    if (!thing) break;
    subjects.push({ ...thing, share: peerOf(thing)!.share });
    others.splice(others.indexOf(thing), 1);
  }
  return subjects.map((thing) => ({
    ...thing,
    isListed: subjects.some((other) => other !== thing && listed(other.at, thing.at)),
  }));
}

/** Of the surest name's strength, this much must be another's to be a second thing that the question is about. */
const leastShare = 0.4;

/** A name in a list beside a surer one must be there whole, or nearly. */
const peerCover = 0.8;

/** Nothing but "and", a comma or the like, and "my" or "the", is between them. */
function areListed(
  question: string,
  words: readonly Word[],
  one: Iterable<number>,
  other: Iterable<number>,
): boolean {
  const [a, b] = [[...one], [...other]].sort((x, y) => Math.min(...x) - Math.min(...y)) as [
    number[],
    number[],
  ];
  const between = question.slice(words[Math.max(...a)]!.end, words[Math.min(...b)]!.start);
  return joining.test(between);
}

const joining =
  /^\s*(?:[,/&+]|,?\s*\b(?:and|or|nor|plus|versus|vs\.?|as well as|together with|along with)\b)(?:\s+(?:also|both|either|my|your|his|her|our|their|the|an?))*\s*$/i;

/** The text without these words of it; all of it where nothing would be left. */
function withoutWords(text: string, words: readonly Word[]): string {
  let kept = '';
  let at = 0;
  for (const { start, end } of words) {
    kept += text.slice(at, start);
    at = end;
  }
  kept = (kept + text.slice(at)).replace(/\s+/g, ' ').trim();
  return wordsOf(kept).length > 0 ? kept : text;
}
