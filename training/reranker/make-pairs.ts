/** From passages to training pairs: a query, the passage that answers it, and passages that look as if they did. */
import type { EmbedderPair } from '@tandem/nn';
import { seededRandom } from '../../packages/nn/src/graph/seeded-random.ts';
import { embeddedText } from '../../packages/tandem/src/chunk/embedded-text.ts';
import { sha256 } from '../../packages/tandem/src/core/hash.ts';
import { sentences } from '../../packages/tandem/src/text/sentences.ts';
import { termsOf } from '../../packages/tandem/src/text/terms.ts';
import type { ChosenPassage } from '../corpus/choose-passages.ts';
import { isPlainSentence } from '../corpus/plain-sentences.ts';
import { createWordSearch } from '../corpus/word-search.ts';
import { queryOfHeading } from './queries-of-headings.ts';
import { keywordsOf, questionOf } from './queries-of-sentences.ts';

/** A pair, with where it comes from and how its query was made. */
export interface RerankerPair extends EmbedderPair {
  kind: string;
  package: string;
  document: string;
  form: QueryForm;
}

/** How a query was made: of a heading, as a question that a sentence answers, of words of one, or of a sentence that is cut out. */
export type QueryForm = 'heading' | 'question' | 'keywords' | 'cut sentence';

/** A query and what it was made of. */
interface Query {
  text: string;
  form: QueryForm;
  /** Of its passage, in its package. */
  at: number;
  /** Of the passage's text, without the sentence where that was cut out; the query's sentence begins at `from`. */
  body: string;
  from: number;
}

/** Characters of a passage that are trained on: about 95 tokens. Tandem's passages are longer at most; longer ones cost more and teach little more. */
const mostCharacters = 400;

/** A passage that has more of another's words than this says the same. */
const mostShared = 0.8;

/** All pairs of one package, in the order of its passages. The same passages give the same pairs. */
export function makePairs(
  passages: readonly ChosenPassage[],
  { isWord, telling }: { isWord: (word: string) => boolean; telling: ReadonlySet<string> },
): RerankerPair[] {
  const random = seededRandom(Number.parseInt(sha256(passages[0]?.package ?? '').slice(0, 8), 16));
  const queries = passages.flatMap((passage, at) => {
    const before = passages[at - 1];
    const isFirst = before === undefined || !isSameSection(before, passage);
    return queriesOf(passage, { at, isFirst, telling, isWord, random });
  });
  const texts = passages.map((passage) => shown(passage, 'headings', passage.text));
  const words = passages.map(({ text }) => new Set(termsOf(text)));
  const search = createWordSearch(texts);
  return queries.flatMap((query) => {
    const own = passages[query.at]!;
    const style = styleFor(query, own, random);
    const scores = search(query.text);
    const isWrong = (at: number) =>
      !isBelow(own, passages[at]!) && sharedWords(words[query.at]!, words[at]!) < mostShared;
    const best = (places: number[], count: number) =>
      places
        .sort((a, b) => scores[b]! - scores[a]!)
        .slice(0, 3 * count)
        .filter(isWrong)
        .slice(0, count);
    const places = [...scores.keys()];
    const inDocument = best(
      places.filter((at) => passages[at]!.document === own.document && isWrong(at)),
      3,
    );
    const first =
      random() < 0.55 && inDocument.length > 0
        ? inDocument
        : best(
            places.filter((at) => scores[at]! > 0),
            12,
          );
    const chosen = [pick(first, random)];
    // An easy one now and then: what is quite wrong must not be forgotten.
    if (random() < 0.12) chosen.push(Math.floor(random() * passages.length));
    const negatives = chosen
      .filter((at): at is number => at !== undefined && isWrong(at))
      .map((at) => {
        const { text } = passages[at]!;
        return shown(
          passages[at]!,
          style,
          windowOf(text, Math.floor(random() * text.length), query.form, random),
        );
      });
    const positive = shown(own, style, windowOf(query.body, query.from, query.form, random));
    if (negatives.length === 0) return [];
    const { kind, package: from, document } = own;
    return [{ query: query.text, positive, negatives, kind, package: from, document, form: query.form }];
  });
}

