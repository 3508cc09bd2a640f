import type { ChunkFilter } from '../store/chunk-table.ts';
import { isFunctionWord } from '../text/content-words.ts';
import { comparableName, folded, type Word, wordsOf } from '../text/words.ts';
import { clausesOf } from './clauses.ts';
import { exactTermsOf } from './exact-terms.ts';
import { type LinkedName, leastCover, type NameIndex } from './names.ts';
import { kindsAsked } from './section-kinds.ts';
import { type Meaning, spellOut } from './spell-out.ts';

/** How a question is searched. */
export interface QueryPlan {
  /** The question as it was put. */
  text: string;
  /** The question, abbreviations spelt out in brackets. */
  full: string;
  /** What full-text search looks for beside the question's own words; undefined where it would be the same words. */
  condensed?: string;
  /** A name that the documents have with what is asked, in the documents' spelling: at most four, best first. */
  focused: string[];
  /** The clauses that ask, as they are written; all of them where none does. */
  asking: string[];
  /** What is asked, without names and story; at least one, the question itself where nothing can be left out. */
  asked: string[];
  /** Kinds of section that are asked for, and how surely. */
  kinds: Record<string, number>;
  /** The questions or things that it was searched as, each alone; absent where it is one. */
  parts?: string[];
  /** Codes and part numbers that it has and that are no part of a document's name. */
  exact: string[];
  /** Nothing is asked but what it is: no word is left that says what to look for. */
  bare: boolean;
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

/** Words of "tell me about it", which ask for nothing in particular. */
export const saysNothing: ReadonlySet<string> = new Set(
  'info information about mean means meaning meant explain describe description definition define overview basics exactly basically even actually really kind sort thing something somebody someone anybody anyone understand simple plain word words term terms idea hello hi hey dear good thanks thank want like get got going called named bit little learn read heard never first time illness disease condition disorder diagnosis going stuff tells'.split(
    ' ',
  ),
);

/**
 * Makes search queries of a question, without a language model: the clauses that ask are separated from those that tell, names that
 * the documents have are recognised though misspelt, and the rest of the story is left to the search with the whole question.
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
  // One name for each thing the question is about; where that is one thing, a second name that fits it nearly as well.
  // A third is only searched for where the question lists it: in a story it is more often beside the point.
  const sure = subjects.filter(({ isListed }, at) => at < 2 || isListed).map(({ links }) => links[0]!);
  if (sure.length === 1) {
    const [first] = sure as [LinkedName];
    const second = subjects[0]!.links.find(
      (link) =>
        comparableName(link.name) !== comparableName(first.name) &&
        strengthOf(link) >= 0.75 * strengthOf(first),
    );
    if (second) sure.push(second);
  }
  const chosen = sure;
  const named = new Set(chosen.flatMap(({ at }) => at.map((index) => words[index]!.start)));

  const clauses = clausesOf(question);
  const asking = clauses.filter((clause) => clause.asks);
  const relevant = asking.length > 0 ? asking : clauses;
  let from = 0;
  const asked: string[] = [];
  const askedWords: Word[] = [];
  for (const { text } of relevant) {
    const start = question.indexOf(text, from);
    from = start + text.length;
    const inside = words.filter((word) => word.start >= start && word.end <= from);
    const kept = withoutSpans(
      question,
      start,
      from,
      inside.filter((word) => named.has(word.start)),
    );
    askedWords.push(...inside.filter((word) => !named.has(word.start)));
    if (wordsOf(kept).length > 0) asked.push(kept);
  }
  if (asked.length === 0) asked.push(question);
  // The last that asks is most often what is meant; more than three embeddings are not worth their time.
  const short = asked.slice(-3);

  const wanted = askedWords.filter(({ text }) => !isFunctionWord(folded(text)) || /^\p{Lu}{2,}$/u.test(text));
  const longForms = meanings.map(({ longForm }) => longForm);
  const spelt = [...chosen.map(({ name }) => name), ...longForms];
  const kinds = kindsAsked(
    relevant.map(({ text }) => text),
    question,
  );
  const condensed = [...spelt, ...wanted.map(({ text }) => text)].join(' ');
  return {
    text: question,
    full: spellOut(question, meanings),
    ...(spelt.length > 0 || relevant.length < clauses.length ? { condensed } : {}),
    focused: [
      ...new Set([...chosen.map(({ name }) => name), ...(chosen.length === 0 ? longForms.slice(0, 2) : [])]),
    ].map((name) => `${name}: ${short.join(' ')}`),
    asking: relevant.map(({ text }) => text),
    asked: short,
    kinds: Object.fromEntries(kinds),
    exact: [
      ...new Set(
        exactTermsOf(question)
          .filter(
            ({ start, end }) =>
              !words.some((word) => named.has(word.start) && word.start >= start && word.end <= end),
          )
          .map(({ text }) => text),
      ),
    ],
    bare:
      chosen.length + meanings.length > 0 &&
      [...kinds.keys()].every((kind) => kind === 'meaning') &&
      wanted.every(({ text }) => saysNothing.has(folded(text))),
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
 * that may stand for several things names none of them (on MedQuAD it would cost a point of S@1).
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

function withoutSpans(text: string, start: number, end: number, spans: readonly Word[]): string {
  let kept = '';
  let at = start;
  for (const span of spans) {
    kept += text.slice(at, span.start);
    at = span.end;
  }
  return (kept + text.slice(at, end)).replace(/\s+/g, ' ').trim();
}
