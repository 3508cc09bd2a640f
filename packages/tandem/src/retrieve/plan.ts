import type { ChunkFilter } from '../store/chunk-table.ts';
import { clausesOf } from './clauses.ts';
import {
  comparableName,
  folded,
  type LinkedName,
  leftOut,
  type NameIndex,
  type Word,
  wordsOf,
} from './names.ts';
import { kindsAsked } from './section-kinds.ts';

/** How a question is searched. */
export interface QueryPlan {
  /** The question as it was put. */
  text: string;
  /** The question, abbreviations spelt out in brackets. */
  full: string;
  /** What full-text search looks for beside the question's own words; undefined where it would be the same words. */
  condensed?: string;
  /** A name that the documents have with what is asked, in the documents' spelling: at most two, best first. */
  focused: string[];
  /** What is asked, without names and story; at least one, the question itself where nothing can be left out. */
  asked: string[];
  /** Kinds of section that are asked for, and how surely. */
  kinds: Record<string, number>;
  /** Nothing is asked but what it is: no word is left that says what to look for. */
  bare: boolean;
  /** Documents named in the question, best first. */
  linked: LinkedName[];
  /** What the question is about, surest first: of several names for one stretch of words the best. Two or more: it is several questions. */
  subjects: Subject[];
}

/** One thing that a question is about. */
export interface Subject {
  /** As a document writes it. */
  name: string;
  documentIds: string[];
  /** How sure, beside the surest: (0, 1]. */
  share: number;
}

/** Words of "tell me about it", which ask for nothing in particular. */
const saysNothing: ReadonlySet<string> = new Set(
  'info information about mean means meaning meant explain describe description definition define overview basics exactly basically even actually really kind sort thing something somebody someone anybody anyone understand simple plain word words term terms idea hello hi hey dear good thanks thank want like get got going called named bit little learn read heard never first time illness disease condition disorder diagnosis going stuff tells'.split(
    ' ',
  ),
);

/** Of a name, this much must be in a question for the question to be about it. */
const leastCover = 0.55;

/**
 * Makes search queries of a question, without a language model: the clauses that ask are told from those that tell, names that
 * the documents have are recognised though misspelt, and the rest of the story is left to the search with the whole question.
 */
export function planQuery(
  question: string,
  { names, meanings, filter = {} }: { names: NameIndex; meanings: readonly string[]; filter?: ChunkFilter },
): QueryPlan {
  const linked = names.link(question, { filter, limit: 24 });
  const words = wordsOf(question);
  const subjects = subjectsOf(linked);
  // One name for each thing the question is about; where that is one thing, a second name that fits it nearly as well.
  const sure = subjects.slice(0, 2).map(({ links }) => links[0]!);
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

  const wanted = askedWords.filter(({ text }) => !leftOut.has(folded(text)) || /^\p{Lu}{2,}$/u.test(text));
  const spelt = [...chosen.map(({ name }) => name), ...meanings];
  const kinds = kindsAsked(
    relevant.map(({ text }) => text),
    question,
  );
  const condensed = [...spelt, ...wanted.map(({ text }) => text)].join(' ');
  return {
    text: question,
    full: meanings.length > 0 ? `${question} (${meanings.join('; ')})` : question,
    ...(spelt.length > 0 || relevant.length < clauses.length ? { condensed } : {}),
    focused: [...new Set([...chosen.map(({ name }) => name), ...(chosen.length === 0 ? meanings : [])])]
      .slice(0, 2)
      .map((name) => `${name}: ${short.join(' ')}`),
    asked: short,
    kinds: Object.fromEntries(kinds),
    bare:
      chosen.length + meanings.length > 0 &&
      [...kinds.keys()].every((kind) => kind === 'meaning') &&
      wanted.every(({ text }) => saysNothing.has(folded(text))),
    linked,
    subjects: subjects.map(({ links, share }) => ({
      name: links[0]!.name,
      documentIds: links.map(({ documentId }) => documentId),
      share,
    })),
  };
}

const strengthOf = ({ weight, cover }: LinkedName) => weight * cover;

/**
 * Names that share a word of the question are about one thing, names that share none about several. What is far less sure than the
 * surest is a word of the story.
 */
function subjectsOf(
  linked: readonly LinkedName[],
): { links: LinkedName[]; at: Set<number>; share: number }[] {
  const subjects: { links: LinkedName[]; at: Set<number>; share: number }[] = [];
  const best = Math.max(0, ...linked.filter(({ cover }) => cover >= leastCover).map(strengthOf));
  for (const link of linked) {
    const own = subjects.find(({ at }) => link.at.some((place) => at.has(place)));
    if (own) own.links.push(link);
    else if (link.cover >= leastCover && strengthOf(link) >= 0.4 * best && subjects.length < 4)
      subjects.push({ links: [link], at: new Set(link.at), share: strengthOf(link) / best });
  }
  return subjects;
}

function withoutSpans(text: string, start: number, end: number, spans: readonly Word[]): string {
  let kept = '';
  let at = start;
  for (const span of spans) {
    kept += text.slice(at, span.start);
    at = span.end;
  }
  return (kept + text.slice(at, end)).replace(/\s+/g, ' ').trim();
}