function queriesOf(
  passage: ChosenPassage,
  {
    at,
    isFirst,
    telling,
    isWord,
    random,
  }: {
    at: number;
    isFirst: boolean;
    telling: ReadonlySet<string>;
    isWord: (word: string) => boolean;
    random: () => number;
  },
): Query[] {
  const { title, headings, text } = passage;
  const queries: Query[] = [];
  const path = [title, ...headings];
  const heading = path.at(-1)!;
  if (isFirst && telling.has(heading.toLowerCase()) && heading.length >= 4 && heading.length <= 100)
    queries.push({
      text: queryOfHeading({ heading, context: path.at(-2) }, random, isWord),
      form: 'heading',
      at,
      body: text,
      from: 0,
    });
  const spans = sentences(text).filter(
    ({ start, end }) => end - start >= 40 && end - start <= 240 && isPlainSentence(text.slice(start, end)),
  );
  const asked = spans
    .map((span) => ({ span, question: questionOf(text.slice(span.start, span.end), random) }))
    .filter(({ question }) => question !== undefined);
  const answered = pick(asked, random);
  if (answered)
    queries.push({ text: answered.question!, form: 'question', at, body: text, from: answered.span.start });
  const span = pick(spans, random);
  // Questions and headings are what people ask: half of the passages are enough for the other forms.
  if (span && random() < 0.5) {
    const sentence = text.slice(span.start, span.end);
    const rest = `${text.slice(0, span.start)}${text.slice(span.end)}`.trim();
    const keywords = random() < 0.6 ? keywordsOf(sentence, random) : undefined;
    if (keywords) queries.push({ text: keywords, form: 'keywords', at, body: text, from: span.start });
    else if (rest.length >= 120)
      queries.push({
        text: sentence.replace(/\s+/g, ' '),
        form: 'cut sentence',
        at,
        body: rest,
        from: Math.max(0, span.start - 1),
      });
  }
  return queries;
}

/** What of a passage's name is shown before it: all headings, all but the innermost, or none. */
type Style = 'headings' | 'outer headings' | 'nothing';

/** The heading that the query was made of is removed, from the wrong passages too: what is left out must not tell which is right. */
function styleFor({ form }: Query, { headings }: ChosenPassage, random: () => number): Style {
  if (form === 'heading') return headings.length > 0 && random() < 0.75 ? 'outer headings' : 'nothing';
  return random() < 0.65 ? 'headings' : 'nothing';
}

function shown({ title, headings }: ChosenPassage, style: Style, text: string): string {
  if (style === 'nothing') return text;
  const named = style === 'headings' ? headings : headings.slice(0, -1);
  return embeddedText({ prefix: named.length > 0 ? `${title}: ${named.join(' › ')}` : title, text });
}

/** At most so many characters, with the place `at` in them: whole sentences from one that begins a little before it. */
function windowOf(text: string, at: number, form: QueryForm, random: () => number): string {
  if (text.length <= mostCharacters) return text;
  const earliest = form === 'heading' ? 0 : Math.max(0, at - random() * 0.6 * mostCharacters);
  const spans = sentences(text);
  const start = spans.findLast((span) => span.start <= earliest)?.start ?? 0;
  const end = spans.findLast((span) => span.end - start <= mostCharacters && span.start >= start)?.end;
  return text.slice(start, end ?? start + mostCharacters);
}

const isSameSection = (a: ChosenPassage, b: ChosenPassage) =>
  a.document === b.document && a.headings.join('\n') === b.headings.join('\n');

/** Whether the other is of the passage's own section, or of one inside it: it may answer as well. */
const isBelow = (own: ChosenPassage, other: ChosenPassage) =>
  own.document === other.document && own.headings.every((heading, at) => other.headings[at] === heading);

/** As a share of the shorter one's. */
function sharedWords(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [short, long] = a.size < b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const word of short) if (long.has(word)) shared++;
  return shared / Math.max(1, short.size);
}

function pick<T>(items: readonly T[], random: () => number): T | undefined {
  return items[Math.floor(random() * items.length)];
}
