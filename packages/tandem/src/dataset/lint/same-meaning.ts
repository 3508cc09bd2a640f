import { embedMany } from 'ai';
import { dot, unit } from '../../core/cosine.ts';
import { TandemError } from '../../core/errors/tandem-error.ts';
import { localToolsOf } from '../../models/local-tools.ts';
import { detectLanguage, languageName } from '../../text/language.ts';
import { foldedWords } from '../../text/words.ts';
import { giveOtherValues } from '../contradictions.ts';
import type { Check, Found, LintContext, NotMade } from './check.ts';
import { isAcross } from './exact-duplicates.ts';
import { type LintItem, learntReplies, questionOf, sameText } from './items.ts';
import { areNear, tellingWords } from './near-duplicates.ts';

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
    const vectors = await embed(compared, context);
    if ('notMade' in vectors) return vectors;
    return pairsOf(compared, vectors);
  },
};

/** Of a question; a longer one is a text with a task in it. */
const mostCharacters = 600;
/** More would take minutes to embed. */
const mostCompared = 5000;

/**
 * Cosines of question and of answer from which on two entries say the same: either of these. Paraphrased questions are often further apart than neighbouring ones ("What is the dress
 * code?", "What is the code of the door?"), and it is the answer that tells. Chosen on 60 paraphrases and 60 neighbours with MiniLM (`npm run bench -- lint`).
 */
const enough = [
  { question: 0.45, answer: 0.75 },
  { question: 0.87, answer: 0.6 },
] as const;
/** Of labels, which many questions share, the question alone tells. */
const enoughWithLabel = 0.92;
/** A label has fewer words that mean something, or more entries have it. */
const label = { words: 3, entries: 4 } as const;

interface Vectors {
  questions: Float32Array[];
  answers: Float32Array[];
}

async function embed(items: readonly LintItem[], context: LintContext): Promise<Vectors | NotMade> {
  const { embedder: open, signal, onProgress } = context;
  if (!open) return { notMade: 'there is no embedder' };
  let model: Awaited<ReturnType<typeof open>>;
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
  const texts = [...items.map(questionOf), ...items.map(answerOf)];
  const distinct = [...new Set(texts)];
  const vectors = new Map<string, Float32Array>();
  for (let at = 0; at < distinct.length; at += batch) {
    const values = distinct.slice(at, at + batch);
    const { embeddings } = await embedMany({
      model,
      values,
      providerOptions: { tandem: { role: 'document' } },
      ...(signal && { abortSignal: signal }),
    });
    for (const [i, value] of values.entries()) vectors.set(value, unit(Float32Array.from(embeddings[i]!)));
    onProgress?.({ stage: 'embedding', done: at + values.length, total: distinct.length, unit: 'texts' });
  }
  const of = (text: string) => vectors.get(text)!;
  return {
    questions: items.map((item) => of(questionOf(item))),
    answers: items.map((item) => of(answerOf(item))),
  };
}

const batch = 64;

/** The beginning of a long answer says what it is about. */
const answerOf = (item: LintItem) => learntReplies(item).join('\n').slice(0, 1000);

function pairsOf(items: readonly LintItem[], { questions, answers }: Vectors): Found[] {
  const isLabel = labelled(items);
  const found: Found[] = [];
  for (const [b, item] of items.entries()) {
    let best: { first: LintItem; cosine: number } | undefined;
    for (let a = 0; a < b; a++) {
      const cosine = dot(questions[a]!, questions[b]!);
      if (cosine < enough[0].question || (best && cosine <= best.cosine)) continue;
      const first = items[a]!;
      const ofAnswers = dot(answers[a]!, answers[b]!);
      const isSame =
        isLabel[a] || isLabel[b]
          ? ofAnswers > 0.99 && cosine >= enoughWithLabel
          : enough.some(({ question, answer }) => cosine >= question && ofAnswers >= answer);
      if (!isSame || isToldElsewhere(first, item) || areAboutOthers(first, item)) continue;
      best = { first, cosine };
    }
    if (best)
      found.push({
        where: item.where,
        message: `asks what ${best.first.where} asks, in other words (cosine ${best.cosine.toFixed(2)}), and answers the same`,
        ...(isAcross(item, best.first) && { severity: 'error' }),
      });
  }
  return found;
}

function labelled(items: readonly LintItem[]): boolean[] {
  const counts = new Map<string, number>();
  const keys = items.map((item) => sameText(answerOf(item)));
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
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

/** Two questions with other numbers or names ask for other things, and so do two answers that give them. */
function areAboutOthers(a: LintItem, b: LintItem): boolean {
  return (
    giveOtherValues(questionOf(a), questionOf(b)) ||
    giveOtherValues(answerOf(a), answerOf(b)) ||
    nameOthers(questionOf(a), questionOf(b))
  );
}

/** Each has a name that the other has not. */
function nameOthers(a: string, b: string): boolean {
  const [ofA, ofB] = [namesIn(a), namesIn(b)];
  const own = (names: ReadonlySet<string>, other: string) =>
    [...names].some((name) => !foldedWords(other).includes(name));
  return own(ofA, b) && own(ofB, a);
}

/** Words in capitals that begin no sentence. */
function namesIn(text: string): ReadonlySet<string> {
  return new Set(
    [...text.matchAll(/(?<=[\p{L}\p{N},;:)] )\p{Lu}[\p{L}\p{N}'’-]+/gu)].flatMap(([name]) =>
      foldedWords(name),
    ),
  );
}
