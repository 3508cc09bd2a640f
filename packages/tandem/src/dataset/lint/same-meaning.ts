import type { EmbeddingModelV4 } from '@ai-sdk/provider';
import { embedMany } from 'ai';
import { dot, unit } from '../../core/cosine.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import { detectLanguage, languageName } from '../../text/language.ts';
import { giveOtherValues } from '../../text/other-values.ts';
import { termsOf } from '../../text/terms.ts';
import { foldedWords, wordsOf } from '../../text/words.ts';
import type { Check, Found, LintContext, NotMade } from './check.ts';
import { isAcross } from './exact-duplicates.ts';
import { type LintItem, learntReplies, questionOf, sameText } from './items.ts';
import { areNear } from './near-duplicates.ts';
import { isSlip } from './slips.ts';
import { tellingWords } from './telling-words.ts';

export const sameMeaning: Check = {
  name: 'same-meaning',
  severity: 'warning',
  finds: 'questions that ask the same in other words and have answers that say the same',
  async find({ items }, context) {
    // With passages in the prompt two questions are alike whatever they ask.
    const asked = items.filter((item) => {
      const question = questionOf(item);
      return question !== '' && question.length <= mostCharacters && learntReplies(item).length > 0;
    });
    const compared = asked.slice(0, mostCompared);
    if (compared.length < 2) return [];
    const embed = await openEmbedding(compared, context);
    if ('notMade' in embed) return embed;
    const pairs = candidatesAmong(compared, {
      questions: await embed(compared.map(questionOf)),
      answers: await embed(compared.map(answerOf)),
    });
    return confirmed(pairs, embed);
  },
};

/** Of a question; a longer one is a text with a task in it. */
const mostCharacters = 600;
/** More would take minutes to embed. */
const mostCompared = 5000;
/** Of pairs with one entry, the nearest; and of those that are not about other things. */
const mostNear = 50;
const mostCandidates = 5;

/**
 * Cosines from which on two entries say the same, of their questions and of their answers: either of these. Paraphrases are often further apart than neighbours ("What is
 * the dress code?", "What is the code of the door?"), and it is the answer that tells; and of the answers what they say beyond the words of the questions, since two answers
 * about one thing are alike for its name alone. Chosen with MiniLM on 60 paraphrases and 60 neighbours, and on real questions (`npm run bench -- lint`).
 */
const enough = [
  { question: 0.45, answer: 0.66 },
  { question: 0.85, answer: 0.6 },
] as const;
const enoughBeyond = 0.72;
/** Of labels and values, which many questions share, the question alone tells. */
const enoughWithLabel = 0.92;
/** A label has fewer words that mean something, or more entries have it. */
const label = { words: 3, entries: 4, shared: 0.5 } as const;

type Embed = (texts: readonly string[]) => Promise<Float32Array[]>;

/** The beginning of a long answer says what it is about. */
const answerOf = (item: LintItem) => learntReplies(item).join('\n').slice(0, 1000);

/** Embeds texts, each once. */
async function openEmbedding(items: readonly LintItem[], context: LintContext): Promise<Embed | NotMade> {
  const { embedder: open, signal, onProgress } = context;
  if (!open) return { notMade: 'there is no embedder' };
  let model: EmbeddingModelV4;
  try {
    model = await open();
  } catch (error) {
    if (!TandemError.isInstance(error)) throw error;
    return { notMade: error.message };
  }
  const languages = localToolsOf(model)?.languages;
  const language = await detectLanguage(items.slice(0, 50).map(questionOf).join('\n'));
  if (languages && languages !== 'many' && language !== undefined && !languages.includes(language))
    return { notMade: `the embedder ${model.modelId} does not read ${languageName(language)}` };
  const vectors = new Map<string, Float32Array>();
  return async (texts) => {
    const missing = [...new Set(texts)].filter((text) => !vectors.has(text));
    for (let at = 0; at < missing.length; at += batch) {
      const values = missing.slice(at, at + batch);
      const { embeddings } = await embedMany({ model, values, ...(signal && { abortSignal: signal }) });
      for (const [i, value] of values.entries()) vectors.set(value, unit(Float32Array.from(embeddings[i]!)));
      onProgress?.({ stage: 'embedding', done: at + values.length, total: missing.length, unit: 'texts' });
    }
    return texts.map((text) => vectors.get(text)!);
  };
}

const batch = 64;

interface Pair {
  first: LintItem;
  item: LintItem;
  cosine: number;
  /** Their answers are the same label. */
  isLabelled: boolean;
}

function candidatesAmong(
  items: readonly LintItem[],
  { questions, answers }: { questions: Float32Array[]; answers: Float32Array[] },
): Pair[] {
  const isLabel = labelled(items);
  return items.flatMap((item, b) => {
    const near: Pair[] = [];
    for (let a = 0; a < b; a++) {
      const cosine = dot(questions[a]!, questions[b]!);
      if (cosine < enough[0].question) continue;
      const ofAnswers = dot(answers[a]!, answers[b]!);
      const isLabelled = isLabel[a]! || isLabel[b]!;
      const isSame = isLabelled
        ? ofAnswers > 0.99 && cosine >= enoughWithLabel
        : enough.some(({ question, answer }) => cosine >= question && ofAnswers >= answer);
      if (isSame) near.push({ first: items[a]!, item, cosine, isLabelled });
    }
    // The nearest first, so that of hundreds of one form only some are looked at.
    return near
      .toSorted((one, other) => other.cosine - one.cosine)
      .slice(0, mostNear)
      .filter(
        ({ first, isLabelled, cosine }) =>
          !areAboutOthers(first, item, { isLabelled, cosine }) && !isToldElsewhere(first, item),
      )
      .slice(0, mostCandidates);
  });
}

