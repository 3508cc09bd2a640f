import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { dot } from '../../core/cosine.ts';
import { escapeRegExp } from '../../core/escape-reg-exp.ts';
import type { LiveFact } from '../../core/settings.ts';
import { embedQueries } from '../../retrieve/search/embed-query.ts';
import { foldedWords } from '../../text/words.ts';

/** What a question asks for. */
export interface AskedFact {
  fact: LiveFact;
  thing: string;
  /** How near the question is to the nearest of those that the fact declares; both without the thing's name. */
  cosine: number;
}

/** As near as this a question must be to one that the fact declares, and nearer than to any of these, which ask for something else: embedders differ in what they call near. By hand. */
const leastCosine = 0.6;
const otherQuestions = [
  'Who made it?',
  'What is it made of?',
  'Where does it come from?',
  'How is it used?',
  'What is it?',
  'Why was it made?',
];
/** What stands in the place of a thing's name. */
const placeholder = 'it';

/**
 * The facts that a question asks for: those of which it names a thing, and is asked as they declare it. A name counts as a whole, and the longest that is there: "iron lamp" is not
 * asked about by "lamp".
 * @param thingsOf the names that a fact knows now
 */
export async function findAsked(
  question: string,
  facts: readonly LiveFact[],
  {
    thingsOf,
    embedder,
    signal,
  }: {
    thingsOf: (fact: LiveFact) => Promise<readonly string[]>;
    embedder: EmbeddingModelV4;
    signal?: AbortSignal | undefined;
  },
): Promise<AskedFact[]> {
  const asked: AskedFact[] = [];
  for (const fact of facts) {
    const things = thingsIn(question, await thingsOf(fact));
    if (things.length === 0) continue;
    const plain = without(question, things);
    const declared = fact.asks.map((each) => each.replaceAll('{thing}', placeholder));
    const [own, ...vectors] = await embedQueries(embedder, [plain, ...declared, ...otherQuestions], signal);
    const cosines = vectors.map((vector) => dot(own!, vector));
    const cosine = Math.max(...cosines.slice(0, declared.length));
    const isOther = cosines.slice(declared.length).some((each) => each >= cosine);
    if (cosine >= leastCosine && !isOther) asked.push(...things.map((thing) => ({ fact, thing, cosine })));
  }
  return asked.toSorted((a, b) => b.cosine - a.cosine);
}

/** The things that a question names, in its order, none inside the name of another. */
export function thingsIn(question: string, things: readonly string[]): string[] {
  const words = foldedWords(question);
  const found: { thing: string; start: number; length: number }[] = [];
  for (const thing of new Set(things)) {
    const name = foldedWords(thing);
    if (name.length === 0) continue;
    for (const start of words.keys())
      if (name.every((word, offset) => sameWord(words[start + offset], word)))
        found.push({ thing, start, length: name.length });
  }
  const named = found
    .filter(
      (one) =>
        !found.some(
          (other) =>
            other !== one &&
            other.length > one.length &&
            other.start <= one.start &&
            one.start + one.length <= other.start + other.length,
        ),
    )
    .toSorted((a, b) => a.start - b.start)
    .map(({ thing }) => thing);
  return [...new Set(named)];
}

/** Of a plural, too. */
const sameWord = (written: string | undefined, word: string) =>
  written === word || written === `${word}s` || `${written}s` === word;

/** The question with a word in the place of each thing, so that what is compared is what is asked and not of what. */
function without(question: string, things: readonly string[]): string {
  return things.reduce((text, thing) => {
    const words = foldedWords(thing).map(escapeRegExp);
    return text.replace(new RegExp(`${words.join('[^\\p{L}\\p{N}]+')}s?`, 'giu'), placeholder);
  }, question);
}