/** Those whose answers say the same beyond what both questions say; of each item the nearest. */
async function confirmed(pairs: readonly Pair[], embed: Embed): Promise<Found[]> {
  const texts = pairs.flatMap(({ first, item }) => {
    const asked = new Set(
      [questionOf(first), questionOf(item)].flatMap((question) => termsOf(question.toLowerCase())),
    );
    return [beyond(answerOf(first), asked), beyond(answerOf(item), asked)];
  });
  const vectors = await embed(texts);
  const found = new Map<LintItem, Found>();
  for (const [at, { first, item, cosine, isLabelled }] of pairs.entries()) {
    const saysSame = dot(vectors[2 * at]!, vectors[2 * at + 1]!) >= enoughBeyond;
    if (found.has(item) || !(isLabelled || saysSame)) continue;
    found.set(item, {
      where: item.where,
      message: `asks what ${first.where} asks, in other words (cosine ${cosine.toFixed(2)}), and answers the same`,
      ...(isAcross(item, first) && { severity: 'error' }),
    });
  }
  return [...found.values()];
}

/** An answer without the words of the questions; whole where nothing else is in it. */
function beyond(answer: string, asked: ReadonlySet<string>): string {
  const rest = wordsOf(answer)
    .filter(({ text }) => !termsOf(text.toLowerCase()).some((term) => asked.has(term)))
    .map(({ text }) => text);
  return rest.length >= 2 ? rest.join(' ') : answer;
}

function labelled(items: readonly LintItem[]): boolean[] {
  const counts = new Map<string, number>();
  const keys = items.map((item) => sameText(answerOf(item)));
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  // Where most replies are of several entries, all are labels: a file of questions with their intents.
  const shared = keys.filter((key) => counts.get(key)! > 1).length;
  if (shared > label.shared * keys.length) return keys.map(() => true);
  return keys.map((key) => tellingWords(key).size < label.words || counts.get(key)! >= label.entries);
}

/** Equal questions are duplicates or contradictions; examples of one question belong together by design. */
function isToldElsewhere(a: LintItem, b: LintItem): boolean {
  return (
    sameText(questionOf(a)).toLowerCase() === sameText(questionOf(b)).toLowerCase() ||
    (a.id !== undefined && a.id === b.id) ||
    (a.group !== undefined && a.group === b.group && !isAcross(a, b)) ||
    areNear(a, b)
  );
}

/** Two questions with other numbers or names ask for other things, and so do two answers that give them, and two questions of one form. */
function areAboutOthers(
  a: LintItem,
  b: LintItem,
  { isLabelled, cosine }: Pick<Pair, 'isLabelled' | 'cosine'>,
): boolean {
  const [asked, other] = [questionOf(a), questionOf(b)];
  return (
    giveOtherValues(asked, other) ||
    giveOtherValues(answerOf(a), answerOf(b)) ||
    nameOthers(asked, other) ||
    (!isLabelled && fillOneForm(asked, other, cosine >= 0.8 ? 1 / 3 : 1 / 4))
  );
}

/** Each has a name that the other has not. */
function nameOthers(a: string, b: string): boolean {
  const own = (text: string, other: string) => {
    const known = foldedWords(other);
    return namesIn(text).some((name) => !known.some((word) => word === name || isSlip(word, name)));
  };
  return own(a, b) && own(b, a);
}

/** Words in capitals that begin no sentence. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/(?<=[\p{L}\p{N},;:)] )\p{Lu}[\p{L}\p{N}'’-]+/gu)].flatMap(([name]) =>
    foldedWords(name),
  );
}

/**
 * "What are the symptoms of …?", "Is … inherited?": the same words before and behind, and something else in between.
 * @param least share of the words that the form has; of questions that are near as a whole it has to be more
 */
function fillOneForm(a: string, b: string, least: number): boolean {
  const [one, other] = [foldedWords(a), foldedWords(b)];
  const most = Math.min(one.length, other.length);
  let before = 0;
  while (before < most && one[before] === other[before]) before += 1;
  let behind = 0;
  while (behind < most - before && one.at(-1 - behind) === other.at(-1 - behind)) behind += 1;
  const isOneForm = before > 0 && (behind > 0 || before >= 3) && before + behind >= Math.max(2, least * most);
  const between = (words: string[]) => words.slice(before, words.length - behind);
  // "What is glaucoma?", "What is early-onset glaucoma?": one of the two may have nothing there.
  return isOneForm && [between(one), between(other)].some((words) => tellingWords(words.join(' ')).size > 0);
}
